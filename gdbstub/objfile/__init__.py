"""The x32 ELF file that stock gdb fetches for a Wasm module, with its DWARF made to fit."""

from gdbstub.objfile.addresses import EntryKind
from gdbstub.objfile.build import FunctionView, ObjectFile, build_object
from gdbstub.objfile.expression import SlotKind, WasmLocation
from gdbstub.objfile.image import FunctionImage, ModuleImage
from gdbstub.objfile.prototypes import (
    Parameter,
    Passing,
    Prototype,
    Prototypes,
    RegisterClass,
    eightbytes,
    scalars,
    wasm_passing,
    wasm_result,
)
from gdbstub.objfile.report import Issue, PatchReport
from gdbstub.objfile.types import CType, Field, TypeKind

__all__ = [
    "CType",
    "EntryKind",
    "Field",
    "FunctionImage",
    "FunctionView",
    "Issue",
    "ModuleImage",
    "ObjectFile",
    "Parameter",
    "Passing",
    "PatchReport",
    "Prototype",
    "Prototypes",
    "RegisterClass",
    "SlotKind",
    "TypeKind",
    "WasmLocation",
    "build_object",
    "eightbytes",
    "scalars",
    "wasm_passing",
    "wasm_result",
]
