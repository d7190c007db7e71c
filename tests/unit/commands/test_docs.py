"""docs/rsp.md has a row for every packet that is served, and for no other."""

import re
from pathlib import Path

import pytest

from gdbstub.commands import COMMANDS

PAGE = Path(__file__).parents[3] / "docs" / "rsp.md"
_TABLE = re.compile(r"^\| packet \| who \|.*\n\|[-|]+\n((?:\|.*\n)+)", re.MULTILINE)
_ROW = re.compile(r"^\| `([^`]+)` \|(.*)$", re.MULTILINE)

ROWS = [row for table in _TABLE.findall(PAGE.read_text()) for row in _ROW.findall(table)]
IDLE = {name for name, rest in ROWS if re.search(r"\bIdle\b", rest)}


def test_every_packet_has_one_row() -> None:
    names = [command.name.decode() for command in COMMANDS]
    assert sorted(name for name, _ in ROWS) == sorted(names)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name.decode())
def test_the_page_says_what_is_served_without_a_guest(command: object) -> None:
    name = command.name.decode()  # type: ignore[attr-defined]
    if name != "?":  # told apart by the session
        assert (name in IDLE) == command.idle  # type: ignore[attr-defined]
