"""Steps that lldb's Wasm plugin alone gets wrong, as native lldb takes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guests.build import Guest, NoCompiler, build_guest, build_native_twin
from tests.lldb.session import debug, debug_natively, frames

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def programs() -> tuple[Guest, Guest]:
    """Give the program and its native twin."""
    try:
        return build_guest("steps", folder=HERE), build_native_twin("steps", folder=HERE)
    except NoCompiler as missing:
        pytest.skip(str(missing))


SESSIONS = {
    "over a function without lines": ("b main", "c", "s", "s", "s", "s"),
    "through a pointer, and out by steps": ("b steps.c:31", "c", "s", "s", "s", "s", "s"),
    "into both calls of a line": ("b steps.c:32", "c", "s", "finish", "s", "finish", "n"),
    "over a recursion": ("b steps.c:33", "c", "n", "p total", "n"),
    "into a recursion, and over it": (
        *("b steps.c:33", "c", "s", "n", "n", "p n", "p total", "n", "p n", "n", "n"),
    ),
    "deep in a recursion": (
        *("breakpoint set -f steps.c -l 21 -c n==2", "c", "breakpoint delete -f"),
        *("n", "n", "p n", "p total", "n", "n", "n", "p n", "finish", "p n"),
    ),
    "over the host": ("b steps.c:34", "c", "n", "p r"),
    "a breakpoint in what is stepped over": (
        "b steps.c:9",
        "b steps.c:30",
        "c",
        "n",
        "p x",
        "finish",
    ),
}


@pytest.mark.parametrize("commands", SESSIONS.values(), ids=SESSIONS)
def test_as_native_lldb(programs: tuple[Guest, Guest], commands: tuple[str, ...]) -> None:
    ours, theirs = debug(programs[0], commands), debug_natively(programs[1], commands)
    assert ours.stops() == theirs.stops()
    for command in set(commands):
        if command.startswith("p "):
            assert ours.all(command) == theirs.all(command)


def test_a_new_breakpoint_is_hit_in_whichever_frame_comes_first(
    programs: tuple[Guest, Guest],
) -> None:
    commands = ["b steps.c:21", "c", "breakpoint delete -f", "b steps.c:23", "c", "p n", "c", "p n"]
    ours, theirs = debug(programs[0], commands), debug_natively(programs[1], commands)
    assert ours.all("p n") == theirs.all("p n") == ["(int) 0", "(int) 1"]
    assert ours.stops() == theirs.stops()


@pytest.mark.parametrize("look", ["disassemble", "memory read -c 16 `$pc`"])
def test_reading_code_makes_a_new_breakpoint_no_part_of_a_step(
    programs: tuple[Guest, Guest], look: str
) -> None:
    commands = ["b steps.c:21", "c", "breakpoint delete -f", look, "b steps.c:23", "c", "p n"]
    results = debug(programs[0], commands)
    assert results["p n"] == "(int) 0"


def test_finish_of_an_outer_frame(programs: tuple[Guest, Guest]) -> None:
    commands = ["breakpoint set -f steps.c -l 9", "c", "breakpoint delete -f", "up", "up", "bt 3"]
    results = debug(programs[0], [*commands, "finish"])
    assert frames(results["bt 3"])[0] == ("twice", 9)
