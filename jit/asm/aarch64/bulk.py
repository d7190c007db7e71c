"""memory.copy and memory.fill of aarch64: routines that function code calls through its vmctx.

Arguments come in x0, x1 and x2, as i32 with undefined upper halves; x27 is the memory's address.
Nothing is written if a byte would be out of bounds; w16 is then 0, else 1.  Up to 64 bytes are all
loaded before the first store, so that overlap does not matter; more go in blocks of 64, from the end
where overlap asks for it.
"""

from jit.abi import vmctx
from jit.asm.aarch64 import encoding as a
from jit.asm.aarch64.encoding import HI, LO, LS, X0, X1, X2, X3, X4, X5, X6, X16, X17, X27, X28
from jit.asm.aarch64.sequence import Sequence

_BLOCK = 64
_WORDS = ((8, a.LDR_X, a.STR_X), (4, a.LDR_W, a.STR_W), (2, a.LDRH, a.STRH), (1, a.LDRB, a.STRB))
_FLOATS = ((16, a.STR_Q), (8, a.STR_D), (4, a.STR_S), (2, a.STR_H), (1, a.STR_B))


def _compare(reg: int, value: int) -> bytes:
    return a.imm(a.SUBS_IMM, a.ZR, reg, value)


def _advance(step: int, *regs: int) -> bytes:
    return b"".join(a.imm(a.ADD_IMM, reg, reg, step) for reg in regs)


def _check(sequence: Sequence, *starts: int) -> None:
    """Return with w16 = 0 unless x2 bytes from each start are in bounds; x17 is the length."""
    sequence.add(a.mov(X2, X2, 0), *(a.mov(reg, reg, 0) for reg in starts))
    sequence.add(a.mem(a.LDR_X, X17, X28, vmctx.MEMORY_LENGTH))
    for start in starts:
        sequence.add(a.rrr(a.ADD, X16, start, X2), a.cmp(X16, X17))
        inside = sequence.skip_if(LS)
        sequence.add(a.mov_imm(X16, 0), a.RET)
        sequence.land(inside)
    sequence.add(*(a.rrr(a.ADD, reg, reg, X27) for reg in starts), a.mov_imm(X16, 1))


def _small_copy(sequence: Sequence) -> None:
    """Copy x2 <= 64 bytes from x1 to x0 and return: two overlapping halves of each size."""
    sequence.add(a.rrr(a.ADD, X3, X1, X2), a.rrr(a.ADD, X4, X0, X2), _compare(X2, 32))
    less = sequence.skip_if(LS)
    sequence.add(a.pair(a.LDP_Q, 0, 1, X1), a.pair(a.LDP_Q, 2, 3, X3, -32))
    sequence.add(a.pair(a.STP_Q, 0, 1, X0), a.pair(a.STP_Q, 2, 3, X4, -32), a.RET)
    sequence.land(less)
    sequence.add(_compare(X2, 16))
    less = sequence.skip_if(LO)
    sequence.add(a.mem(a.LDR_Q, 0, X1), a.mem(a.LDR_Q, 1, X3, -16))
    sequence.add(a.mem(a.STR_Q, 0, X0), a.mem(a.STR_Q, 1, X4, -16), a.RET)
    for size, load, store in _WORDS:
        sequence.land(less)
        sequence.add(_compare(X2, size))
        less = sequence.skip_if(LO)
        sequence.add(a.mem(load, X5, X1), a.mem(load, X6, X3, -size))
        sequence.add(a.mem(store, X5, X0), a.mem(store, X6, X4, -size), a.RET)
    sequence.land(less)
    sequence.add(a.RET)


def _copy_block(sequence: Sequence, source: int, destination: int, at: int) -> None:
    for half in (0, 32):
        sequence.add(a.pair(a.LDP_Q, half >> 4, (half >> 4) + 1, source, at + half))
    for half in (0, 32):
        sequence.add(a.pair(a.STP_Q, half >> 4, (half >> 4) + 1, destination, at + half))


def memory_copy() -> bytes:
    """memory.copy of memory 0."""
    sequence = Sequence()
    _check(sequence, X0, X1)
    sequence.add(_compare(X2, _BLOCK))
    large = sequence.skip_if(HI)
    small = sequence.position
    _small_copy(sequence)
    sequence.land(large)
    # Distance from source to destination, unsigned: below the length means "from the end".
    sequence.add(a.rrr(a.SUB, X3, X0, X1), a.cmp(X3, X2))
    backward = sequence.skip_if(LO)
    again = sequence.position
    _copy_block(sequence, X1, X0, 0)
    sequence.add(_advance(_BLOCK, X0, X1), a.imm(a.SUB_IMM, X2, X2, _BLOCK), _compare(X2, _BLOCK))
    sequence.back_if(HI, again)
    sequence.back(small)
    sequence.land(backward)
    sequence.add(a.rrr(a.ADD, X3, X1, X2), a.rrr(a.ADD, X4, X0, X2))
    again = sequence.position
    _copy_block(sequence, X3, X4, -_BLOCK)
    sequence.add(*(a.imm(a.SUB_IMM, reg, reg, _BLOCK) for reg in (X3, X4, X2)))
    sequence.add(_compare(X2, _BLOCK))
    sequence.back_if(HI, again)
    sequence.back(small)
    return sequence.code


def memory_fill() -> bytes:
    """memory.fill of memory 0; v0 holds the byte repeated."""
    sequence = Sequence()
    _check(sequence, X0)
    sequence.add(a.dup_bytes(0, X1), _compare(X2, _BLOCK))
    large = sequence.skip_if(HI)
    small = sequence.position
    sequence.add(a.rrr(a.ADD, X4, X0, X2), _compare(X2, 32))
    less = sequence.skip_if(LS)
    sequence.add(a.pair(a.STP_Q, 0, 0, X0), a.pair(a.STP_Q, 0, 0, X4, -32), a.RET)
    for size, store in _FLOATS:
        sequence.land(less)
        sequence.add(_compare(X2, size))
        less = sequence.skip_if(LO)
        sequence.add(a.mem(store, 0, X0), a.mem(store, 0, X4, -size), a.RET)
    sequence.land(less)
    sequence.add(a.RET)
    sequence.land(large)
    again = sequence.position
    sequence.add(a.pair(a.STP_Q, 0, 0, X0), a.pair(a.STP_Q, 0, 0, X0, 32))
    sequence.add(_advance(_BLOCK, X0), a.imm(a.SUB_IMM, X2, X2, _BLOCK), _compare(X2, _BLOCK))
    sequence.back_if(HI, again)
    sequence.back(small)
    return sequence.code
