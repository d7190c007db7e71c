"""Float operators and conversions of aarch64, as tables for the macro assembler.

Float registers come as places (32 and up).  Scratch: v31 and x16.  The instructions have
the specification's meaning as they are: minima and maxima (section 4.3.3), rounding, saturation.
"""

from collections.abc import Callable

from jit.abi.traps import TrapCode
from jit.asm.aarch64 import encoding as a
from jit.asm.aarch64.encoding import EQ, GE, GT, LS, LT, MI, NE, VS, X16, ZR
from jit.asm.aarch64.sequence import Sequence
from jit.asm.masm import ByPlaces, Checked, Compare
from jit.asm.memo import Memo, memo2, memo3
from jit.asm.places import CONST, FLOAT

WIDTHS = ((0, "f32"), (1, "f64"))
_V31 = 31

# fmt: off
_BINARY = {"add": a.FADD, "sub": a.FSUB, "mul": a.FMUL, "div": a.FDIV, "min": a.FMIN, "max": a.FMAX}
_UNARY = {
    "abs": a.FABS, "neg": a.FNEG, "sqrt": a.FSQRT,
    "nearest": a.FRINTN, "floor": a.FRINTM, "ceil": a.FRINTP, "trunc": a.FRINTZ,
}
_CONDITIONS = {"eq": EQ, "ne": NE, "lt": MI, "gt": GT, "le": LS, "ge": GE}
"""After `fcmp`, a NaN sets the carry and overflow flags: only `ne` holds then."""

# Where a 64-bit conversion overflows, in each width: from a limit up, and from another down.
#        limit up                           limit down                         and below, or with it
_LIMITS = {
    "s": ((0x5F00_0000, 0x43E0 << 48),      (0xDF00_0000, 0xC3E0 << 48),       LT),
    "u": ((0x5F80_0000, 0x43F0 << 48),      (0xBF80_0000, 0xBFF0 << 48),       LS),
}
# fmt: on


def short_float(value: int, w: int) -> int | None:
    """Return the 8-bit immediate that stands for a bit pattern, None if there is none."""
    fraction, exponent = (52, 11) if w else (23, 8)
    byte = value >> fraction + exponent << 7 | value >> fraction - 4 & 0x7F
    repeated = (value >> fraction + 2) & (1 << exponent - 2) - 1
    top = byte >> 6 & 1
    rest_is_zero = not value & (1 << fraction - 4) - 1
    pattern = (1 << exponent - 3) - 1 if top else 1 << exponent - 3
    return byte if rest_is_zero and repeated == pattern else None


def move(dst: int, src: int) -> bytes:
    """Set a float register (a place) to another or to a constant; flags are kept."""
    if src < CONST:
        return a.ff(a.FMOV, dst - FLOAT, src - FLOAT, 1)
    return constant(dst - FLOAT, src - CONST, 1 if src - CONST >> 32 else 0)


def constant(reg: int, value: int, w: int) -> bytes:
    """Set a float register to a bit pattern, by x16 where there is no immediate for it."""
    if not value:
        return a.convert(a.FMOV_TO_FLOAT, reg, ZR, 1, 1)
    byte = short_float(value, w)
    if byte is not None:
        return a.fmov_imm(reg, byte, w)
    return a.mov_imm(X16, value) + a.convert(a.FMOV_TO_FLOAT, reg, X16, w, w)


def _arithmetic(op: int, w: int) -> Callable[[int, int, int], bytes]:
    return lambda d, x, y: a.fff(op, d - FLOAT, x - FLOAT, y - FLOAT, w)


def _copysign(w: int) -> Callable[[int, int, int], bytes]:
    """Minus zero is the mask of the bit to take."""
    sign = constant(_V31, 0, w) + a.ff(a.FNEG, _V31, _V31, w)

    def code(d: int, x: int, y: int) -> bytes:
        return (b"" if d == x else move(d, x)) + sign + a.bit(d - FLOAT, y - FLOAT, _V31)

    return code


def three() -> dict[str, Memo[ByPlaces]]:
    """Two-operand operators, by mnemonic."""
    tables: dict[str, Memo[ByPlaces]] = {}
    for w, type_ in WIDTHS:
        for name, op in _BINARY.items():
            tables[f"{type_}.{name}"] = memo3(_arithmetic(op, w))
        tables[f"{type_}.copysign"] = memo3(_copysign(w))
    return tables


def _compare(w: int) -> Callable[[int, int], bytes]:
    return lambda x, y: a.fcmp(x - FLOAT, y - FLOAT, w)


def compare() -> dict[str, Compare]:
    """Comparisons, by mnemonic; the tables are shared by width."""
    tables: dict[str, Compare] = {}
    for w, type_ in WIDTHS:
        code = memo2(_compare(w))
        for name, condition in _CONDITIONS.items():
            tables[f"{type_}.{name}"] = Compare(code, condition)
    return tables


def _simple(op: int, w: int) -> Callable[[int, int], bytes]:
    return lambda dst, src: a.ff(op, dst - FLOAT, src - FLOAT, w)


def _resize(to_double: bool) -> Callable[[int, int], bytes]:
    return lambda dst, src: a.fcvt(dst - FLOAT, src - FLOAT, to_double)


def _from_general(op: int, wide: int, w: int) -> Callable[[int, int], bytes]:
    return lambda dst, src: a.convert(op, dst - FLOAT, src, wide, w)


def _to_general(op: int, wide: int, w: int) -> Callable[[int, int], bytes]:
    return lambda dst, src: a.convert(op, dst, src - FLOAT, wide, w)


def unary() -> dict[str, ByPlaces]:
    """One-operand operators and the conversions that cannot trap, by mnemonic."""
    tables: dict[str, ByPlaces] = {}
    for w, type_ in WIDTHS:
        for name, op in _UNARY.items():
            tables[f"{type_}.{name}"] = memo2(_simple(op, w))
        for wide, int_ in ((0, "i32"), (1, "i64")):
            for sign, to_float, to_int in (
                ("s", a.SCVTF, a.FCVTZS),
                ("u", a.UCVTF, a.FCVTZU),
            ):
                tables[f"{type_}.convert_{int_}_{sign}"] = memo2(_from_general(to_float, wide, w))
                tables[f"{int_}.trunc_sat_{type_}_{sign}"] = memo2(_to_general(to_int, wide, w))
        tables[f"{type_}.reinterpret_i{32 + 32 * w}"] = memo2(_from_general(a.FMOV_TO_FLOAT, w, w))
        tables[f"i{32 + 32 * w}.reinterpret_{type_}"] = memo2(_to_general(a.FMOV_TO_GENERAL, w, w))
    tables["f32.demote_f64"] = memo2(_resize(False))
    tables["f64.promote_f32"] = memo2(_resize(True))
    return tables


def _truncate_32(w: int, is_signed: bool, far: bool) -> Callable[[int, int], Checked]:
    """Convert to 64 bits, and see whether 32 are the same number."""

    def code(dst: int, src: int) -> Checked:
        src -= FLOAT
        sequence = Sequence(far)
        sequence.add(a.fcmp(src, src, w))
        sequence.trap_if(VS, TrapCode.BAD_CONVERSION_TO_INTEGER)
        sequence.add(a.convert(a.FCVTZS, X16, src, 1, w), a.cmp_extended(X16, X16, is_signed))
        sequence.trap_if(NE, TrapCode.INTEGER_OVERFLOW)
        sequence.add(a.mov(dst, X16, 0))
        return sequence.checked

    return code


def _truncate_64(w: int, sign: str, far: bool) -> Callable[[int, int], Checked]:
    """Compare with both limits, which are floats of either width."""
    up, down, too_low = _LIMITS[sign]
    op = a.FCVTZS if sign == "s" else a.FCVTZU

    def code(dst: int, src: int) -> Checked:
        src -= FLOAT
        sequence = Sequence(far)
        sequence.add(constant(_V31, up[w], w), a.fcmp(src, _V31, w))
        sequence.trap_if(VS, TrapCode.BAD_CONVERSION_TO_INTEGER)
        sequence.trap_if(GE, TrapCode.INTEGER_OVERFLOW)
        sequence.add(constant(_V31, down[w], w), a.fcmp(src, _V31, w))
        sequence.trap_if(too_low, TrapCode.INTEGER_OVERFLOW)
        sequence.add(a.convert(op, dst, src, 1, w))
        return sequence.checked

    return code


def truncate(far: bool) -> dict[str, Memo[Memo[Checked]]]:
    """The conversions that can trap, by mnemonic."""
    tables: dict[str, Memo[Memo[Checked]]] = {}
    for w, type_ in WIDTHS:
        for sign in "su":
            tables[f"i32.trunc_{type_}_{sign}"] = memo2(_truncate_32(w, sign == "s", far))
            tables[f"i64.trunc_{type_}_{sign}"] = memo2(_truncate_64(w, sign, far))
    return tables


def select(condition: int, x: int, y: int) -> bytes:
    """Keep x if the condition holds, else replace it by y."""
    return a.fcsel(x - FLOAT, x - FLOAT, y - FLOAT, condition)
