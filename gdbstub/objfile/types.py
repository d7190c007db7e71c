"""C types read from DWARF, as far as values of them travel between functions and the debugger."""

from dataclasses import dataclass
from enum import Enum

from gdbstub.objfile import dw
from gdbstub.objfile.dies import MAX_CHAIN, Die, DieReader
from gdbstub.objfile.report import DwarfError


class TypeKind(Enum):
    """What a value of a type is."""

    VOID = "void"
    INTEGER = "integer"
    POINTER = "pointer"
    FLOAT = "float"
    COMPLEX = "complex"
    STRUCT = "struct"
    UNION = "union"
    ARRAY = "array"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Field:
    """A member, or a base class: `base`. `bit_size` is 0 but for a bit-field, whose offset is its unit's."""

    name: str
    offset: int
    type: "CType"
    bit_size: int = 0
    base: bool = False


@dataclass(frozen=True, slots=True)
class CType:
    """A type, typedefs and qualifiers removed.

    Enumerations, characters and booleans are INTEGER; references are POINTER. `fields` are those
    of a struct or union, `element` and `count` those of an array. `by_reference` marks a C++ class
    that is passed and returned by reference whatever its size.
    """

    kind: TypeKind
    size: int
    signed: bool = False
    fields: tuple[Field, ...] = ()
    element: "CType | None" = None
    count: int = 0
    by_reference: bool = False


VOID = CType(TypeKind.VOID, 0)
UNKNOWN = CType(TypeKind.UNKNOWN, 0)

POINTERS = frozenset(
    {dw.DW_TAG_pointer_type, dw.DW_TAG_reference_type, dw.DW_TAG_rvalue_reference_type}
)
_TRANSPARENT = frozenset(
    {
        dw.DW_TAG_typedef,
        dw.DW_TAG_const_type,
        dw.DW_TAG_volatile_type,
        dw.DW_TAG_restrict_type,
        dw.DW_TAG_atomic_type,
        dw.DW_TAG_immutable_type,
    }
)
_STRUCTS = frozenset({dw.DW_TAG_structure_type, dw.DW_TAG_class_type})
_SIGNED = frozenset({dw.DW_ATE_signed, dw.DW_ATE_signed_char})
_BASE_KINDS = {
    dw.DW_ATE_float: TypeKind.FLOAT,
    dw.DW_ATE_complex_float: TypeKind.COMPLEX,
    dw.DW_ATE_address: TypeKind.POINTER,
}


class TypeReader:
    """Reads types on demand and keeps them. What cannot be read is UNKNOWN, of size 0."""

    def __init__(self, reader: DieReader) -> None:
        self.reader = reader
        self._types: dict[tuple[str, int], CType] = {}
        self._open: set[tuple[str, int]] = set()

    def of(self, die: Die) -> CType:
        """Return the type an entry's DW_AT_type names, or its origin's; VOID without one."""
        try:
            found = self.reader.inherited(die, dw.DW_AT_type)
            target = self.reader.reference(found[0], dw.DW_AT_type) if found else None
        except DwarfError:
            return UNKNOWN
        if found is None:
            return VOID
        return UNKNOWN if target is None else self.read(target)

    def read(self, die: Die) -> CType:
        """Return the type that an entry describes."""
        key = (die.unit.header.section, die.offset)
        known = self._types.get(key)
        if known is not None:
            return known
        if key in self._open or len(self._open) > MAX_CHAIN:
            return UNKNOWN
        self._open.add(key)
        try:
            result = self._read(die)
        except DwarfError:
            result = UNKNOWN
        finally:
            self._open.discard(key)
        self._types[key] = result
        return result

    def _read(self, die: Die) -> CType:
        tag = die.tag
        if tag in _TRANSPARENT:
            return self.of(die)
        size = die.number(dw.DW_AT_byte_size)
        if tag == dw.DW_TAG_base_type:
            encoding = die.number(dw.DW_AT_encoding)
            kind = _BASE_KINDS.get(encoding, TypeKind.INTEGER)
            return CType(kind, size, encoding in _SIGNED)
        if tag in POINTERS:
            return CType(TypeKind.POINTER, size or die.unit.header.encoding.address_size)
        if tag == dw.DW_TAG_enumeration_type:
            underlying = self.of(die)
            return CType(TypeKind.INTEGER, size or underlying.size, underlying.signed)
        if tag in _STRUCTS or tag == dw.DW_TAG_union_type:
            kind = TypeKind.UNION if tag == dw.DW_TAG_union_type else TypeKind.STRUCT
            convention = die.number(dw.DW_AT_calling_convention)
            return CType(
                kind,
                size,
                fields=self._fields(die),
                by_reference=convention == dw.DW_CC_pass_by_reference,
            )
        if tag == dw.DW_TAG_array_type:
            return self._array(die)
        if tag == dw.DW_TAG_ptr_to_member_type:
            return CType(TypeKind.INTEGER, size or die.unit.header.encoding.address_size)
        if tag == dw.DW_TAG_unspecified_type:
            return VOID
        return UNKNOWN

    def _fields(self, die: Die) -> tuple[Field, ...]:
        fields = []
        for child in self.reader.children(die):
            if child.tag not in (dw.DW_TAG_member, dw.DW_TAG_inheritance):
                continue
            if dw.DW_AT_external in child.attributes:
                continue
            name = self.reader.text(child, dw.DW_AT_name).decode(errors="replace")
            member = self.of(child)
            offset = child.number(dw.DW_AT_data_member_location)
            bit_size = child.number(dw.DW_AT_bit_size)
            if dw.DW_AT_data_bit_offset in child.attributes:
                bits = 8 * max(member.size, 1)
                offset = child.number(dw.DW_AT_data_bit_offset) // bits * max(member.size, 1)
            base = child.tag == dw.DW_TAG_inheritance
            fields.append(Field(name, offset, member, bit_size, base))
        return tuple(fields)

    def _array(self, die: Die) -> CType:
        element = self.of(die)
        count = 1
        for child in self.reader.children(die):
            if child.tag != dw.DW_TAG_subrange_type:
                continue
            if dw.DW_AT_count in child.attributes:
                count *= child.number(dw.DW_AT_count)
            elif dw.DW_AT_upper_bound in child.attributes:
                lower = child.number(dw.DW_AT_lower_bound)
                count *= max(child.number(dw.DW_AT_upper_bound) - lower + 1, 0)
            else:
                count = 0
        size = die.number(dw.DW_AT_byte_size) or element.size * count
        return CType(TypeKind.ARRAY, size, element=element, count=count)
