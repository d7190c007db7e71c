"""Wasm's value types as gdb is shown them, and names that can be written in its expressions."""

import re
from collections.abc import Iterable

from gdbstub.objfile import dw
from gdbstub.objfile.dwarf_write import UnitWriter, Value, flag, refer, text
from gdbstub.objfile.types import CType, TypeKind

# fmt: off
NUMBERS: dict[str, tuple[int, int]] = {
    # type    encoding             size
    "i32":   (dw.DW_ATE_signed,    4),
    "i64":   (dw.DW_ATE_signed,    8),
    "f32":   (dw.DW_ATE_float,     4),
    "f64":   (dw.DW_ATE_float,     8),
}
# fmt: on

FUNCREF = "funcref"
"""Shown as a pointer to code: it prints with its function's name."""

UNKNOWN = (dw.DW_ATE_unsigned, 8)

_KEPT = re.compile(r"[^0-9A-Za-z_$]+")


def c_name(name: str) -> str:
    """Return a name as an identifier: what cannot stand in one becomes an underscore."""
    cleaned = _KEPT.sub("_", name)
    return f"_{cleaned}" if cleaned[:1].isdigit() else cleaned


def unique_names(names: Iterable[str]) -> list[str]:
    """Return the names, those met before with the number of their place behind."""
    seen: set[str] = set()
    result = []
    for index, name in enumerate(names):
        while name in seen:
            name = f"{name}_{index}"
        seen.add(name)
        result.append(name)
    return result


def ctype_of(type_: str) -> CType:
    """Return a value type as values of it travel between functions and the debugger."""
    if type_ in NUMBERS:
        encoding, size = NUMBERS[type_]
        if encoding == dw.DW_ATE_float:
            return CType(TypeKind.FLOAT, size)
        return CType(TypeKind.INTEGER, size, signed=True)
    return CType(TypeKind.POINTER, 4)


class WasmTypes:
    """The value types of one unit, written when first asked for.

    Asked for outside of every entry's children but the unit's own.
    """

    def __init__(self, unit: UnitWriter) -> None:
        self.unit = unit
        self._entries: dict[str, int] = {}

    def of(self, type_: str) -> int:
        """Return the reference to a value type."""
        entry = self._entries.get(type_)
        if entry is None:
            entry = self._entries[type_] = self._write(type_)
        return entry

    def base(self, name: str, encoding: int, size: int) -> int:
        """Return the reference to a base type."""
        entry = self._entries.get(name)
        if entry is None:
            entry = self._entries[name] = self.unit.entry(
                dw.DW_TAG_base_type,
                text(dw.DW_AT_name, name),
                Value(dw.DW_AT_encoding, dw.DW_FORM_data1, encoding),
                Value(dw.DW_AT_byte_size, dw.DW_FORM_data1, size),
            )
        return entry

    def _write(self, type_: str) -> int:
        if type_ in NUMBERS:
            return self.base(type_, *NUMBERS[type_])
        if type_ == FUNCREF:
            code = self.unit.entry(dw.DW_TAG_subroutine_type, flag(dw.DW_AT_prototyped))
            target = self.pointer(code)
        elif type_ == "externref":
            target = self.pointer()
        else:
            return self.base(type_, *UNKNOWN)
        return self.unit.entry(
            dw.DW_TAG_typedef, text(dw.DW_AT_name, type_), refer(dw.DW_AT_type, target)
        )

    def pointer(self, target: int | None = None) -> int:
        """Return the reference to a new pointer type; without a target, to anything."""
        to = () if target is None else (refer(dw.DW_AT_type, target),)
        return self.unit.entry(
            dw.DW_TAG_pointer_type, Value(dw.DW_AT_byte_size, dw.DW_FORM_data1, 4), *to
        )
