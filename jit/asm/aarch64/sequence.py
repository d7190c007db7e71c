"""Short straight pieces of aarch64 code with branches inside, and to trap exits.

A conditional branch reaches 1 MiB.  In a function that may be larger they are `far`: the inverse
condition skips a jump, which reaches 128 MiB and all of a store's code.
"""

from jit.abi.traps import TrapCode
from jit.asm.aarch64 import encoding as a
from jit.asm.masm import BranchTooFar, Checked

_INVERTING_BIT = {0x54: 1, 0x34: 1 << 24, 0x35: 1 << 24, 0xB4: 1 << 24, 0xB5: 1 << 24}
"""By the opcode of a conditional branch: the bit that turns its condition round."""


def outward(branch: bytes, far: bool) -> bytes:
    """Return a conditional branch, as its near form without a distance, in the form to be linked."""
    if not far:
        return branch
    word: int = a.unpack(branch)[0]
    return a.pack((word ^ _INVERTING_BIT[word >> 24]) + (8 >> 2 << 5)) + a.b()


def link(code: bytearray, end: int, target: int) -> None:
    """Set the distance of the branch that ends at `end`.  Raise BranchTooFar where it cannot reach."""
    word: int = a.unpack(code, end - 4)[0]
    distance = target - (end - 4)
    if word >> 26 == 0b000101:
        word = word & 0xFC00_0000 | distance >> 2 & 0x3FF_FFFF
    elif -(1 << 20) <= distance < 1 << 20:
        word = word & 0xFF00_001F | (distance >> 2 & 0x7_FFFF) << 5
    else:
        raise BranchTooFar
    code[end - 4 : end] = a.pack(word)


class Sequence:
    """Code with trap branches, under construction; branches within it are always near."""

    def __init__(self, far: bool = False) -> None:
        self._far = far
        self._code = bytearray()
        self._traps: list[tuple[int, TrapCode]] = []

    def add(self, *parts: bytes) -> None:
        """Append instructions."""
        for part in parts:
            self._code += part

    def trap_if(self, condition: int, trap: TrapCode) -> None:
        """Append a branch to a trap exit."""
        self.trap_by(a.b_cond(condition), trap)

    def trap_by(self, branch: bytes, trap: TrapCode) -> None:
        """Append a conditional branch as one to a trap exit."""
        self._code += outward(branch, self._far)
        self._traps.append((len(self._code), trap))

    def skip_if(self, condition: int) -> int:
        """Append a branch forward; `land` sets where to."""
        return self.skip_by(a.b_cond(condition))

    def skip_by(self, branch: bytes) -> int:
        """Append any branch as one forward; `land` sets where to."""
        self._code += branch
        return len(self._code)

    @property
    def position(self) -> int:
        """Where the next instruction goes, for branches back."""
        return len(self._code)

    def back_if(self, condition: int, target: int) -> None:
        """Append a branch back."""
        self._code += a.b_cond(condition, target - len(self._code))

    def back(self, target: int) -> None:
        """Append a jump back."""
        self._code += a.b(target - len(self._code))

    def land(self, *skips: int) -> None:
        """Let branches forward go here."""
        for end in skips:
            link(self._code, end, len(self._code))

    @property
    def code(self) -> bytes:
        return bytes(self._code)

    @property
    def checked(self) -> Checked:
        return Checked(bytes(self._code), tuple(self._traps))
