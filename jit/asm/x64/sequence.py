"""Short straight pieces of x86-64 code with branches inside, and to trap exits."""

from jit.abi.traps import TrapCode
from jit.asm.masm import Checked
from jit.asm.x64.encoding import pack_i32

ZERO, NOT_ZERO, OVERFLOWS, NO_OVERFLOW, PARITY, NO_PARITY, SIGN = (
    4, 5, 0, 1, 10, 11, 8,
)  # fmt: skip
BELOW, ABOVE_EQUAL, BELOW_EQUAL, ABOVE = 2, 3, 6, 7
"""Condition codes, by what the flags say."""


class Sequence:
    """Code with trap branches, under construction."""

    def __init__(self) -> None:
        self._code = bytearray()
        self._traps: list[tuple[int, TrapCode]] = []
        self._far: set[int] = set()

    def add(self, *parts: bytes) -> None:
        """Append instructions."""
        for part in parts:
            self._code += part

    def trap_if(self, condition: int, trap: TrapCode) -> None:
        """Append a branch to a trap exit."""
        self._code += bytes((0x0F, 0x80 | condition, 0, 0, 0, 0))
        self._traps.append((len(self._code), trap))

    def skip_if(self, condition: int) -> int:
        """Append a short branch forward; `land` sets where to."""
        self._code += bytes((0x70 | condition, 0))
        return len(self._code)

    def far_if(self, condition: int) -> int:
        """Append a long branch forward; `land` sets where to."""
        self._code += bytes((0x0F, 0x80 | condition, 0, 0, 0, 0))
        self._far.add(len(self._code))
        return len(self._code)

    def skip(self) -> int:
        """Append a short jump forward."""
        self._code += b"\xeb\x00"
        return len(self._code)

    @property
    def position(self) -> int:
        """Where the next instruction goes, for branches back."""
        return len(self._code)

    def back_if(self, condition: int, target: int) -> None:
        """Append a branch back."""
        self._code += bytes((0x0F, 0x80 | condition))
        self._code += pack_i32(target - (len(self._code) + 4))

    def back(self, target: int) -> None:
        """Append a jump back."""
        self._code += b"\xe9" + pack_i32(target - (len(self._code) + 5))

    def land(self, *skips: int) -> None:
        """Let branches forward go here."""
        for end in skips:
            distance = len(self._code) - end
            if end in self._far:
                self._code[end - 4 : end] = pack_i32(distance)
            else:
                assert distance < 128
                self._code[end - 1] = distance

    @property
    def code(self) -> bytes:
        return bytes(self._code)

    @property
    def checked(self) -> Checked:
        return Checked(bytes(self._code), tuple(self._traps))
