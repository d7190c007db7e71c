"""The rows of line tables (DWARF 5, section 6.2), as ranges of Wasm PCs that belong to one line.

Programs are gone through once, for where their sequences lie; rows are made of a sequence only when it
is asked about.
"""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

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

ADVANCE_LINE, SET_FILE, NEGATE_STMT = 3, 4, 6


class Row(NamedTuple):
    """A row of the table: what holds from a PC to the next row's."""

    pc: int
    file: int
    line: int


class _Sequence(NamedTuple):
    """Where a sequence's code and its opcodes begin and end."""

    low: int
    high: int
    header: int
    start: int


class LineTable:
    """The line tables of a module. What cannot be read of them is left out."""

    def __init__(self, data: bytes, code: int) -> None:
        """`data` is the section .debug_line, `code` the PC that its addresses count from."""
        self._data = data
        self._code = code
        self._sequences: list[_Sequence] = []
        self._rows: dict[int, list[Row]] = {}
        offset = 0
        while offset < len(data):
            try:
                end = unit_extent(data, offset)[2]
            except DwarfError:
                break
            try:
                self._sequences += self._find(offset, LineHeader(data, offset))
            except (DwarfError, IndexError):
                pass  # the next one may be whole
            offset = end
        self._sequences.sort()

    def same_line(self, pc: int) -> tuple[range, ...]:
        """Return the stretches of a PC's sequence that belong to its line, by address; none without one."""
        at = bisect_right(self._sequences, pc, key=lambda sequence: sequence.low) - 1
        if at < 0 or pc >= self._sequences[at].high:
            return ()
        rows = self._rows_of(self._sequences[at])
        here = rows[bisect_right(rows, pc, key=lambda row: row.pc) - 1]
        if here.line == 0:
            return ()
        stretches: list[range] = []
        for row, following in pairwise(rows):
            if (row.file, row.line) != (here.file, here.line):
                continue
            if stretches and stretches[-1].stop == row.pc:
                stretches[-1] = range(stretches[-1].start, following.pc)
            else:
                stretches.append(range(row.pc, following.pc))
        return tuple(stretches)

    def _rows_of(self, sequence: _Sequence) -> list[Row]:
        """Return a sequence's rows, one for each PC, and one without a line for its end."""
        rows = self._rows.get(sequence.start)
        if rows is None:
            header = LineHeader(self._data, sequence.header)
            by_pc: dict[int, tuple[bool, Row]] = {}
            *found, (end, _, _) = self._run(header, sequence.start)
            for row, is_statement, _ in found:
                known = by_pc.get(row.pc)
                # As gdb has it: code without a line is of the line before it, and of several
                # rows for a PC the last counts that begins a statement.
                if row.line and (known is None or is_statement or not known[0]):
                    by_pc[row.pc] = is_statement, row
            rows = [*(row for _, (_, row) in sorted(by_pc.items())), end]
            self._rows[sequence.start] = rows
        return rows

    def _find(self, offset: int, header: LineHeader) -> Iterator[_Sequence]:
        """Yield the sequences of a program, but for code that was linked away."""
        position = header.program
        while position < header.end:
            start = position
            rows = list(self._run(header, start))
            if not rows:
                return
            position = rows[-1][2]
            low, high = min(row.pc for row, _, _ in rows), rows[-1][0].pc
            if low < high:
                yield _Sequence(low, high, offset, start)

    def _run(self, header: LineHeader, position: int) -> Iterator[tuple[Row, bool, int]]:
        """Yield the rows of one sequence, whether each begins a statement, and the position after it.

        The last is the sequence's end, without a line; of dead code there is that only.
        """
        data, code = self._data, self._code
        advance, lines, opcode_base = header.advance, header.line_advance, header.opcode_base
        address, file, line = 0, 1, 1
        is_statement, dead = header.default_is_stmt, False
        while position < header.end:
            opcode = data[position]
            position += 1
            if opcode >= opcode_base:
                address += advance[opcode]
                line += lines[opcode]
                if not dead:
                    yield Row(code + address, file, line), is_statement, position
            elif opcode == 0:
                length, position = read_uleb(data, position)
                extended = data[position]
                if extended == SET_ADDRESS:
                    address = int.from_bytes(data[position + 1 : position + length], "little")
                    dead |= is_dead(address)
                position += length
                if extended == END_SEQUENCE:
                    yield Row(0 if dead else code + address, 0, 0), True, position
                    return
            elif opcode == COPY:
                if not dead:
                    yield Row(code + address, file, line), is_statement, position
            elif opcode == ADVANCE_PC:
                operand, position = read_uleb(data, position)
                address += operand * header.min_length
            elif opcode == ADVANCE_LINE:
                operand, position = read_sleb(data, position)
                line += operand
            elif opcode == SET_FILE:
                file, position = read_uleb(data, position)
            elif opcode == NEGATE_STMT:
                is_statement = not is_statement
            elif opcode == CONST_ADD_PC:
                address += advance[255]
            elif opcode == FIXED_ADVANCE_PC:
                address += data[position] | data[position + 1] << 8
                position += 2
            else:
                for _ in range(header.operands[opcode - 1]):
                    position = skip_leb(data, position)
