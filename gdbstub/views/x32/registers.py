"""The registers of frame 0, made from where it stands; what the client writes is kept apart.

fs is where the frame's link is (its CFA), rbp where its block is; rsp is the frame's DW_AT_frame_base, from which C's variables are counted, and below which
gdb may put things of its own (`shadow`), else the block's address; rbx and r10-r15 are the anchors that
other DWARF expressions count from; rax, rdx, xmm0 and xmm1 carry what the call just before the pc returned.  Nothing that is
written reaches the guest before the next resume looks at it (`resume`).
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping

from gdbstub.objfile import layout
from gdbstub.target import RegisterNumber, TargetError
from gdbstub.views.x32 import description as d
from gdbstub.views.x32.blocks import Blocks
from gdbstub.views.x32.links import link_of

ANCHORS: dict[int, int] = {
    {6: d.RBP, 3: d.RBX}.get(dwarf, dwarf): layout.ANCHOR_STRIDE * place
    for place, dwarf in enumerate(layout.ANCHOR_REGISTERS)
}
"""Registers of the description (DWARF numbers rbx and rbp otherwise), and their distance from the block's address."""

RETURN_REGISTERS = frozenset({d.RAX, d.RDX, d.XMM0, d.XMM1})

_NO_CALL = (1 << 64) - 1
"""orig_rax outside system calls; gdb writes it whenever it writes the pc, so that Linux restarts none."""

_FIXED = {d.EFLAGS: 0x202, d.FCTRL: 0x37F, d.MXCSR: 0x1F80, d.ORIG_RAX: _NO_CALL}


class RegisterFile:
    """Registers as the client reads and writes them."""

    def __init__(
        self,
        blocks: Blocks,
        pc: Callable[[], int],
        returned: Callable[[], Mapping[int, int]],
        stack: Callable[[], int],
    ) -> None:
        """Show frame 0 of `blocks` at address `pc`.

        `returned` gives the registers of a result, `stack` the stack pointer, 0 for the block's address.
        """
        self._blocks = blocks
        self._pc = pc
        self._returned = returned
        self._stack = stack
        self._written: dict[int, bytes] = {}
        self._own: dict[int, int] = {}

    def stand(self) -> None:
        """Look at the guest afresh: it has run, or was written to."""
        self._own.clear()

    def reset(self) -> None:
        """Forget what was written."""
        self._written.clear()

    def show(self, values: Mapping[int, int]) -> None:
        """Let registers have values that are not the guest's own, as if the client had written them."""
        self._written = {
            number: value.to_bytes(_size(RegisterNumber(number)), "little")
            for number, value in values.items()
        }

    @property
    def written(self) -> Mapping[int, bytes]:
        """The registers whose values differ from the guest's, as the client wrote or was shown them."""
        return {
            number: value
            for number, value in self._written.items()
            if int.from_bytes(value, "little") != self.value(number)
        }

    def value(self, number: int) -> int:
        """Return the guest's own value of a register, whatever the client wrote."""
        value = self._own.get(number)
        if value is None:
            value = self._own[number] = self._found(number)
        return value

    def _found(self, number: int) -> int:
        if number == d.RIP:
            return self._pc()
        if number in RETURN_REGISTERS:
            return self._returned().get(number, 0)
        if number in ANCHORS or number in (d.RSP, d.FS):
            block = self._blocks.block(0)
            if block is None:
                return 0
            if number == d.RSP:
                return self._stack() or block.address
            if number == d.FS:
                return link_of(block.address)
            return block.address + ANCHORS[number]
        return _FIXED.get(number, 0)

    def number(self, number: RegisterNumber) -> int:
        """Return a register as the client knows it, as a number."""
        _size(number)
        written = self._written.get(number)
        return self.value(number) if written is None else int.from_bytes(written, "little")

    def read(self, number: RegisterNumber) -> bytes:
        """Return a register as the client knows it."""
        size = _size(number)
        written = self._written.get(number)
        return written if written is not None else self.value(number).to_bytes(size, "little")

    def read_all(self) -> bytes:
        """Return a `g` packet's bytes."""
        return b"".join(self.read(RegisterNumber(number)) for number in range(len(d.REGISTERS)))

    def write(self, number: RegisterNumber, value: bytes) -> None:
        """Take over a write; one that changes nothing leaves no trace."""
        size = _size(number)
        if len(value) != size:
            raise TargetError(
                errno.EINVAL, f"{d.REGISTERS[number].name} has {size} bytes, not {len(value)}"
            )
        if int.from_bytes(value, "little") == self.value(number):
            self._written.pop(number, None)
        else:
            self._written[number] = value

    def write_all(self, values: bytes) -> None:
        """Take over a `G` packet."""
        if len(values) != d.G_SIZE:
            raise TargetError(errno.EINVAL, f"{len(values)} bytes of registers, not {d.G_SIZE}")
        for number, offset in enumerate(d.OFFSETS):
            register = RegisterNumber(number)
            self.write(register, values[offset : offset + d.REGISTERS[number].size])


def _size(number: RegisterNumber) -> int:
    if not 0 <= number < len(d.REGISTERS):
        raise TargetError(errno.EINVAL, f"there is no register {number}")
    return d.REGISTERS[number].size
