"""Frames, calls and branches of x86-64, for the macro assembler.

[rbp + 8]   return address
[rbp]       caller's rbp
[rsp]       slot 0, the vmctx; rbp - rsp is a multiple of 16
"""

from jit.abi import records, vmctx
from jit.abi.vmctx import Stub
from jit.asm.memo import Memo
from jit.asm.places import CONST, FLOAT
from jit.asm.x64 import encoding as x
from jit.asm.x64.encoding import R10, R11, R14, R15, RAX, RBP, RCX, RDI, RSP
from jit.asm.x64.integers import EQUAL_ORDERED, NOT_EQUAL_OR_UNORDERED
from jit.asm.x64.sequence import NOT_ZERO, PARITY, ZERO

_UNROLLED = 512
"""Most bytes of slots cleared one instruction a pair."""

NO_DISTANCE = b"\x00\x00\x00\x00"
JUMP = b"\xe9" + NO_DISTANCE


def slot_key(offset: int, frame_size: int) -> int:
    """Address from the frame pointer (a negative key) unless only the stack pointer is near."""
    below = offset - frame_size
    return offset if below < -128 and offset < 128 else below


def slot(key: int) -> tuple[int, int]:
    """Return the base register and displacement of a slot."""
    return (RBP if key < 0 else RSP), key


_Heads = Memo[tuple[bytes, bytes]]


def _heads(opcode: bytes, w: int, prefix: bytes = b"") -> _Heads:
    """Return, by register, an instruction on [rbp + disp] up to a displacement of 8 and of 32 bits."""
    return Memo(
        lambda reg: (
            x.rm(opcode, reg, RBP, -1, w, prefix)[:-1],
            x.rm(opcode, reg, RBP, -129, w, prefix)[:-4],
        )
    )


_LOAD = (_heads(b"\x8b", 0), _heads(b"\x8b", 1))
_STORE = _heads(b"\x89", 1)
_LOAD_FLOAT = _heads(b"\x0f\x10", 0, b"\xf2")
_STORE_IMMEDIATE = _heads(b"\xc7", 1)
_STORE_FLOAT = _heads(b"\x0f\x11", 0, b"\xf2")


def _below_frame(heads: _Heads, reg: int, key: int) -> bytes:
    near, far = heads[reg]
    return near + bytes((key & 0xFF,)) if key >= -128 else far + x.pack_i32(key)


def slot_load(key: int, dst: int, w: int) -> bytes:
    """Load a general register from a slot."""
    if key < 0:
        return _below_frame(_LOAD[w], dst, key)
    return x.load(dst, RSP, key, w)


def slot_load_float(key: int, dst: int) -> bytes:
    """Load 64 bits into a float register (a place)."""
    if key < 0:
        return _below_frame(_LOAD_FLOAT, dst - FLOAT, key)
    return x.rm(b"\x0f\x10", dst - FLOAT, RSP, key, 0, b"\xf2")


def slot_store(key: int, src: int) -> bytes:
    """Store an operand of either kind, 64 bits; flags are kept."""
    if src < FLOAT:
        return _below_frame(_STORE, src, key) if key < 0 else x.store(RSP, key, src)
    if src < CONST:
        if key < 0:
            return _below_frame(_STORE_FLOAT, src - FLOAT, key)
        return x.rm(b"\x0f\x11", src - FLOAT, RSP, key, 0, b"\xf2")
    value = src - CONST
    if value < 1 << 31 or value >= (1 << 64) - (1 << 31):
        short = value if value < 1 << 31 else value - (1 << 64)
        if key < 0:
            return _below_frame(_STORE_IMMEDIATE, 0, key) + x.pack_i32(short)
        return x.rm(b"\xc7", 0, RSP, key, 1) + x.pack_i32(short)
    return x.mov_imm(RAX, value) + x.store(*slot(key), RAX)


def slot_move(dst: int, src: int) -> bytes:
    """Copy 64 bits from slot to slot."""
    return x.load(RAX, *slot(src)) + x.store(*slot(dst), RAX)


def frame_size(slots: int) -> int:
    """Round up so that the stack pointer stays 16-byte aligned."""
    return (slots + 15) & ~15


def prologue(size: int) -> bytes:
    """Link the frame, make room, store the vmctx."""
    frame = x.push(RBP) + x.mov(RBP, RSP) + x.alu_imm(x.SUB, RSP, size, 1)
    return frame + x.store(RSP, 0, R14)


def frame_check(size: int) -> bytes:
    """A branch taken if the real limit + size is above the stack pointer; the sum cannot wrap."""
    need = x.load(RAX, R14, vmctx.REAL_STACK_LIMIT) + x.alu_imm(x.ADD, RAX, size + 16, 1)
    return need + x.alu(x.CMP, RSP, RAX, 1) + branch(2)


_CLEAR_TWO = Memo(lambda key: x.movups_store(*slot(key), 15))


def zero_slots(start: int, end: int, size: int) -> bytes:
    """Clear slots: two at a time through xmm15, or many by `rep stosq`, two argument registers put aside."""
    if end - start <= 16:
        return b"".join(slot_store(slot_key(at, size), CONST) for at in range(start, end, 8))
    if end - start > _UNROLLED:
        aside = x.mov(R10, RDI) + x.mov(R11, RCX)
        operands = x.rm(b"\x8d", RDI, RSP, start, 1) + x.mov_imm(RCX, (end - start) // 8)
        back = x.mov(RDI, R10) + x.mov(RCX, R11)
        return aside + operands + x.alu(x.XOR, RAX, RAX) + b"\xf3\x48\xab" + back
    code = x.rr(b"\x0f\x57", 15, 15)
    if (end - start) % 16:
        code += slot_store(slot_key(start, size), CONST)
        start += 8
    clear = _CLEAR_TWO
    return code + b"".join(clear[slot_key(at, size)] for at in range(start, end, 16))


EPILOGUE = b"\xc9" + x.RET


def branch(condition: int) -> bytes:
    """A branch whose last four bytes are the distance; our own conditions skip it or a jump."""
    if condition == EQUAL_ORDERED:
        return bytes((0x70 | PARITY, 6)) + branch(ZERO)
    if condition == NOT_EQUAL_OR_UNORDERED:
        return bytes((0x70 | PARITY, 2, 0x70 | ZERO, len(JUMP))) + JUMP
    return bytes((0x0F, 0x80 | condition)) + NO_DISTANCE


def branch_register(reg: int, condition: int) -> bytes:
    """Test the low half of a register and branch."""
    return x.rr(b"\x85", reg, reg) + branch(condition)


def jump_back(at: int, target: int) -> bytes:
    """`jmp`, short if possible."""
    distance = target - (at + 2)
    if distance >= -128:
        return bytes((0xEB, distance & 0xFF))
    return b"\xe9" + x.pack_i32(target - (at + 5))


def branch_back(condition: int, at: int, target: int) -> bytes:
    """`jcc`, short if possible."""
    distance = target - (at + 2)
    if distance >= -128 and condition < EQUAL_ORDERED:
        return bytes((0x70 | condition, distance & 0xFF))
    code = branch(condition)
    return code[:-4] + x.pack_i32(target - (at + len(code)))


def branch_table(index: int, count: int) -> bytes:
    """Compute the address of a jump after this code: rax = min(index, count), times 5."""
    clamp = x.mov_imm(RAX, count) + x.alu(x.CMP, index, RAX) + x.rr(b"\x0f\x42", RAX, index)
    times_5 = x.rx(b"\x8d", RAX, RAX, RAX, 0, 1, scale=2)
    tail = x.alu(x.ADD, RAX, RCX, 1) + b"\xff\xe0"
    return clamp + times_5 + b"\x48\x8d\x0d" + x.pack_i32(len(tail)) + tail


def call_stub(stub: int) -> bytes:
    """`call [vmctx + its word]`."""
    return x.call_mem(R14, vmctx.STUBS + 8 * stub)


def trap_exit(trap: int) -> bytes:
    """Pass the code in eax."""
    return x.mov_imm(RAX, trap) + call_stub(Stub.TRAP)


def call_libcall(number: int) -> bytes:
    """Pass the number in eax."""
    return x.mov_imm(RAX, number) + call_stub(Stub.LIBCALL)


INTERRUPT_CHECK = x.rm(b"\x83", 7, R14, vmctx.INTERRUPT) + b"\x00" + branch(NOT_ZERO)
STACK_CHECK = x.rm(b"\x3b", RSP, R14, vmctx.STACK_LIMIT, 1) + branch(2)
EPOCH_CHECK = (
    x.load(RAX, R14, vmctx.EPOCH_COUNTER)
    + x.load(RAX, RAX, 0)
    + x.rm(b"\x3b", RAX, R14, vmctx.EPOCH_DEADLINE, 1)
    + branch(3)
)
BRANCH_FAILED = x.rr(b"\x85", RAX, RAX) + branch(ZERO)


def call_defined(offset: int) -> bytes:
    """Call through a record of this instance: `call [r14 + offset]`."""
    return b"\x41\xff\x96" + x.pack_i32(offset + records.CODE)


CALL_RECORD = (
    x.load(R14, RAX, records.VMCTX)
    + x.load(R15, R14, vmctx.MEMORY_BASE)
    + x.call_mem(RAX, records.CODE)
)


def call_import(offset: int) -> bytes:
    """Call through the record whose address is at an offset of the vmctx."""
    return x.load(RAX, R14, offset) + CALL_RECORD


LEAVE_CALLEE = x.load(R14, RSP, 0) + x.load(R15, R14, vmctx.MEMORY_BASE)


def overflow_store(offset: int, key: int) -> bytes:
    """Copy a slot to the overflow buffer; uses rax and rcx."""
    buffer = x.load(RCX, R14, vmctx.OVERFLOW) + x.load(RAX, *slot(key))
    return buffer + x.store(RCX, offset, RAX)


def overflow_load(key: int, offset: int) -> bytes:
    """Copy from the overflow buffer to a slot; uses rax only."""
    value = x.load(RAX, R14, vmctx.OVERFLOW) + x.load(RAX, RAX, offset)
    return value + x.store(*slot(key), RAX)


def function_reference(import_: bool, offset: int, key: int) -> bytes:
    """Set a slot to a record's address."""
    find = x.load(RAX, R14, offset) if import_ else x.rm(b"\x8d", RAX, R14, offset, 1)
    return find + x.store(*slot(key), RAX)
