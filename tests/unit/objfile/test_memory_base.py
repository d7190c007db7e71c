"""Variables shown where a guest of several memories has the module's: LLVM and gdb read the same."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from gdbstub.objfile import MEMORY_ROOM, build_object
from gdbstub.objfile.expression import ExpressionRewriter
from tests.unit.objfile.conftest import image_of
from tests.unit.objfile.tools import dwarfdump, gdb

BASE = 0xC4000000


def shifted(program: Path, folder: Path) -> Path:
    """Write the object file of a program whose memory is shown at BASE."""
    path = folder / "shifted.elf"
    path.write_bytes(build_object(dataclasses.replace(image_of(program), memory_base=BASE)).elf)
    return path


def variables(said: str) -> dict[str, int]:
    """Return the addresses of variables that gdb was asked for."""
    return {name: int(at, 16) for at, name in re.findall(r"(0x\w+) <(\w+)>", said)}


def test_every_variable_moves_by_the_same(program: Path, elf: Path, tmp_path: Path) -> None:
    names = re.findall(
        r"^\d+:\s+(?:static |const )*[\w ]+?[ *](\w+)(?:\[\d+\])*;$",
        gdb(elf, "info variables -n"),
        re.MULTILINE,
    )
    asked = [f"output/a &{name}" for name in names]
    before = variables(gdb(elf, *asked))
    after = variables(gdb(shifted(program, tmp_path), *asked))
    assert len(before) > 5
    assert after == {name: at + BASE for name, at in before.items()}


def test_code_stays_where_it_is(program: Path, elf: Path, tmp_path: Path) -> None:
    asked = ("info line main", "info line fib", "info address fib")
    assert gdb(elf, *asked) == gdb(shifted(program, tmp_path), *asked)


def test_the_dumper_finds_nothing_wrong(program: Path, tmp_path: Path) -> None:
    assert "error:" not in dwarfdump(shifted(program, tmp_path), "--debug-info", "--verify")


def test_expressions_with_addresses_inside() -> None:
    rewriter = ExpressionRewriter({}, shown_address=lambda address: address + BASE)
    rows = {
        "0300040000": "03000400c4",
        "03000400002308": "03000400c42308",
        "03000400009f": "03000400c49f",
        "9108": "9108",
        "ed00009f930403000400009304": "96967620930403000400c49304",
    }
    for original, wanted in rows.items():
        result = rewriter.rewrite(bytes.fromhex(original), 4)
        assert result.data is not None and result.data.hex() == wanted


def test_what_lies_past_the_room_stays(program: Path) -> None:
    image = dataclasses.replace(image_of(program), memory_base=BASE)
    assert image.shown_address(MEMORY_ROOM - 1) == BASE + MEMORY_ROOM - 1
    assert image.shown_address(MEMORY_ROOM) == MEMORY_ROOM
