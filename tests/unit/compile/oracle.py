"""Wasmtime as the oracle: results as bit patterns, traps by name."""

import struct
from collections.abc import Sequence
from typing import Any

import wasmtime

_INTEGERS = {"i32": 0xFFFF_FFFF, "i64": 0xFFFF_FFFF_FFFF_FFFF}


def is_nan(type_: str, bits: int) -> bool:
    """Say whether a bit pattern is a NaN."""
    if type_ == "f32":
        return bits & 0x7FFF_FFFF > 0x7F80_0000
    return type_ == "f64" and bits & 0x7FFF_FFFF_FFFF_FFFF > 0x7FF0_0000_0000_0000


class Oracle:
    """A module in Wasmtime, called through bit patterns: wrap floats in WAT by reinterpreting them."""

    def __init__(self, wat: str) -> None:
        engine = wasmtime.Engine()
        self._store = wasmtime.Store(engine)
        module = wasmtime.Module(engine, bytes(wasmtime.wat2wasm(wat)))
        self._exports = wasmtime.Instance(self._store, module, []).exports(self._store)

    def outcome(self, name: str, arguments: Sequence[int]) -> list[int] | str:
        """Return the results as bit patterns, or the name of the trap."""
        function: Any = self._exports[name]
        type_ = function.type(self._store)
        values = [_value(str(t), bits) for t, bits in zip(type_.params, arguments, strict=True)]
        try:
            found = function(self._store, *values)
        except wasmtime.Trap as trap:
            return trap.trap_code.name if trap.trap_code is not None else str(trap)
        results = [str(t) for t in type_.results]
        values = [] if found is None else found if isinstance(found, list) else [found]
        return [_bits(t, value) for t, value in zip(results, values, strict=True)]


def _value(type_: str, bits: int) -> float | int:
    if type_ in _INTEGERS:
        top = _INTEGERS[type_] + 1
        return bits - top if bits >= top // 2 else bits
    code, width = ("f", "I") if type_ == "f32" else ("d", "Q")
    found: float = struct.unpack(f"<{code}", struct.pack(f"<{width}", bits))[0]
    return found


def _bits(type_: str, value: Any) -> int:
    if type_ in _INTEGERS:
        return int(value) & _INTEGERS[type_]
    code, width = ("f", "I") if type_ == "f32" else ("d", "Q")
    found: int = struct.unpack(f"<{width}", struct.pack(f"<{code}", value))[0]
    return found
