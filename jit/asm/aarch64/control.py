"""Frames, calls and branches of aarch64, for the macro assembler.

[x29 + 8]   return address
[x29]       caller's x29
[sp]        slot 0, the vmctx; x29 - sp is a multiple of 16

Slots are addressed from the stack pointer: a slot's key is its offset.  A trap exit keeps x15: a
frame check leaves the return address there, since the call to the trap stub overwrites x30.
"""

from jit.abi import records, vmctx
from jit.abi.vmctx import Stub
from jit.asm.aarch64 import encoding as a
from jit.asm.aarch64.encoding import (
    HS,
    LO,
    SP,
    X15,
    X16,
    X17,
    X27,
    X28,
    X29,
    X30,
    ZR,
)
from jit.asm.aarch64.integers import operand
from jit.asm.aarch64.memory import slot, vmctx_load
from jit.asm.aarch64.sequence import outward
from jit.asm.places import CONST, FLOAT

_UNROLLED = 256
"""Most bytes of slots cleared without a loop."""


def slot_load(key: int, dst: int, w: int) -> bytes:
    """Load a general register from a slot."""
    return slot(a.LDR_X if w else a.LDR_W, dst, key)


def slot_load_float(key: int, dst: int) -> bytes:
    """Load 64 bits into a float register (a place)."""
    return slot(a.LDR_D, dst - FLOAT, key)


def slot_store(key: int, src: int) -> bytes:
    """Store an operand of either kind, 64 bits; flags are kept."""
    if FLOAT <= src < CONST:
        return slot(a.STR_D, src - FLOAT, key)
    move, reg = operand(src, X16)
    return move + slot(a.STR_X, reg, key)


def slot_move(dst: int, src: int) -> bytes:
    """Copy 64 bits from slot to slot."""
    return slot(a.LDR_X, X16, src) + slot(a.STR_X, X16, dst)


def frame_size(slots: int) -> int:
    """Round up: the stack pointer must stay 16-byte aligned."""
    return (slots + 15) & ~15


def _lower_stack(size: int) -> bytes:
    """Take a size from the stack pointer."""
    if size < 1 << 24:
        low = size & 0xFFF
        code = a.imm(a.SUB_IMM, SP, SP, size - low) if size > low else b""
        return code + (a.imm(a.SUB_IMM, SP, SP, low) if low else b"")
    return a.mov_imm(X17, size) + a.extended(a.SUB, SP, SP, X17)


def prologue(size: int) -> bytes:
    """Link the frame, make room, store the vmctx."""
    frame = a.push_pair(X29, X30) + a.imm(a.ADD_IMM, X29, SP, 0) + _lower_stack(size)
    return frame + a.mem(a.STR_X, X28, SP)


def frame_check(size: int, far: bool) -> bytes:
    """A branch taken if the real limit + size is above the stack pointer; the sum cannot wrap."""
    need = vmctx_load(X16, vmctx.REAL_STACK_LIMIT) + a.mov_imm(X17, size + 16)
    need += a.rrr(a.ADD, X16, X16, X17) + a.mov(X15, X30) + a.extended(a.SUBS, ZR, SP, X16)
    return need + outward(a.b_cond(LO), far)


def zero_slots(start: int, end: int) -> bytes:
    """Clear slots, two at a time; in a loop from x17 to x16 where there are many."""
    code = b""
    if (end - start) % 16:
        code = slot(a.STR_X, ZR, start)
        start += 8
    if start == end:
        return code
    if end - start <= _UNROLLED and end <= 512:
        pairs = range(start, end, 16)
        return code + b"".join(a.pair(a.STP_X, ZR, ZR, SP, at) for at in pairs)
    code += a.mov_imm(X17, start) + a.extended(a.ADD, X17, SP, X17)
    code += a.mov_imm(X16, end) + a.extended(a.ADD, X16, SP, X16)
    return code + a.stp_after(ZR, ZR, X17, 16) + a.cmp(X17, X16) + a.b_cond(LO, -8)


EPILOGUE = a.imm(a.ADD_IMM, SP, X29, 0) + a.pop_pair(X29, X30) + a.RET

JUMP = a.b()


def jump_back(at: int, target: int) -> bytes:
    """`b`."""
    return a.b(target - at)


def branch_back(condition: int, at: int, target: int) -> bytes:
    """`b.condition`, over a jump where the target is too far."""
    if target - at >= -(1 << 20):
        return a.b_cond(condition, target - at)
    return a.b_cond(condition ^ 1, 8) + a.b(target - at - 4)


def branch_table(index: int, count: int) -> bytes:
    """Compute the address of a jump after this code: x16 = min(index, count), times 4."""
    clamp = a.mov_imm(X16, count) + a.cmp(index, X16, 0) + a.csel(X16, index, X16, LO, 0)
    return clamp + a.adr(X17, 12) + a.add_shifted(X17, X17, X16, 2) + a.br(X17)


def call_stub(stub: int) -> bytes:
    """Call the code at its word in the vmctx."""
    return vmctx_load(X17, vmctx.STUBS + 8 * stub) + a.blr(X17)


def trap_exit(trap: int) -> bytes:
    """Pass the code in w16."""
    return a.mov_imm(X16, trap) + call_stub(Stub.TRAP)


def call_libcall(number: int) -> bytes:
    """Pass the number in w16."""
    return a.mov_imm(X16, number) + call_stub(Stub.LIBCALL)


def interrupt_check(far: bool) -> bytes:
    """Look at the interrupt word."""
    return a.mem(a.LDR_W, X16, X28, vmctx.INTERRUPT) + outward(a.cbnz(X16), far)


def stack_check(far: bool) -> bytes:
    """Compare the stack pointer with the limit."""
    return (
        vmctx_load(X16, vmctx.STACK_LIMIT)
        + a.extended(a.SUBS, ZR, SP, X16)
        + outward(a.b_cond(LO), far)
    )


def epoch_check(far: bool) -> bytes:
    """Compare the epoch with the deadline."""
    counter = vmctx_load(X16, vmctx.EPOCH_COUNTER) + a.mem(a.LDR_X, X16, X16)
    deadline = vmctx_load(X17, vmctx.EPOCH_DEADLINE) + a.cmp(X16, X17)
    return counter + deadline + outward(a.b_cond(HS), far)


def branch_failed(far: bool) -> bytes:
    """See whether a routine left 0 in w16."""
    return outward(a.cbz(X16), far)


def call_defined(offset: int) -> bytes:
    """Call through a record of this instance."""
    return vmctx_load(X17, offset + records.CODE) + a.blr(X17)


CALL_RECORD = (
    a.mem(a.LDR_X, X28, X16, records.VMCTX)
    + a.mem(a.LDR_X, X27, X28, vmctx.MEMORY_BASE)
    + a.mem(a.LDR_X, X17, X16, records.CODE)
    + a.blr(X17)
)


def call_import(offset: int) -> bytes:
    """Call through the record whose address is at an offset of the vmctx."""
    return vmctx_load(X16, offset) + CALL_RECORD


LEAVE_CALLEE = a.mem(a.LDR_X, X28, SP) + a.mem(a.LDR_X, X27, X28, vmctx.MEMORY_BASE)


def overflow_store(offset: int, key: int) -> bytes:
    """Copy a slot to the overflow buffer."""
    value = slot(a.LDR_X, X16, key) + vmctx_load(X17, vmctx.OVERFLOW)
    return value + a.mem(a.STR_X, X16, X17, offset)


def overflow_load(key: int, offset: int) -> bytes:
    """Copy from the overflow buffer to a slot."""
    value = vmctx_load(X17, vmctx.OVERFLOW) + a.mem(a.LDR_X, X16, X17, offset)
    return value + slot(a.STR_X, X16, key)


def function_reference(import_: bool, offset: int, key: int) -> bytes:
    """Set a slot to a record's address."""
    if import_:
        return vmctx_load(X16, offset) + slot(a.STR_X, X16, key)
    address = a.mov_imm(X16, offset) + a.rrr(a.ADD, X16, X28, X16)
    return address + slot(a.STR_X, X16, key)
