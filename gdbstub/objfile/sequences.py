"""Line number programs run (DWARF 5, section 6.2): the rows of each sequence, in Wasm PCs.

What cannot be read of a program is left out, and so is code that was linked away.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

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

ADVANCE_LINE, SET_FILE, NEGATE_STMT, SET_PROLOGUE_END = 3, 4, 6, 10


ProgramRow: TypeAlias = tuple[int, int, int, bool, bool]
"""PC, file, line, whether it begins a statement, whether the prologue ends there."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """A sequence: where its header and its opcodes are, its rows, and the PC that it ends before."""

    header: int
    start: int
    rows: list[ProgramRow]
    end: int


def sequences(data: bytes, code: int) -> Iterator[Sequence]:
    """Yield what the section .debug_line holds; `code` is the PC that its addresses count from."""
    offset = 0
    while offset < len(data):
        try:
            end = unit_extent(data, offset)[2]
        except DwarfError:
            return
        try:
            header = LineHeader(data, offset)
            position = header.program
            while position < header.end:
                start = position
                rows, last, position = _run(data, header, start, code)
                if rows:
                    yield Sequence(offset, start, rows, last)
        except (DwarfError, IndexError):
            pass  # the next one may be whole
        offset = end


def rows_at(data: bytes, header: int, start: int, code: int) -> list[ProgramRow]:
    """Return the rows of a sequence that was found before."""
    return _run(data, LineHeader(data, header), start, code)[0]


def _run(
    data: bytes, header: LineHeader, position: int, code: int
) -> tuple[list[ProgramRow], int, int]:
    """Return the rows of one sequence, where it ends, and the position behind it; no rows of dead code."""
    rows: list[ProgramRow] = []
    advance, lines, opcode_base = header.advance, header.line_advance, header.opcode_base
    pc, file, line = code, 1, 1
    is_statement, ends_prologue, dead = header.default_is_stmt, False, False
    while position < header.end:
        opcode = data[position]
        position += 1
        if opcode >= opcode_base or opcode == COPY:
            if opcode != COPY:
                pc += advance[opcode]
                line += lines[opcode]
            rows.append((pc, file, line, is_statement, ends_prologue))
            ends_prologue = False
        elif opcode == 0:
            length, position = read_uleb(data, position)
            extended = data[position]
            if extended == SET_ADDRESS:
                address = int.from_bytes(data[position + 1 : position + length], "little")
                pc = code + address
                dead |= is_dead(address)
            position += length
            if extended == END_SEQUENCE:
                break
        elif opcode == ADVANCE_PC:
            operand, position = read_uleb(data, position)
            pc += operand * header.min_length
        elif opcode == ADVANCE_LINE:
            operand, position = read_sleb(data, position)
            line += operand
        elif opcode == SET_FILE:
            file, position = read_uleb(data, position)
        elif opcode == NEGATE_STMT:
            is_statement = not is_statement
        elif opcode == CONST_ADD_PC:
            pc += advance[255]
        elif opcode == FIXED_ADVANCE_PC:
            pc += data[position] | data[position + 1] << 8
            position += 2
        elif opcode == SET_PROLOGUE_END:
            ends_prologue = True
        else:
            for _ in range(header.operands[opcode - 1]):
                position = skip_leb(data, position)
    return [] if dead else rows, pc, position
