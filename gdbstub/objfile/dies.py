"""Debugging information entries read one at a time, on demand, from the DWARF as it came.

The patcher passes over everything fast and knows little; who needs names, types and references of
a few entries reads them here. A `DieReader` never changes anything.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from gdbstub.objfile import dw
from gdbstub.objfile.abbrev import Abbreviation, read_abbreviations
from gdbstub.objfile.forms import ADDRX_FORMS, STRX_FORMS, UNIT_REF_FORMS, Shape, block_bounds
from gdbstub.objfile.leb import read_sleb, read_uleb
from gdbstub.objfile.report import DwarfError
from gdbstub.objfile.sections import Sections
from gdbstub.objfile.units import UnitHeader, read_unit_header, unit_extent

MAX_CHAIN = 32
"""How many references from one entry to the next are followed before they count as a loop."""

LOCAL_IN_MAIN = b"_ZZ4mainE"
_LOCAL_IN_MAIN = re.compile(rb"_ZZ4main(?:vE|iPPcE(?!.*S[0-9A-Z]*_))")
"""clang mangles main with its parameters here (Itanium C++ ABI, 5.1). A name that refers back to one stays."""


class Attribute(NamedTuple):
    """A value as encoded: a number, or bytes for a block or an inline string, and where it lies."""

    form: int
    value: int | bytes
    position: int

    @property
    def number(self) -> int:
        """The value where it is a number, else 0."""
        return self.value if isinstance(self.value, int) else 0


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit with what its root entry says about the rest of it.

    `addr_base` is below 0 where it has no part of .debug_addr. `low_pc` is its base address, None
    where it has none; `low_pc_indexed` tells that it stands in .debug_addr.
    """

    header: UnitHeader
    abbreviations: dict[int, Abbreviation]
    str_offsets_base: int
    addr_base: int
    loclists_base: int
    rnglists_base: int
    low_pc: int | None = None
    low_pc_indexed: bool = False


@dataclass(frozen=True, slots=True)
class Die:
    """An entry; `end` is the position after its attributes."""

    unit: Unit
    offset: int
    end: int
    abbreviation: Abbreviation
    attributes: dict[int, Attribute]

    @property
    def tag(self) -> int:
        """The entry's tag."""
        return self.abbreviation.tag

    def number(self, name: int, default: int = 0) -> int:
        """Return a numeric attribute, `default` without it."""
        attribute = self.attributes.get(name)
        return default if attribute is None else attribute.number


_REREAD = 16
"""How often over .debug_abbrev is read: once, if no table is broken or part of another."""


class DieReader:
    """Reads entries of one module's DWARF. What breaks the format raises DwarfError."""

    def __init__(self, sections: Sections) -> None:
        self._sections = sections
        self._strings = sections.read(".debug_str")
        self._addresses = sections.read(".debug_addr")
        self._tables: dict[int, dict[int, Abbreviation]] = {}
        self._reading = _REREAD * len(sections.read(".debug_abbrev"))
        self._units: dict[str, list[Unit]] = {}

    def open_unit(self, header: UnitHeader) -> Unit:
        """Read a unit's root entry and make the unit known for references into it."""
        table = self._table(header.abbrev_offset)
        first_table = 16 if header.encoding.offset_size == 8 else 8
        bare = Unit(header, table, first_table, -1, first_table + 4, first_table + 4)
        root = self.die(bare, header.first_die)
        unit = Unit(
            header,
            table,
            root.number(dw.DW_AT_str_offsets_base, first_table),
            root.number(dw.DW_AT_addr_base, root.number(dw.DW_AT_GNU_addr_base, -1)),
            root.number(dw.DW_AT_loclists_base, first_table + 4),
            root.number(dw.DW_AT_rnglists_base, first_table + 4),
        )
        low_pc = root.attributes.get(dw.DW_AT_low_pc)
        if low_pc is not None:
            unit = replace(
                unit,
                low_pc=self.address(unit, low_pc),
                low_pc_indexed=low_pc.form in ADDRX_FORMS,
            )
        self._units.setdefault(header.section, []).append(unit)
        return unit

    def _table(self, offset: int) -> dict[int, Abbreviation]:
        """Return the abbreviations at an offset, read once."""
        table = self._tables.get(offset)
        if table is None:
            data = self._sections.read(".debug_abbrev")
            if self._reading <= 0:
                raise DwarfError("the abbreviation tables overlap each other")
            try:
                table, end = read_abbreviations(data, offset)
            except DwarfError:
                self._reading -= len(data) - offset
                raise
            self._reading -= end - offset
            self._tables[offset] = table
        return table

    def units(self, section: str = ".debug_info") -> list[Unit]:
        """Return the units opened so far, in the order of the section."""
        return self._units.get(section, [])

    def unit_at(self, section: str, offset: int) -> Unit:
        """Return the opened unit at an offset. DwarfError when there is none."""
        for unit in self.units(section):
            if unit.header.offset == offset:
                return unit
        raise DwarfError(f"no unit at 0x{offset:x} of {section}")

    def forget_unit(self, unit: Unit) -> None:
        """Make references into a unit fail: it has been made harmless."""
        self._units[unit.header.section].remove(unit)

    def die(self, unit: Unit, offset: int) -> Die:
        """Read the entry at `offset`. DwarfError when there is none."""
        data = self._sections.read(unit.header.section)
        if not unit.header.first_die <= offset < unit.header.end:
            raise DwarfError(f"entry 0x{offset:x} lies outside its unit")
        try:
            code, position = read_uleb(data, offset)
            abbreviation = unit.abbreviations.get(code)
            if abbreviation is None:
                raise DwarfError(f"abbreviation {code} at 0x{offset:x} is not in its table")
            attributes: dict[int, Attribute] = {}
            for spec in abbreviation.attributes:
                form = spec.form
                if form == dw.DW_FORM_implicit_const:
                    attributes[spec.name] = Attribute(form, spec.implicit, position)
                    continue
                if form == dw.DW_FORM_indirect:
                    form, position = read_uleb(data, position)
                attribute, position = self._value(unit, data, form, position)
                attributes[spec.name] = attribute
        except IndexError:
            raise DwarfError(f"entry 0x{offset:x} runs past the end of the section") from None
        return Die(unit, offset, position, abbreviation, attributes)

    def children(self, die: Die) -> Iterator[Die]:
        """Yield an entry's children in order."""
        if not die.abbreviation.has_children:
            return
        data = self._sections.read(die.unit.header.section)
        position, depth, end = die.end, 0, die.unit.header.end
        while position < end:
            if data[position] == 0:
                if depth == 0:
                    return
                depth -= 1
                position += 1
                continue
            child = self.die(die.unit, position)
            if depth == 0:
                yield child
            depth += child.abbreviation.has_children
            position = child.end

    def string(self, unit: Unit, attribute: Attribute | None) -> bytes:
        """Return a string attribute's text, empty without one."""
        if attribute is None:
            return b""
        if isinstance(attribute.value, bytes):
            return attribute.value
        strings, offset = self._strings, attribute.value
        if attribute.form == dw.DW_FORM_line_strp:
            strings = self._sections.read(".debug_line_str")
        elif attribute.form in STRX_FORMS:
            entry = self.string_entry(unit, attribute)
            size = unit.header.encoding.offset_size
            table = self._sections.read(".debug_str_offsets")
            offset = int.from_bytes(table[entry : entry + size], "little")
        elif attribute.form != dw.DW_FORM_strp:
            return b""
        end = strings.find(b"\0", offset)
        return strings[offset:end] if end >= 0 else b""

    @staticmethod
    def string_entry(unit: Unit, attribute: Attribute) -> int:
        """Return where in .debug_str_offsets the entry of an indexed string lies."""
        return unit.str_offsets_base + unit.header.encoding.offset_size * attribute.number

    def address(self, unit: Unit, attribute: Attribute | None) -> int | None:
        """Return an address attribute's value, None where it is missing or not an address."""
        if attribute is None:
            return None
        if attribute.form == dw.DW_FORM_addr:
            return attribute.number
        if attribute.form in ADDRX_FORMS:
            return self.indexed_address(unit, attribute.number)
        return None

    def indexed_address(self, unit: Unit, index: int) -> int:
        """Return entry `index` of the unit's part of .debug_addr. DwarfError when there is none."""
        position = unit.addr_base + 4 * index
        if unit.addr_base < 0 or position > len(self._addresses) - 4:
            raise DwarfError(f"address index {index} lies outside .debug_addr")
        value: int = struct.unpack_from("<I", self._addresses, position)[0]
        return value

    def reference(self, die: Die, name: int) -> Die | None:
        """Return the entry a reference attribute names, None where there is none to read."""
        attribute = die.attributes.get(name)
        if attribute is None:
            return None
        if attribute.form in UNIT_REF_FORMS:
            return self.die(die.unit, die.unit.header.offset + attribute.number)
        if attribute.form == dw.DW_FORM_ref_addr:
            for unit in self.units():
                if unit.header.offset <= attribute.number < unit.header.end:
                    return self.die(unit, attribute.number)
        return None

    def inherited(self, die: Die, name: int) -> tuple[Die, Attribute] | None:
        """Return an attribute and the entry that has it: this one, or the one it completes."""
        for _ in range(MAX_CHAIN):
            attribute = die.attributes.get(name)
            if attribute is not None:
                return die, attribute
            origin = self.reference(die, dw.DW_AT_abstract_origin)
            origin = origin or self.reference(die, dw.DW_AT_specification)
            if origin is None:
                return None
            die = origin
        raise DwarfError(f"entry 0x{die.offset:x} refers to itself")

    def text(self, die: Die, name: int) -> bytes:
        """Return a string attribute of the entry or of the one it completes, empty without one."""
        found = self.inherited(die, name)
        return self.string(found[0].unit, found[1]) if found else b""

    def linkage_name(self, die: Die) -> bytes:
        """Return the mangled name of a function or variable, empty where it has none.

        What is local to C++'s main is named as on other targets.
        """
        name = self.text(die, dw.DW_AT_linkage_name)
        name = name or self.text(die, dw.DW_AT_MIPS_linkage_name)
        found = _LOCAL_IN_MAIN.match(name)
        return LOCAL_IN_MAIN + name[found.end() :] if found else name

    def _value(self, unit: Unit, data: bytes, form: int, position: int) -> tuple[Attribute, int]:
        shape = unit.header.encoding.shape(form)
        value: int | bytes
        if isinstance(shape, int):
            if form == dw.DW_FORM_flag_present:
                return Attribute(form, 1, position), position
            end = position + shape
            value = int.from_bytes(data[position:end], "little")
            return Attribute(form, value, position), end
        if shape is Shape.LEB:
            value, end = read_uleb(data, position)
        elif shape is Shape.SLEB:
            value, end = read_sleb(data, position)
        elif shape is Shape.STRING:
            stop = data.find(b"\0", position)
            if stop < 0:
                raise DwarfError(f"string at 0x{position:x} has no end")
            value, end = data[position:stop], stop + 1
        else:
            start, end = block_bounds(data, position, shape)
            value = data[start:end]
        return Attribute(form, value, position), end


class CutOff(DwarfError):
    """The length of a unit is wrong: nothing after it can be found."""


def open_units(
    reader: DieReader, section: str, data: bytes
) -> Iterator[tuple[int, Unit | DwarfError]]:
    """Open every unit of a section in `reader`; yield each with its offset, or why it cannot be."""
    offset = 0
    while offset < len(data):
        try:
            end = unit_extent(data, offset)[2]
        except DwarfError as error:
            yield offset, CutOff(str(error))
            return
        try:
            unit = reader.open_unit(read_unit_header(section, data, offset))
        except DwarfError as error:
            yield offset, error
        else:
            yield offset, unit
        offset = end
