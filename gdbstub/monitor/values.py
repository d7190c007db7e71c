"""Wasm values as text."""

from __future__ import annotations

import struct

_I32, _I64, _F32, _F64 = 0x7F, 0x7E, 0x7D, 0x7C


def shown(type_: int, bits: int) -> str:
    """Write a value of a value type: numbers in decimal and hexadecimal, references as they are."""
    if type_ in (_I32, _I64):
        width, name = (32, "i32") if type_ == _I32 else (64, "i64")
        signed = bits - (1 << width) if bits >> width - 1 else bits
        return f"{name} {signed} ({bits:#x})"
    if type_ == _F32:
        return f"f32 {struct.unpack('<f', bits.to_bytes(4, 'little'))[0]!r} ({bits:#x})"
    if type_ == _F64:
        return f"f64 {struct.unpack('<d', bits.to_bytes(8, 'little'))[0]!r} ({bits:#x})"
    return f"reference {'null' if bits == 0 else hex(bits)}"
