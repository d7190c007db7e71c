"""What the numeric ops of WebAssembly give, on bit patterns, written down from its specification (4.3)."""

import math
import struct
from collections.abc import Callable

M32, M64 = 0xFFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF

Operator = Callable[..., int]


class Trapped(Exception):
    """The op about to run traps."""


def s32(bits: int) -> int:
    return bits - (1 << 32) if bits & 0x8000_0000 else bits


def s64(bits: int) -> int:
    return bits - (1 << 64) if bits >> 63 else bits


def extended(bits: int, width: int) -> int:
    """Return the low bits of a number as a signed one."""
    low = bits & ((1 << width) - 1)
    return low - (1 << width) if low >> (width - 1) else low


def f32(bits: int) -> float:
    return float(struct.unpack("<f", struct.pack("<I", bits))[0])


def f64(bits: int) -> float:
    return float(struct.unpack("<d", struct.pack("<Q", bits))[0])


def b32(value: float) -> int:
    try:
        packed = struct.pack("<f", value)
    except OverflowError:
        packed = struct.pack("<f", math.copysign(math.inf, value))
    return int(struct.unpack("<I", packed)[0])


def b64(value: float) -> int:
    return int(struct.unpack("<Q", struct.pack("<d", value))[0])


def b32_of_integer(value: int) -> int:
    """Round an integer once: what a float of 64 bits cannot hold is remembered in its last bit."""
    shift = max(value.bit_length() - 40, 0)
    kept = value >> shift
    sticky = int(kept << shift != value)
    return b32(math.ldexp(float(kept | sticky), shift))


def _div_s(a: int, b: int, low: int) -> int:
    if b == 0 or (a == low and b == -1):
        raise Trapped
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def _div_u(a: int, b: int) -> int:
    if b == 0:
        raise Trapped
    return a // b


def _rem_s(a: int, b: int) -> int:
    if b == 0:
        raise Trapped
    return abs(a) % abs(b) * (-1 if a < 0 else 1)


def _rem_u(a: int, b: int) -> int:
    if b == 0:
        raise Trapped
    return a % b


def _clz(a: int, width: int) -> int:
    return width - a.bit_length()


def _ctz(a: int, width: int) -> int:
    return (a & -a).bit_length() - 1 if a else width


def _rotl(a: int, n: int, width: int) -> int:
    n %= width
    return (a << n | a >> (width - n)) & ((1 << width) - 1)


def _integer(prefix: str, width: int, signed: Callable[[int], int]) -> dict[str, Operator]:
    mask, low = (1 << width) - 1, -(1 << (width - 1))
    table: dict[str, Operator] = {
        "add": lambda a, b: a + b,
        "sub": lambda a, b: a - b,
        "mul": lambda a, b: a * b,
        "and": lambda a, b: a & b,
        "or": lambda a, b: a | b,
        "xor": lambda a, b: a ^ b,
        "shl": lambda a, b: a << (b % width),
        "shr_u": lambda a, b: a >> (b % width),
        "shr_s": lambda a, b: signed(a) >> (b % width),
        "rotl": lambda a, b: _rotl(a, b, width),
        "rotr": lambda a, b: _rotl(a, -b, width),
        "div_s": lambda a, b: _div_s(signed(a), signed(b), low),
        "div_u": _div_u,
        "rem_s": lambda a, b: _rem_s(signed(a), signed(b)),
        "rem_u": _rem_u,
        "clz": lambda a: _clz(a, width),
        "ctz": lambda a: _ctz(a, width),
        "popcnt": lambda a: a.bit_count(),
        "eqz": lambda a: int(a == 0),
        "eq": lambda a, b: int(a == b),
        "ne": lambda a, b: int(a != b),
        "lt_s": lambda a, b: int(signed(a) < signed(b)),
        "lt_u": lambda a, b: int(a < b),
        "gt_s": lambda a, b: int(signed(a) > signed(b)),
        "gt_u": lambda a, b: int(a > b),
        "le_s": lambda a, b: int(signed(a) <= signed(b)),
        "le_u": lambda a, b: int(a <= b),
        "ge_s": lambda a, b: int(signed(a) >= signed(b)),
        "ge_u": lambda a, b: int(a >= b),
        "extend8_s": lambda a: extended(a, 8),
        "extend16_s": lambda a: extended(a, 16),
    }
    return {f"{prefix}.{name}": lambda *x, f=f: f(*x) & mask for name, f in table.items()}


def _div(a: float, b: float) -> float:
    if b:
        return a / b
    if a == 0 or math.isnan(a):
        return math.nan
    return math.copysign(math.inf, math.copysign(1, a) * math.copysign(1, b))


def _least(a: float, b: float, sign: int) -> float:
    """Return the smaller, or with sign -1 the larger: negative zero is less than zero."""
    if math.isnan(a) or math.isnan(b):
        return math.nan
    if a == b == 0:
        return min(a, b, key=lambda x: sign * math.copysign(1, x))
    return min(a, b, key=lambda x: sign * x)


def _whole(rounded: Callable[[float], int]) -> Callable[[float], float]:
    """Return the function from a float to a whole one, of the same sign."""
    return lambda a: math.copysign(float(rounded(a)), a) if math.isfinite(a) else a


def _sqrt(a: float) -> float:
    return math.nan if a < 0 else math.sqrt(a)


def _float(
    prefix: str, of: Callable[[int], float], to: Callable[[float], int]
) -> dict[str, Operator]:
    sign = 1 << (31 if prefix == "f32" else 63)
    single: dict[str, Callable[[float], float]] = {
        "ceil": _whole(math.ceil),
        "floor": _whole(math.floor),
        "trunc": _whole(math.trunc),
        "nearest": _whole(round),
        "sqrt": _sqrt,
    }
    pairs: dict[str, Callable[[float, float], float]] = {
        "add": lambda a, b: a + b,
        "sub": lambda a, b: a - b,
        "mul": lambda a, b: a * b,
        "div": _div,
        "min": lambda a, b: _least(a, b, 1),
        "max": lambda a, b: _least(a, b, -1),
    }
    table: dict[str, Operator] = {
        "neg": lambda a: a ^ sign,
        "abs": lambda a: a & ~sign,
        "copysign": lambda a, b: a & ~sign | b & sign,
        "eq": lambda a, b: int(of(a) == of(b)),
        "ne": lambda a, b: int(of(a) != of(b)),
        "lt": lambda a, b: int(of(a) < of(b)),
        "gt": lambda a, b: int(of(a) > of(b)),
        "le": lambda a, b: int(of(a) <= of(b)),
        "ge": lambda a, b: int(of(a) >= of(b)),
        **{name: lambda a, f=f: to(f(of(a))) for name, f in single.items()},
        **{name: lambda a, b, f=f: to(f(of(a), of(b))) for name, f in pairs.items()},
    }
    return {f"{prefix}.{name}": operator for name, operator in table.items()}


def _truncations() -> dict[str, Operator]:
    """Return the ops from floats to integers: those that trap, and those that saturate."""
    table: dict[str, Operator] = {}
    for integer, width in (("i32", 32), ("i64", 64)):
        for float_, of in (("f32", f32), ("f64", f64)):
            for letter in "su":
                low = -(1 << (width - 1)) if letter == "s" else 0
                high = (1 << (width - (letter == "s"))) - 1

                def trap(
                    a: int,
                    of: Callable[[int], float] = of,
                    low: int = low,
                    high: int = high,
                    width: int = width,
                ) -> int:
                    value = of(a)
                    if not math.isfinite(value) or not low <= math.trunc(value) <= high:
                        raise Trapped
                    return math.trunc(value) & ((1 << width) - 1)

                def saturate(
                    a: int,
                    of: Callable[[int], float] = of,
                    low: int = low,
                    high: int = high,
                    width: int = width,
                ) -> int:
                    value = of(a)
                    if math.isnan(value):
                        return 0
                    whole = math.trunc(value) if math.isfinite(value) else value
                    return int(min(max(whole, low), high)) & ((1 << width) - 1)

                table[f"{integer}.trunc_{float_}_{letter}"] = trap
                table[f"{integer}.trunc_sat_{float_}_{letter}"] = saturate
    return table


# fmt: off
NUMERIC: dict[str, Operator] = {
    **_integer("i32", 32, s32),
    **_integer("i64", 64, s64),
    **_float("f32", f32, b32),
    **_float("f64", f64, b64),
    **_truncations(),
    "i32.wrap_i64": lambda a: a & M32,
    "i64.extend_i32_s": lambda a: s32(a) & M64,
    "i64.extend_i32_u": lambda a: a,
    "i64.extend32_s": lambda a: extended(a, 32) & M64,
    "f32.convert_i32_s": lambda a: b32_of_integer(s32(a)),
    "f32.convert_i32_u": b32_of_integer,
    "f32.convert_i64_s": lambda a: b32_of_integer(s64(a)),
    "f32.convert_i64_u": b32_of_integer,
    "f64.convert_i32_s": lambda a: b64(float(s32(a))),
    "f64.convert_i32_u": lambda a: b64(float(a)),
    "f64.convert_i64_s": lambda a: b64(float(s64(a))),
    "f64.convert_i64_u": lambda a: b64(float(a)),
    "f64.promote_f32": lambda a: b64(f32(a)),
    "f32.demote_f64": lambda a: b32(f64(a)),
    "i32.reinterpret_f32": lambda a: a,
    "i64.reinterpret_f64": lambda a: a,
    "f32.reinterpret_i32": lambda a: a,
    "f64.reinterpret_i64": lambda a: a,
}

LOADS = {
    # bytes, whether signed
    "i32.load": (4, False), "i64.load": (8, False), "f32.load": (4, False), "f64.load": (8, False),
    "i32.load8_s": (1, True), "i32.load8_u": (1, False), "i32.load16_s": (2, True), "i32.load16_u": (2, False),
    "i64.load8_s": (1, True), "i64.load8_u": (1, False), "i64.load16_s": (2, True), "i64.load16_u": (2, False),
    "i64.load32_s": (4, True), "i64.load32_u": (4, False),
}
STORES = {
    "i32.store": 4, "i64.store": 8, "f32.store": 4, "f64.store": 8, "i32.store8": 1, "i32.store16": 2,
    "i64.store8": 1, "i64.store16": 2, "i64.store32": 4,
}
# fmt: on
