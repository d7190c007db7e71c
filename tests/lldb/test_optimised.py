"""The same program at -O2: places by name and line, calls, the values that there are."""

from __future__ import annotations

from tests.guests.fixtures import Builder
from tests.lldb.session import debug, debug_natively, frames, plain


def test_breakpoints_stops_and_values(guest: Builder, native_twin: Builder) -> None:
    commands = ("b fib", "c", "bt", "p n", "p *p", "c", "p n", "p p->name", "p p->next->age")
    ours = debug(guest("session", "O2"), commands)
    # Parameters have their values at -O0 too, after the prologue: natively the oracle.
    theirs = debug_natively(native_twin("session"), commands)
    for command in commands[3:]:
        if command != "c":
            assert plain(ours[command]) == plain(theirs[command]), command
    assert ours.all("p n") == ["(int) 6", "(int) 5"]
    assert frames(ours["bt"])[:2] == frames(theirs["bt"])[:2] == [("fib", 38), ("main", 105)]


def test_a_breakpoint_by_name_shows_the_first_line(guest: Builder) -> None:
    """The function's address is before its first op, where there is no line yet."""
    results = debug(guest("session", "O2"), ["b fib", "c", "frame variable n", "breakpoint list"])
    assert "stop reason = breakpoint 1.1" in results["c"]
    assert results.stops() == [("fib", 38)]
    assert "->" in results["c"] and "counter++;" in results["c"]
    assert results["frame variable n"] == "(int) n = 6"
    assert "hit count = 1" in results["breakpoint list"]


def test_steps(guest: Builder) -> None:
    commands = ["b fib", "c", "n", "n", "breakpoint delete -f", "finish"]
    results = debug(guest("session", "O2"), commands)
    assert results.stops()[:3] == [("fib", 38), ("fib", 39), ("fib", 41)]
    last = results.stops()[3]
    assert last is not None and last[0] == "main"
    assert "stop reason = step over" in results["n"]
    assert "stop reason = step out" in results["finish"]


def test_a_step_into_a_function(guest: Builder) -> None:
    commands = ["b session.c:105", "c", "s", "frame variable n", "breakpoint list"]
    results = debug(guest("session", "O2"), commands)
    assert results.stops() == [("main", 105), ("fib", 38)]
    assert results["frame variable n"] == "(int) n = 6"


def test_breakpoints_by_line(guest: Builder) -> None:
    commands = [
        "b session.c:41",
        "c",
        "bt",
        "b session.c:50",
        "breakpoint delete -f 1",
        "c",
        "p *p",
    ]
    results = debug(guest("session", "O2"), commands)
    assert results.stops() == [("fib", 41), ("sum_of_ages", 50)]
    assert 'name = 0x00010073 "Ada"' in results["p *p"] or '"Ada"' in results["p *p"]


def test_globals_are_read_and_written(guest: Builder) -> None:
    commands = [
        "b sum_of_ages",
        "c",
        "p counter",
        "expr counter = 7",
        "p counter",
        "p p->next->name",
    ]
    results = debug(guest("session", "O2"), commands)
    assert results.all("p counter") == ["(int) 25", "(int) 7"]
    assert results["p p->next->name"].endswith('"Grace"')
