"""A module as plain data, for its object file: the same on every start."""

from __future__ import annotations

from pathlib import Path

from gdbstub.objfile import (
    FunctionImage,
    ListedFunction,
    Listing,
    ModuleImage,
    VmctxLayout,
    external_sections,
)
from gdbstub.views.common.code import ModuleCode
from gdbstub.views.x32.windows import DEPTH_ADDRESS, HOST_BASE, HOST_SIZE, CodeWindow
from jit.debug.debugger import RegisteredModule
from jit.debug.listing import functions, module_head
from jit.debug.quiet_calls import STACK_POINTER

_PAGE = 0x10000

# Value types (specification: Binary Format, Types).
TYPES = {
    0x7F: "i32",
    0x7E: "i64",
    0x7D: "f32",
    0x7C: "f64",
    0x7B: "v128",
    0x70: "funcref",
    0x6F: "externref",
}


def module_image(
    name: str, window: CodeWindow, path: str | None, library: bool, memory_base: int
) -> ModuleImage:
    """Return a module as plain data; `path` is where it was read from.

    A `library` is any but the program's first; `memory_base` is where its variables are shown.
    """
    code = window.code
    info = code.module.info
    start, end = info.code_section or (0, 0)
    customs = {custom.name: info.data[custom.start : custom.end] for custom in info.customs}
    external = external_sections(customs, end - start, None if path is None else Path(path))
    vmctx = vmctx_layout(code.module)
    return ModuleImage(
        name,
        info.data,
        tuple(
            FunctionImage(
                index=function.index,
                name=function_name(code, function.index),
                symbol="",
                body_start=function.start,
                first_op=function.first_op,
                end=function.end,
                num_params=function.num_params,
                num_locals=function.num_locals,
            )
            for function in code.functions
        ),
        start,
        customs if external is None else customs | external.customs,
        info.memories[0].limits.min * _PAGE if info.memories else 0,
        _table_functions(code),
        window.base,
        {index: vmctx.global_offset(index) for index in range(len(info.globals))},
        HOST_BASE,
        HOST_SIZE,
        vmctx,
        DEPTH_ADDRESS,
        () if external is None else (external.remark,),
        library,
        memory_base,
        tuple(
            (segment.offset.value, segment.start, segment.end)
            for segment in info.data_segments
            if segment.offset is not None
            and segment.offset.kind == "i32.const"
            and segment.memory == 0
        ),
        next((at for at, given in info.names.globals.items() if given == STACK_POINTER), 0),
    )


def function_name(code: ModuleCode, index: int) -> str:
    """Return a function's name as an expression can have it: a nameless one's is `func7`."""
    name = code.module.info.func_name(index)
    return f"func{index}" if name == f"func[{index}]" else name


def vmctx_layout(module: RegisteredModule) -> VmctxLayout:
    """Return how the vmctx of a module's instances is laid out, with the names things have."""
    info = module.info
    given: dict[str, dict[int, str]] = {"table": {}, "memory": {}, "global": {}}
    for export in reversed(info.exports):
        given.get(export.kind, {})[export.index] = export.name
    counts = dict.fromkeys(given, 0)
    for imported in info.imports:
        if imported.kind in given:
            given[imported.kind][counts[imported.kind]] = imported.name
            counts[imported.kind] += 1
    given["table"] |= info.names.tables
    given["memory"] |= info.names.memories
    given["global"] |= info.names.globals
    return VmctxLayout(
        tuple(
            (given["global"].get(index, ""), TYPES[type_.valtype])
            for index, type_ in enumerate(info.globals)
        ),
        tuple(
            (given["table"].get(index, ""), TYPES[type_.element])
            for index, type_ in enumerate(info.tables)
        ),
        tuple(given["memory"].get(index, "") for index in range(len(info.memories))),
    )


def listing(code: ModuleCode) -> Listing:
    """Return a module's text and what it tells of each function."""
    info = code.module.info
    listed = tuple(
        ListedFunction(
            function.index,
            function.head,
            function.ops,
            function.num_params,
            function.local_types,
            function.results,
            info.names.locals.get(function.index, {}),
        )
        for function in functions(info)
    )
    return Listing(tuple(module_head(info)), listed, (")",))


def _table_functions(code: ModuleCode) -> dict[int, str]:
    """Name the slots of table 0 that the module fills at constant places."""
    names: dict[int, str] = {}
    for segment in code.module.info.elements:
        if segment.table or segment.offset is None or segment.offset.kind != "i32.const":
            continue
        for slot, item in enumerate(segment.items, segment.offset.value):
            if item.kind == "ref.func":
                names[slot] = function_name(code, item.value)
    return names
