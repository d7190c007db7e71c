"""Memory, global and table access of x86-64, as tables for the macro assembler.

r15 holds the address of memory 0.  An address register holds a zero-extended u32.  An access that
ends at `k` bytes from the address is in bounds if address <= length - k: for a small `k` that
difference lies ready in the vmctx, as a signed word.  Scratch registers are rax, rcx and rdx.
"""

from collections.abc import Callable
from functools import lru_cache

from jit.abi import records, vmctx
from jit.abi.traps import TrapCode
from jit.asm.masm import Access, ByPlaces, Checked, Load, Store
from jit.asm.memo import Memo, memo2, memo3
from jit.asm.places import CONST, FLOAT
from jit.asm.x64 import encoding as x
from jit.asm.x64.encoding import R14, R15, RAX, RCX, RDX
from jit.asm.x64.sequence import ABOVE_EQUAL, NOT_ZERO, ZERO, Sequence

_LIMIT = 1 << 31
_ABOVE = b"\x0f\x87\x00\x00\x00\x00"
_BELOW = b"\x0f\x82\x00\x00\x00\x00"
_GREATER = b"\x0f\x8f\x00\x00\x00\x00"

# fmt: off
#   mnemonic         opcode       prefix   w  bytes
_LOADS = (
    ("i32.load",     b"\x8b",     b"",     0, 4),
    ("i64.load",     b"\x8b",     b"",     1, 8),
    ("f32.load",     b"\x0f\x10", b"\xf3", 0, 4),
    ("f64.load",     b"\x0f\x10", b"\xf2", 0, 8),
    ("i32.load8_s",  b"\x0f\xbe", b"",     0, 1),
    ("i32.load8_u",  b"\x0f\xb6", b"",     0, 1),
    ("i32.load16_s", b"\x0f\xbf", b"",     0, 2),
    ("i32.load16_u", b"\x0f\xb7", b"",     0, 2),
    ("i64.load8_s",  b"\x0f\xbe", b"",     1, 1),
    ("i64.load8_u",  b"\x0f\xb6", b"",     0, 1),
    ("i64.load16_s", b"\x0f\xbf", b"",     1, 2),
    ("i64.load16_u", b"\x0f\xb7", b"",     0, 2),
    ("i64.load32_s", b"\x63",     b"",     1, 4),
    ("i64.load32_u", b"\x8b",     b"",     0, 4),
)
_STORES = (
    ("i32.store",    b"\x89",     b"",     0, 4),
    ("i64.store",    b"\x89",     b"",     1, 8),
    ("f32.store",    b"\x0f\x11", b"\xf3", 0, 4),
    ("f64.store",    b"\x0f\x11", b"\xf2", 0, 8),
    ("i32.store8",   b"\x88",     b"",     0, 1),
    ("i32.store16",  b"\x89",     b"\x66", 0, 2),
    ("i64.store8",   b"\x88",     b"",     0, 1),
    ("i64.store16",  b"\x89",     b"\x66", 0, 2),
    ("i64.store32",  b"\x89",     b"",     0, 4),
)
# fmt: on

Encode = Callable[[int, int, int], bytes]
"""From (register or operand place, index or -1, displacement) to an access through r15."""


_COMPARE = Memo(lambda address: x.rm(b"\x3b", address, R14, vmctx.BOUNDS + 8, 1)[:-4])
"""`cmp address, [r14 + disp32]` up to the displacement."""


def _checked(encode: Encode, place: int, address: int, offset: int, size: int) -> Access:
    """Compare, branch to the trap exit, access."""
    end = offset + size
    if end < vmctx.BOUNDS_ENTRIES:
        check = _COMPARE[address] + x.pack_i32(vmctx.BOUNDS + 8 * end) + _GREATER
        access = encode(place, address, offset)
    elif end < _LIMIT:
        check = x.rm(b"\x8d", RAX, address, end, 1)
        check += x.rm(b"\x3b", RAX, R14, vmctx.MEMORY_LENGTH, 1) + _ABOVE
        access = encode(place, address, offset)
    else:
        check = x.mov_imm(RAX, end) + x.alu(x.ADD, RAX, address, 1)
        check += x.rm(b"\x3b", RAX, R14, vmctx.MEMORY_LENGTH, 1) + _ABOVE
        access = encode(place, RAX, -size)
    return check + access, len(access)


def _through_base(
    opcode: bytes, reg: int, index: int, disp: int, w: int, prefix: bytes, byte: bool
) -> bytes:
    if index < 0:
        return x.rm(opcode, reg, R15, disp, w, prefix, byte)
    return x.rx(opcode, reg, R15, index, disp, w, prefix, byte)


def _register_encoder(opcode: bytes, prefix: bytes, w: int, byte: bool) -> Encode:
    """Encode an access by a register, from what does not depend on the displacement."""

    def head(place: int, index: int) -> tuple[bytes, bytes, bytes]:
        near = _through_base(opcode, place & 31, index, 1, w, prefix, byte)[:-1]
        far = _through_base(opcode, place & 31, index, 128, w, prefix, byte)[:-4]
        return _through_base(opcode, place & 31, index, 0, w, prefix, byte), near, far

    heads = memo2(head)

    def encode(place: int, index: int, disp: int) -> bytes:
        plain, near, far = heads[place][index]
        if not disp:
            return plain
        if -128 <= disp < 128:
            return near + bytes((disp & 0xFF,))
        return far + x.pack_i32(disp)

    return encode


def _store_encoder(opcode: bytes, prefix: bytes, w: int, size: int) -> Encode:
    """A constant is stored as an immediate where there is one for it, else through rcx."""
    immediate = b"\xc6" if size == 1 else b"\xc7"
    register = _register_encoder(opcode, prefix, w, size == 1)

    def encode(place: int, index: int, disp: int) -> bytes:
        if place < CONST:
            return register(place, index, disp)
        value = place - CONST & (1 << 8 * size) - 1
        if size == 8 and (1 << 31) <= value < (1 << 64) - (1 << 31):
            move = x.mov_imm(RCX, value)
            return move + _through_base(b"\x89", RCX, index, disp, 1, b"", False)
        head = _through_base(
            immediate, 0, index, disp, 1 if size == 8 else 0, b"\x66" if size == 2 else b"", False
        )
        return head + (value & (1 << 8 * min(size, 4)) - 1).to_bytes(min(size, 4), "little")

    return encode


def loads() -> dict[str, Load]:
    """Loads, by mnemonic."""
    tables: dict[str, Load] = {}
    for name, opcode, prefix, w, size in _LOADS:
        tables[name] = _load(_register_encoder(opcode, prefix, w, False), size)
    return tables


def _load(encode: Encode, size: int) -> Load:
    return Load(
        memo3(lambda dst, address, offset: _checked(encode, dst, address, offset, size)),
        memo3(encode),
        memo2(lambda dst, address: encode(dst, -1, address)),
        _LIMIT,
    )


def stores() -> dict[str, Store]:
    """Stores, by mnemonic."""
    tables: dict[str, Store] = {}
    for name, opcode, prefix, w, size in _STORES:
        tables[name] = _store(_store_encoder(opcode, prefix, w, size), size)
    return tables


def _store(encode: Encode, size: int) -> Store:
    return Store(
        memo3(lambda address, value, offset: _checked(encode, value, address, offset, size)),
        memo3(lambda address, value, offset: encode(value, address, offset)),
        memo2(lambda address, value: encode(value, -1, address)),
        _LIMIT,
    )


def watch_address(address: int, last: int) -> bytes:
    """Leave the sum in rdx, which no access uses."""
    if address >= CONST:
        return x.mov_imm(RDX, address - CONST + last)
    if last < _LIMIT:
        return x.rm(b"\x8d", RDX, address, last, 1)
    return x.mov_imm(RDX, last) + x.alu(x.ADD, RDX, address, 1)


def watch_check(size: int) -> bytes:
    """Compare rdx - low with the span, unsigned."""
    low = x.mov(RAX, RDX) + x.rm(b"\x2b", RAX, R14, vmctx.WATCH_LOW, 1)
    return low + x.rm(b"\x3b", RAX, R14, vmctx.WATCH_SPANS[size], 1) + _BELOW


def watch_call(size: int) -> bytes:
    """Pass the first and the last address."""
    first = x.rm(b"\x8d", RCX, RDX, 1 - size, 1)
    return first + x.mov(RAX, RDX) + x.call_mem(R14, vmctx.STUBS + 8 * vmctx.Stub.WATCH)


def watch_range(address: int, length: int) -> bytes:
    """Pass the first and the last address; of no bytes, the last is one less."""
    last = x.rx(b"\x8d", RAX, address, length, -1, 1)
    return x.mov(RCX, address) + last + x.call_mem(R14, vmctx.STUBS + 8 * vmctx.Stub.WATCH)


def memory_size(dst: int) -> bytes:
    """Pages: the length over 65536."""
    length = x.load(dst, R14, vmctx.MEMORY_LENGTH)
    return length + x.rr(b"\xc1", 5, dst, 1) + b"\x10"


_FLOAT_LOAD, _FLOAT_STORE = b"\x0f\x10", b"\x0f\x11"


def _cell(imported: bool, offset: int) -> tuple[bytes, int, int]:
    """Return what finds a global, and the base register and displacement it is then at."""
    return (x.load(RAX, R14, offset), RAX, 0) if imported else (b"", R14, offset)


def _global_get(imported: bool, width: int) -> ByPlaces:
    def code(offset: int, dst: int) -> bytes:
        find, base, disp = _cell(imported, offset)
        if width:
            return find + x.load(dst, base, disp, 1 if width == 64 else 0)
        return find + x.rm(_FLOAT_LOAD, dst - FLOAT, base, disp, 0, b"\xf2")

    return memo2(code)


def _global_set(imported: bool, width: int) -> ByPlaces:
    def code(offset: int, src: int) -> bytes:
        find, base, disp = _cell(imported, offset)
        if src < CONST:
            if width:
                return find + x.store(base, disp, src, 1 if width == 64 else 0)
            return find + x.rm(_FLOAT_STORE, src - FLOAT, base, disp, 0, b"\xf2")
        move = x.mov_imm(RCX, src - CONST)
        return find + move + x.store(base, disp, RCX, 0 if width == 32 else 1)

    return memo2(code)


_WIDTHS = (32, 64, 0)


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


def table_size(table: int, dst: int) -> bytes:
    """The length in a table's definition."""
    return x.load(RAX, R14, table) + x.load(dst, RAX, vmctx.TABLE_LENGTH, 0)


def element(sequence: Sequence, table: int, index: int) -> None:
    """Check an index, and leave the address of the elements in rcx."""
    sequence.add(x.load(RCX, R14, table), x.rm(b"\x3b", index, RCX, vmctx.TABLE_LENGTH, 1))
    sequence.trap_if(ABOVE_EQUAL, TrapCode.TABLE_OUT_OF_BOUNDS)
    sequence.add(x.load(RCX, RCX, vmctx.TABLE_BASE))


@lru_cache(maxsize=4096)
def table_get(table: int, index: int, slot: tuple[int, int]) -> Checked:
    """Copy an element to a slot, given as base register and displacement."""
    sequence = Sequence()
    element(sequence, table, index)
    sequence.add(x.rx(b"\x8b", RAX, RCX, index, 0, 1, scale=3), x.store(*slot, RAX))
    return sequence.checked


@lru_cache(maxsize=4096)
def table_set(table: int, index: int, slot: tuple[int, int]) -> Checked:
    """Copy a slot to an element."""
    sequence = Sequence()
    element(sequence, table, index)
    sequence.add(x.load(RAX, *slot), x.rx(b"\x89", RAX, RCX, index, 0, 1, scale=3))
    return sequence.checked


@lru_cache(maxsize=4096)
def indirect_record(table: int, type_: int, index: int) -> Checked:
    """Leave the record of a table's element in rax, its type checked."""
    sequence = Sequence()
    element(sequence, table, index)
    sequence.add(x.rx(b"\x8b", RAX, RCX, index, 0, 1, scale=3), x.rr(b"\x85", RAX, RAX, 1))
    sequence.trap_if(ZERO, TrapCode.INDIRECT_CALL_TO_NULL)
    sequence.add(x.load(RCX, R14, type_), x.rm(b"\x3b", RCX, RAX, records.TYPE, 1))
    sequence.trap_if(NOT_ZERO, TrapCode.BAD_SIGNATURE)
    return sequence.checked
