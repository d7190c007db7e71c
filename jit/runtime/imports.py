"""Whether what is offered for an import fits it, and Wasmtime's words where it does not."""

from jit.runtime.errors import LinkError
from jit.runtime.func import Func
from jit.runtime.global_ import Global
from jit.runtime.memory import Memory
from jit.runtime.table import Table
from jit.wasm.module import Import
from jit.wasm.types import (
    VALTYPE_NAMES,
    ExternType,
    FuncType,
    GlobalType,
    Limits,
    MemoryType,
    TableType,
    type_names,
)

Extern = Func | Table | Memory | Global
"""What can be imported and exported."""

_KINDS: dict[type[Func] | type[Table] | type[Memory] | type[Global], str] = {
    Func: "func",
    Table: "table",
    Memory: "memory",
    Global: "global",
}


def check_import(wanted: Import, offered: Extern) -> None:
    """Raise LinkError unless an item fits an import; TypeError if it is no item at all."""
    kind = _KINDS.get(type(offered))
    if kind is None:
        raise TypeError("expected a Func, Global, Memory, or Table")
    if kind != wanted.kind:
        problem = f"expected {wanted.kind}, but found {'function' if kind == 'func' else kind}"
    else:
        problem = _mismatch(wanted.type_, offered.wasm_type)
    if problem:
        raise LinkError(
            f"incompatible import type for `{wanted.module}::{wanted.name}`\n\n"
            f"Caused by:\n    {problem}\n"
        )


def _mismatch(wanted: ExternType, found: ExternType) -> str:
    """Say why a type does not fit another of its kind; empty if it does."""
    if isinstance(wanted, FuncType) and isinstance(found, FuncType):
        return _func(wanted, found)
    if isinstance(wanted, GlobalType) and isinstance(found, GlobalType):
        return _global(wanted, found)
    if isinstance(wanted, TableType) and isinstance(found, TableType):
        return _table(wanted, found)
    if isinstance(wanted, MemoryType) and isinstance(found, MemoryType):
        return _limits("memory", wanted.limits, found.limits)
    return "types incompatible"


def _func(wanted: FuncType, found: FuncType) -> str:
    if wanted == found:
        return ""
    return f"types incompatible: expected type `{_text(wanted)}`, found type `{_text(found)}`"


def _text(type_: FuncType) -> str:
    params = f" (param {type_names(type_.params)})" if type_.params else ""
    results = f" (result {type_names(type_.results)})" if type_.results else ""
    return f"(func{params}{results})"


def _global(wanted: GlobalType, found: GlobalType) -> str:
    if wanted.mutable != found.mutable:
        words = ("immutable", "mutable")
        return (
            f"global types incompatible: expected {words[wanted.mutable]} global, "
            f"found {words[found.mutable]} global"
        )
    if wanted.valtype != found.valtype:
        names = VALTYPE_NAMES
        return (
            f"global types incompatible: expected global of type `{names[wanted.valtype]}`, "
            f"found global of type `{names[found.valtype]}`"
        )
    return ""


def _table(wanted: TableType, found: TableType) -> str:
    if wanted.element != found.element:
        names = VALTYPE_NAMES
        return (
            f"table types incompatible: expected table of type `{names[wanted.element]}`, "
            f"found table of type `{names[found.element]}`"
        )
    return _limits("table", wanted.limits, found.limits)


def _limits(what: str, wanted: Limits, found: Limits) -> str:
    fits = found.min >= wanted.min and (
        wanted.max is None or (found.max is not None and found.max <= wanted.max)
    )
    if fits:
        return ""

    def text(limits: Limits) -> str:
        return f"(min: {limits.min}, max: {'none' if limits.max is None else limits.max})"

    return (
        f"{what} types incompatible: expected {what} limits {text(wanted)} "
        f"doesn't match provided {what} limits {text(found)}"
    )
