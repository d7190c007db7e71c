"""Float operators and conversions of x86-64, as tables for the macro assembler.

Float registers come as places (32 and up).  Scratch: xmm14, xmm15, and rax and rcx.  A NaN that an
operator makes is canonical or the quieted operand, as the specification asks (section 4.3.3).
"""

from collections.abc import Callable, Mapping

from jit.abi.traps import TrapCode
from jit.asm.masm import ByPlaces, Checked, Compare
from jit.asm.memo import Memo, memo2, memo3
from jit.asm.places import CONST, FLOAT
from jit.asm.x64 import encoding as x
from jit.asm.x64.encoding import RAX, RCX
from jit.asm.x64.integers import EQUAL_ORDERED, NOT_EQUAL_OR_UNORDERED
from jit.asm.x64.sequence import ABOVE_EQUAL, NO_OVERFLOW, NOT_ZERO, PARITY, SIGN, ZERO, Sequence

WIDTHS = ((0, "f32"), (1, "f64"))
_XMM14, _XMM15 = 14, 15
_SCALAR = (b"\xf3", b"\xf2")
_PACKED = (b"", b"\x66")
_MOVE, _SQRT, _AND, _ANDN, _OR, _XOR, _ADD, _MUL, _SUB, _MIN, _DIV, _MAX = (
    0x28, 0x51, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5C, 0x5D, 0x5E, 0x5F,
)  # fmt: skip
_TWO_63 = ((0x5F00_0000), (0x43E0_0000_0000_0000))
_MINUS_TWO_63 = ((0xDF00_0000), (0xC3E0_0000_0000_0000))


def _scalar(op: int, w: int, a: int, b: int) -> bytes:
    return x.rr(bytes((0x0F, op)), a, b, 0, _SCALAR[w])


def _packed(op: int, a: int, b: int, w: int = 0) -> bytes:
    return x.rr(bytes((0x0F, op)), a, b, 0, _PACKED[w])


def _ucomis(w: int, a: int, b: int) -> bytes:
    return x.rr(b"\x0f\x2e", a, b, 0, _PACKED[w])


def to_float(dst: int, src: int, w: int) -> bytes:
    """`movd` or `movq` from a general to a float register."""
    return x.rr(b"\x0f\x6e", dst, src, w, b"\x66")


def to_general(dst: int, src: int, w: int) -> bytes:
    """`movd` or `movq` from a float to a general register."""
    return x.rr(b"\x0f\x7e", src, dst, w, b"\x66")


def move(dst: int, src: int) -> bytes:
    """Set a float register (a place) to another or to a constant; flags are kept."""
    if src < CONST:
        return _packed(_MOVE, dst - FLOAT, src - FLOAT)
    if src == CONST:
        return _packed(_XOR, dst - FLOAT, dst - FLOAT)
    value = src - CONST
    return x.mov_imm(RAX, value) + to_float(dst - FLOAT, RAX, 1 if value >> 32 else 0)


def _arithmetic(op: int, w: int) -> Callable[[int, int], bytes]:
    return lambda a, b: _scalar(op, w, a - FLOAT, b - FLOAT)


def _extreme(op: int, zeros: int, w: int) -> Callable[[int, int], bytes]:
    """min or max: NaNs by addition, zeros of either sign by `zeros`."""

    def code(a: int, b: int) -> bytes:
        a, b = a - FLOAT, b - FLOAT
        sequence = Sequence()
        sequence.add(_ucomis(w, a, b))
        nan = sequence.skip_if(PARITY)
        differ = sequence.skip_if(NOT_ZERO)
        sequence.add(_packed(zeros, a, b, w))
        equal = sequence.skip()
        sequence.land(nan)
        sequence.add(_scalar(_ADD, w, a, b))
        added = sequence.skip()
        sequence.land(differ)
        sequence.add(_scalar(op, w, a, b))
        sequence.land(equal, added)
        return sequence.code

    return code


def _ones(dst: int) -> bytes:
    """pcmpeqd dst, dst"""
    return x.rr(b"\x0f\x76", dst, dst, 0, b"\x66")


def _shift_lanes(op: int, dst: int, w: int, count: int) -> bytes:
    """psrld/psrlq (op 2) or pslld/psllq (op 6) by a constant."""
    return x.rr(b"\x0f\x73" if w else b"\x0f\x72", op, dst, 0, b"\x66") + bytes((count,))


def _sign_mask(dst: int, w: int) -> bytes:
    return _ones(dst) + _shift_lanes(6, dst, w, 63 if w else 31)


def _copysign(w: int) -> Callable[[int, int], bytes]:
    def code(a: int, b: int) -> bytes:
        a, b = a - FLOAT, b - FLOAT
        return (
            _sign_mask(_XMM15, w)
            + _packed(_MOVE, _XMM14, _XMM15)
            + _packed(_AND, _XMM14, b)
            + _packed(_ANDN, _XMM15, a)
            + _packed(_OR, _XMM15, _XMM14)
            + _packed(_MOVE, a, _XMM15)
        )

    return code


def binary() -> dict[str, ByPlaces]:
    """Two-operand operators, by mnemonic."""
    tables: dict[str, ByPlaces] = {}
    for w, type_ in WIDTHS:
        for name, op in (("add", _ADD), ("sub", _SUB), ("mul", _MUL), ("div", _DIV)):
            tables[f"{type_}.{name}"] = memo2(_arithmetic(op, w))
        tables[f"{type_}.min"] = memo2(_extreme(_MIN, _OR, w))
        tables[f"{type_}.max"] = memo2(_extreme(_MAX, _AND, w))
        tables[f"{type_}.copysign"] = memo2(_copysign(w))
    return tables


def three(tables: Mapping[str, ByPlaces]) -> dict[str, Memo[ByPlaces]]:
    """The same with a destination of its own."""
    return {name: memo3(_moved(table)) for name, table in tables.items() if name[0] == "f"}


def _moved(two: ByPlaces) -> Callable[[int, int, int], bytes]:
    return lambda dst, a, b: two[a][b] if dst == a else move(dst, a) + two[dst][b]


def _compare(w: int, swapped: bool) -> Callable[[int, int], bytes]:
    if swapped:
        return lambda a, b: _ucomis(w, b - FLOAT, a - FLOAT)
    return lambda a, b: _ucomis(w, a - FLOAT, b - FLOAT)


def compare() -> dict[str, Compare]:
    """Comparisons, by mnemonic; "less" compares swapped, since above and above-or-equal exclude NaNs."""
    tables: dict[str, Compare] = {}
    for w, type_ in WIDTHS:
        plain, swapped = memo2(_compare(w, False)), memo2(_compare(w, True))
        for name, code, condition in (
            ("eq", plain, EQUAL_ORDERED),
            ("ne", plain, NOT_EQUAL_OR_UNORDERED),
            ("lt", swapped, 7),
            ("gt", plain, 7),
            ("le", swapped, 3),
            ("ge", plain, 3),
        ):
            tables[f"{type_}.{name}"] = Compare(code, condition)
    return tables


def _round(mode: int, w: int) -> Callable[[int, int], bytes]:
    opcode = b"\x0f\x3a\x0b" if w else b"\x0f\x3a\x0a"
    exact = bytes((8 | mode,))
    return lambda dst, src: x.rr(opcode, dst - FLOAT, src - FLOAT, 0, b"\x66") + exact


def _abs(w: int) -> Callable[[int, int], bytes]:
    mask = _ones(_XMM15) + _shift_lanes(2, _XMM15, w, 1)
    return lambda dst, src: mask + _move(dst, src) + _packed(_AND, dst - FLOAT, _XMM15)


def _neg(w: int) -> Callable[[int, int], bytes]:
    mask = _sign_mask(_XMM15, w)
    return lambda dst, src: mask + _move(dst, src) + _packed(_XOR, dst - FLOAT, _XMM15)


def _move(dst: int, src: int) -> bytes:
    return b"" if dst == src else move(dst, src)


def _sqrt(w: int) -> Callable[[int, int], bytes]:
    return lambda dst, src: _scalar(_SQRT, w, dst - FLOAT, src - FLOAT)


def _resize(w: int) -> Callable[[int, int], bytes]:
    """cvtss2sd and cvtsd2ss, `w` being the source's width."""
    return lambda dst, src: _scalar(0x5A, w, dst - FLOAT, src - FLOAT)


def _from_int(w: int, wide: int) -> Callable[[int, int], bytes]:
    """Convert a signed integer register, or an unsigned one that fits."""

    def code(dst: int, src: int) -> bytes:
        dst -= FLOAT
        return _packed(_XOR, dst, dst) + _cvtsi2s(w, wide, dst, src)

    return code


def _cvtsi2s(w: int, wide: int, dst: int, src: int) -> bytes:
    return x.rr(b"\x0f\x2a", dst, src, wide, _SCALAR[w])


def _cvtts2si(w: int, wide: int, dst: int, src: int) -> bytes:
    return x.rr(b"\x0f\x2c", dst, src, wide, _SCALAR[w])


def _from_u64(w: int) -> Callable[[int, int], bytes]:
    """Above 2^63: convert the half, its last bit kept sticky, and double."""

    def code(dst: int, src: int) -> bytes:
        dst -= FLOAT
        sequence = Sequence()
        sequence.add(_packed(_XOR, dst, dst), x.rr(b"\x85", src, src, 1))
        high = sequence.skip_if(SIGN)
        sequence.add(_cvtsi2s(w, 1, dst, src))
        done = sequence.skip()
        sequence.land(high)
        sequence.add(x.mov(RAX, src), x.mov(RCX, src), x.rr(b"\xd1", 5, RAX, 1))
        sequence.add(x.alu_imm(x.AND, RCX, 1), x.alu(x.OR, RAX, RCX, 1))
        sequence.add(_cvtsi2s(w, 1, dst, RAX), _scalar(_ADD, w, dst, dst))
        sequence.land(done)
        return sequence.code

    return code


def unary() -> dict[str, ByPlaces]:
    """One-operand operators and the conversions that cannot trap, by mnemonic."""
    tables: dict[str, ByPlaces] = {}
    for w, type_ in WIDTHS:
        for mode, name in enumerate(("nearest", "floor", "ceil", "trunc")):
            tables[f"{type_}.{name}"] = memo2(_round(mode, w))
        tables[f"{type_}.abs"] = memo2(_abs(w))
        tables[f"{type_}.neg"] = memo2(_neg(w))
        tables[f"{type_}.sqrt"] = memo2(_sqrt(w))
        tables[f"{type_}.convert_i32_s"] = memo2(_from_int(w, 0))
        tables[f"{type_}.convert_i32_u"] = memo2(_from_int(w, 1))
        tables[f"{type_}.convert_i64_s"] = memo2(_from_int(w, 1))
        tables[f"{type_}.convert_i64_u"] = memo2(_from_u64(w))
        for wide, int_ in ((0, "i32"), (1, "i64")):
            tables[f"{int_}.trunc_sat_{type_}_s"] = memo2(_saturate_signed(w, wide))
        tables[f"i32.trunc_sat_{type_}_u"] = memo2(_saturate_u32(w))
        tables[f"i64.trunc_sat_{type_}_u"] = memo2(_saturate_u64(w))
    tables["f32.demote_f64"] = memo2(_resize(1))
    tables["f64.promote_f32"] = memo2(_resize(0))
    tables["i32.reinterpret_f32"] = memo2(lambda dst, src: to_general(dst, src - FLOAT, 0))
    tables["i64.reinterpret_f64"] = memo2(lambda dst, src: to_general(dst, src - FLOAT, 1))
    tables["f32.reinterpret_i32"] = memo2(lambda dst, src: to_float(dst - FLOAT, src, 0))
    tables["f64.reinterpret_i64"] = memo2(lambda dst, src: to_float(dst - FLOAT, src, 1))
    return tables


def _constant(w: int, patterns: tuple[int, int]) -> bytes:
    """Load xmm15."""
    return x.mov_imm(RCX, patterns[w]) + to_float(_XMM15, RCX, w)


def _trap_on_nan(sequence: Sequence, w: int, src: int) -> None:
    sequence.add(_ucomis(w, src, src))
    sequence.trap_if(PARITY, TrapCode.BAD_CONVERSION_TO_INTEGER)


def _truncate_32(w: int, is_signed: bool) -> Callable[[int, int], Checked]:
    """Convert to 64 bits, and see whether 32 are the same number."""

    def code(dst: int, src: int) -> Checked:
        src -= FLOAT
        sequence = Sequence()
        _trap_on_nan(sequence, w, src)
        sequence.add(_cvtts2si(w, 1, RAX, src))
        sequence.add(x.rr(b"\x63", RCX, RAX, 1) if is_signed else x.mov(RCX, RAX, 0))
        sequence.add(x.alu(x.CMP, RCX, RAX, 1))
        sequence.trap_if(NOT_ZERO, TrapCode.INTEGER_OVERFLOW)
        sequence.add(x.mov(dst, RAX, 0))
        return sequence.checked

    return code


def _truncate_i64(w: int) -> Callable[[int, int], Checked]:
    """The integer indefinite value is right for -2^63 only."""

    def code(dst: int, src: int) -> Checked:
        src -= FLOAT
        sequence = Sequence()
        _trap_on_nan(sequence, w, src)
        sequence.add(_cvtts2si(w, 1, RAX, src), x.alu_imm(x.CMP, RAX, 1, 1))
        fine = sequence.skip_if(NO_OVERFLOW)
        sequence.add(_constant(w, _MINUS_TWO_63), _ucomis(w, src, _XMM15))
        sequence.trap_if(NOT_ZERO, TrapCode.INTEGER_OVERFLOW)
        sequence.land(fine)
        sequence.add(x.mov(dst, RAX))
        return sequence.checked

    return code


def _truncate_u64(w: int) -> Callable[[int, int], Checked]:
    """From 2^63 up: convert what is above it, then add it as a bit."""

    def code(dst: int, src: int) -> Checked:
        src -= FLOAT
        sequence = Sequence()
        _trap_on_nan(sequence, w, src)
        sequence.add(_constant(w, _TWO_63), _ucomis(w, src, _XMM15))
        high = sequence.skip_if(ABOVE_EQUAL)
        sequence.add(_cvtts2si(w, 1, RAX, src), x.rr(b"\x85", RAX, RAX, 1))
        sequence.trap_if(SIGN, TrapCode.INTEGER_OVERFLOW)
        done = sequence.skip()
        sequence.land(high)
        sequence.add(_packed(_MOVE, _XMM14, src), _scalar(_SUB, w, _XMM14, _XMM15))
        sequence.add(_cvtts2si(w, 1, RAX, _XMM14), x.rr(b"\x85", RAX, RAX, 1))
        sequence.trap_if(SIGN, TrapCode.INTEGER_OVERFLOW)
        sequence.add(_flip_sign(RAX))
        sequence.land(done)
        sequence.add(x.mov(dst, RAX))
        return sequence.checked

    return code


def _flip_sign(reg: int) -> bytes:
    """btc reg, 63"""
    return x.rr(b"\x0f\xba", 7, reg, 1) + b"\x3f"


def truncate() -> dict[str, Memo[Memo[Checked]]]:
    """The conversions that can trap, by mnemonic."""
    tables: dict[str, Memo[Memo[Checked]]] = {}
    for w, type_ in WIDTHS:
        tables[f"i32.trunc_{type_}_s"] = memo2(_truncate_32(w, True))
        tables[f"i32.trunc_{type_}_u"] = memo2(_truncate_32(w, False))
        tables[f"i64.trunc_{type_}_s"] = memo2(_truncate_i64(w))
        tables[f"i64.trunc_{type_}_u"] = memo2(_truncate_u64(w))
    return tables


def _saturate_signed(w: int, wide: int) -> Callable[[int, int], bytes]:
    """The integer indefinite value is the minimum: right below, wrong above and for a NaN."""
    limit = ((0x4F00_0000, 0x41E0_0000_0000_0000), _TWO_63)[wide]
    most = (1 << 31 + 32 * wide) - 1

    def code(dst: int, src: int) -> bytes:
        src -= FLOAT
        sequence = Sequence()
        sequence.add(x.mov_imm(RAX, 0), _ucomis(w, src, src))
        nan = sequence.skip_if(PARITY)
        sequence.add(_constant(w, limit), x.mov_imm(RAX, most), _ucomis(w, src, _XMM15))
        above = sequence.skip_if(ABOVE_EQUAL)
        sequence.add(_cvtts2si(w, wide, RAX, src))
        sequence.land(nan, above)
        sequence.add(x.mov(dst, RAX, wide))
        return sequence.code

    return code


def _saturate_u32(w: int) -> Callable[[int, int], bytes]:
    """max(0, NaN) is the second operand of maxss: 0."""
    limit = (0x4F80_0000, 0x41F0_0000_0000_0000)

    def code(dst: int, src: int) -> bytes:
        src -= FLOAT
        sequence = Sequence()
        sequence.add(_packed(_MOVE, _XMM14, src), _packed(_XOR, _XMM15, _XMM15))
        sequence.add(_scalar(_MAX, w, _XMM14, _XMM15), _constant(w, limit))
        sequence.add(x.mov_imm(RAX, 0xFFFF_FFFF), _ucomis(w, _XMM14, _XMM15))
        above = sequence.skip_if(ABOVE_EQUAL)
        sequence.add(_cvtts2si(w, 1, RAX, _XMM14))
        sequence.land(above)
        sequence.add(x.mov(dst, RAX, 0))
        return sequence.code

    return code


def _saturate_u64(w: int) -> Callable[[int, int], bytes]:
    def code(dst: int, src: int) -> bytes:
        src -= FLOAT
        sequence = Sequence()
        sequence.add(_packed(_MOVE, _XMM14, src), _packed(_XOR, _XMM15, _XMM15))
        sequence.add(_scalar(_MAX, w, _XMM14, _XMM15), _constant(w, _TWO_63))
        sequence.add(_ucomis(w, _XMM14, _XMM15))
        high = sequence.skip_if(ABOVE_EQUAL)
        sequence.add(_cvtts2si(w, 1, RAX, _XMM14))
        low = sequence.skip()
        sequence.land(high)
        sequence.add(_scalar(_SUB, w, _XMM14, _XMM15))
        sequence.add(x.mov_imm(RAX, (1 << 64) - 1), _ucomis(w, _XMM14, _XMM15))
        above = sequence.skip_if(ABOVE_EQUAL)
        sequence.add(_cvtts2si(w, 1, RAX, _XMM14), _flip_sign(RAX))
        sequence.land(low, above)
        sequence.add(x.mov(dst, RAX))
        return sequence.code

    return code


def select(condition: int, a: int, b: int) -> bytes:
    """Keep a if the condition holds, else replace it by b."""
    take = move(a, b)
    if condition == EQUAL_ORDERED:
        skip_taking = bytes((0x70 | PARITY, 2, 0x70 | ZERO, len(take)))
    elif condition == NOT_EQUAL_OR_UNORDERED:
        skip_taking = bytes((0x70 | PARITY, 2 + len(take), 0x70 | NOT_ZERO, len(take)))
    else:
        skip_taking = bytes((0x70 | condition, len(take)))
    return skip_taking + take
