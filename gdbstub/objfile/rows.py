"""The rows of line tables (DWARF 5, section 6.2), as ranges of Wasm PCs that belong to one line.

Programs are gone through once, for where their sequences lie; rows are made of a sequence only when it
is asked about.
"""

from bisect import bisect_right
from itertools import pairwise
from typing import NamedTuple

from gdbstub.objfile.sequences import rows_at, sequences


class Row(NamedTuple):
    """A row of the table: what holds from a PC to the next row's."""

    pc: int
    file: int
    line: int


class _Place(NamedTuple):
    """Where a sequence's code lies, and where its header and opcodes are."""

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
        self._places: list[_Place] = []
        self._rows: dict[int, list[Row]] = {}
        for sequence in sequences(data, code):
            low = min(sequence.rows)[0]
            if low < sequence.end:
                self._places.append(_Place(low, sequence.end, sequence.header, sequence.start))
        self._places.sort()

    def same_line(self, pc: int) -> tuple[range, ...]:
        """Return the stretches of a PC's sequence that belong to its line, by address; none without one."""
        at = bisect_right(self._places, pc, key=lambda place: place.low) - 1
        if at < 0 or pc >= self._places[at].high:
            return ()
        rows = self._rows_of(self._places[at])
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

    def _rows_of(self, place: _Place) -> list[Row]:
        """Return a sequence's rows, one for each PC, and one without a line for its end."""
        rows = self._rows.get(place.start)
        if rows is None:
            by_pc: dict[int, tuple[bool, Row]] = {}
            for pc, file, line, is_statement, _ in rows_at(
                self._data, place.header, place.start, self._code
            ):
                known = by_pc.get(pc)
                # As gdb has it: code without a line is of the line before it, and of several
                # rows for a PC the last counts that begins a statement.
                if line and (known is None or is_statement or not known[0]):
                    by_pc[pc] = is_statement, Row(pc, file, line)
            rows = [*(row for _, (_, row) in sorted(by_pc.items())), Row(place.high, 0, 0)]
            self._rows[place.start] = rows
        return rows
