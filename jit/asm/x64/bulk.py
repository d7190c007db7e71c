"""memory.copy and memory.fill of x86-64: routines that function code calls through its vmctx.

Arguments come in rdi, rsi and rdx, as i32 with undefined upper halves; r15 is the memory's address.
Nothing is written if a byte would be out of bounds; eax is then 0, else 1.  Up to 64 bytes are all
loaded before the first store, so that overlap does not matter; more go in blocks of 64 from the end
where overlap asks for it; long runs are left to `rep movsb` and `rep stosb`.
"""

from jit.abi import vmctx
from jit.asm.x64 import encoding as x
from jit.asm.x64.encoding import R14, R15, RAX, RCX, RDI, RDX, RSI
from jit.asm.x64.sequence import ABOVE, BELOW, BELOW_EQUAL, NOT_ZERO, Sequence

_BLOCK = 64
_LONG = 1024


def _check(start: int) -> bytes:
    """Compare the end of a range of rcx bytes with the memory's length."""
    end = x.rx(b"\x8d", RAX, start, RCX, 0, 1)
    return end + x.rm(b"\x3b", RAX, R14, vmctx.MEMORY_LENGTH, 1)


def _zero_extend(*regs: int) -> bytes:
    return b"".join(x.mov(reg, reg, 0) for reg in regs)


def _small_copy(sequence: Sequence) -> None:
    """Copy rcx <= 64 bytes from rsi to rdi and return: two overlapping halves of each size."""

    def vectors(ats: tuple[tuple[bool, int], ...]) -> None:
        for xmm, (from_end, disp) in enumerate(ats):
            sequence.add(_vector(b"\x0f\x10", xmm, RSI, from_end, disp))
        for xmm, (from_end, disp) in enumerate(ats):
            sequence.add(_vector(b"\x0f\x11", xmm, RDI, from_end, disp))

    sequence.add(x.alu_imm(x.CMP, RCX, 16, 1))
    tiny = sequence.skip_if(BELOW)
    sequence.add(x.alu_imm(x.CMP, RCX, 32, 1))
    more = sequence.skip_if(ABOVE)
    vectors(((False, 0), (True, -16)))
    sequence.add(_DONE)
    sequence.land(more)
    vectors(((False, 0), (False, 16), (True, -32), (True, -16)))
    sequence.add(_DONE)
    sequence.land(tiny)
    for size, load, store, prefix, w in (
        (8, b"\x8b", b"\x89", b"", 1),
        (4, b"\x8b", b"\x89", b"", 0),
        (2, b"\x0f\xb7", b"\x89", b"\x66", 0),
    ):
        sequence.add(x.alu_imm(x.CMP, RCX, size, 1))
        less = sequence.skip_if(BELOW)
        sequence.add(x.rm(load, RAX, RSI, 0, w), x.rx(load, RDX, RSI, RCX, -size, w))
        sequence.add(x.rm(store, RAX, RDI, 0, w, prefix))
        sequence.add(x.rx(store, RDX, RDI, RCX, -size, w, prefix), _DONE)
        sequence.land(less)
    sequence.add(x.rr(b"\x85", RCX, RCX, 1))
    one = sequence.skip_if(NOT_ZERO)
    sequence.add(_DONE)
    sequence.land(one)
    sequence.add(x.rm(b"\x0f\xb6", RAX, RSI, 0), x.rm(b"\x88", RAX, RDI, 0), _DONE)


_DONE = x.mov_imm(RAX, 1) + x.RET
_FAILED = x.mov_imm(RAX, 0) + x.RET


def _vector(opcode: bytes, xmm: int, base: int, from_end: bool, disp: int) -> bytes:
    if from_end:
        return x.rx(opcode, xmm, base, RCX, disp)
    return x.rm(opcode, xmm, base, disp)


def memory_copy() -> bytes:
    """memory.copy of memory 0."""
    sequence = Sequence()
    sequence.add(_zero_extend(RDI, RSI), x.mov(RCX, RDX, 0), _check(RDI))
    inside = sequence.skip_if(BELOW_EQUAL)
    outside = sequence.position
    sequence.add(_FAILED)
    sequence.land(inside)
    sequence.add(_check(RSI))
    sequence.back_if(ABOVE, outside)
    sequence.add(x.alu(x.ADD, RDI, R15, 1), x.alu(x.ADD, RSI, R15, 1))
    sequence.add(x.alu_imm(x.CMP, RCX, _BLOCK, 1))
    large = sequence.far_if(ABOVE)
    small = sequence.position
    _small_copy(sequence)
    sequence.land(large)
    # Distance from source to destination, unsigned: below the length means "from the end".
    sequence.add(x.mov(RAX, RDI), x.alu(x.SUB, RAX, RSI, 1), x.alu(x.CMP, RAX, RCX, 1))
    backward = sequence.skip_if(BELOW)
    sequence.add(x.alu_imm(x.CMP, RCX, _LONG, 1))
    blocks = sequence.skip_if(BELOW)
    sequence.add(x.rr(b"\xf7", 3, RAX, 1), x.alu_imm(x.CMP, RAX, _BLOCK, 1))
    near = sequence.skip_if(BELOW)
    sequence.add(b"\xf3\xa4", _DONE)
    sequence.land(blocks, near)
    forward = sequence.position
    for opcode, base in ((b"\x0f\x10", RSI), (b"\x0f\x11", RDI)):
        for at in range(4):
            sequence.add(x.rm(opcode, at, base, 16 * at))
    for reg in (RSI, RDI):
        sequence.add(x.alu_imm(x.ADD, reg, _BLOCK, 1))
    sequence.add(x.alu_imm(x.SUB, RCX, _BLOCK, 1), x.alu_imm(x.CMP, RCX, _BLOCK, 1))
    sequence.back_if(ABOVE, forward)
    sequence.back(small)
    sequence.land(backward)
    again = sequence.position
    for opcode, base in ((b"\x0f\x10", RSI), (b"\x0f\x11", RDI)):
        for at in range(4):
            sequence.add(x.rx(opcode, at, base, RCX, 16 * at - _BLOCK))
    sequence.add(x.alu_imm(x.SUB, RCX, _BLOCK, 1), x.alu_imm(x.CMP, RCX, _BLOCK, 1))
    sequence.back_if(ABOVE, again)
    sequence.back(small)
    return sequence.code


def memory_fill() -> bytes:
    """memory.fill of memory 0; xmm0 and rsi hold the byte repeated."""
    sequence = Sequence()
    sequence.add(_zero_extend(RDI), x.mov(RCX, RDX, 0), _check(RDI))
    inside = sequence.skip_if(BELOW_EQUAL)
    sequence.add(_FAILED)
    sequence.land(inside)
    sequence.add(x.alu(x.ADD, RDI, R15, 1), x.rr(b"\x0f\xb6", RSI, RSI, byte=True))
    sequence.add(x.mov_imm(RAX, 0x0101_0101_0101_0101), x.rr(b"\x0f\xaf", RSI, RAX, 1))
    sequence.add(x.rr(b"\x0f\x6e", 0, RSI, 1, b"\x66"), x.rr(b"\x0f\x6c", 0, 0, 0, b"\x66"))
    sequence.add(x.alu_imm(x.CMP, RCX, _BLOCK, 1))
    large = sequence.far_if(ABOVE)
    small = sequence.position
    sequence.add(x.alu_imm(x.CMP, RCX, 16, 1))
    tiny = sequence.skip_if(BELOW)
    sequence.add(x.alu_imm(x.CMP, RCX, 32, 1))
    more = sequence.skip_if(ABOVE)
    for from_end, disp in ((False, 0), (True, -16)):
        sequence.add(_vector(b"\x0f\x11", 0, RDI, from_end, disp))
    sequence.add(_DONE)
    sequence.land(more)
    for from_end, disp in ((False, 0), (False, 16), (True, -32), (True, -16)):
        sequence.add(_vector(b"\x0f\x11", 0, RDI, from_end, disp))
    sequence.add(_DONE)
    sequence.land(tiny)
    for size, store, prefix, w in (
        (8, b"\x89", b"", 1),
        (4, b"\x89", b"", 0),
        (2, b"\x89", b"\x66", 0),
    ):
        sequence.add(x.alu_imm(x.CMP, RCX, size, 1))
        less = sequence.skip_if(BELOW)
        sequence.add(x.rm(store, RSI, RDI, 0, w, prefix))
        sequence.add(x.rx(store, RSI, RDI, RCX, -size, w, prefix), _DONE)
        sequence.land(less)
    sequence.add(x.rr(b"\x85", RCX, RCX, 1))
    one = sequence.skip_if(NOT_ZERO)
    sequence.add(_DONE)
    sequence.land(one)
    sequence.add(x.rm(b"\x88", RSI, RDI, 0, byte=True), _DONE)
    sequence.land(large)
    sequence.add(x.alu_imm(x.CMP, RCX, _LONG, 1))
    blocks = sequence.skip_if(BELOW)
    sequence.add(x.mov(RAX, RSI), b"\xf3\xaa", _DONE)
    sequence.land(blocks)
    forward = sequence.position
    for at in range(4):
        sequence.add(x.rm(b"\x0f\x11", 0, RDI, 16 * at))
    sequence.add(x.alu_imm(x.ADD, RDI, _BLOCK, 1))
    sequence.add(x.alu_imm(x.SUB, RCX, _BLOCK, 1), x.alu_imm(x.CMP, RCX, _BLOCK, 1))
    sequence.back_if(ABOVE, forward)
    sequence.back(small)
    return sequence.code
