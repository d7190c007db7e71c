"""Which functions of a module have source lines, and where their prologues end (DWARF 5, section 6.2)."""

from __future__ import annotations

from bisect import bisect_left

from gdbstub.objfile.addresses import is_dead
from gdbstub.objfile.leb import read_uleb, skip_leb
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

_SET_PROLOGUE_END = 10


class Lines:
    """The line tables of one module, in PCs. What cannot be read of them is left out."""

    def __init__(self, data: bytes, code: int) -> None:
        """`data` is the section .debug_line, `code` the PC that its addresses count from."""
        self._data = data
        self._code = code
        self._rows: list[int] = []
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
        self._rows.sort()
        self._prologue_ends.sort()

    def has(self, function: FunctionCode) -> bool:
        """Say whether a function has lines."""
        return _first(self._rows, function) is not None

    def prologue_end(self, function: FunctionCode) -> int | None:
        """Return the PC where a function's prologue ends, None if its lines do not tell."""
        return _first(self._prologue_ends, function)

    def _read(self, header: LineHeader) -> None:
        """Take the rows of one program, but for sequences of code that was linked away."""
        data = self._data
        advance, opcode_base, minimum = header.advance, header.opcode_base, header.min_length
        position, end = header.program, header.end
        address, ends_prologue, dead = self._code, False, True
        while position < end:
            opcode = data[position]
            position += 1
            if opcode >= opcode_base:
                address += advance[opcode]
                ends_prologue = self._row(address, ends_prologue, dead)
            elif opcode == 0:
                length, position = read_uleb(data, position)
                if data[position] == END_SEQUENCE:
                    ends_prologue, dead = False, True
                elif data[position] == SET_ADDRESS:
                    encoded = int.from_bytes(data[position + 1 : position + length], "little")
                    address, dead = self._code + encoded, is_dead(encoded)
                position += length
            elif opcode == COPY:
                ends_prologue = self._row(address, ends_prologue, dead)
            elif opcode == ADVANCE_PC:
                operand, position = read_uleb(data, position)
                address += operand * minimum
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

    def _row(self, address: int, ends_prologue: bool, dead: bool) -> bool:
        """Take a row; return False, what the flag is after it."""
        if not dead:
            self._rows.append(address)
            if ends_prologue:
                self._prologue_ends.append(address)
        return False


def _first(pcs: list[int], function: FunctionCode) -> int | None:
    at = bisect_left(pcs, function.start)
    return pcs[at] if at < len(pcs) and pcs[at] < function.end else None
