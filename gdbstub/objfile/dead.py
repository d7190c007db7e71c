"""Functions that the linker dropped: their entries are made declarations.

Their code has no address, so they are no functions; gdb complains of one that is not external for
every entry. An entry cannot grow, but its abbreviation can be another: the same forms under other
names, and two flags that take no room. The unit gets a table of its own with these added.
"""

from collections.abc import Iterable, Mapping
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


def declare(sections: Sections, unit: Unit, entries: Iterable[int]) -> None:
    """Make the functions at these offsets of a unit declarations.

    One whose abbreviation's number leaves no room for another number stays as it is.
    """
    data = sections.read(unit.header.section)
    out = sections.writable(unit.header.section)
    table = dict(unit.abbreviations)
    made: dict[tuple[int, int], int] = {}
    for offset in entries:
        code, end = read_uleb(data, offset)
        size = end - offset
        if (code, size) not in made:
            free = _free_code(table, size)
            if free is None:
                continue
            made[code, size] = free
            table[free] = _declaration(unit.abbreviations[code], free)
        out[offset:end] = uleb(made[code, size], size)
    if made:
        place = sections.append(".debug_abbrev", write_abbreviations(table.values()))
        position, size = unit.header.abbrev_offset_at
        out[position : position + size] = place.to_bytes(size, "little")


def _free_code(table: Mapping[int, Abbreviation], size: int) -> int | None:
    """Return a number that is not taken and fits in `size` bytes."""
    return next((code for code in range(1, 1 << _CODE_BITS * size) if code not in table), None)


def _declaration(abbreviation: Abbreviation, code: int) -> Abbreviation:
    attributes = [
        _hidden(spec) if spec.name in _HIDDEN else spec
        for spec in abbreviation.attributes
        if spec.name not in _ADDED or spec.form != dw.DW_FORM_flag_present
    ]
    attributes += [AttributeSpec(name, dw.DW_FORM_flag_present) for name in _ADDED]
    return replace(abbreviation, code=code, attributes=tuple(attributes))


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
