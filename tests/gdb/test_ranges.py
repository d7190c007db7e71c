"""Steps over lines: one resume a line however long it runs, and the same stops as the native twin's."""

from __future__ import annotations

import re

import pytest

from tests.gdb.session import Gdb, Server, debug, debug_natively, plain, serving
from tests.guests.fixtures import Builder

MILLION = str(1_000_000 // 20)  # a turn is 20 ops


def test_next_over_a_loop_of_a_million_ops_is_one_resume(guest: Builder) -> None:
    commands = ["break 25", "c", "next", "print sum", "kill"]
    with serving(guest("loops"), MILLION, options=["--log-packets"]) as server:
        results = Gdb(server.port, commands).results()
        server.process.wait(10)
    assert results["next"].startswith("26\t")
    assert results["print sum"] == f"$1 = {sum(range(int(MILLION)))}"
    resumes = [line[:9] for line in _drained(server) if line.startswith("> vCont;")]
    assert resumes[-1] == "> vCont;r" and resumes.count("> vCont;r") == 1
    assert len(resumes) <= 3  # to the breakpoint, off it, through the line


def _drained(server: Server) -> list[str]:
    lines = []
    while (line := server.lines.get(timeout=10)) is not None:
        lines.append(line)
    return lines


WALKS = {
    "next": ["break main", "c", *["next"] * 8],
    "step": ["break 26", "c", *["step"] * 12],
    "step out of recursion": ["break down if n == 1", "c", *["next"] * 5],
    "recursion in one line": ["break fold if n == 1", "c", *["next"] * 4],
    "step in recursion": ["break down", "c", "c", "delete", *["step"] * 9],
}


@pytest.mark.parametrize("walk", WALKS)
def test_lines_are_those_of_the_native_twin(
    guest: Builder, native_twin: Builder, walk: str
) -> None:
    ours = debug(guest("loops"), WALKS[walk], "4")
    theirs = debug_natively(native_twin("loops"), WALKS[walk], "4")
    assert [_place(text) for _, text in ours.outputs] == [
        _place(text) for _, text in theirs.outputs
    ]


def _place(text: str) -> str:
    """Return where a step led, without values that addresses are among."""
    return re.sub(r"argv=\S+\)", "argv)", plain(text))


def test_a_breakpoint_in_the_line_is_hit_on_the_way(guest: Builder) -> None:
    commands = ["break 25", "c", "break add if n == 2", "delete 1", "next", "next", "bt", "finish"]
    results = debug(guest("loops"), commands)
    assert "Breakpoint 2, add (n=2)" in results["next"]
    assert results["bt"].splitlines()[1].startswith("#1 ")


def test_a_watched_variable_stops_a_step_over_a_loop(guest: Builder) -> None:
    commands = ["break 25", "c", "watch sum", "next", "print i", "next", "print i"]
    results = debug(guest("loops"), commands)
    assert "Old value = 0\nNew value = 1" in results.all("next")[0]
    assert results.all("print i") == ["$1 = 1", "$2 = 2"]


def test_a_step_over_a_loop_is_interrupted(guest: Builder) -> None:
    commands = ["break 25", "c", "next", "print i > 0", "kill"]
    with serving(guest("loops"), "4000000000", options=["--log-packets"]) as server:
        gdb = Gdb(server.port, commands)
        server.wait_for_resumes(2)
        gdb.interrupt()
        results = gdb.results()
    assert "SIGINT" in results["next"]
