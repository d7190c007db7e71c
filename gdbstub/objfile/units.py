"""Units of .debug_info and .debug_types: their headers, and a harmless one to put in place of a bad one."""

import struct
from dataclasses import dataclass

from gdbstub.objfile import dw
from gdbstub.objfile.forms import Encoding
from gdbstub.objfile.report import DwarfError

HARMLESS_ABBREVIATION = bytes((1, dw.DW_TAG_compile_unit, 0, 0, 0, 0))
"""An abbreviation table whose code 1 is a unit without attributes and children."""


@dataclass(frozen=True, slots=True)
class UnitHeader:
    """A unit header (DWARF 5, 7.5.1). Offsets are offsets in its section."""

    section: str
    offset: int
    end: int
    unit_type: int
    encoding: Encoding
    abbrev_offset: int
    first_die: int

    @property
    def abbrev_offset_at(self) -> tuple[int, int]:
        """Where the offset of its abbreviations lies, and its size in bytes."""
        size = self.encoding.offset_size
        length_and_version = (12 if size == 8 else 4) + 2
        types = 2 if self.encoding.version >= 5 else 0
        return self.offset + length_and_version + types, size


def unit_extent(data: bytes, offset: int) -> tuple[int, int, int]:
    """Return (offset size, position after the initial length, end) of the contribution at `offset`.

    Any of the sections that start a contribution with its length is meant. DwarfError when the
    length is missing, reserved, or runs past the section.
    """
    if offset + 4 > len(data):
        raise DwarfError("unit header is cut off")
    (length,) = struct.unpack_from("<I", data, offset)
    position, offset_size = offset + 4, 4
    if length == 0xFFFFFFFF:
        if offset + 12 > len(data):
            raise DwarfError("unit header is cut off")
        (length,) = struct.unpack_from("<Q", data, position)
        position, offset_size = offset + 12, 8
    elif length >= 0xFFFFFFF0:
        raise DwarfError(f"reserved unit length 0x{length:x}")
    if position + length > len(data):
        raise DwarfError(f"unit of {length} bytes runs past the end of the section")
    return offset_size, position, position + length


def read_unit_header(section: str, data: bytes, offset: int) -> UnitHeader:
    """Read the header at `offset`. DwarfError when it is of a kind or version unknown here."""
    offset_size, position, end = unit_extent(data, offset)
    if end - position < 3 + offset_size:
        raise DwarfError("unit header is cut off")
    (version,) = struct.unpack_from("<H", data, position)
    position += 2
    offset_format = "<Q" if offset_size == 8 else "<I"
    if 2 <= version <= 4:
        unit_type = dw.DW_UT_type if section == ".debug_types" else dw.DW_UT_compile
        (abbrev_offset,) = struct.unpack_from(offset_format, data, position)
        address_size = data[position + offset_size]
        position += offset_size + 1
    elif version == 5:
        unit_type, address_size = data[position], data[position + 1]
        if position + 2 + offset_size > end:
            raise DwarfError("unit header is cut off")
        (abbrev_offset,) = struct.unpack_from(offset_format, data, position + 2)
        position += 2 + offset_size
    else:
        raise DwarfError(f"DWARF version {version}")
    if unit_type in (dw.DW_UT_type, dw.DW_UT_split_type):
        position += 8 + offset_size
    elif unit_type in (dw.DW_UT_skeleton, dw.DW_UT_split_compile):
        position += 8
    elif unit_type not in (dw.DW_UT_compile, dw.DW_UT_partial):
        raise DwarfError(f"unit type 0x{unit_type:x}")
    if position > end:
        raise DwarfError("unit header is cut off")
    encoding = Encoding(version, offset_size, address_size)
    return UnitHeader(section, offset, end, unit_type, encoding, abbrev_offset, position)


def harmless_unit(data: bytes, offset: int, abbrev_offset: int) -> bytes | None:
    """Return a unit as long as the one at `offset` that says nothing; None where none fits.

    `abbrev_offset` is where `HARMLESS_ABBREVIATION` lies in .debug_abbrev.
    """
    offset_size, position, end = unit_extent(data, offset)
    body = struct.pack("<H", 4) + abbrev_offset.to_bytes(offset_size, "little") + bytes((4, 1))
    if end - position < len(body):
        return None
    return data[offset:position] + body.ljust(end - position, b"\0")
