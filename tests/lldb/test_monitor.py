"""The commands of `monitor`, as lldb's users give them; lldb itself cannot call functions of the program."""

from __future__ import annotations

import re

import pytest

from tests.guests.fixtures import Builder
from tests.lldb.session import debug

MONITOR = "process plugin packet monitor "
SHOWN = {
    "help": "these commands",
    "frames": "function",
    "locals": "i32",
    "stack": "empty",
    "globals": "0x",
    "memories": "pages",
    "tables": "function",
    "modules": "session.wasm",
    "disassemble fib": "global.get",
    "dwarf": "own debug information",
    "stats": "functions",
}


def said(text: str) -> str:
    """Return what a command printed: lldb adds the packet and its reply."""
    return text.partition("  packet: ")[0]


def test_all_of_them(guest: Builder) -> None:
    commands = ["b fib", "c", *(MONITOR + command for command in SHOWN), "p n"]
    results = debug(guest("session"), commands)
    for command, text in SHOWN.items():
        assert text in said(results[MONITOR + command]), command
    listed = re.findall(r"^(\w+) ", said(results[MONITOR + "help"]), re.MULTILINE)
    names = {command.split()[0] for command in SHOWN} | {"set", "call", "FUNCTION", "In"}
    assert set(listed) == names
    assert results["p n"] == "(int) 6"


@pytest.mark.parametrize(
    ("call", "result"),
    [
        ("widen 7 42", "42007"),
        ("scale 1.5 2", "3.5"),
        ("sum_of_ages 0", "0"),
        ("nothing 1", "no function"),
        ("widen 7", "argument"),
    ],
)
def test_calls(guest: Builder, call: str, result: str) -> None:
    commands = ["b fib", "c", f"{MONITOR}call {call}", "p n", "breakpoint delete -f", "c"]
    results = debug(guest("session"), commands)
    assert result in said(results[f"{MONITOR}call {call}"])
    assert results["p n"] == "(int) 6"
    assert "fib(6) = 8 in 25 calls" in results.guest


def test_what_they_write_is_seen_by_lldb_from_the_next_stop_on(guest: Builder) -> None:
    commands = ["b fib", "c", "p n", MONITOR + "set local 2 0", "si", "p n"]
    results = debug(guest("session"), commands)
    # Local 2 is the frame base: the shadow stack's pointer in this frame.
    assert results.all("p n")[0] == "(int) 6"
    assert results.all("p n")[1] != "(int) 6"


def test_after_any_write_to_memory_lldb_reads_again(guest: Builder) -> None:
    """What it has read it keeps until the guest or memory changes, as far as it knows."""
    commands = ["b fib", "c", "p n", MONITOR + "set local 0 3", "memory write `&counter` 0", "p n"]
    results = debug(guest("session", "O2"), [*commands, "frame variable n"])
    assert results.all("p n") == ["(int) 6", "(int) 3"]
    assert results["frame variable n"] == "(int) n = 3"


def test_a_variable_that_cannot_be_read_hides_no_other(guest: Builder) -> None:
    """The linker leaves out what nothing uses: its address is -1."""
    commands = ["b fib", "c", "target variable single counter greeting", "p counter"]
    results = debug(guest("session"), commands)
    shown = results["target variable single counter greeting"]
    assert "(int) counter = 0" in shown and '"hello, wasm"' in shown
    assert "single = 1.5" not in shown
    assert results["p counter"] == "(int) 0"
