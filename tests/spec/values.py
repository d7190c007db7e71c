"""Values of the suite: decimal bit patterns in, what an engine's API takes and gives back.

An API that hands out Python floats cannot show which NaN it was, so floats cross it as integers, through
a wrapper module around the function called (made here by hand): it reinterprets the arguments, calls,
and reinterprets the results.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

Value = Mapping[str, Any]

CODES = {"i32": 0x7F, "i64": 0x7E, "f32": 0x7D, "f64": 0x7C, "funcref": 0x70, "externref": 0x6F}
BITS_OF = {"f32": "i32", "f64": "i64"}
REINTERPRET_AS_FLOAT = {"f32": 0xBE, "f64": 0xBF}
REINTERPRET_AS_BITS = {"f32": 0xBC, "f64": 0xBD}
WIDTH = {"i32": 32, "f32": 32, "i64": 64, "f64": 64}
EXPONENT = {"f32": 0x7F800000, "f64": 0x7FF0000000000000}
QUIET = {"f32": 0x00400000, "f64": 0x0008000000000000}
PACKING = {"f32": ("<f", "<I"), "f64": ("<d", "<Q")}
LOCAL_GET, LOCAL_SET, CALL, END = 0x20, 0x21, 0x10, 0x0B


@dataclass(frozen=True)
class HostReference:
    """What the suite calls `externref N`: a value of the host's, known by its number."""

    number: int


def leb(number: int) -> bytes:
    """Encode an unsigned LEB128."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _vector(items: Sequence[bytes]) -> bytes:
    return leb(len(items)) + b"".join(items)


def _section(number: int, items: Sequence[bytes]) -> bytes:
    body = _vector(items)
    return bytes([number]) + leb(len(body)) + body


def _function_type(params: Sequence[str], results: Sequence[str]) -> bytes:
    return b"\x60" + b"".join(_vector([bytes([CODES[t]]) for t in ts]) for ts in (params, results))


@cache
def wrapper_module(params: tuple[str, ...], results: tuple[str, ...]) -> bytes:
    """Make a module that imports "" "f" of the type given and exports "g", the same in bits."""
    body = bytearray()
    for index, kind in enumerate(params):
        body += bytes([LOCAL_GET]) + leb(index)
        if kind in REINTERPRET_AS_FLOAT:
            body.append(REINTERPRET_AS_FLOAT[kind])
    body += bytes([CALL, 0])
    for index in reversed(range(len(results))):
        body += bytes([LOCAL_SET]) + leb(len(params) + index)
    for index, kind in enumerate(results):
        body += bytes([LOCAL_GET]) + leb(len(params) + index)
        if kind in REINTERPRET_AS_BITS:
            body.append(REINTERPRET_AS_BITS[kind])
    body.append(END)
    code = _vector([b"\x01" + bytes([CODES[kind]]) for kind in results]) + bytes(body)
    plain = _function_type(params, results)
    in_bits = _function_type(
        [BITS_OF.get(kind, kind) for kind in params], [BITS_OF.get(kind, kind) for kind in results]
    )
    return b"\0asm\1\0\0\0" + b"".join(
        (
            _section(1, [plain, in_bits]),
            _section(2, [b"\x00\x01f\x00\x00"]),
            _section(3, [b"\x01"]),
            _section(7, [b"\x01g\x00\x01"]),
            _section(10, [leb(len(code)) + code]),
        )
    )


def to_signed(bits: int, width: int) -> int:
    """Read a bit pattern as two's complement."""
    return bits - (1 << width) if bits >> (width - 1) else bits


def argument(value: Value) -> Any:
    """Give what to pass for an argument; floats as their bits."""
    kind = value["type"]
    if kind in WIDTH:
        return to_signed(int(value["value"]), WIDTH[kind])
    if kind == "externref":
        return HostReference(int(value["value"]))
    if kind == "refnull":
        return None
    raise ValueError(f"an argument of type {kind}")


def float_bits(kind: str, number: float) -> int:
    """Give the bit pattern of a Python float; exact but for NaNs."""
    as_float, as_bits = PACKING[kind]
    bits: int = struct.unpack(as_bits, struct.pack(as_float, number))[0]
    return bits


def _matches_nan(kind: str, wanted: str, bits: int) -> bool:
    magnitude = bits & ~(1 << (WIDTH[kind] - 1))
    quiet = EXPONENT[kind] | QUIET[kind]
    return magnitude == quiet if wanted == "nan:canonical" else magnitude & quiet == quiet


def matches(expected: Value, actual: Any) -> bool:
    """Say whether a result is the one expected; floats come as their bits."""
    kind = expected["type"]
    if kind == "either":
        return any(matches(choice, actual) for choice in expected["value"])
    if kind in WIDTH:
        if not isinstance(actual, int):
            return False
        bits = actual & ((1 << WIDTH[kind]) - 1)
        wanted = str(expected["value"])
        if wanted.startswith("nan:"):
            return _matches_nan(kind, wanted, bits)
        return bits == int(wanted)
    if kind == "refnull":
        return actual is None
    if kind == "externref" and expected.get("value", "*") != "*":
        return bool(actual == HostReference(int(expected["value"])))
    return actual is not None
