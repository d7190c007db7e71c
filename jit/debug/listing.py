"""A module as text for people who debug it: the lines that declare it, and each function's.

Works for every module that was accepted; a body that does not decode is told of in its place.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from jit.wasm.disasm import disassemble_function
from jit.wasm.errors import WasmError
from jit.wasm.locals import read_locals
from jit.wasm.structure import ModuleInfo
from jit.wasm.types import (
    VALTYPE_NAMES,
    FuncType,
    GlobalType,
    Limits,
    MemoryType,
    TableType,
    type_names,
)

INDENT = "  "


@dataclass(frozen=True, slots=True)
class FunctionText:
    """A defined function: the lines that declare it, and the PC and the line of each op.

    `local_types` are those of its parameters, then of its other locals.
    """

    index: int
    head: tuple[str, ...]
    ops: tuple[tuple[int, str], ...]
    num_params: int
    local_types: tuple[str, ...]
    results: tuple[str, ...]


def module_head(info: ModuleInfo) -> list[str]:
    """Return the lines that a module's text begins with: imports, tables, memories, globals."""
    lines = ["(module"]
    for imported in info.imports:
        lines.append(f'(import "{imported.module}" "{imported.name}" ({_extern(imported.type_)}))')
    tables = enumerate(info.tables)
    memories = enumerate(info.memories)
    globals_ = enumerate(info.globals)
    names = info.names
    for keyword, rows, imports, known in (
        ("table", tables, info.num_imported_tables, names.tables),
        ("memory", memories, info.num_imported_memories, names.memories),
        ("global", globals_, info.num_imported_globals, names.globals),
    ):
        for index, type_ in rows:
            if index >= imports:
                name = f"${known[index]} " if index in known else ""
                lines.append(f"({keyword} {name}(;{index};) {_inner(type_)})")
    return lines[:1] + [INDENT + line for line in lines[1:]]


def functions(info: ModuleInfo) -> Iterator[FunctionText]:
    """Yield every defined function's text, in order."""
    for defined in range(len(info.bodies)):
        yield function_text(info, defined)


def function_text(info: ModuleInfo, defined_index: int) -> FunctionText:
    """Return one function's text."""
    index = info.num_imported_funcs + defined_index
    type_ = info.func_type(index)
    head: list[str] = []
    ops: list[tuple[int, str]] = []
    local_types = list(type_.params)
    try:
        local_types, first_op = read_locals(info, defined_index)
        for line in disassemble_function(info, defined_index):
            # What declares the function stands where its body starts, before every op.
            shown = INDENT * (line.indent + 1) + line.text
            if line.pc < first_op:
                head.append(shown)
            else:
                ops.append((line.pc, shown))
    except WasmError as error:
        head.append(f"{INDENT};; function {index} does not decode: {error}")
    return FunctionText(
        index,
        tuple(head),
        tuple(ops),
        len(type_.params),
        tuple(VALTYPE_NAMES[local] for local in local_types),
        tuple(VALTYPE_NAMES[result] for result in type_.results),
    )


def _limits(limits: Limits) -> str:
    return f"{limits.min}" if limits.max is None else f"{limits.min} {limits.max}"


def _inner(type_: TableType | MemoryType | GlobalType) -> str:
    """Write a type as it stands behind its keyword."""
    if isinstance(type_, TableType):
        return f"{_limits(type_.limits)} {VALTYPE_NAMES[type_.element]}"
    if isinstance(type_, MemoryType):
        return _limits(type_.limits)
    shown = VALTYPE_NAMES[type_.valtype]
    return f"(mut {shown})" if type_.mutable else shown


def _extern(type_: FuncType | TableType | MemoryType | GlobalType) -> str:
    if isinstance(type_, FuncType):
        params = f" (param {type_names(type_.params)})" if type_.params else ""
        results = f" (result {type_names(type_.results)})" if type_.results else ""
        return f"func{params}{results}"
    if isinstance(type_, TableType):
        return f"table {_inner(type_)}"
    return f"{'memory' if isinstance(type_, MemoryType) else 'global'} {_inner(type_)}"
