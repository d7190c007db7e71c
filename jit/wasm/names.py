"""The `name` custom section (specification: Appendix, Custom Sections)."""

from jit.wasm.errors import WasmError
from jit.wasm.reader import Reader
from jit.wasm.structure import NameSection

_MODULE = 0
_LOCALS = 2
_LABELS = 3
_FLAT = {
    1: "functions",
    4: "types",
    5: "tables",
    6: "memories",
    7: "globals",
    8: "elements",
    9: "data",
}
"""Subsections that are one name map, and the field each fills."""


def parse_names(data: bytes, start: int, end: int) -> NameSection:
    """Decode a name section; what is malformed, and all that follows it, is ignored."""
    names = NameSection()
    reader = Reader(data, start, end)
    try:
        while reader.pos < end:
            _subsection(reader, names)
    except WasmError:
        return names
    return names


def _subsection(reader: Reader, names: NameSection) -> None:
    kind = reader.u8()
    size = reader.u32()
    start = reader.skip(size)
    payload = Reader(reader.data, start, start + size)
    if kind == _MODULE:
        names.module = payload.name()
    elif kind == _LOCALS:
        names.locals = _indirect_map(payload)
    elif kind == _LABELS:
        names.labels = _indirect_map(payload)
    elif kind in _FLAT:
        setattr(names, _FLAT[kind], _name_map(payload))


def _name_map(reader: Reader) -> dict[int, str]:
    names: dict[int, str] = {}
    for _ in range(reader.u32()):
        index = reader.u32()
        names[index] = reader.name()
    return names


def _indirect_map(reader: Reader) -> dict[int, dict[int, str]]:
    names: dict[int, dict[int, str]] = {}
    for _ in range(reader.u32()):
        index = reader.u32()
        names[index] = _name_map(reader)
    return names
