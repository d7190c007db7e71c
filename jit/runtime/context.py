"""An activation's context block in the machine's memory, read and written from Python.

`words` is the block as 64-bit words: the index of a general register is `GENERAL + n`, of the low
half of a float register `FLOAT + 2 * n`.
"""

from jit.abi import context as layout
from jit.machine.protocol import Machine

PC = layout.PC // 8
FLAGS = layout.FLAGS // 8
FLOAT_ENVIRONMENT = layout.FLOAT_ENVIRONMENT // 8
GENERAL = layout.GENERAL // 8
FLOAT = layout.FLOAT // 8


class ContextBlock:
    """One context block; a store has one for each depth of activation, used again and again."""

    __slots__ = ("_machine", "address", "words")

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.address = machine.allocate(layout.CONTEXT_SIZE)
        self.words = machine.words(self.address, layout.CONTEXT_SIZE // 8)

    @property
    def argument(self) -> int:
        """The trap code, libcall number or defined index of the last exit."""
        return self._machine.load_u32(self.address + layout.ARGUMENT)

    @property
    def pc(self) -> int:
        """Where the guest will go on; see `jit.abi.context` for what it is at each exit."""
        return self.words[PC]

    @pc.setter
    def pc(self, value: int) -> None:
        self.words[PC] = value

    @property
    def flags(self) -> int:
        """The condition flags, saved at BREAKPOINT, TRAP, INTERRUPT and EPOCH."""
        return self.words[FLAGS]

    def general(self, register: int) -> int:
        """Return a general register."""
        return self.words[GENERAL + register]

    def set_general(self, register: int, value: int) -> None:
        self.words[GENERAL + register] = value

    def float_bits(self, register: int) -> int:
        """Return the low 64 bits of a float register."""
        return self.words[FLOAT + 2 * register]

    def set_float_bits(self, register: int, value: int) -> None:
        self.words[FLOAT + 2 * register] = value
