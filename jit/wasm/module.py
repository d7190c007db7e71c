"""The decoded module, by the name others import it from."""

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
]
