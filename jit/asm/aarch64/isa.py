"""The `Isa` object of aarch64: fixed code, patch sites, how stacks and flags are read."""

from collections.abc import Mapping

from jit.abi.code import Trampolines
from jit.abi.convention import AARCH64, CallConvention
from jit.asm.aarch64 import encoding as a
from jit.asm.aarch64 import trampolines
from jit.asm.aarch64.masm import Aarch64MacroAssembler

_LAZY_STUB_SIZE = 12

_OVERFLOW, _CARRY, _ZERO, _NEGATIVE = 1 << 28, 1 << 29, 1 << 30, 1 << 31


class Aarch64:
    """Armv8.0-A, AAPCS64 registers."""

    name = "aarch64"
    convention: CallConvention = AARCH64
    site_size = len(a.NOP)
    masm = Aarch64MacroAssembler()

    def trampolines(self) -> Trampolines:
        """Return the fixed code; the same bytes every time."""
        return trampolines.build()

    def lazy_stubs(self, count: int, address: int, compile_: int) -> tuple[bytes, int]:
        """Return `w16 = index; b compile_` for each function, and its size."""
        code = bytearray()
        for index in range(count):
            move = a.mov_halves(a.X16, index)
            code += move + a.b(compile_ - (address + len(code) + len(move)))
        return bytes(code), _LAZY_STUB_SIZE

    def site_disabled(self) -> bytes:
        """Return the patchable no-op."""
        return a.NOP

    def site_enabled(self, site: int, breakpoint_: int) -> bytes:
        """Return `bl breakpoint_` for address `site`: every prologue has saved the link register."""
        return a.bl(breakpoint_ - site)

    def condition(self, number: int, flags: int) -> bool:
        """Return whether a condition code holds under NZCV."""
        carry, zero = bool(flags & _CARRY), bool(flags & _ZERO)
        negative = bool(flags & _NEGATIVE)
        less = negative != bool(flags & _OVERFLOW)
        holds = (
            zero,
            carry,
            negative,
            bool(flags & _OVERFLOW),
            carry and not zero,
            not less,
            not less and not zero,
        )[number >> 1]
        return holds != bool(number & 1)

    def initial_stack(self, sp: int, done: int) -> tuple[int, Mapping[int, int], bytes]:
        """Return an empty stack, `done` in the link register, and frame pointer 0."""
        return sp & ~15, {a.X29: 0, a.X30: done}, b""

    def caller(self, frame_pointer: int) -> tuple[int, int]:
        """Return the addresses of the words (caller's frame pointer, return address) of a frame."""
        return frame_pointer, frame_pointer + 8


ISA = Aarch64()
