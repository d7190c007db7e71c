"""Line number programs (.debug_line, DWARF 2 to 5): addresses shifted, sequences of dead code removed.

A pass over a program also finds at which body starts a row stands, which decides how a function is
entered (addresses.py).

A function without a prologue has one row at its first operator. gdb 13 steps into a function to its
second row, unless that has the same address: so the first row is doubled, in the room of a column,
which gdb has no use for.
"""

import struct
from collections.abc import Container

from gdbstub.objfile.addresses import is_dead
from gdbstub.objfile.leb import read_uleb, skip_leb
from gdbstub.objfile.report import DwarfError, Tally
from gdbstub.objfile.units import unit_extent

COPY, ADVANCE_PC, CONST_ADD_PC, FIXED_ADVANCE_PC = 1, 2, 8, 9
END_SEQUENCE, SET_ADDRESS = 1, 2
SET_COLUMN, SET_PROLOGUE_END = 5, 10
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
        self,
        data: bytes,
        out: bytearray,
        starts: Container[int],
        first_ops: Container[int],
        delta: int,
        tally: Tally,
    ) -> None:
        """`starts` and `first_ops` are where functions' bodies and their operators begin."""
        self._data = data
        self._out = out
        self._starts = starts
        self._first_ops = first_ops
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
        first = True
        while position < end:
            opcode = data[position]
            position += 1
            if opcode >= opcode_base:
                address += advance[opcode]
                if address in starts:
                    found.add(address)
                if first:
                    first = False
                    if address in self._first_ops:
                        patched = self._double(header, sequence, position, patched)
            elif opcode == 0:
                length, position = read_uleb(data, position)
                extended = data[position]
                if extended == END_SEQUENCE:
                    self._end_sequence(sequence, position + length, dead, patched)
                    address, sequence, dead = 0, position + length, False
                    patched, first = [], True
                elif extended == SET_ADDRESS and length == 5:
                    (address,) = struct.unpack_from("<I", data, position + 1)
                    dead |= is_dead(address)
                    patched.append((position + 1, address))
                position += length
            elif opcode == COPY:
                if address in starts:
                    found.add(address)
                if first:
                    first = False
                    if address in self._first_ops:
                        patched = self._double(header, sequence, position, patched)
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

    def _double(
        self, header: LineHeader, start: int, end: int, addresses: list[tuple[int, int]]
    ) -> list[tuple[int, int]]:
        """Double the row that the opcodes from `start` to `end` make, if the prologue ends there.

        Return where the addresses that they set lie then.
        """
        if header.opcode_base <= SET_PROLOGUE_END:
            return addresses
        data, position = self._data, start
        kept, moved, ends_prologue = bytearray(), dict[int, int](), False
        while position < end:
            opcode, at = data[position], position
            position += 1
            if opcode == 0:
                length, position = read_uleb(data, position)
                position += length
            elif opcode == FIXED_ADVANCE_PC:
                position += 2
            elif opcode < header.opcode_base:
                for _ in range(header.operands[opcode - 1]):
                    position = skip_leb(data, position)
            ends_prologue |= opcode == SET_PROLOGUE_END
            if opcode != SET_COLUMN:
                back = at - start - len(kept)
                moved |= {place: place - back for place, _ in addresses if at < place < position}
                kept += data[at:position]
        room = end - start - len(kept) - 1
        if not ends_prologue or room < 0:
            return addresses
        self._out[start:end] = kept + bytes((COPY,)) + bytes((SET_BASIC_BLOCK,)) * room
        return [(moved[place], address) for place, address in addresses]

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
