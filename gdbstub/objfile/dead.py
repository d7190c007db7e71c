"""Entries that get another abbreviation: functions that the linker dropped, destructors, numbers gdb aligns wrong.

The code of the first has no address, so they are made declarations; gdb complains of one that is
not external for every entry. Destructors return their object in WebAssembly's C++ ABI, which clang says
of the definition and not of the declaration; to C++ they return nothing. Numbers of 8 bytes and more are aligned to 4 where pointers have 4 bytes,
gdb believes, unless the DWARF says otherwise. An entry cannot grow, but its abbreviation can be another:
the same forms under other names, and attributes that take no room. The unit gets a table of its own
with these added.
"""

from collections.abc import Mapping
from dataclasses import replace

from gdbstub.objfile import dw
from gdbstub.objfile.abbrev import (
    HIDDEN_ATTRIBUTE,
    Abbreviation,
    AttributeSpec,
    write_abbreviations,
)
from gdbstub.objfile.dies import Unit
from gdbstub.objfile.forms import ADDRX_FORMS
from gdbstub.objfile.leb import read_uleb, uleb
from gdbstub.objfile.sections import Sections

_HIDDEN = (dw.DW_AT_low_pc, dw.DW_AT_high_pc)
_ADDED = (dw.DW_AT_external, dw.DW_AT_declaration)
_CODE_BITS = 7


DECLARED = 0
"""In the place of an alignment: the entry is a function's, and is made a declaration."""
RETURNS_NOTHING = -1
"""In the place of an alignment: the entry is a function's, whose type is not to be said."""


def reshape(sections: Sections, unit: Unit, entries: Mapping[int, int]) -> None:
    """Give the entries at these offsets of a unit an alignment, or what stands in its place.

    One whose abbreviation's number leaves no room for another number stays as it is.
    """
    data = sections.read(unit.header.section)
    out = sections.writable(unit.header.section)
    table = dict(unit.abbreviations)
    made: dict[tuple[int, int, int], int] = {}
    for offset, alignment in entries.items():
        code, end = read_uleb(data, offset)
        size = end - offset
        wanted = code, size, alignment
        if wanted not in made:
            free = _free_code(table, size)
            if free is None:
                continue
            made[wanted] = free
            before = replace(unit.abbreviations[code], code=free)
            table[free] = _reshaped(before, alignment)
        out[offset:end] = uleb(made[wanted], size)
    if made:
        place = sections.append(".debug_abbrev", write_abbreviations(table.values()))
        position, size = unit.header.abbrev_offset_at
        out[position : position + size] = place.to_bytes(size, "little")


def _free_code(table: Mapping[int, Abbreviation], size: int) -> int | None:
    """Return a number that is not taken and fits in `size` bytes."""
    return next((code for code in range(1, 1 << _CODE_BITS * size) if code not in table), None)


def _reshaped(abbreviation: Abbreviation, alignment: int) -> Abbreviation:
    if alignment == DECLARED:
        return _declaration(abbreviation)
    if alignment == RETURNS_NOTHING:
        return _typeless(abbreviation)
    return _aligned(abbreviation, alignment)


def _typeless(abbreviation: Abbreviation) -> Abbreviation:
    attributes = (
        replace(spec, name=HIDDEN_ATTRIBUTE) if spec.name == dw.DW_AT_type else spec
        for spec in abbreviation.attributes
    )
    return replace(abbreviation, attributes=tuple(attributes))


def _aligned(abbreviation: Abbreviation, alignment: int) -> Abbreviation:
    added = AttributeSpec(dw.DW_AT_alignment, dw.DW_FORM_implicit_const, alignment)
    return replace(abbreviation, attributes=(*abbreviation.attributes, added))


def _declaration(abbreviation: Abbreviation) -> Abbreviation:
    attributes = [
        _hidden(spec) if spec.name in _HIDDEN else spec
        for spec in abbreviation.attributes
        if spec.name not in _ADDED or spec.form != dw.DW_FORM_flag_present
    ]
    attributes += [AttributeSpec(name, dw.DW_FORM_flag_present) for name in _ADDED]
    return replace(abbreviation, attributes=tuple(attributes))


def _hidden(spec: AttributeSpec) -> AttributeSpec:
    """Return an attribute that says nothing, as long as the one given."""
    form = spec.form
    if form == dw.DW_FORM_addr:
        form = dw.DW_FORM_data4
    elif form in ADDRX_FORMS:
        form = _PLAIN.get(form, dw.DW_FORM_udata)
    return replace(spec, name=HIDDEN_ATTRIBUTE, form=form)


_PLAIN = {
    dw.DW_FORM_addrx1: dw.DW_FORM_data1,
    dw.DW_FORM_addrx2: dw.DW_FORM_data2,
    dw.DW_FORM_addrx3: dw.DW_FORM_strx3,
    dw.DW_FORM_addrx4: dw.DW_FORM_data4,
}
