"""Wasm values as text, both ways."""

from __future__ import annotations

import struct

I32, I64, F32, F64, V128, FUNCREF, EXTERNREF = 0x7F, 0x7E, 0x7D, 0x7C, 0x7B, 0x70, 0x6F
# Value types (specification: Binary Format, Types).
TYPE_NAMES = {
    I32: "i32",
    I64: "i64",
    F32: "f32",
    F64: "f64",
    V128: "v128",
    FUNCREF: "funcref",
    EXTERNREF: "externref",
}

_WIDTHS = {I32: 32, I64: 64}
_FLOATS = {F32: "<f", F64: "<d"}


def shown(type_: int, bits: int) -> str:
    """Write a value of a value type: numbers in decimal and hexadecimal, references as they are."""
    name = TYPE_NAMES[type_]
    if type_ in _WIDTHS:
        width = _WIDTHS[type_]
        signed = bits - (1 << width) if bits >> width - 1 else bits
        return f"{name} {signed} ({bits:#x})"
    if type_ in _FLOATS:
        code = _FLOATS[type_]
        return f"{name} {struct.unpack(code, bits.to_bytes(struct.calcsize(code), 'little'))[0]!r} ({bits:#x})"
    if type_ == V128:
        return f"{name} {bits:#034x}"
    return f"reference {'null' if bits == 0 else hex(bits)}"


def parsed(type_: int, text: str) -> int:
    """Return the bit pattern of a number written by a user. Raise ValueError with a reason.

    Integers are decimal or hexadecimal, signed or unsigned; floats may also be `inf` and `nan`.
    """
    name = TYPE_NAMES[type_]
    if type_ in _WIDTHS:
        width = _WIDTHS[type_]
        try:
            number = int(text, 0)
        except ValueError:
            raise ValueError(f"{text!r} is no {name}") from None
        if not -(1 << width - 1) <= number < 1 << width:
            raise ValueError(f"{text} does not fit an {name}")
        return number & (1 << width) - 1
    if type_ in _FLOATS:
        try:
            return int.from_bytes(struct.pack(_FLOATS[type_], float(text)), "little")
        except ValueError:
            raise ValueError(f"{text!r} is no {name}") from None
        except OverflowError:
            raise ValueError(f"{text} does not fit an {name}") from None
    raise ValueError(f"a {name} cannot be written here")
