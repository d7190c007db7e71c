"""Memory, global and table access of aarch64, as tables for the macro assembler.

x27 holds the address of memory 0, x28 the vmctx.  An address register holds a zero-extended u32.  An
access that ends at `k` bytes from the address is in bounds if address <= length - k: for a small `k`
that difference lies ready in the vmctx, as a signed word.  Scratch registers are x15, x16 and x17.
"""

from jit.abi import records, vmctx
from jit.abi.traps import TrapCode
from jit.asm.aarch64 import encoding as a
from jit.asm.aarch64.encoding import GT, HI, HS, LO, NE, SP, X15, X16, X17, X27, X28, Transfer
from jit.asm.aarch64.integers import operand
from jit.asm.aarch64.sequence import Sequence, outward
from jit.asm.masm import Access, ByPlaces, Checked, Load, Store
from jit.asm.memo import memo2, memo3
from jit.asm.places import CONST

_LIMIT = 1 << 32

# fmt: off
_LOADS = {
    "i32.load": a.LDR_W, "i64.load": a.LDR_X, "f32.load": a.LDR_S, "f64.load": a.LDR_D,
    "i32.load8_s": a.LDRSB_W, "i32.load8_u": a.LDRB, "i32.load16_s": a.LDRSH_W, "i32.load16_u": a.LDRH,
    "i64.load8_s": a.LDRSB_X, "i64.load8_u": a.LDRB, "i64.load16_s": a.LDRSH_X, "i64.load16_u": a.LDRH,
    "i64.load32_s": a.LDRSW, "i64.load32_u": a.LDR_W,
}
_STORES = {
    "i32.store": a.STR_W, "i64.store": a.STR_X, "f32.store": a.STR_S, "f64.store": a.STR_D,
    "i32.store8": a.STRB, "i32.store16": a.STRH,
    "i64.store8": a.STRB, "i64.store16": a.STRH, "i64.store32": a.STR_W,
}
_INTEGER_STORE = {a.STR_S: a.STR_W, a.STR_D: a.STR_X}
"""What stores the bits of a float constant."""
# fmt: on


def vmctx_load(dst: int, offset: int) -> bytes:
    """Load a word of the vmctx, by the register itself where the offset is large."""
    return a.mem_far(a.LDR_X, dst, X28, offset, dst)


def _checked(transfer: Transfer, reg: int, address: int, offset: int, far: bool) -> Access:
    """Compare, branch to the trap exit, access; x17 is free for the access once it is checked."""
    size = 1 << transfer[1]
    end = offset + size
    if end < vmctx.BOUNDS_ENTRIES:
        check = vmctx_load(X16, vmctx.BOUNDS + 8 * end) + a.cmp(address, X16)
        check += outward(a.b_cond(GT), far)
        access = _trusted(transfer, reg, address, offset)
        return check + access, len(access)
    check = a.mov_imm(X16, end) + a.rrr(a.ADD, X16, X16, address)
    check += vmctx_load(X17, vmctx.MEMORY_LENGTH) + a.cmp(X16, X17)
    check += outward(a.b_cond(HI), far)
    access = a.rrr(a.ADD, X16, X16, X27) + a.mem(transfer, reg, X16, -size)
    return check + access, len(access)


def _trusted(transfer: Transfer, reg: int, address: int, offset: int) -> bytes:
    """Access what is inside the memory for sure."""
    if not offset:
        return a.mem_indexed(transfer, reg, X27, address)
    if offset < vmctx.BOUNDS_ENTRIES:
        base = a.imm(a.ADD_IMM, X16, X27, offset)
    else:
        base = a.mov_imm(X16, offset) + a.rrr(a.ADD, X16, X16, X27)
    return base + a.mem_indexed(transfer, reg, X16, address)


def loads(far: bool) -> dict[str, Load]:
    """Loads, by mnemonic."""
    return {name: _load(transfer, far) for name, transfer in _LOADS.items()}


def _load(transfer: Transfer, far: bool) -> Load:
    return Load(
        memo3(lambda dst, address, offset: _checked(transfer, dst & 31, address, offset, far)),
        memo3(lambda dst, address, offset: _trusted(transfer, dst & 31, address, offset)),
        memo2(lambda dst, address: a.mem_far(transfer, dst & 31, X27, address, X16)),
        _LIMIT,
    )


def stores(far: bool) -> dict[str, Store]:
    """Stores, by mnemonic."""
    return {name: _store(transfer, far) for name, transfer in _STORES.items()}


def _value(transfer: Transfer, place: int) -> tuple[bytes, Transfer, int]:
    """Return what brings an operand to a register, how to store it from there, and which it is."""
    if place < CONST:
        return b"", transfer, place & 31
    bits = place - CONST & (1 << (8 << transfer[1])) - 1
    move, reg = operand(CONST + bits, X17)
    return move, _INTEGER_STORE.get(transfer, transfer), reg


def _store(plain: Transfer, far: bool) -> Store:
    def checked(address: int, place: int, offset: int) -> Access:
        move, transfer, reg = _value(plain, place)
        code, length = _checked(transfer, reg, address, offset, far)
        at = len(code) - length
        return code[:at] + move + code[at:], length + len(move)

    def trusted(address: int, place: int, offset: int) -> bytes:
        move, transfer, reg = _value(plain, place)
        return move + _trusted(transfer, reg, address, offset)

    def known(address: int, place: int) -> bytes:
        move, transfer, reg = _value(plain, place)
        return move + a.mem_far(transfer, reg, X27, address, X16)

    return Store(memo3(checked), memo3(trusted), memo2(known), _LIMIT)


def watch_address(address: int, last: int) -> bytes:
    """Leave the sum in x15, which no access uses."""
    if address >= CONST:
        return a.mov_imm(X15, address - CONST + last)
    return a.mov_imm(X15, last) + a.rrr(a.ADD, X15, X15, address)


def watch_check(size: int, far: bool) -> bytes:
    """Compare x15 - low with the span, unsigned."""
    low = vmctx_load(X16, vmctx.WATCH_LOW) + a.rrr(a.SUB, X16, X15, X16)
    span = vmctx_load(X17, vmctx.WATCH_SPANS[size]) + a.cmp(X16, X17)
    return low + span + outward(a.b_cond(LO), far)


def _watch() -> bytes:
    return vmctx_load(X17, vmctx.STUBS + 8 * vmctx.Stub.WATCH) + a.blr(X17)


def watch_call(size: int) -> bytes:
    """Pass the first and the last address."""
    first = a.imm(a.SUB_IMM, X15, X15, size - 1) if size > 1 else b""
    return a.mov(X16, X15) + first + _watch()


def watch_range(address: int, length: int) -> bytes:
    """Pass the first and the last address; of no bytes, the last is one less."""
    last = a.rrr(a.ADD, X16, address, length) + a.imm(a.SUB_IMM, X16, X16, 1)
    return a.mov(X15, address) + last + _watch()


def memory_size(dst: int) -> bytes:
    """Pages: the length over 65536."""
    return vmctx_load(dst, vmctx.MEMORY_LENGTH) + a.lsr(dst, dst, 16)


def _cell(imported: bool, offset: int) -> tuple[bytes, int, int]:
    """Return what finds a global, and the base register and offset it is then at."""
    return (vmctx_load(X16, offset), X16, 0) if imported else (b"", X28, offset)


_WIDTHS = (32, 64, 0)
_GET = {32: a.LDR_W, 64: a.LDR_X, 0: a.LDR_D}
_SET = {32: a.STR_W, 64: a.STR_X, 0: a.STR_D}


def _global_get(imported: bool, width: int) -> ByPlaces:
    def code(offset: int, dst: int) -> bytes:
        find, base, at = _cell(imported, offset)
        return find + a.mem_far(_GET[width], dst & 31, base, at, X16)

    return memo2(code)


def _global_set(imported: bool, width: int) -> ByPlaces:
    def code(offset: int, src: int) -> bytes:
        find, base, at = _cell(imported, offset)
        if src < CONST:
            return find + a.mem_far(_SET[width], src & 31, base, at, X16)
        move, reg = operand(src, X17)
        return find + move + a.mem_far(_SET[width or 64], reg, base, at, X16)

    return memo2(code)


def global_gets() -> dict[bool, dict[int, ByPlaces]]:
    """By whether it is imported, and by width."""
    return {
        imported: {width: _global_get(imported, width) for width in _WIDTHS}
        for imported in (False, True)
    }


def global_sets() -> dict[bool, dict[int, ByPlaces]]:
    """By whether it is imported, and by width."""
    return {
        imported: {width: _global_set(imported, width) for width in _WIDTHS}
        for imported in (False, True)
    }


def slot(transfer: Transfer, reg: int, key: int) -> bytes:
    """Load or store a slot, by x17 where it is far from the stack pointer."""
    return a.mem_far(transfer, reg, SP, key, X17)


def table_size(table: int, dst: int) -> bytes:
    """The length in a table's definition."""
    return vmctx_load(X16, table) + a.mem(a.LDR_W, dst, X16, vmctx.TABLE_LENGTH)


def _element(sequence: Sequence, table: int, index: int) -> None:
    """Check an index, and leave the address of the elements in x16."""
    sequence.add(vmctx_load(X16, table), a.mem(a.LDR_X, X17, X16, vmctx.TABLE_LENGTH))
    sequence.add(a.cmp(index, X17))
    sequence.trap_if(HS, TrapCode.TABLE_OUT_OF_BOUNDS)
    sequence.add(a.mem(a.LDR_X, X16, X16, vmctx.TABLE_BASE))


def table_get(table: int, index: int, key: int, far: bool) -> Checked:
    """Copy an element to a slot."""
    sequence = Sequence(far)
    _element(sequence, table, index)
    sequence.add(a.mem_indexed(a.LDR_X, X16, X16, index, scaled=True), slot(a.STR_X, X16, key))
    return sequence.checked


def table_set(table: int, index: int, key: int, far: bool) -> Checked:
    """Copy a slot to an element."""
    sequence = Sequence(far)
    _element(sequence, table, index)
    sequence.add(slot(a.LDR_X, X17, key), a.mem_indexed(a.STR_X, X17, X16, index, scaled=True))
    return sequence.checked


def indirect_record(table: int, type_: int, index: int, far: bool) -> Checked:
    """Leave the record of a table's element in x16, its type checked."""
    sequence = Sequence(far)
    _element(sequence, table, index)
    sequence.add(a.mem_indexed(a.LDR_X, X16, X16, index, scaled=True))
    sequence.trap_by(a.cbz(X16, w=1), TrapCode.INDIRECT_CALL_TO_NULL)
    sequence.add(vmctx_load(X17, type_), a.mem(a.LDR_X, X15, X16, records.TYPE), a.cmp(X17, X15))
    sequence.trap_if(NE, TrapCode.BAD_SIGNATURE)
    return sequence.checked
