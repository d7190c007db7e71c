"""Lines as ranges of PCs, against LLVM's reading of the same tables; broken tables."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdbstub.objfile import LineTable
from tests.unit.objfile.conftest import image_of, wasm_path
from tests.unit.objfile.tools import dwarfdump

_ROW = re.compile(r"^0x([0-9a-f]{16}) +(\d+) +\d+ +(\d+) (.*)$", re.MULTILINE)
_DEAD = 0xFFFFFF00


def sequences(program: Path) -> list[dict[int, tuple[int, int]]]:
    """Return what LLVM reads: for each sequence (file, line) by DWARF address, (0, 0) at its end.

    Code without a line belongs to the line before it, as gdb has it.
    """
    found, current = [], {}
    statements: dict[int, bool] = {}
    for match in _ROW.finditer(dwarfdump(program, "--debug-line")):
        address, statement = int(match[1], 16), "is_stmt" in match[4]
        if "end_sequence" in match[4]:
            current[address] = 0, 0
            if len(current) > 1 and min(current) < _DEAD:
                found.append(current)
            current, statements = {}, {}
        elif int(match[2]) and (statement or not statements.get(address, False)):
            current[address] = int(match[3]), int(match[2])
            statements[address] = statement
    return found


def test_every_line_has_the_addresses_that_llvm_gives_it(program: Path) -> None:
    image = image_of(program)
    code = image.code_section_payload
    table = LineTable(image.customs[".debug_line"], code)
    rows = 0
    for sequence in sequences(program):
        addresses = sorted(sequence)
        for address, end in pairwise(addresses):
            line = sequence[address]
            expected = {
                pc
                for low, high in pairwise(addresses)
                if sequence[low] == line
                for pc in range(low + code, high + code)
            }
            for pc in (address + code, end + code - 1):
                found = table.same_line(pc)
                assert {at for part in found for at in part} == expected
                assert all(a.stop < b.start for a, b in pairwise(found))
            rows += 1
    assert rows > 1000


def test_no_table_knows_no_line() -> None:
    assert LineTable(b"", 0).same_line(5) == ()


@pytest.mark.parametrize("address", [0, 1 << 40, -1])
def test_what_is_no_code_has_no_line(program: Path, address: int) -> None:
    image = image_of(program)
    table = LineTable(image.customs[".debug_line"], image.code_section_payload)
    assert table.same_line(address) == ()


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_broken_table_is_no_error(data: st.DataObject) -> None:
    image = image_of(wasm_path("program.c", "O0", 5))
    section = bytearray(image.customs[".debug_line"])
    for _ in range(data.draw(st.integers(1, 8))):
        section[data.draw(st.integers(0, len(section) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(section)))
    table = LineTable(bytes(section[:cut]), image.code_section_payload)
    for function in image.functions[:20]:
        table.same_line(function.first_op)
