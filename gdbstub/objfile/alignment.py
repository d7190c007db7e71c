"""Structs that gdb would align wrong, and how they are aligned.

gdb takes numbers of 8 bytes and more to be aligned to 4 where pointers have 4 bytes. What DWARF says of a
base type it believes, but not through a typedef; so a struct with such a member has to say it itself.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

from gdbstub.objfile import dw
from gdbstub.objfile.dies import MAX_CHAIN, Die, DieReader, Unit
from gdbstub.objfile.report import DwarfError

STRUCTS = frozenset({dw.DW_TAG_structure_type, dw.DW_TAG_class_type, dw.DW_TAG_union_type})
_QUALIFIERS = frozenset(
    {
        dw.DW_TAG_const_type,
        dw.DW_TAG_volatile_type,
        dw.DW_TAG_restrict_type,
        dw.DW_TAG_atomic_type,
    }
)
_POINTERS = frozenset(
    {
        dw.DW_TAG_pointer_type,
        dw.DW_TAG_reference_type,
        dw.DW_TAG_rvalue_reference_type,
        dw.DW_TAG_ptr_to_member_type,
    }
)
_POINTER_ALIGNMENT = 4


def struct_alignments(
    reader: DieReader,
    unit: Unit,
    numbers: Mapping[int, int],
    structs: Sequence[int],
    members: Iterable[tuple[int, int]],
) -> dict[int, int]:
    """Return the alignment of each struct of a unit that gdb would get wrong, by offset.

    `numbers` are the alignments of the base types it needs to be told of. `structs` are the offsets of
    all structs, ascending; `members` are pairs of a position inside a member and its type's offset.
    """
    types = _Types(reader, unit, numbers)
    found: dict[int, int] = {}
    for position, type_offset in members:
        if types.is_misread(type_offset):
            struct = _struct_around(reader, unit, structs, position)
            if struct is not None and struct.offset not in found:
                found[struct.offset] = types.alignment(struct)
    return {offset: alignment for offset, alignment in found.items() if alignment}


def _struct_around(
    reader: DieReader, unit: Unit, structs: Sequence[int], position: int
) -> Die | None:
    """Return the struct that has the member at a position: the one before it, unless that is inside."""
    count = bisect_left(structs, position)
    for offset in reversed(structs[max(count - MAX_CHAIN, 0) : count]):
        struct = reader.die(unit, offset)
        if any(child.offset < position < child.end for child in reader.children(struct)):
            return struct
    return None


class _Types:
    """Types of a unit, by the offsets of their entries."""

    def __init__(self, reader: DieReader, unit: Unit, numbers: Mapping[int, int]) -> None:
        self._reader = reader
        self._unit = unit
        self._numbers = numbers
        self._misread: dict[int, bool] = {}
        self._alignments: dict[int, int] = {}

    def is_misread(self, offset: int) -> bool:
        """Tell whether gdb takes values of a type to be aligned to 4 though they are not."""
        known = self._misread.get(offset)
        if known is None:
            self._misread[offset] = False  # for a chain that leads back here
            try:
                known = self._find_out(self._reader.die(self._unit, offset))
            except DwarfError:
                known = False
            self._misread[offset] = known
        return known

    def _find_out(self, die: Die) -> bool:
        target = self._reader.reference(die, dw.DW_AT_type)
        if target is None or target.unit is not self._unit:
            return False
        if die.tag == dw.DW_TAG_typedef and self._stripped(target).offset in self._numbers:
            return True
        passing = die.tag in (dw.DW_TAG_typedef, dw.DW_TAG_array_type) or die.tag in _QUALIFIERS
        return passing and self.is_misread(target.offset)

    def _stripped(self, die: Die) -> Die:
        for _ in range(MAX_CHAIN):
            if die.tag != dw.DW_TAG_typedef and die.tag not in _QUALIFIERS:
                break
            target = self._reader.reference(die, dw.DW_AT_type)
            if target is None:
                break
            die = target
        return die

    def alignment(self, die: Die) -> int:
        """Return a type's alignment as clang has it; 0 where it is not to be told."""
        if die.unit is not self._unit:
            return 0
        known = self._alignments.get(die.offset)
        if known is None:
            self._alignments[die.offset] = 0  # for a chain that leads back here
            try:
                known = die.number(dw.DW_AT_alignment) or self._natural(die)
            except DwarfError:
                known = 0
            self._alignments[die.offset] = known
        return known

    def _natural(self, die: Die) -> int:
        if die.tag == dw.DW_TAG_base_type:
            return self._numbers.get(die.offset) or _number_alignment(die)
        if die.tag in _POINTERS:
            return _POINTER_ALIGNMENT
        if die.tag == dw.DW_TAG_enumeration_type:
            return die.number(dw.DW_AT_byte_size)
        if die.tag in STRUCTS:
            return self._of_struct(die)
        target = self._reader.reference(die, dw.DW_AT_type)
        return 0 if target is None else self.alignment(target)

    def _of_struct(self, die: Die) -> int:
        """Return the largest alignment of a member; 0 if the struct is packed and does not keep to it."""
        largest = 1
        for child in self._reader.children(die):
            if child.tag not in (dw.DW_TAG_member, dw.DW_TAG_inheritance):
                continue
            if dw.DW_AT_external in child.attributes:
                continue
            target = self._reader.reference(child, dw.DW_AT_type)
            own = 0 if target is None else self.alignment(target)
            place = child.attributes.get(dw.DW_AT_data_member_location)
            offset = place.number if place is not None else 0
            if not own or offset % own:
                return 0
            largest = max(largest, own, child.number(dw.DW_AT_alignment))
        return 0 if die.number(dw.DW_AT_byte_size) % largest else largest


def _number_alignment(die: Die) -> int:
    halves = 2 if die.number(dw.DW_AT_encoding) == dw.DW_ATE_complex_float else 1
    return die.number(dw.DW_AT_byte_size) // halves
