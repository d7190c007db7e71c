"""The x32 ELF file that stock gdb fetches for a Wasm module, with its DWARF made to fit."""

from gdbstub.objfile.addresses import EntryKind
from gdbstub.objfile.build import FunctionView, ObjectFile, build_object
from gdbstub.objfile.cache import ObjectCache, default_folder
from gdbstub.objfile.expression import SlotKind, WasmLocation
from gdbstub.objfile.external import External, external_sections
from gdbstub.objfile.image import MEMORY_ROOM, FunctionImage, ModuleImage
from gdbstub.objfile.listing import ListedFunction, Listing
from gdbstub.objfile.moves import moves_stack_pointer
from gdbstub.objfile.prototypes import (
    Parameter,
    Passing,
    Prototype,
    Prototypes,
    RegisterClass,
    WasmSignature,
    eightbytes,
    scalars,
    wasm_passing,
    wasm_result,
)
from gdbstub.objfile.report import Issue, PatchReport, report_lines
from gdbstub.objfile.rows import LineTable
from gdbstub.objfile.sequences import sequences
from gdbstub.objfile.types import CType, Field, TypeKind
from gdbstub.objfile.vmctx import VmctxLayout

__all__ = [
    "MEMORY_ROOM",
    "CType",
    "EntryKind",
    "External",
    "Field",
    "FunctionImage",
    "FunctionView",
    "Issue",
    "ListedFunction",
    "LineTable",
    "Listing",
    "ModuleImage",
    "ObjectCache",
    "ObjectFile",
    "Parameter",
    "Passing",
    "PatchReport",
    "Prototype",
    "Prototypes",
    "RegisterClass",
    "SlotKind",
    "TypeKind",
    "VmctxLayout",
    "WasmLocation",
    "WasmSignature",
    "build_object",
    "default_folder",
    "eightbytes",
    "external_sections",
    "moves_stack_pointer",
    "report_lines",
    "scalars",
    "sequences",
    "wasm_passing",
    "wasm_result",
]
