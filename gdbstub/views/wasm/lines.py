"""The rows of source lines of a module's functions, as lldb keeps them (DWARF 5, section 6.2)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from gdbstub.objfile import sequences
from gdbstub.views.common.code import FunctionCode


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
        self._numbers: dict[int, int] = {}
        self._prologue_ends: list[int] = []
        for sequence in sequences(data, code):
            for pc, _, line, _, ends_prologue in sequence.rows:
                self._numbers[pc] = line  # the last of several rows for a PC counts
                if ends_prologue:
                    self._prologue_ends.append(pc)
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


def _first(pcs: list[int], function: FunctionCode) -> int | None:
    at = bisect_left(pcs, function.start)
    return pcs[at] if at < len(pcs) and pcs[at] < function.end else None
