"""From bytes to a decoded module: the structure is checked whole, the bodies only delimited."""

from jit.wasm.sections import SectionDecoder
from jit.wasm.structure import (
    BodyRange,
    ConstExpr,
    CustomSection,
    DataSegment,
    ElementSegment,
    Export,
    Import,
    ModuleInfo,
    NameSection,
)

__all__ = [
    "BodyRange",
    "ConstExpr",
    "CustomSection",
    "DataSegment",
    "ElementSegment",
    "Export",
    "Import",
    "ModuleInfo",
    "NameSection",
    "parse_module",
]


def parse_module(data: bytes) -> ModuleInfo:
    """Decode a module and check everything but its function bodies.

    Raise a WasmError with the offset in `data` where it is malformed, invalid or unsupported.
    """
    return SectionDecoder(bytes(data)).decode()
