"""Line tables against llvm-dwarfdump: which functions have rows, and where prologues end."""

from __future__ import annotations

import re
import shutil
import subprocess
from itertools import pairwise
from typing import Any

import pytest

from gdbstub.views.common.code import ModuleCode
from gdbstub.views.wasm.lines import Lines, Row
from jit.debug.debugger import RegisteredModule
from jit.wasm.module import parse_module
from tests.guests.fixtures import Builder

DWARFDUMP = "llvm-dwarfdump-22"
_ROW = re.compile(r"^0x([0-9a-f]+) +(\d+) +\d+ .*$", re.MULTILINE)


@pytest.mark.skipif(shutil.which(DWARFDUMP) is None, reason=f"{DWARFDUMP} is not installed")
@pytest.mark.parametrize("opt", ["O0", "O2"])
@pytest.mark.parametrize("version", ["4", "5"])
def test_against_llvm_dwarfdump(guest: Builder, opt: str, version: str) -> None:
    program = guest("session", opt, (f"-gdwarf-{version}",)).program
    info = parse_module(program.read_bytes())
    assert info.code_section is not None
    base = info.code_section[0]
    text = subprocess.run(
        [DWARFDUMP, "--debug-line", str(program)], capture_output=True, text=True, check=True
    ).stdout
    numbers = {
        base + int(row[1], 16): int(row[2])
        for row in _ROW.finditer(text)
        if 0 < int(row[1], 16) < 0xFFFF_0000 and "end_sequence" not in row[0]
    }
    rows = [
        (base + int(row[1], 16), "prologue_end" in row[0])
        for row in _ROW.finditer(text)
        if 0 < int(row[1], 16) < 0xFFFF_0000 and "end_sequence" not in row[0]
    ]
    assert len(rows) > 100
    lines = Lines(info.section(".debug_line") or b"", base)
    unneeded: Any = None
    for function in ModuleCode(unneeded, RegisteredModule(0, unneeded, info)).functions:
        own = [row for row in rows if function.start <= row[0] < function.end]
        assert lines.has(function) == bool(own)
        ends = sorted(pc for pc, ends_prologue in own if ends_prologue)
        assert lines.prologue_end(function) == (ends[0] if ends else None)
        starts = sorted({pc for pc, _ in own if pc >= function.first_op})
        for start, end in pairwise([*starts, function.end]):
            assert lines.row(function, end - 1) == Row(start, end, numbers[start])
            assert lines.is_line_end(function, start, end)


@pytest.mark.parametrize(
    "data", [b"", b"\1", bytes(40), b"\xff" * 40, b"\x08\0\0\0\4\0\0\0\0\0\0\0"]
)
def test_what_cannot_be_read_is_left_out(data: bytes) -> None:
    Lines(data, 0)
