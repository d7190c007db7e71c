"""The `Isa` object of x86-64: fixed code, patch sites, how stacks and flags are read."""

from collections.abc import Mapping

from jit.abi.code import Trampolines
from jit.abi.convention import X86_64, CallConvention
from jit.asm.x64 import encoding as x
from jit.asm.x64 import trampolines
from jit.asm.x64.integers import EQUAL_ORDERED, NOT_EQUAL_OR_UNORDERED
from jit.asm.x64.masm import SITE, X64MacroAssembler

_LAZY_STUB_SIZE = 10

_CARRY, _PARITY, _ZERO, _SIGN, _OVERFLOW = 1 << 0, 1 << 2, 1 << 6, 1 << 7, 1 << 11


class X64:
    """x86-64 with SSE4.1 and POPCNT (level v2), System V registers."""

    name = "x86-64"
    convention: CallConvention = X86_64
    site_size = len(SITE)
    masm = X64MacroAssembler()

    def trampolines(self) -> Trampolines:
        """Return the fixed code; the same bytes every time."""
        return trampolines.build()

    def lazy_stubs(self, count: int, address: int, compile_: int) -> tuple[bytes, int]:
        """Return `mov eax, index; jmp compile_` for each function, and its size."""
        code = bytearray()
        for index in range(count):
            end = address + len(code) + _LAZY_STUB_SIZE
            code += x.mov_imm(x.RAX, index) + b"\xe9" + x.pack_i32(compile_ - end)
        return bytes(code), _LAZY_STUB_SIZE

    def site_disabled(self) -> bytes:
        """Return the patchable no-op: prefixes to what follows."""
        return SITE

    def site_enabled(self, site: int, breakpoint_: int) -> bytes:
        """Return `call breakpoint_` for address `site`."""
        return b"\xe8" + x.pack_i32(breakpoint_ - (site + len(SITE)))

    def condition(self, number: int, flags: int) -> bool:
        """Return whether a condition code, or one of our two, holds under RFLAGS."""
        if number == EQUAL_ORDERED:
            return bool(flags & _ZERO) and not flags & _PARITY
        if number == NOT_EQUAL_OR_UNORDERED:
            return not flags & _ZERO or bool(flags & _PARITY)
        less = bool(flags & _SIGN) != bool(flags & _OVERFLOW)
        holds = (
            bool(flags & _OVERFLOW),
            bool(flags & _CARRY),
            bool(flags & _ZERO),
            bool(flags & (_CARRY | _ZERO)),
            bool(flags & _SIGN),
            bool(flags & _PARITY),
            less,
            less or bool(flags & _ZERO),
        )[number >> 1]
        return holds != bool(number & 1)

    def initial_stack(self, sp: int, done: int) -> tuple[int, Mapping[int, int], bytes]:
        """Return a stack that holds `done` as the return address, and frame pointer 0."""
        return (sp & ~15) - 8, {x.RBP: 0}, x.pack_u64(done)

    def caller(self, frame_pointer: int) -> tuple[int, int]:
        """Return the addresses of the words (caller's frame pointer, return address) of a frame."""
        return frame_pointer, frame_pointer + 8


ISA = X64()
