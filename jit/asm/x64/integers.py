"""Integer operators of x86-64, as tables for the macro assembler.

Scratch registers are rax, rcx and rdx; all three are outside the pools.
"""

from collections.abc import Callable, Mapping

from jit.abi.traps import TrapCode
from jit.asm.masm import ByPlaces, Checked, Compare
from jit.asm.memo import Memo, memo2, memo3
from jit.asm.places import CONST
from jit.asm.x64 import encoding as x
from jit.asm.x64.encoding import RAX, RCX, RDX
from jit.asm.x64.sequence import NO_PARITY, NOT_ZERO, OVERFLOWS, PARITY, ZERO, Sequence

WIDTHS = ((0, "i32"), (1, "i64"))

# fmt: off
CONDITIONS = {"eq": 4, "ne": 5, "lt_s": 12, "lt_u": 2, "gt_s": 15, "gt_u": 7, "le_s": 14, "le_u": 6, "ge_s": 13, "ge_u": 3}
# fmt: on


def signed(value: int, w: int) -> int:
    """Return the signed number of a 32- or 64-bit pattern."""
    return value - (1 << 32 + 32 * w) if value >> 31 + 32 * w else value


def move(dst: int, src: int, w: int) -> bytes:
    """Set a register to an operand, zero-extending 32 bits; flags are kept."""
    if src < CONST:
        return x.mov(dst, src, w)
    return x.mov_imm(dst, src - CONST)


def _short(value: int) -> bool:
    return -(1 << 31) <= value < 1 << 31


def _alu(op: int, w: int) -> Callable[[int, int], bytes]:
    def code(a: int, b: int) -> bytes:
        if b < CONST:
            return x.alu(op, a, b, w)
        value = signed(b - CONST, w)
        if not _short(value):
            return x.mov_imm(RAX, b - CONST) + x.alu(op, a, RAX, w)
        return x.alu_imm(op, a, value, w)

    return code


def _and(w: int) -> Callable[[int, int], bytes]:
    plain = _alu(x.AND, w)

    def code(a: int, b: int) -> bytes:
        if b == CONST + 0xFF:
            return x.rr(b"\x0f\xb6", a, a, byte=True)
        if b == CONST + 0xFFFF:
            return x.rr(b"\x0f\xb7", a, a)
        if b == CONST + 0xFFFF_FFFF:
            return x.mov(a, a, 0)
        return plain(a, b)

    return code


def _mul(w: int) -> Callable[[int, int], bytes]:
    def code(a: int, b: int) -> bytes:
        if b < CONST:
            return x.rr(b"\x0f\xaf", a, b, w)
        value = b - CONST
        if value and not value & value - 1:
            return _shift_imm(4, a, value.bit_length() - 1, w)
        value = signed(value, w)
        if not _short(value):
            return x.mov_imm(RAX, b - CONST) + x.rr(b"\x0f\xaf", a, RAX, w)
        if -128 <= value < 128:
            return x.rr(b"\x6b", a, a, w) + bytes((value & 0xFF,))
        return x.rr(b"\x69", a, a, w) + x.pack_i32(value)

    return code


def _shift_imm(op: int, a: int, count: int, w: int) -> bytes:
    if count == 1:
        return x.rr(b"\xd1", op, a, w)
    return x.rr(b"\xc1", op, a, w) + bytes((count,))


def _shift(op: int, w: int) -> Callable[[int, int], bytes]:
    mask = 63 if w else 31

    def code(a: int, b: int) -> bytes:
        if b < CONST:
            return x.mov(RCX, b, 0) + x.rr(b"\xd3", op, a, w)
        count = b - CONST & mask
        return _shift_imm(op, a, count, w) if count else b""

    return code


def binary() -> dict[str, ByPlaces]:
    """Two-operand arithmetic that cannot trap, by mnemonic."""
    tables: dict[str, ByPlaces] = {}
    for w, type_ in WIDTHS:
        for name, op in (("add", x.ADD), ("sub", x.SUB), ("or", x.OR), ("xor", x.XOR)):
            tables[f"{type_}.{name}"] = memo2(_alu(op, w))
        tables[f"{type_}.and"] = memo2(_and(w))
        tables[f"{type_}.mul"] = memo2(_mul(w))
        for name, op in (("rotl", 0), ("rotr", 1), ("shl", 4), ("shr_u", 5), ("shr_s", 7)):
            tables[f"{type_}.{name}"] = memo2(_shift(op, w))
    return tables


def three(tables: Mapping[str, ByPlaces]) -> dict[str, Memo[ByPlaces]]:
    """The same with a destination of its own: by `lea` or `imul`, else by a move first."""
    made = {name: memo3(_moved(table)) for name, table in tables.items() if name[0] == "i"}
    for w, type_ in WIDTHS:
        made[f"{type_}.add"] = memo3(_three_add(tables[f"{type_}.add"], w, 1))
        made[f"{type_}.sub"] = memo3(_three_add(tables[f"{type_}.sub"], w, -1))
        made[f"{type_}.mul"] = memo3(_three_mul(tables[f"{type_}.mul"], w))
    return made


def _moved(two: ByPlaces) -> Callable[[int, int, int], bytes]:
    return lambda dst, a, b: two[a][b] if dst == a else x.mov(dst, a) + two[dst][b]


def _three_add(two: ByPlaces, w: int, sign: int) -> Callable[[int, int, int], bytes]:
    moved = _moved(two)

    def code(dst: int, a: int, b: int) -> bytes:
        if b >= CONST:
            value = sign * signed(b - CONST, w)
            if dst != a and _short(value):
                return x.rm(b"\x8d", dst, a, value, w)
        elif sign > 0 and dst != a:
            return x.rx(b"\x8d", dst, a, b, 0, w)
        return moved(dst, a, b)

    return code


def _three_mul(two: ByPlaces, w: int) -> Callable[[int, int, int], bytes]:
    moved = _moved(two)

    def code(dst: int, a: int, b: int) -> bytes:
        if b >= CONST and dst != a:
            value = signed(b - CONST, w)
            if value & value - 1 and -128 <= value < 128:
                return x.rr(b"\x6b", dst, a, w) + bytes((value & 0xFF,))
            if value & value - 1 and _short(value):
                return x.rr(b"\x69", dst, a, w) + x.pack_i32(value)
        return moved(dst, a, b)

    return code


def _test(a: int, w: int) -> bytes:
    return x.rr(b"\x85", a, a, w)


def _compare(w: int) -> Callable[[int, int], bytes]:
    plain = _alu(x.CMP, w)
    return lambda a, b: _test(a, w) if b == CONST else plain(a, b)


def compare() -> dict[str, Compare]:
    """Integer comparisons, by mnemonic; the tables are shared by width."""
    tables: dict[str, Compare] = {}
    for w, type_ in WIDTHS:
        code = memo2(_compare(w))
        for name, condition in CONDITIONS.items():
            tables[f"{type_}.{name}"] = Compare(code, condition)
    return tables


def _divide(w: int, is_signed: bool, remainder: bool) -> Callable[[int, int], Checked]:
    minus_one = (1 << 32 + 32 * w) - 1

    def code(a: int, b: int) -> Checked:
        sequence = Sequence()
        value = b - CONST if b >= CONST else -1
        if value > 0 and not is_signed and not value & value - 1:
            shift = value.bit_length() - 1
            if not remainder:
                return Checked(_shift_imm(5, a, shift, w) if shift else b"", ())
            mask = value - 1
            return Checked(_and(w)(a, CONST + mask), ())
        divisor = b
        if b >= CONST:
            divisor = RCX
            sequence.add(x.mov_imm(RCX, value))
        if value <= 0:
            sequence.add(_test(divisor, w))
            sequence.trap_if(ZERO, TrapCode.INTEGER_DIVISION_BY_ZERO)
        done = -1
        if is_signed and (b < CONST or value == minus_one):
            sequence.add(x.alu_imm(x.CMP, divisor, -1, w))
            plain = sequence.skip_if(NOT_ZERO)
            if remainder:
                sequence.add(x.alu(x.XOR, a, a))
                done = sequence.skip()
            else:
                sequence.add(x.mov(RAX, a, w), x.rr(b"\xf7", 3, RAX, w))
                sequence.trap_if(OVERFLOWS, TrapCode.INTEGER_OVERFLOW)
            sequence.land(plain)
        sequence.add(x.mov(RAX, a, w))
        if is_signed:
            sequence.add(b"\x48\x99" if w else b"\x99", x.rr(b"\xf7", 7, divisor, w))
        else:
            sequence.add(x.alu(x.XOR, RDX, RDX), x.rr(b"\xf7", 6, divisor, w))
        sequence.add(x.mov(a, RDX if remainder else RAX, w))
        if done >= 0:
            sequence.land(done)
        return sequence.checked

    return code


def divide() -> dict[str, Memo[Memo[Checked]]]:
    """Divisions and remainders, by mnemonic."""
    return {
        f"{type_}.{name}_{sign}": memo2(_divide(w, sign == "s", name == "rem"))
        for w, type_ in WIDTHS
        for name in ("div", "rem")
        for sign in "su"
    }


def _count_zeros(opcode: bytes, w: int) -> Callable[[int, int], bytes]:
    bits = 64 if w else 32
    leading = opcode == b"\x0f\xbd"
    if_zero = 2 * bits - 1 if leading else bits

    def code(dst: int, src: int) -> bytes:
        found = x.rr(opcode, dst, src, w) + x.mov_imm(RAX, if_zero)
        found += x.rr(b"\x0f\x44", dst, RAX, w)
        return found + x.alu_imm(x.XOR, dst, bits - 1) if leading else found

    return code


def _extend(opcode: bytes, w: int) -> Callable[[int, int], bytes]:
    return lambda dst, src: x.rr(opcode, dst, src, w, byte=opcode == b"\x0f\xbe")


def unary() -> dict[str, ByPlaces]:
    """One-operand operators and conversions between integers, by mnemonic."""
    tables: dict[str, ByPlaces] = {}
    for w, type_ in WIDTHS:
        tables[f"{type_}.clz"] = memo2(_count_zeros(b"\x0f\xbd", w))
        tables[f"{type_}.ctz"] = memo2(_count_zeros(b"\x0f\xbc", w))
        tables[f"{type_}.popcnt"] = memo2(_popcnt(w))
        tables[f"{type_}.extend8_s"] = memo2(_extend(b"\x0f\xbe", w))
        tables[f"{type_}.extend16_s"] = memo2(_extend(b"\x0f\xbf", w))
    tables["i64.extend32_s"] = tables["i64.extend_i32_s"] = memo2(_extend(b"\x63", 1))
    tables["i32.wrap_i64"] = memo2(lambda dst, src: x.mov(dst, src, 0))
    tables["i64.extend_i32_u"] = memo2(lambda dst, src: b"" if dst == src else x.mov(dst, src, 0))
    return tables


def _popcnt(w: int) -> Callable[[int, int], bytes]:
    return lambda dst, src: x.rr(b"\x0f\xb8", dst, src, w, b"\xf3")


EQUAL_ORDERED = 16
"""Condition of our own after a float compare: equal, and neither is a NaN."""
NOT_EQUAL_OR_UNORDERED = 17
INVERSE = tuple(condition ^ 1 for condition in range(18))


def set_flag(dst: int, condition: int) -> bytes:
    """Set a register to 1 if a condition holds, else to 0."""
    extend = x.rr(b"\x0f\xb6", dst, dst, byte=True)
    if condition < EQUAL_ORDERED:
        return _setcc(condition, dst) + extend
    if condition == EQUAL_ORDERED:
        both = _setcc(ZERO, dst) + _setcc(NO_PARITY, RAX) + x.rr(b"\x22", dst, RAX, byte=True)
    else:
        both = _setcc(NOT_ZERO, dst) + _setcc(PARITY, RAX) + x.rr(b"\x0a", dst, RAX, byte=True)
    return both + extend


def _setcc(condition: int, dst: int) -> bytes:
    return x.rr(bytes((0x0F, 0x90 | condition)), 0, dst, byte=True)


def select(condition: int, a: int, b: int) -> bytes:
    """Keep a if the condition holds, else replace it by b."""
    if condition < EQUAL_ORDERED:
        return x.rr(bytes((0x0F, 0x40 | condition ^ 1)), a, b, 1)
    if condition == EQUAL_ORDERED:
        return x.rr(b"\x0f\x45", a, b, 1) + x.rr(b"\x0f\x4a", a, b, 1)
    take = x.mov(a, b)
    return bytes((0x70 | PARITY, 2 + len(take), 0x70 | NOT_ZERO, len(take))) + take
