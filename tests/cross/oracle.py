"""What Wasmtime makes of a guest's calls: the results and trap codes that every machine of ours must have."""

import struct
from typing import Any

import wasmtime

from jit.wasm.types import F32, F64
from tests.cross.guests import Guest
from tests.cross.lab import binary, same_nan

_FORMATS = {"i32": ("<i", "<I"), "i64": ("<q", "<Q"), "f32": ("<f", "<I"), "f64": ("<d", "<Q")}
_FLOATS = {"f32": F32, "f64": F64}

Result = tuple[tuple[int, ...] | None, str | None]
"""Bit patterns, NaNs all alike; or the name of a trap."""


def outcomes(guest: Guest) -> list[Result]:
    """Make all calls of a guest that imports nothing, in one instance."""
    store = wasmtime.Store()
    module = wasmtime.Module(store.engine, binary(guest.wat))
    exports = wasmtime.Instance(store, module, []).exports(store)
    found: list[Result] = []
    for name, arguments in guest.calls:
        function = exports[name]
        assert isinstance(function, wasmtime.Func)
        type_ = function.type(store)
        values = [
            _value(str(kind), bits) for kind, bits in zip(type_.params, arguments, strict=True)
        ]
        try:
            got = function(store, *values)
        except wasmtime.Trap as trap:
            found.append((None, getattr(trap.trap_code, "name", None)))
            continue
        results = got if isinstance(got, list) else [got]
        kinds = [str(kind) for kind in type_.results]
        found.append((tuple(map(_bits, kinds, results)), None))
    return found


def _value(kind: str, bits: int) -> Any:
    """Return the number of a bit pattern."""
    number, pattern = _FORMATS[kind]
    return struct.unpack(number, struct.pack(pattern, bits))[0]


def _bits(kind: str, value: Any) -> int:
    """Return a number's bit pattern."""
    number, pattern = _FORMATS[kind]
    bits: int = struct.unpack(pattern, struct.pack(number, value))[0]
    return same_nan(_FLOATS.get(kind, 0), bits)
