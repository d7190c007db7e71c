"""Value, function, table, memory and global types (specification: Structure, Types).

Value types are their binary codes, plain ints, so that the validator's stack holds ints alone.
"""

from dataclasses import dataclass
from typing import Final, NewType

WasmPc = NewType("WasmPc", int)
"""An offset in a module's bytes."""

TypeIndex = NewType("TypeIndex", int)
FuncIndex = NewType("FuncIndex", int)
"""A function's index, imports counted."""
DefinedIndex = NewType("DefinedIndex", int)
"""A function's index among those the module defines."""

I32: Final = 0x7F
I64: Final = 0x7E
F32: Final = 0x7D
F64: Final = 0x7C
V128: Final = 0x7B
FUNCREF: Final = 0x70
EXTERNREF: Final = 0x6F

VALTYPE_NAMES: Final[dict[int, str]] = {
    I32: "i32",
    I64: "i64",
    F32: "f32",
    F64: "f64",
    V128: "v128",
    FUNCREF: "funcref",
    EXTERNREF: "externref",
}

NUMBER_TYPES: Final = frozenset({I32, I64, F32, F64})
REFERENCE_TYPES: Final = frozenset({FUNCREF, EXTERNREF})

PAGE_SIZE: Final = 0x10000
MAX_MEMORY_PAGES: Final = 0x10000


@dataclass(frozen=True, slots=True)
class FuncType:
    """What a function takes and returns."""

    params: tuple[int, ...]
    results: tuple[int, ...]

    def __str__(self) -> str:
        return f"[{type_names(self.params)}] -> [{type_names(self.results)}]"


@dataclass(frozen=True, slots=True)
class Limits:
    """A size range; no `max` means unbounded."""

    min: int
    max: int | None = None


@dataclass(frozen=True, slots=True)
class TableType:
    """The reference type of a table's elements, and its size in elements."""

    element: int
    limits: Limits


@dataclass(frozen=True, slots=True)
class MemoryType:
    """A memory's size in pages of 64 KiB."""

    limits: Limits


@dataclass(frozen=True, slots=True)
class GlobalType:
    """A global's value type, and whether `global.set` may change it."""

    valtype: int
    mutable: bool


ExternType = FuncType | TableType | MemoryType | GlobalType


def type_names(types: tuple[int, ...] | list[int]) -> str:
    """Join the names of value types by spaces."""
    return " ".join(VALTYPE_NAMES[t] for t in types)
