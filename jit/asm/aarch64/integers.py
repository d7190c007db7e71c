"""Integer operators of aarch64, as tables for the macro assembler.

Scratch registers are x16, x17 and v31; all are outside the pools.
"""

from collections.abc import Callable, Mapping

from jit.abi.traps import TrapCode
from jit.asm.aarch64 import encoding as a
from jit.asm.aarch64.encoding import EQ, GE, GT, HI, HS, LE, LO, LS, LT, NE, VS, X16, X17, ZR
from jit.asm.aarch64.sequence import Sequence
from jit.asm.masm import ByPlaces, Checked, Compare
from jit.asm.memo import Memo, memo2, memo3
from jit.asm.places import CONST

WIDTHS = ((0, "i32"), (1, "i64"))
_V31 = 31

Encode = Callable[[int, int, int], bytes]
"""From destination, register and operand to an operator's code."""

# fmt: off
CONDITIONS = {"eq": EQ, "ne": NE, "lt_s": LT, "lt_u": LO, "gt_s": GT, "gt_u": HI, "le_s": LE, "le_u": LS, "ge_s": GE, "ge_u": HS}
# fmt: on
INVERSE = tuple(condition ^ 1 for condition in range(14))


def mask(w: int) -> int:
    """Return all ones of a width."""
    return (1 << 32 + 32 * w) - 1


def move(dst: int, src: int, w: int) -> bytes:
    """Set a register to an operand, zero-extending 32 bits; flags are kept."""
    return a.mov(dst, src, w) if src < CONST else a.mov_imm(dst, src - CONST)


def operand(place: int, temporary: int) -> tuple[bytes, int]:
    """Return code that puts a constant in a temporary, and the operand's register then."""
    if place < CONST:
        return b"", place
    if place == CONST:
        return b"", ZR
    return a.mov_imm(temporary, place - CONST), temporary


def _register(op: int, w: int) -> Encode:
    """`op d, x, y`."""

    def code(d: int, x: int, y: int) -> bytes:
        move_, source = operand(y, X16)
        return move_ + a.rrr(op, d, x, source, w)

    return code


def _sum(op: int, immediate: int, opposite: int, w: int) -> Encode:
    """An addition or subtraction; of a negative constant it is the opposite."""
    plain = _register(op, w)

    def code(d: int, x: int, y: int) -> bytes:
        if y >= CONST:
            value = y - CONST
            if a.fits_arithmetic(value):
                return a.imm(immediate, d, x, value, w)
            if a.fits_arithmetic(-value & mask(w)):
                return a.imm(opposite, d, x, -value & mask(w), w)
        return plain(d, x, y)

    return code


def _logical(op: int, immediate: int, w: int) -> Encode:
    plain = _register(op, w)

    def code(d: int, x: int, y: int) -> bytes:
        fields = a.bitmask(y - CONST, w) if y >= CONST else None
        return plain(d, x, y) if fields is None else a.logical(immediate, d, x, fields, w)

    return code


def _mul(w: int) -> Encode:
    plain = _register(a.MUL, w)

    def code(d: int, x: int, y: int) -> bytes:
        value = y - CONST
        if value > 0 and not value & value - 1:
            return a.lsl(d, x, value.bit_length() - 1, w)
        return plain(d, x, y)

    return code


def _shift(op: int, immediate: Callable[[int, int, int, int], bytes], w: int) -> Encode:
    last = 63 if w else 31

    def code(d: int, x: int, y: int) -> bytes:
        if y < CONST:
            return a.rrr(op, d, x, y, w)
        return immediate(d, x, y - CONST & last, w)

    return code


def _rotate_left(w: int) -> Encode:
    """To the right, by the negative."""
    last = 63 if w else 31

    def code(d: int, x: int, y: int) -> bytes:
        if y < CONST:
            return a.neg(X16, y, w) + a.rrr(a.RORV, d, x, X16, w)
        return a.ror(d, x, CONST - y & last, w)

    return code


def three() -> dict[str, Memo[ByPlaces]]:
    """Two-operand arithmetic that cannot trap, by mnemonic."""
    tables: dict[str, Memo[ByPlaces]] = {}
    for w, type_ in WIDTHS:
        tables[f"{type_}.add"] = memo3(_sum(a.ADD, a.ADD_IMM, a.SUB_IMM, w))
        tables[f"{type_}.sub"] = memo3(_sum(a.SUB, a.SUB_IMM, a.ADD_IMM, w))
        tables[f"{type_}.mul"] = memo3(_mul(w))
        tables[f"{type_}.and"] = memo3(_logical(a.AND, a.AND_IMM, w))
        tables[f"{type_}.or"] = memo3(_logical(a.ORR, a.ORR_IMM, w))
        tables[f"{type_}.xor"] = memo3(_logical(a.EOR, a.EOR_IMM, w))
        tables[f"{type_}.shl"] = memo3(_shift(a.LSLV, a.lsl, w))
        tables[f"{type_}.shr_u"] = memo3(_shift(a.LSRV, a.lsr, w))
        tables[f"{type_}.shr_s"] = memo3(_shift(a.ASRV, a.asr, w))
        tables[f"{type_}.rotr"] = memo3(_shift(a.RORV, a.ror, w))
        tables[f"{type_}.rotl"] = memo3(_rotate_left(w))
    return tables


def two_address(tables: Mapping[str, Memo[ByPlaces]]) -> dict[str, ByPlaces]:
    """The same with the result in the first operand's register."""
    return {name: memo2(_in_place(table)) for name, table in tables.items()}


def _in_place(table: Memo[ByPlaces]) -> Callable[[int, int], bytes]:
    return lambda x, y: table[x][x][y]


def _compare(w: int) -> Callable[[int, int], bytes]:
    def code(x: int, y: int) -> bytes:
        if y >= CONST:
            value = y - CONST
            if a.fits_arithmetic(value):
                return a.imm(a.SUBS_IMM, ZR, x, value, w)
            if a.fits_arithmetic(-value & mask(w)):
                return a.imm(a.ADDS_IMM, ZR, x, -value & mask(w), w)
        move_, source = operand(y, X16)
        return move_ + a.cmp(x, source, w)

    return code


def compare() -> dict[str, Compare]:
    """Integer comparisons, by mnemonic; the tables are shared by width."""
    tables: dict[str, Compare] = {}
    for w, type_ in WIDTHS:
        code = memo2(_compare(w))
        for name, condition in CONDITIONS.items():
            tables[f"{type_}.{name}"] = Compare(code, condition)
    return tables


def _divide(w: int, is_signed: bool, remainder: bool, far: bool) -> Callable[[int, int], Checked]:
    """The processor gives 0 for a division by 0, and the minimum for the minimum by -1."""

    def code(x: int, y: int) -> Checked:
        sequence = Sequence(far)
        value = y - CONST if y >= CONST else -1
        if value > 0 and not is_signed and not value & value - 1:
            shift = value.bit_length() - 1
            if remainder:
                sequence.add(_logical(a.AND, a.AND_IMM, w)(x, x, CONST + value - 1))
            elif shift:
                sequence.add(a.lsr(x, x, shift, w))
            return sequence.checked
        move_, divisor = operand(y, X17)
        sequence.add(move_)
        if value <= 0:
            sequence.trap_by(a.cbz(divisor, w=w), TrapCode.INTEGER_DIVISION_BY_ZERO)
        if is_signed and not remainder and (y < CONST or value == mask(w)):
            # x - 1 overflows for the minimum only, and is looked at if the divisor is -1.
            sequence.add(a.imm(a.ADDS_IMM, ZR, divisor, 1, w), a.ccmp_imm(x, 1, 0, EQ, w))
            sequence.trap_if(VS, TrapCode.INTEGER_OVERFLOW)
        quotient = X16 if remainder else x
        sequence.add(a.rrr(a.SDIV if is_signed else a.UDIV, quotient, x, divisor, w))
        if remainder:
            sequence.add(a.msub(x, X16, divisor, x, w))
        return sequence.checked

    return code


def divide(far: bool) -> dict[str, Memo[Memo[Checked]]]:
    """Divisions and remainders, by mnemonic."""
    return {
        f"{type_}.{name}_{sign}": memo2(_divide(w, sign == "s", name == "rem", far))
        for w, type_ in WIDTHS
        for name in ("div", "rem")
        for sign in "su"
    }


def _clz(w: int) -> Callable[[int, int], bytes]:
    return lambda dst, src: a.rr(a.CLZ, dst, src, w)


def _ctz(w: int) -> Callable[[int, int], bytes]:
    return lambda dst, src: a.rr(a.RBIT, dst, src, w) + a.rr(a.CLZ, dst, dst, w)


def _popcnt(w: int) -> Callable[[int, int], bytes]:
    """Count in each byte, and add the bytes."""

    def code(dst: int, src: int) -> bytes:
        count = a.convert(a.FMOV_TO_FLOAT, _V31, src, w, w) + a.cnt(_V31, _V31) + a.addv(_V31, _V31)
        return count + a.convert(a.FMOV_TO_GENERAL, dst, _V31, 0, 0)

    return code


def _extend(bits: int, w: int) -> Callable[[int, int], bytes]:
    return lambda dst, src: a.bitfield(a.SBFM, dst, src, 0, bits - 1, w)


def unary() -> dict[str, ByPlaces]:
    """One-operand operators and conversions between integers, by mnemonic."""
    tables: dict[str, ByPlaces] = {}
    for w, type_ in WIDTHS:
        tables[f"{type_}.clz"] = memo2(_clz(w))
        tables[f"{type_}.ctz"] = memo2(_ctz(w))
        tables[f"{type_}.popcnt"] = memo2(_popcnt(w))
        tables[f"{type_}.extend8_s"] = memo2(_extend(8, w))
        tables[f"{type_}.extend16_s"] = memo2(_extend(16, w))
    tables["i64.extend32_s"] = tables["i64.extend_i32_s"] = memo2(_extend(32, 1))
    tables["i32.wrap_i64"] = memo2(lambda dst, src: a.mov(dst, src, 0))
    tables["i64.extend_i32_u"] = memo2(lambda dst, src: b"" if dst == src else a.mov(dst, src, 0))
    return tables


def set_flag(dst: int, condition: int) -> bytes:
    """Set a register to 1 if a condition holds, else to 0."""
    return a.cset(dst, condition)


def select(condition: int, x: int, y: int) -> bytes:
    """Keep x if the condition holds, else replace it by y."""
    return a.csel(x, x, y, condition)
