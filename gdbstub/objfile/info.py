"""The pass over .debug_info that makes it fit the synthetic machine, entry by entry, in place.

Every abbreviation is compiled once to how many bytes to skip and what to do between the skips:

    lead, ((step, argument, skip), ...), finish

`step(position, argument)` handles one attribute and returns the position after it; `finish(offset)`
runs when the whole entry has been passed. Most entries are one addition. Names and types are not
read here: what needs them is noted by offset, for `DieReader`.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass

from gdbstub.objfile import dw
from gdbstub.objfile.abbrev import Abbreviation
from gdbstub.objfile.addresses import AddressTables, CodeMap, is_dead
from gdbstub.objfile.alignment import STRUCTS, struct_alignments
from gdbstub.objfile.attributes import AttributePatcher
from gdbstub.objfile.dead import DECLARED, RETURNS_NOTHING
from gdbstub.objfile.dies import LOCAL_IN_MAIN, MAX_CHAIN, Attribute, Die, DieReader, Unit
from gdbstub.objfile.expression import TOMBSTONES, Rewriters, completed
from gdbstub.objfile.forms import (
    ADDRX_FORMS,
    BLOCK_FORMS,
    DATA_FORMS,
    STRX_FORMS,
    Encoding,
    Shape,
)
from gdbstub.objfile.image import FunctionImage
from gdbstub.objfile.leb import read_uleb, uleb
from gdbstub.objfile.lists import ListPatcher
from gdbstub.objfile.report import DwarfError, Tally
from gdbstub.objfile.sections import Sections
from gdbstub.objfile.types import POINTERS, TypeReader

Step = Callable[[int, int], int]
Finish = Callable[[int], None]

LOCATION_ATTRIBUTES = frozenset(
    {
        dw.DW_AT_location,
        dw.DW_AT_string_length,
        dw.DW_AT_return_addr,
        dw.DW_AT_data_member_location,
        dw.DW_AT_frame_base,
        dw.DW_AT_segment,
        dw.DW_AT_static_link,
        dw.DW_AT_use_location,
        dw.DW_AT_vtable_elem_location,
        dw.DW_AT_data_location,
        dw.DW_AT_allocated,
        dw.DW_AT_associated,
        dw.DW_AT_GNU_call_site_value,
        dw.DW_AT_GNU_call_site_data_value,
        dw.DW_AT_GNU_call_site_target,
    }
)
"""Attributes whose block is an expression and whose section offset is a location list."""

C_MAIN_LINKAGE = (b"__main_argc_argv", b"__main_void", b"__original_main")
"""What C's main is called in a Wasm object."""

PRODUCER_PREFIX = b"clang "
"""gdb trusts the line table for the end of a prologue when the producer starts with this."""

QUAD_FLOAT_NAMES = {
    (dw.DW_ATE_float, 16): b"_Float128",
    (dw.DW_ATE_complex_float, 32): b"complex _Float128",
}
"""Floats of these names are IEEE quad to gdb, as Wasm's are; `long double` would be x87's."""


_TYPE_IN_UNIT = (dw.DW_AT_type, dw.DW_FORM_ref4)
_MISALIGNED = (8, 16)
"""Sizes of the numbers that gdb takes to be aligned to 4 here; they are aligned to their size."""


@dataclass(frozen=True, slots=True)
class Scan:
    """A compiled abbreviation."""

    has_children: bool
    lead: int
    steps: tuple[tuple[Step, int, int], ...]
    finish: Finish | None


@dataclass(frozen=True, slots=True)
class FunctionEntry:
    """A function's entry in the DWARF. `frame_base` is the original expression, empty without one."""

    unit: Unit
    offset: int
    function: FunctionImage
    frame_base: bytes


@dataclass(frozen=True, slots=True)
class VariableEntry:
    """A variable at a fixed address, in `function` when it is a static local."""

    unit: Unit
    offset: int
    address: int
    function: FunctionImage | None


class InfoPatcher(AttributePatcher):
    """Patches units one after the other and notes their functions and variables."""

    def __init__(
        self,
        sections: Sections,
        reader: DieReader,
        code: CodeMap,
        rewriters: Rewriters,
        addresses: AddressTables,
        lists: ListPatcher,
        tally: Tally,
    ) -> None:
        super().__init__(sections, reader, code, rewriters, addresses, lists, tally)
        self._scans: dict[tuple[int, Encoding], dict[int, Scan]] = {}
        self.functions: list[FunctionEntry] = []
        self.variables: list[VariableEntry] = []
        self.main: FunctionImage | None = None
        self.reshaped: dict[int, int] = {}
        """Entries of the last unit that need another abbreviation; see `dead.reshape`."""
        self._types = TypeReader(reader)
        self._structs: list[int] = []
        self._members: list[tuple[int, int]] = []

    def patch(self, unit: Unit) -> None:
        """Patch one unit. DwarfError when it cannot be read to its end: what it noted is forgotten."""
        if unit.header.encoding.address_size != 4:
            raise DwarfError(f"addresses of {unit.header.encoding.address_size} bytes")
        self._open(unit)
        marks = len(self.functions), len(self.variables)
        self.reshaped.clear()
        self._structs.clear()
        self._members.clear()
        try:
            self._walk(unit)
            self._align_structs(unit)
        except (DwarfError, IndexError, struct.error) as error:
            del self.functions[marks[0] :], self.variables[marks[1] :]
            raise DwarfError(str(error) or "entry runs past the end") from None

    def _walk(self, unit: Unit) -> None:
        data, position, end = self._data, unit.header.first_die, unit.header.end
        scans = self._compiled(unit)
        scopes: list[tuple[int, FunctionImage | None]] = []
        depth = 0
        while position < end:
            offset = position
            code = data[position]
            position += 1
            if code == 0:
                depth -= 1
                if scopes and scopes[-1][0] == depth:
                    self._enter(scopes.pop()[1])
                if depth <= 0:
                    return
                continue
            if code >= 0x80:
                code, position = read_uleb(data, offset)
            scan = scans.get(code)
            if scan is None:
                raise DwarfError(f"abbreviation {code} at 0x{offset:x} is not in its table")
            position += scan.lead
            for step, argument, skip in scan.steps:
                position = step(position, argument) + skip
            outer = self._function
            if scan.finish is not None:
                scan.finish(offset)
            if scan.has_children:
                if self._function is not outer:
                    scopes.append((depth, outer))
                depth += 1
            elif depth == 0:
                return
            elif self._function is not outer:
                self._enter(outer)
        if position > end:
            raise DwarfError(f"unit at 0x{unit.header.offset:x} is cut off")

    def _align_structs(self, unit: Unit) -> None:
        numbers = {
            at: alignment for at, alignment in self.reshaped.items() if alignment != DECLARED
        }
        if numbers:
            self.reshaped |= struct_alignments(
                self._reader, unit, numbers, self._structs, self._members
            )

    # Compiling abbreviations.

    def _compiled(self, unit: Unit) -> dict[int, Scan]:
        key = (unit.header.abbrev_offset, unit.header.encoding)
        scans = self._scans.get(key)
        if scans is None:
            scans = self._scans[key] = {
                code: self._compile(abbreviation, unit.header.encoding)
                for code, abbreviation in unit.abbreviations.items()
            }
        return scans

    def _compile(self, abbreviation: Abbreviation, encoding: Encoding) -> Scan:
        lead, skip = 0, 0
        steps: list[tuple[Step, int, int]] = []
        tail: tuple[Step, int] | None = None
        names = set()
        for spec in abbreviation.attributes:
            names.add(spec.name)
            step = self._step(spec.name, spec.form, encoding)
            if abbreviation.tag == dw.DW_TAG_member and (spec.name, spec.form) == _TYPE_IN_UNIT:
                step = self._member_type, 0
            if step is None:
                shape = encoding.shape(spec.form)
                assert isinstance(shape, int)
                skip += shape
                continue
            if tail is None:
                lead = skip
            else:
                steps.append((*tail, skip))
            tail, skip = step, 0
        if tail is None:
            lead = skip
        else:
            steps.append((*tail, skip))
        return Scan(
            abbreviation.has_children, lead, tuple(steps), self._finisher(abbreviation.tag, names)
        )

    def _step(self, name: int, form: int, encoding: Encoding) -> tuple[Step, int] | None:
        """Return what to do at an attribute and with which argument, None when it is fixed and plain."""
        shape = encoding.shape(form)
        listed = form == dw.DW_FORM_sec_offset or (
            encoding.version < 4 and form in (dw.DW_FORM_data4, dw.DW_FORM_data8)
        )
        if name == dw.DW_AT_low_pc and (form == dw.DW_FORM_addr or form in ADDRX_FORMS):
            return self._low_pc, form
        if name == dw.DW_AT_high_pc:
            return self._high_pc, form
        if form == dw.DW_FORM_addr:
            return self._address, 0
        if form == dw.DW_FORM_exprloc or (form in BLOCK_FORMS and name in LOCATION_ATTRIBUTES):
            return (self._frame_base if name == dw.DW_AT_frame_base else self._expression), form
        if name in LOCATION_ATTRIBUTES and listed:
            return self._location_list, encoding.offset_size
        if form == dw.DW_FORM_loclistx:
            return self._location_index, 0
        if name == dw.DW_AT_ranges and listed:
            return self._range_list, encoding.offset_size
        if form == dw.DW_FORM_rnglistx:
            return self._range_index, 0
        if isinstance(shape, int):
            return None
        if shape in (Shape.LEB, Shape.SLEB):
            return self._skip_leb, 0
        return self._skip_shape, form

    def _finisher(self, tag: int, names: set[int]) -> Finish | None:
        if tag in (dw.DW_TAG_compile_unit, dw.DW_TAG_partial_unit, dw.DW_TAG_skeleton_unit):
            return self._finish_unit
        if tag == dw.DW_TAG_subprogram and names & {dw.DW_AT_low_pc, dw.DW_AT_frame_base}:
            return self._finish_function
        if tag == dw.DW_TAG_base_type:
            return self._finish_base_type
        if tag in STRUCTS:
            return self._structs.append
        if tag == dw.DW_TAG_variable and dw.DW_AT_location in names:
            return self._finish_variable
        if tag == dw.DW_TAG_formal_parameter and dw.DW_AT_location in names:
            return self._finish_parameter
        if tag == dw.DW_TAG_template_value_parameter and dw.DW_AT_location in names:
            return self._finish_template_value
        if dw.DW_AT_low_pc in names or dw.DW_AT_high_pc in names:
            return self._finish_code_range
        return None

    def _member_type(self, position: int, _: int) -> int:
        offset = int.from_bytes(self._data[position : position + 4], "little")
        self._members.append((position, self._unit.header.offset + offset))
        return position + 4

    # Finishers: one entry each.

    def _finish_code_range(self, _: int, base: bool = False) -> None:
        """Shift an entry's low_pc and high_pc; dead code gets an empty range.

        A `base` written in place is the base of lists, so it does not move with a B entry.
        """
        low, low_at, high = self._low, self._low_at, self._high
        self._begin_entry()
        if low is None:
            return
        if low in TOMBSTONES or (is_dead(low) and not base):
            self._tally.dead_addresses += 1
            if high is not None:
                self._clear(*high)
            return
        move = 0 if base and low_at is not None else self._code.move(low)
        if low_at is not None:
            self._write_address(low_at, low + move)
        if high is None:
            return
        position, form = high
        if form == dw.DW_FORM_addr:
            self._address(position, 0)
        elif move and form not in ADDRX_FORMS:
            self._shorten(position, form, move)

    def _clear(self, position: int, form: int) -> None:
        end = self._high_pc(position, form)
        self._begin_entry()
        if form in (dw.DW_FORM_udata, dw.DW_FORM_sdata):
            self._out[position:end] = uleb(0, end - position)
        elif form in DATA_FORMS or form == dw.DW_FORM_addr:
            self._out[position:end] = bytes(end - position)

    def _shorten(self, position: int, form: int, move: int) -> None:
        """Make a high_pc that is a length smaller by `move`."""
        if form in DATA_FORMS:
            shape = self._unit.header.encoding.shape(form)
            assert isinstance(shape, int)
            end = position + shape
            value = int.from_bytes(self._data[position:end], "little")
            self._out[position:end] = max(value - move, 0).to_bytes(shape, "little")
        elif form == dw.DW_FORM_udata:
            value, end = read_uleb(self._data, position)
            self._out[position:end] = uleb(max(value - move, 0), end - position)

    def _finish_unit(self, offset: int) -> None:
        self._finish_code_range(offset, base=True)
        die = self._reader.die(self._unit, offset)
        producer = die.attributes.get(dw.DW_AT_producer)
        text = self._reader.string(self._unit, producer)
        if producer is not None and text and not text.startswith(PRODUCER_PREFIX):
            self._rename(producer, PRODUCER_PREFIX + b"(" + text + b")")

    def _finish_function(self, offset: int) -> None:
        low, frame_base = self._low, self._frame
        self._finish_code_range(offset)
        if low is None:
            return
        if is_dead(low):
            self.reshaped[offset] = DECLARED
            return
        function = self._code.by_start.get(low) or self._code.function_at(low)
        if function is None:
            self._tally.issue(self._unit.header.section, offset, f"no function at 0x{low:x}")
            return
        self._tally.moved_entries += self._code.move(low) != 0
        self._enter(function)
        self.functions.append(FunctionEntry(self._unit, offset, function, frame_base))
        die = self._reader.die(self._unit, offset)
        linkage_name = self._reader.linkage_name(die)
        if linkage_name in (b"", *C_MAIN_LINKAGE):
            self._finish_main(die, function)
        elif linkage_name.startswith(LOCAL_IN_MAIN):
            self._rename_linkage(die, linkage_name)
        if dw.DW_AT_type in die.attributes:
            declaration = self._reader.reference(die, dw.DW_AT_specification)
            if declaration is not None and dw.DW_AT_type not in declaration.attributes:
                self.reshaped[offset] = RETURNS_NOTHING

    def _finish_main(self, die: Die, function: FunctionImage) -> None:
        """Take C's main for what it is: its linkage name would be shown in every frame."""
        name = self._reader.text(die, dw.DW_AT_name)
        if name != b"main" or self._reader.inherited(die, dw.DW_AT_external) is None:
            return
        self.main = function
        self._rename_linkage(die, name)

    def _rename_linkage(self, die: Die, name: bytes) -> None:
        for attribute in (dw.DW_AT_linkage_name, dw.DW_AT_MIPS_linkage_name):
            found = self._reader.inherited(die, attribute)
            if found is not None and found[0].unit is self._unit:
                self._rename(found[1], name)

    def _finish_base_type(self, offset: int) -> None:
        die = self._reader.die(self._unit, offset)
        key = die.number(dw.DW_AT_encoding), die.number(dw.DW_AT_byte_size)
        name = die.attributes.get(dw.DW_AT_name)
        if key in QUAD_FLOAT_NAMES and name is not None:
            self._rename(name, QUAD_FLOAT_NAMES[key])
        encoding, size = key
        alignment = (size or 0) // (2 if encoding == dw.DW_ATE_complex_float else 1)
        if alignment in _MISALIGNED and dw.DW_AT_alignment not in die.attributes:
            self.reshaped[offset] = alignment

    def _finish_variable(self, offset: int) -> None:
        address = self._data_address
        self._begin_entry()
        if address is not None:
            self.variables.append(VariableEntry(self._unit, offset, address, self._function))
        elif self._lists.in_pieces:
            self._complete(offset)

    def _finish_parameter(self, offset: int) -> None:
        self._begin_entry()
        if self._lists.in_pieces:
            self._complete(offset)

    def _complete(self, offset: int) -> None:
        """Say of a variable in pieces what is missing at its end: it may end gdb 13 to ask for that."""
        size = self._types.of(self._reader.die(self._unit, offset)).size
        for out, start, end, covered in self._lists.in_pieces:
            if size > covered:
                out[start:end] = completed(bytes(out[start:end]), size - covered)
        self._lists.in_pieces.clear()

    def _finish_template_value(self, offset: int) -> None:
        """Shift the address of a function that a template was given."""
        place = self._constant_at
        self._begin_entry()
        if place is None:
            return
        (address,) = struct.unpack_from("<I", self._data, place)
        if address in self._code.by_start and self._points_to_code(offset):
            struct.pack_into("<I", self._out, place, self._code.shown(address))
            self._tally.addresses += 1

    def _points_to_code(self, offset: int) -> bool:
        """Tell whether an entry's type is a pointer to a function."""
        die: Die | None = self._reader.die(self._unit, offset)
        for _ in range(MAX_CHAIN):
            die = None if die is None else self._reader.reference(die, dw.DW_AT_type)
            if die is None or die.tag not in (dw.DW_TAG_typedef, *POINTERS):
                break
        return die is not None and die.tag == dw.DW_TAG_subroutine_type

    def _rename(self, attribute: Attribute, text: bytes) -> None:
        """Point a string attribute, or the entry it indexes, at another text."""
        size = self._unit.header.encoding.offset_size
        if attribute.form == dw.DW_FORM_strp:
            target, position = self._out, attribute.position
        elif attribute.form in STRX_FORMS and ".debug_str_offsets" in self._sections.patched:
            target = self._sections.patched[".debug_str_offsets"]
            position = self._reader.string_entry(self._unit, attribute)
        else:
            return
        if position + size <= len(target):
            target[position : position + size] = self._sections.intern(text).to_bytes(
                size, "little"
            )
