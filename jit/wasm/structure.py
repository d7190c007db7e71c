"""The values a decoded module is made of (specification: Structure, Modules).

Indices count imports first. Byte ranges are offsets in the module's bytes, end exclusive.
"""

from dataclasses import dataclass, field
from typing import Literal

from jit.wasm.types import ExternType, FuncType, GlobalType, MemoryType, TableType

ExternKind = Literal["func", "table", "memory", "global"]
SegmentMode = Literal["active", "passive", "declarative"]
ConstKind = Literal[
    "i32.const",
    "i64.const",
    "f32.const",
    "f64.const",
    "ref.null",
    "ref.func",
    "global.get",
    "extended",
]


@dataclass(frozen=True, slots=True)
class Import:
    """One import; `offset` is where its entry starts."""

    module: str
    name: str
    kind: ExternKind
    type_: ExternType
    offset: int


@dataclass(frozen=True, slots=True)
class Export:
    """One export, by name, of the entity `index` of its kind's index space."""

    name: str
    kind: ExternKind
    index: int


@dataclass(frozen=True, slots=True)
class ConstExpr:
    """A constant expression: one operator, or integer arithmetic that involves a global.

    `value` is an unsigned bit pattern, a function or global index, or 0 for `ref.null`;
    `type` is the value type it yields. Only the kind "extended" has a `postfix`: pairs of a
    mnemonic and its value, for `jit.wasm.constexpr.evaluate`.
    """

    kind: ConstKind
    value: int
    type: int
    postfix: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ElementSegment:
    """An element segment; `offset` is None unless it is active."""

    mode: SegmentMode
    table: int
    offset: ConstExpr | None
    element_type: int
    items: list[ConstExpr]


@dataclass(frozen=True, slots=True)
class DataSegment:
    """A data segment: the bytes `start:end` of the module; `offset` is None unless it is active."""

    mode: SegmentMode
    memory: int
    offset: ConstExpr | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class BodyRange:
    """Where a function's body lies: from its locals declarations to just past its last `end`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class CustomSection:
    """A custom section: its name and its payload after the name."""

    name: str
    start: int
    end: int


@dataclass(slots=True)
class NameSection:
    """What the `name` section calls things; empty where it says nothing or is malformed."""

    module: str | None = None
    functions: dict[int, str] = field(default_factory=dict)
    locals: dict[int, dict[int, str]] = field(default_factory=dict)
    labels: dict[int, dict[int, str]] = field(default_factory=dict)
    types: dict[int, str] = field(default_factory=dict)
    tables: dict[int, str] = field(default_factory=dict)
    memories: dict[int, str] = field(default_factory=dict)
    globals: dict[int, str] = field(default_factory=dict)
    elements: dict[int, str] = field(default_factory=dict)
    data: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class ModuleInfo:
    """A module whose structure has been decoded and checked, its bodies not yet."""

    data: bytes
    types: list[FuncType] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    func_types: list[int] = field(default_factory=list)
    num_imported_funcs: int = 0
    num_imported_tables: int = 0
    num_imported_memories: int = 0
    num_imported_globals: int = 0
    tables: list[TableType] = field(default_factory=list)
    memories: list[MemoryType] = field(default_factory=list)
    globals: list[GlobalType] = field(default_factory=list)
    global_inits: list[ConstExpr] = field(default_factory=list)
    exports: list[Export] = field(default_factory=list)
    start: int | None = None
    elements: list[ElementSegment] = field(default_factory=list)
    data_segments: list[DataSegment] = field(default_factory=list)
    data_count: int | None = None
    bodies: list[BodyRange] = field(default_factory=list)
    code_section: tuple[int, int] | None = None
    customs: list[CustomSection] = field(default_factory=list)
    names: NameSection = field(default_factory=NameSection)
    declared_refs: set[int] = field(default_factory=set)
    _other_names: dict[int, str] | None = field(default=None, repr=False, compare=False)

    def func_type(self, index: int) -> FuncType:
        """The type of function `index`, imports counted."""
        return self.types[self.func_types[index]]

    def func_name(self, index: int) -> str:
        """Name function `index`: name section, else export, else import, else `func[index]`."""
        return self.names.functions.get(index) or self._other_name(index) or f"func[{index}]"

    def _other_name(self, index: int) -> str | None:
        if self._other_names is None:
            imported = (import_ for import_ in self.imports if import_.kind == "func")
            names = {i: f"{import_.module}.{import_.name}" for i, import_ in enumerate(imported)}
            # Of several exports the first counts.
            for export in reversed(self.exports):
                if export.kind == "func" and export.name:
                    names[export.index] = export.name
            self._other_names = names
        return self._other_names.get(index)

    def section(self, name: str) -> bytes | None:
        """The payload of the first custom section called `name`, or None."""
        for custom in self.customs:
            if custom.name == name:
                return self.data[custom.start : custom.end]
        return None
