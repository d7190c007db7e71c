"""Watchpoints in stock lldb: values and lines are those of native lldb."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.guests.fixtures import Builder
from tests.lldb.session import Results, debug, debug_natively

GDB = Path(__file__).parents[1] / "gdb"


def told(results: Results) -> list[str]:
    """Return the values that lldb showed, which it does while it takes a stop."""
    return re.findall(r"^(?:old|new) value: .*", results.events, re.MULTILINE)


SESSIONS = {
    "writes": ("b main", "c", "watchpoint set variable counter", "c", "c"),
    "reads and writes": (
        *("b main", "c", "watchpoint set variable -w read_write quiet", "c", "c"),
    ),
    "a local": ("b sum", "c", "n", "watchpoint set variable total", "c", "c"),
    "a condition": (
        *("b main", "c", "watchpoint set variable counter"),
        *("watchpoint modify -c 'counter == 2'", "c"),
    ),
    "a step": ("b set", "c", "watchpoint set variable counter", "n"),
}


@pytest.mark.parametrize("commands", SESSIONS.values(), ids=SESSIONS)
def test_values_are_the_native_ones(
    commands: tuple[str, ...], guest: Builder, native_twin: Builder
) -> None:
    ours = debug(guest("watch", folder=GDB), commands)
    theirs = debug_natively(native_twin("watch", folder=GDB), commands)
    assert told(ours), ours.text
    assert told(ours) == told(theirs), ours.text


def test_reads_alone(guest: Builder) -> None:
    commands = ("b main", "c", "watchpoint set variable -w read quiet", "c")
    results = debug(guest("watch", folder=GDB), commands)
    assert "stop reason = watchpoint 1" in results["c"], results.text
    assert "seen = quiet" in results["c"]
