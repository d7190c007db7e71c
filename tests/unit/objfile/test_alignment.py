"""Alignment: stock gdb says of structs what clang says of them."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.objfile.conftest import FOLDER, object_of
from tests.unit.objfile.tools import gdb

STRUCTS = re.findall(r"\bA\((?!type)(\w+)\)", (FOLDER / "alignment.c").read_text())


@pytest.mark.parametrize("version", [4, 5])
def test_structs_are_aligned_as_clang_aligns_them(
    compiled: Callable[..., Path], tmp_path: Path, version: int
) -> None:
    elf = tmp_path / "alignment.elf"
    elf.write_bytes(object_of(compiled("alignment.c", "O0", version)).elf)
    asked = [f"print _Alignof(struct {name}) == A_{name}" for name in STRUCTS]
    said = gdb(elf, *asked, "print _Alignof(struct named)", "print sizeof(struct packed)")
    assert re.findall(r"^\$\d+ = (\d+)$", said, re.M) == ["1"] * len(STRUCTS) + ["8", "9"]
