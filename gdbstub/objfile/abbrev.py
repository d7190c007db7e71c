"""Abbreviation tables (DWARF 5, 7.5.3)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gdbstub.objfile import dw
from gdbstub.objfile.leb import read_sleb, read_uleb, skip_leb, sleb, uleb
from gdbstub.objfile.report import DwarfError


@dataclass(frozen=True, slots=True)
class AttributeSpec:
    """One attribute of an abbreviation; `implicit` is the value of an implicit_const."""

    name: int
    form: int
    implicit: int = 0


@dataclass(frozen=True, slots=True)
class Abbreviation:
    """The shape of a debugging information entry."""

    code: int
    tag: int
    has_children: bool
    attributes: tuple[AttributeSpec, ...]


def read_abbreviations(data: bytes, offset: int) -> tuple[dict[int, Abbreviation], int]:
    """Read the table at `offset` of .debug_abbrev: code -> abbreviation, and the position after it.

    DwarfError if it is cut off.
    """
    table: dict[int, Abbreviation] = {}
    position = offset
    try:
        while True:
            code, position = read_uleb(data, position)
            if code == 0:
                return table, position
            tag, position = read_uleb(data, position)
            has_children = data[position] != 0
            position += 1
            attributes = []
            while True:
                name, position = read_uleb(data, position)
                form, position = read_uleb(data, position)
                if name == 0 and form == 0:
                    break
                implicit = 0
                if form == dw.DW_FORM_implicit_const:
                    implicit, position = read_sleb(data, position)
                attributes.append(AttributeSpec(name, form, implicit))
            table[code] = Abbreviation(code, tag, has_children, tuple(attributes))
    except IndexError:
        raise DwarfError(f"abbreviation table at 0x{offset:x} runs past .debug_abbrev") from None


def write_abbreviations(table: Iterable[Abbreviation]) -> bytes:
    """Return a table as it stands in .debug_abbrev."""
    out = bytearray()
    for abbreviation in table:
        out += uleb(abbreviation.code) + uleb(abbreviation.tag)
        out.append(abbreviation.has_children)
        for spec in abbreviation.attributes:
            out += uleb(spec.name) + uleb(spec.form)
            if spec.form == dw.DW_FORM_implicit_const:
                out += sleb(spec.implicit)
        out += bytes(2)
    return bytes(out) + b"\0"


HIDDEN_ATTRIBUTE = 0x7F
"""A name that the standard gives to no attribute: debuggers pass over it."""


def hide_forms(data: bytes, instead: Mapping[int, int]) -> bytes:
    """Return .debug_abbrev with the attributes of some forms under a name that says nothing.

    `instead` gives for each of these forms one whose values are as long and mean nothing. A table
    that is cut off, and all after it, stays as it is.
    """
    out = bytearray(data)
    position = 0
    try:
        while position < len(data):
            code, position = read_uleb(data, position)
            if code == 0:
                continue
            position = skip_leb(data, position) + 1
            while True:
                start = position
                name, middle = read_uleb(data, position)
                form, position = read_uleb(data, middle)
                if form == dw.DW_FORM_implicit_const:
                    position = skip_leb(data, position)
                elif name == 0 and form == 0:
                    break
                elif form in instead:
                    out[start:middle] = uleb(HIDDEN_ATTRIBUTE, middle - start)
                    out[middle:position] = uleb(instead[form], position - middle)
    except IndexError:
        return bytes(out)
    return bytes(out)
