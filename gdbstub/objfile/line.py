"""Line number programs (.debug_line, DWARF 2 to 5): addresses shifted, sequences of dead code removed.

A pass over a program also finds at which body starts a row stands, which decides how a function is
entered (addresses.py).
"""

import struct
from collections.abc import Container

from gdbstub.objfile.addresses import is_dead
from gdbstub.objfile.leb import read_uleb, skip_leb
from gdbstub.objfile.report import DwarfError, Tally
from gdbstub.objfile.units import unit_extent

COPY, ADVANCE_PC, CONST_ADD_PC, FIXED_ADVANCE_PC = 1, 2, 8, 9
END_SEQUENCE, SET_ADDRESS = 1, 2
SET_BASIC_BLOCK = 7
"""Without effect on what debuggers read: the filler for what is removed."""
EMPTY_END = bytes((0, 1, END_SEQUENCE))


class LineHeader:
    """What of a program's header its opcodes depend on. DwarfError when it cannot be read."""

    def __init__(self, data: bytes, offset: int) -> None:
        offset_size, position, self.end = unit_extent(data, offset)
        if self.end - position < 12 + offset_size:
            raise DwarfError("line program header is cut off")
        (self.version,) = struct.unpack_from("<H", data, position)
        if not 2 <= self.version <= 5:
            raise DwarfError(f"line program version {self.version}")
        position += 2
        if self.version >= 5:
            position += 2
        self.length_at, self.length_size = position, offset_size
        length = int.from_bytes(data[position : position + offset_size], "little")
        position += offset_size
        self.program = position + length
        self.min_length = data[position]
        position += 2 if self.version >= 4 else 1
        self.default_is_stmt = data[position] != 0
        line_base = int.from_bytes(data[position + 1 : position + 2], "little", signed=True)
        line_range = data[position + 2]
        self.opcode_base = data[position + 3]
        self.operands = data[position + 4 : position + 3 + self.opcode_base]
        if self.program > self.end or line_range == 0 or self.opcode_base <= SET_BASIC_BLOCK:
            raise DwarfError("line program header makes no sense")
        self.advance = [
            (opcode - self.opcode_base) // line_range * self.min_length for opcode in range(256)
        ]
        self.line_advance = [
            line_base + (opcode - self.opcode_base) % line_range for opcode in range(256)
        ]


class LinePatcher:
    """Patches .debug_line and collects the body starts (DWARF addresses) that have a row."""

    def __init__(
        self, data: bytes, out: bytearray, starts: Container[int], delta: int, tally: Tally
    ) -> None:
        self._data = data
        self._out = out
        self._starts = starts
        self._delta = delta
        self._tally = tally
        self.rows_at_start: set[int] = set()

    def patch(self) -> None:
        """Patch every program; one that cannot be read is emptied, and all after a bad length lost."""
        offset = 0
        while offset < len(self._data):
            try:
                header = LineHeader(self._data, offset)
            except DwarfError as error:
                self._tally.issue(".debug_line", offset, str(error))
                try:
                    offset = unit_extent(self._data, offset)[2]
                except DwarfError:
                    del self._out[offset:]
                    return
                continue
            try:
                self._program(header)
            except (IndexError, struct.error):
                self._tally.issue(".debug_line", offset, "line program is cut off")
                start = header.length_at + header.length_size
                self._out[header.length_at : start] = (header.end - start).to_bytes(
                    header.length_size, "little"
                )
            offset = header.end

    def _program(self, header: LineHeader) -> None:
        data, starts, found = self._data, self._starts, self.rows_at_start
        advance, opcode_base, minimum = header.advance, header.opcode_base, header.min_length
        position, end = header.program, header.end
        address, sequence, dead = 0, position, False
        patched: list[tuple[int, int]] = []
        while position < end:
            opcode = data[position]
            position += 1
            if opcode >= opcode_base:
                address += advance[opcode]
                if address in starts:
                    found.add(address)
            elif opcode == 0:
                length, position = read_uleb(data, position)
                extended = data[position]
                if extended == END_SEQUENCE:
                    self._end_sequence(sequence, position + length, dead, patched)
                    address, sequence, dead = 0, position + length, False
                    patched = []
                elif extended == SET_ADDRESS and length == 5:
                    (address,) = struct.unpack_from("<I", data, position + 1)
                    dead |= is_dead(address)
                    patched.append((position + 1, address))
                position += length
            elif opcode == COPY:
                if address in starts:
                    found.add(address)
            elif opcode == ADVANCE_PC:
                operand, position = read_uleb(data, position)
                address += operand * minimum
            elif opcode == CONST_ADD_PC:
                address += advance[255]
            elif opcode == FIXED_ADVANCE_PC:
                address += data[position] | data[position + 1] << 8
                position += 2
            else:
                for _ in range(header.operands[opcode - 1]):
                    position = skip_leb(data, position)

    def _end_sequence(
        self, start: int, end: int, dead: bool, addresses: list[tuple[int, int]]
    ) -> None:
        """Shift a sequence's addresses, or make it one without rows when it is dead."""
        self._tally.line_sequences += 1
        if dead:
            self._tally.dead_line_sequences += 1
            filler = bytes((SET_BASIC_BLOCK,)) * (end - start - len(EMPTY_END))
            self._out[start:end] = filler + EMPTY_END
            return
        for position, address in addresses:
            shown = (address + self._delta) & 0xFFFFFFFF
            self._out[position : position + 4] = shown.to_bytes(4, "little")
