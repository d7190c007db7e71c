"""DWARF that is made rather than patched: units, abbreviations, line programs, .debug_aranges.

Units are of DWARF 4 in its 32-bit form, with 4-byte addresses and strings written in place; every
reference goes to an entry written before. gdb 13 takes the addresses of variables for code of their
unit unless .debug_aranges says which addresses are code, so every unit has a set, an empty one too.
"""

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from gdbstub.objfile import dw
from gdbstub.objfile.leb import sleb, uleb

VERSION = 4
ADDRESS_SIZE = 4
UNIT_HEADER_SIZE = 11


def _string(value: bytes) -> bytes:
    return value.replace(b"\0", b"?") + b"\0"


def _block(value: bytes) -> bytes:
    return uleb(len(value)) + value


_NUMBER = {
    dw.DW_FORM_addr: struct.Struct("<I").pack,
    dw.DW_FORM_ref4: struct.Struct("<I").pack,
    dw.DW_FORM_sec_offset: struct.Struct("<I").pack,
    dw.DW_FORM_data1: struct.Struct("<B").pack,
    dw.DW_FORM_data2: struct.Struct("<H").pack,
    dw.DW_FORM_data4: struct.Struct("<I").pack,
    dw.DW_FORM_udata: uleb,
}
_BYTES: dict[int, Callable[[bytes], bytes]] = {
    dw.DW_FORM_string: _string,
    dw.DW_FORM_exprloc: _block,
}


@dataclass(frozen=True, slots=True)
class Value:
    """One attribute of an entry to be written: its name, its form, and what the form takes.

    Bytes for strings and expressions; a number for everything else (ref4: what `UnitWriter.entry`
    returned).
    """

    name: int
    form: int
    value: int | bytes = 1


def text(name: int, value: str) -> Value:
    """Make a string attribute."""
    return Value(name, dw.DW_FORM_string, value.encode(errors="surrogateescape"))


def flag(name: int) -> Value:
    """Make a flag that is set."""
    return Value(name, dw.DW_FORM_flag_present)


def refer(name: int, entry: int) -> Value:
    """Make a reference to an entry of the same unit."""
    return Value(name, dw.DW_FORM_ref4, entry)


def located(expression: bytes) -> Value:
    """Make a DW_AT_location."""
    return Value(dw.DW_AT_location, dw.DW_FORM_exprloc, expression)


class UnitWriter:
    """Writes the entries of one unit, in order."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._abbreviations: dict[tuple[int, bool, tuple[tuple[int, int], ...]], int] = {}
        self._depth = 0

    def entry(self, tag: int, *values: Value, children: bool = False) -> int:
        """Write an entry and return what a reference to it is; its children follow until `end`."""
        shape = (tag, children, tuple((value.name, value.form) for value in values))
        code = self._abbreviations.setdefault(shape, len(self._abbreviations) + 1)
        offset = UNIT_HEADER_SIZE + len(self._data)
        self._data += uleb(code)
        for value in values:
            if value.form == dw.DW_FORM_flag_present:
                continue
            if isinstance(value.value, bytes):
                self._data += _BYTES[value.form](value.value)
            else:
                self._data += _NUMBER[value.form](value.value)
        self._depth += children
        return offset

    def end(self) -> None:
        """End the children of the innermost entry that has any."""
        self._data.append(0)
        self._depth -= 1

    def abbreviations(self) -> bytes:
        """Return the unit's table for .debug_abbrev."""
        out = bytearray()
        for (tag, children, specs), code in self._abbreviations.items():
            out += uleb(code) + uleb(tag) + bytes((children,))
            for name, form in specs:
                out += uleb(name) + uleb(form)
            out += bytes(2)
        return bytes(out) + b"\0"

    def unit(self, abbrev_offset: int) -> bytes:
        """Return the whole unit, its table being at `abbrev_offset`."""
        assert self._depth == 0, "every list of children is ended"
        body = struct.pack("<HIB", VERSION, abbrev_offset, ADDRESS_SIZE) + self._data
        return struct.pack("<I", len(body)) + body


# Line programs (DWARF 4, 6.2). A special opcode advances the line by 1 and the address by
# opcode - OPCODE_BASE: one byte an operator.
_OPERANDS = bytes((0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1))
OPCODE_BASE = len(_OPERANDS) + 1
LINE_BASE = LINE_RANGE = 1
_COPY, _ADVANCE_PC, _ADVANCE_LINE = 1, 2, 3
_END_SEQUENCE, _SET_ADDRESS = 1, 2


@dataclass(frozen=True, slots=True)
class LineRun:
    """Addresses that stand on consecutive lines: the first on `line`, ending before `end`."""

    line: int
    addresses: Sequence[int]
    end: int


def line_program(folder: str, file: str, runs: Iterable[LineRun]) -> bytes:
    """Return a .debug_line contribution for one source file, a sequence a run."""
    names = folder.encode(errors="surrogateescape") + b"\0\0"
    names += file.encode(errors="surrogateescape") + b"\0" + bytes((1, 0, 0)) + b"\0"
    header = struct.pack("<BBBBBB", 1, 1, 1, LINE_BASE, LINE_RANGE, OPCODE_BASE)
    header += _OPERANDS + names
    program = bytearray()
    for run in runs:
        if run.addresses:
            _sequence(program, run)
    body = struct.pack("<HI", VERSION, len(header)) + header + program
    return struct.pack("<I", len(body)) + body


def _sequence(program: bytearray, run: LineRun) -> None:
    address = run.addresses[0]
    assert address <= run.addresses[-1] < run.end, "addresses ascend"
    program += bytes((0, 1 + ADDRESS_SIZE, _SET_ADDRESS)) + struct.pack("<I", address)
    program += bytes((_ADVANCE_LINE,)) + sleb(run.line - 1) + bytes((_COPY,))
    farthest = 0xFF - OPCODE_BASE
    for following in run.addresses[1:]:
        step = following - address
        if step > farthest:
            program += bytes((_ADVANCE_PC,)) + uleb(step)
            step = 0
        program.append(OPCODE_BASE + step)
        address = following
    program += bytes((_ADVANCE_PC,)) + uleb(run.end - address)
    program += bytes((0, 1, _END_SEQUENCE))


def debug_aranges(units: Iterable[int], ranges: Mapping[int, list[tuple[int, int]]]) -> bytes:
    """Return a set for each unit offset, with the unit's (address, size) pairs in order."""
    out = bytearray()
    for unit in units:
        pairs = sorted(set(ranges.get(unit, ())))
        # The header's 12 bytes are padded so that tuples start at a multiple of their size.
        body = struct.pack("<HIBB", 2, unit, 4, 0) + bytes(4)
        body += b"".join(struct.pack("<II", *pair) for pair in pairs) + bytes(8)
        out += struct.pack("<I", len(body)) + body
    return bytes(out)
