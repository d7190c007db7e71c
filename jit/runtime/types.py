"""The public types of values, functions, memories, tables and globals: `wasmtime`'s names and shapes.

They are equal by value; inside the engine the types of `jit.wasm.types` are used, which `of` and
`wasm` convert from and to.
"""

from collections.abc import Sequence
from typing import ClassVar, Union

from jit.abi.frame_table import FRAME_TYPES
from jit.runtime.errors import WasmtimeError
from jit.wasm import types as wasm

_NAMES = {**FRAME_TYPES, wasm.EXTERNREF: "anyref"}
"""As the package names them; types that only frames hold have no other."""


class ValType:
    """The type of a value."""

    __slots__ = ("code",)
    code: int
    _by_code: ClassVar[dict[int, "ValType"]] = {}

    def __init__(self) -> None:
        raise WasmtimeError("cannot construct directly")

    @classmethod
    def of(cls, code: int) -> "ValType":
        """Return the type with a binary code."""
        known = cls._by_code.get(code)
        if known is None:
            known = cls.__new__(cls)
            known.code = code
            cls._by_code[code] = known
        return known

    @classmethod
    def i32(cls) -> "ValType":
        return cls.of(wasm.I32)

    @classmethod
    def i64(cls) -> "ValType":
        return cls.of(wasm.I64)

    @classmethod
    def f32(cls) -> "ValType":
        return cls.of(wasm.F32)

    @classmethod
    def f64(cls) -> "ValType":
        return cls.of(wasm.F64)

    @classmethod
    def externref(cls) -> "ValType":
        return cls.of(wasm.EXTERNREF)

    @classmethod
    def funcref(cls) -> "ValType":
        return cls.of(wasm.FUNCREF)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ValType) and self.code == other.code

    def __hash__(self) -> int:
        return hash(self.code)

    def __str__(self) -> str:
        return _NAMES[self.code]

    def __repr__(self) -> str:
        return str(self)


def _codes(types: Sequence[ValType]) -> tuple[int, ...]:
    for type_ in types:
        if not isinstance(type_, ValType):
            raise TypeError("expected ValType")
    return tuple(type_.code for type_ in types)


class FuncType:
    """What a function takes and returns."""

    __slots__ = ("wasm",)

    def __init__(self, params: Sequence[ValType], results: Sequence[ValType]) -> None:
        self.wasm = wasm.FuncType(_codes(params), _codes(results))

    @classmethod
    def of(cls, type_: wasm.FuncType) -> "FuncType":
        made = cls.__new__(cls)
        made.wasm = type_
        return made

    @property
    def params(self) -> list[ValType]:
        return [ValType.of(code) for code in self.wasm.params]

    @property
    def results(self) -> list[ValType]:
        return [ValType.of(code) for code in self.wasm.results]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FuncType) and self.wasm == other.wasm

    def __hash__(self) -> int:
        return hash(self.wasm)


class Limits:
    """A size range; no `max` means unbounded."""

    __slots__ = ("max", "min")

    def __init__(self, min: int, max: int | None) -> None:
        self.min = min
        self.max = max

    @classmethod
    def of(cls, limits: wasm.Limits) -> "Limits":
        return cls(limits.min, limits.max)

    @property
    def wasm(self) -> wasm.Limits:
        return wasm.Limits(self.min, self.max)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Limits) and (self.min, self.max) == (other.min, other.max)

    def __hash__(self) -> int:
        return hash((self.min, self.max))

    def __repr__(self) -> str:
        return f"Limits({self.min}, {self.max})"


def _check_limits(limits: Limits) -> Limits:
    if not isinstance(limits, Limits):
        raise TypeError("expected Limits")
    return limits


class MemoryType:
    """A memory's size range in pages of 64 KiB."""

    __slots__ = ("limits",)

    def __init__(
        self, limits: Limits, is_64: bool = False, shared: bool = False, page_size_log2: int = 16
    ) -> None:
        """Raise WasmtimeError for limits out of range, and for kinds of memories there are not."""
        self.limits = _check_limits(limits)
        if is_64 or shared or page_size_log2 != 16:
            raise WasmtimeError("memories are 32-bit, not shared, and of pages of 64 KiB")
        if limits.min > wasm.MAX_MEMORY_PAGES:
            raise WasmtimeError("minimum size too large")
        if limits.max is not None and limits.max > wasm.MAX_MEMORY_PAGES:
            raise WasmtimeError("maximum size too large")

    @property
    def is_64(self) -> bool:
        """Whether addresses have 64 bits: never."""
        return False

    @property
    def is_shared(self) -> bool:
        """Whether threads share it: never."""
        return False

    @property
    def page_size(self) -> int:
        """Bytes of a page."""
        return wasm.PAGE_SIZE

    @property
    def page_size_log2(self) -> int:
        """The logarithm of that to base 2."""
        return wasm.PAGE_SIZE.bit_length() - 1

    @classmethod
    def of(cls, type_: wasm.MemoryType) -> "MemoryType":
        return cls(Limits.of(type_.limits))

    @property
    def wasm(self) -> wasm.MemoryType:
        return wasm.MemoryType(self.limits.wasm)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MemoryType) and self.limits == other.limits

    def __hash__(self) -> int:
        return hash(self.limits)


class TableType:
    """The reference type of a table's elements and its size range."""

    __slots__ = ("element", "limits")

    def __init__(self, valtype: ValType, limits: Limits) -> None:
        self.limits = _check_limits(limits)
        self.element = valtype
        if _codes([valtype])[0] not in wasm.REFERENCE_TYPES:
            raise WasmtimeError(f"a table cannot hold elements of type {valtype}")

    @classmethod
    def of(cls, type_: wasm.TableType) -> "TableType":
        return cls(ValType.of(type_.element), Limits.of(type_.limits))

    @property
    def wasm(self) -> wasm.TableType:
        return wasm.TableType(self.element.code, self.limits.wasm)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TableType) and self.wasm == other.wasm

    def __hash__(self) -> int:
        return hash(self.wasm)


class GlobalType:
    """A global's value type and whether it may change."""

    __slots__ = ("content", "mutable")

    def __init__(self, valtype: ValType, mutable: bool) -> None:
        _codes([valtype])
        self.content = valtype
        self.mutable = mutable

    @classmethod
    def of(cls, type_: wasm.GlobalType) -> "GlobalType":
        return cls(ValType.of(type_.valtype), type_.mutable)

    @property
    def wasm(self) -> wasm.GlobalType:
        return wasm.GlobalType(self.content.code, self.mutable)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GlobalType) and self.wasm == other.wasm

    def __hash__(self) -> int:
        return hash(self.wasm)


AsExternType = Union[FuncType, TableType, MemoryType, GlobalType]  # noqa: UP007 - classes defined here


def extern_type(type_: wasm.ExternType) -> AsExternType:
    """Return the public form of an import's or export's type."""
    if isinstance(type_, wasm.FuncType):
        return FuncType.of(type_)
    if isinstance(type_, wasm.TableType):
        return TableType.of(type_)
    if isinstance(type_, wasm.MemoryType):
        return MemoryType.of(type_)
    return GlobalType.of(type_)


class ImportType:
    """What a module wants from outside."""

    __slots__ = ("module", "name", "type")

    def __init__(self, module: str, name: str, type: AsExternType) -> None:
        self.module = module
        self.name: str | None = name
        self.type = type


class ExportType:
    """What a module offers."""

    __slots__ = ("name", "type")

    def __init__(self, name: str, type: AsExternType) -> None:
        self.name = name
        self.type = type
