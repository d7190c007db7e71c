"""The rows of source lines of a module's functions, as lldb keeps them (DWARF 5, section 6.2)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from gdbstub.objfile.addresses import is_dead
from gdbstub.objfile.leb import read_sleb, read_uleb, skip_leb
from gdbstub.objfile.line import (
    ADVANCE_PC,
    CONST_ADD_PC,
    COPY,
    END_SEQUENCE,
    FIXED_ADVANCE_PC,
    SET_ADDRESS,
    LineHeader,
)
from gdbstub.objfile.report import DwarfError
from gdbstub.objfile.units import unit_extent
from gdbstub.views.common.code import FunctionCode

_ADVANCE_LINE, _SET_PROLOGUE_END = 3, 10


@dataclass(frozen=True, slots=True)
class Row:
    """The PCs from `start` up to `end` belong to a line; 0 is none."""

    start: int
    end: int
    line: int


class Lines:
    """The line tables of one module, in PCs. What cannot be read of them is left out."""

    def __init__(self, data: bytes, code: int) -> None:
        """`data` is the section .debug_line, `code` the PC that its addresses count from."""
        self._data = data
        self._code = code
        self._numbers: dict[int, int] = {}
        self._prologue_ends: list[int] = []
        offset = 0
        while offset < len(data):
            try:
                end = unit_extent(data, offset)[2]
            except DwarfError:
                break
            try:
                self._read(LineHeader(data, offset))
            except (DwarfError, IndexError):
                pass  # the next one may be whole
            offset = end
        self._rows = sorted(self._numbers)
        self._prologue_ends.sort()

    def has(self, function: FunctionCode) -> bool:
        """Say whether a function has lines."""
        return _first(self._rows, function) is not None

    def row(self, function: FunctionCode, pc: int) -> Row | None:
        """Return the row of a function that holds a PC, None if it has none there."""
        at = bisect_right(self._rows, pc) - 1
        if at < 0 or self._rows[at] < function.start:
            return None
        end = self._rows[at + 1] if at + 1 < len(self._rows) else function.end
        start = self._rows[at]
        return Row(max(start, function.first_op), min(end, function.end), self._numbers[start])

    def is_line_end(self, function: FunctionCode, pc: int, end: int) -> bool:
        """Say whether rows end at `end` which from `pc` on are of one line, or of none."""
        row = self.row(function, pc)
        line = 0 if row is None else row.line
        while row is not None and row.line in (line, 0) and row.end < end:
            row = self.row(function, row.end)
        return row is not None and row.line in (line, 0) and row.end == end

    def prologue_end(self, function: FunctionCode) -> int | None:
        """Return the PC where a function's prologue ends, None if its lines do not tell."""
        return _first(self._prologue_ends, function)

    def _read(self, header: LineHeader) -> None:
        """Take the rows of one program, but for sequences of code that was linked away."""
        data = self._data
        advance, opcode_base, minimum = header.advance, header.opcode_base, header.min_length
        line_advance = header.line_advance
        position, end = header.program, header.end
        address, line, ends_prologue, dead = self._code, 1, False, True
        while position < end:
            opcode = data[position]
            position += 1
            if opcode >= opcode_base:
                address += advance[opcode]
                line += line_advance[opcode]
                ends_prologue = self._row(address, line, ends_prologue, dead)
            elif opcode == 0:
                length, position = read_uleb(data, position)
                if data[position] == END_SEQUENCE:
                    line, ends_prologue, dead = 1, False, True
                elif data[position] == SET_ADDRESS:
                    encoded = int.from_bytes(data[position + 1 : position + length], "little")
                    address, dead = self._code + encoded, is_dead(encoded)
                position += length
            elif opcode == COPY:
                ends_prologue = self._row(address, line, ends_prologue, dead)
            elif opcode == ADVANCE_PC:
                operand, position = read_uleb(data, position)
                address += operand * minimum
            elif opcode == _ADVANCE_LINE:
                operand, position = read_sleb(data, position)
                line += operand
            elif opcode == CONST_ADD_PC:
                address += advance[255]
            elif opcode == FIXED_ADVANCE_PC:
                address += data[position] | data[position + 1] << 8
                position += 2
            elif opcode == _SET_PROLOGUE_END:
                ends_prologue = True
            else:
                for _ in range(header.operands[opcode - 1]):
                    position = skip_leb(data, position)

    def _row(self, address: int, line: int, ends_prologue: bool, dead: bool) -> bool:
        """Take a row; return False, what the flag is after it."""
        if not dead:
            self._numbers[address] = line  # the last of several rows for an address counts
            if ends_prologue:
                self._prologue_ends.append(address)
        return False


def _first(pcs: list[int], function: FunctionCode) -> int | None:
    at = bisect_left(pcs, function.start)
    return pcs[at] if at < len(pcs) and pcs[at] < function.end else None
