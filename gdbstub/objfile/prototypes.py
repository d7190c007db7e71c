"""Prototypes of functions from their DWARF, and how values of C types travel.

Two conventions meet in a call made or watched by gdb: gdb believes in the System V x86-64 ABI with
4-byte pointers, the guest follows the WebAssembly C ABI. `eightbytes` classifies by the first,
`wasm_passing` and `wasm_result` by the second.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import NamedTuple

from gdbstub.objfile import dw
from gdbstub.objfile.dies import Die, DieReader
from gdbstub.objfile.report import DwarfError
from gdbstub.objfile.types import VOID, CType, Field, TypeKind, TypeReader
from gdbstub.objfile.wasm_types import ctype_of


@dataclass(frozen=True, slots=True)
class Parameter:
    """A declared parameter. `artificial` is one the compiler added, such as C++'s this."""

    name: str
    type: CType
    artificial: bool = False


@dataclass(frozen=True, slots=True)
class Prototype:
    """A function as its source declares it."""

    name: str
    returns: CType
    parameters: tuple[Parameter, ...]
    variadic: bool
    prototyped: bool


@dataclass(frozen=True, slots=True)
class WasmSignature:
    """A function as its Wasm type declares it; `parameters` are (name, value type) pairs."""

    name: str
    parameters: tuple[tuple[str, str], ...]
    results: tuple[str, ...]

    def prototype(self) -> Prototype | None:
        """Return it as a prototype; a function with several results has none."""
        if len(self.results) > 1:
            return None
        returns = ctype_of(self.results[0]) if self.results else VOID
        parameters = tuple(Parameter(name, ctype_of(type_)) for name, type_ in self.parameters)
        return Prototype(self.name, returns, parameters, variadic=False, prototyped=True)


class RegisterClass(Enum):
    """Where the System V ABI puts eight bytes of a value; NONE: they are padding."""

    INTEGER = "integer"
    SSE = "sse"
    X87 = "x87"
    NONE = "none"


class Passing(Enum):
    """How the WebAssembly C ABI passes a parameter or returns a value.

    DIRECT: as one Wasm value, of the scalar type named along; PAIR: as two i64, the low half first
    (a result of this kind is INDIRECT); INDIRECT: in linear memory, its address being the value
    passed (for a result: a parameter before the others); IGNORED: not at all.
    """

    DIRECT = "direct"
    PAIR = "pair"
    INDIRECT = "indirect"
    IGNORED = "ignored"


class EntryPlace(NamedTuple):
    """Where a function's entry lies: the section, the offsets of its unit and of itself."""

    section: str
    unit: int
    entry: int


class Prototypes:
    """Prototypes by function index, read when asked for."""

    def __init__(
        self,
        open_reader: Callable[[], DieReader],
        places: Mapping[int, EntryPlace],
        made: Mapping[int, WasmSignature],
    ) -> None:
        """`open_reader` is called when the first entry is read; `made` are functions without any."""
        self._open_reader = open_reader
        self.places = places
        self.made = made
        self._known: dict[int, Prototype | None] = {}

    @cached_property
    def _types(self) -> TypeReader:
        return TypeReader(self._open_reader())

    def get(self, function_index: int) -> Prototype | None:
        """Return a function's prototype, None when its DWARF has none."""
        if function_index not in self._known:
            place, signature = self.places.get(function_index), self.made.get(function_index)
            if place is not None:
                self._known[function_index] = self._read(place)
            else:
                known = None if signature is None else signature.prototype()
                self._known[function_index] = known
        return self._known[function_index]

    def _read(self, place: EntryPlace) -> Prototype | None:
        types = self._types
        reader = types.reader
        try:
            die = reader.die(reader.unit_at(place.section, place.unit), place.entry)
            name = reader.text(die, dw.DW_AT_name)
            if not name:
                return None  # a thunk, whose entry says nothing of its parameters
            returns = types.of(die)
            prototyped = reader.inherited(die, dw.DW_AT_prototyped) is not None
            parameters, variadic = self._parameters(die)
            declaration = reader.reference(die, dw.DW_AT_specification)
            if declaration is not None:
                # A definition does not describe what is passed in memory and never used.
                declared, _ = self._parameters(declaration)
                parameters = max(parameters, declared, key=len)
        except DwarfError:
            return None
        return Prototype(name.decode(errors="replace"), returns, parameters, variadic, prototyped)

    def _parameters(self, die: Die) -> tuple[tuple[Parameter, ...], bool]:
        """Return the parameters an entry has, and whether more may follow."""
        types = self._types
        reader = types.reader
        parameters, variadic = [], False
        for child in reader.children(die):
            if child.tag == dw.DW_TAG_formal_parameter:
                parameters.append(
                    Parameter(
                        reader.text(child, dw.DW_AT_name).decode(errors="replace"),
                        types.of(child),
                        reader.inherited(child, dw.DW_AT_artificial) is not None,
                    )
                )
            elif child.tag == dw.DW_TAG_unspecified_parameters:
                variadic = True
        return tuple(parameters), variadic


def scalars(ctype: CType, offset: int = 0) -> Iterable[tuple[int, CType]]:
    """Yield (offset, type) of every scalar in a value, in the order of declaration."""
    if ctype.kind in (TypeKind.STRUCT, TypeKind.UNION):
        for field in ctype.fields:
            yield from scalars(field.type, offset + field.offset)
    elif ctype.kind is TypeKind.ARRAY:
        if ctype.element is not None and ctype.element.size > 0:
            for index in range(min(ctype.count, ctype.size // ctype.element.size)):
                yield from scalars(ctype.element, offset + index * ctype.element.size)
    elif ctype.kind is TypeKind.COMPLEX:
        half = CType(TypeKind.FLOAT, ctype.size // 2)
        yield offset, half
        yield offset + half.size, half
    elif ctype.size > 0:
        yield offset, ctype


def eightbytes(ctype: CType) -> tuple[RegisterClass, ...] | None:
    """Classify a value as gdb does by the System V x86-64 ABI, 3.2.3: a class for each eight bytes.

    None: in memory (returned through a pointer that comes back in rax). Empty: no value. gdb knows no
    class for integers of 16 bytes: they are passed on the stack, and returned nowhere.
    """
    if ctype.size <= 0:
        return ()
    if ctype.size > 16 or ctype.by_reference or ctype.kind is TypeKind.UNKNOWN:
        return None
    classes = [RegisterClass.NONE] * ((ctype.size + 7) // 8)
    for offset, scalar in scalars(ctype):
        if offset % min(scalar.size, 8) or not 0 <= offset <= ctype.size - scalar.size:
            return None
        own = _class_of(scalar)
        for index in range(offset // 8, min((offset + scalar.size + 7) // 8, len(classes))):
            merged = _MERGED.get(frozenset({classes[index], own}))
            if merged is None:
                return None
            classes[index] = merged
    return tuple(classes)


def _class_of(scalar: CType) -> RegisterClass:
    if scalar.kind is TypeKind.FLOAT:
        return RegisterClass.X87 if scalar.size > 8 else RegisterClass.SSE
    return RegisterClass.NONE if scalar.size > 8 else RegisterClass.INTEGER


_MERGED = {
    frozenset({RegisterClass.INTEGER, RegisterClass.SSE}): RegisterClass.INTEGER,
    **{
        frozenset({each, other}): each
        for each in RegisterClass
        for other in (each, RegisterClass.NONE)
    },
}
"""What eight bytes are that belong to two classes; together with x87 they are in memory."""


def wasm_passing(ctype: CType) -> tuple[Passing, CType | None]:
    """Tell how the WebAssembly C ABI passes a value as a parameter, and the scalar it travels as.

    A struct or union with a single scalar member travels as that scalar, any other aggregate and
    complex in memory.
    """
    kind = ctype.kind
    if kind in (TypeKind.VOID, TypeKind.UNKNOWN) or _is_empty(ctype):
        return Passing.IGNORED, None
    if kind is TypeKind.COMPLEX or ctype.by_reference:
        return Passing.INDIRECT, None
    if kind in (TypeKind.STRUCT, TypeKind.UNION, TypeKind.ARRAY):
        single = _single_scalar(ctype)
        if single is None or single.size != ctype.size:
            return Passing.INDIRECT, None
        return wasm_passing(single)
    return (Passing.PAIR if ctype.size > 8 else Passing.DIRECT), ctype


def wasm_result(ctype: CType) -> tuple[Passing, CType | None]:
    """Tell how the WebAssembly C ABI returns a value, and the scalar it travels as."""
    passing, scalar = wasm_passing(ctype)
    return (Passing.INDIRECT, None) if passing is Passing.PAIR else (passing, scalar)


def _is_empty(ctype: CType) -> bool:
    """Tell whether a type holds nothing: a struct of nothing, an array of such."""
    if ctype.kind in (TypeKind.STRUCT, TypeKind.UNION):
        return all(_holds_nothing(field) for field in ctype.fields)
    if ctype.kind is TypeKind.ARRAY:
        return ctype.count == 0 or (ctype.element is not None and _is_empty(ctype.element))
    return False


def _holds_nothing(field: Field) -> bool:
    """Tell whether a member does not count; in C++ a member always does, unlike a base class.

    An empty struct has a size in C++ alone.
    """
    return _is_empty(field.type) and (field.base or not field.type.size)


def _single_scalar(ctype: CType) -> CType | None:
    """Return the only scalar of an aggregate, None when it has more."""
    if ctype.kind is TypeKind.ARRAY:
        if ctype.count != 1 or ctype.element is None:
            return None
        return _single_scalar(ctype.element)
    if ctype.kind not in (TypeKind.STRUCT, TypeKind.UNION):
        return None if ctype.kind is TypeKind.COMPLEX else ctype
    held = [field for field in ctype.fields if not _holds_nothing(field)]
    return _single_scalar(held[0].type) if len(held) == 1 else None
