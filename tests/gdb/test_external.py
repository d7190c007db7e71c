"""A module whose debug information is in another file, as LLVM's tools split it off, in stock gdb."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.gdb.session import debug
from tests.guests.build import Guest
from tests.guests.fixtures import Builder

OBJCOPY = "llvm-objcopy-22"
ADDRESS = "session.debug.wasm"


@pytest.fixture
def split(guest: Builder, tmp_path: Path) -> Guest:
    """Give the program without its debug information, which lies beside it."""
    if shutil.which(OBJCOPY) is None:
        pytest.skip(f"{OBJCOPY} is not installed")
    whole = guest("session").program
    program = tmp_path / "session.wasm"
    address = tmp_path / "address"
    address.write_bytes(bytes((len(ADDRESS),)) + ADDRESS.encode())
    for command in (
        ["--only-keep-debug", whole, tmp_path / ADDRESS],
        ["--strip-debug", f"--add-section=external_debug_info={address}", whole, program],
    ):
        subprocess.run([OBJCOPY, *map(str, command)], check=True)
    return Guest("session", "O0", program, guest("session").source)


COMMANDS = ("break fib if n == 3", "c", "print *p", "info source", "monitor dwarf")


def test_the_other_file_is_read(split: Guest) -> None:
    ours = debug(split, COMMANDS)
    assert "age = 36" in ours["print *p"]
    assert str(split.source) in ours["info source"]
    assert ours["monitor dwarf"].startswith("debug information: /")


def test_without_it_the_listing_says_why(split: Guest) -> None:
    (split.program.parent / ADDRESS).unlink()
    ours = debug(split, ("info source", "list 1,1", "monitor dwarf"))
    assert ".wat" in ours["info source"]
    for text in (ours["list 1,1"], ours["monitor dwarf"]):
        assert f"no debug information: {ADDRESS}: there is no {ADDRESS} beside the module" in text
