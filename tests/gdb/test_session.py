"""One C program at -O0 in stock gdb: every value shown is the one that native gdb shows for its twin."""

from __future__ import annotations

import pytest

from tests.gdb.session import debug, debug_natively, plain
from tests.guests.fixtures import Builder

ISSUED = (
    "break fib if n==3",
    "c",
    "bt",
    "info locals",
    "print *p",
    "x/s p->name",
    "set var n=4",
    "print n",
    "finish",
    "c",
)


def test_the_session_a_user_starts_with(guest: Builder, native_twin: Builder) -> None:
    ours, theirs = debug(guest("session"), ISSUED), debug_natively(native_twin("session"), ISSUED)
    for command in ("c", "print *p", "x/s p->name", "print n"):
        assert plain(ours.all(command)[0]) == plain(theirs.all(command)[0]), command
    frames = [line.split(" at ")[0] for line in plain(theirs["bt"]).splitlines()]
    assert plain(ours["bt"]).startswith("\n".join(frames[:1]))
    assert [line.split(" =")[0] for line in ours["info locals"].splitlines()] == ["left", "right"]
    # With n=4, fib comes by the breakpoint again before it returns: twice.
    assert plain(ours["finish"]) == plain(theirs["finish"])
    assert "fib (n=3, p=" in ours["finish"]


def test_connecting_needs_no_other_command_and_prints_no_complaint(guest: Builder) -> None:
    results = debug(guest("session"), ["info symbol $pc", "info threads"])
    complaints = [line for line in results.connecting.splitlines() if line.startswith("warning")]
    assert complaints == [
        'warning: File transfers from remote targets can be slow. Use "set sysroot" to access files locally instead.'
    ]
    assert results["info symbol $pc"].startswith("_start")
    assert "session.wasm" in results["info threads"]


KEEP = ("-Wl,--no-gc-sections",)
"""wasm-ld leaves out variables that nothing uses."""

GLOBALS = (
    "print counter",
    "print wide",
    "print single",
    "print shade",
    "print squares",
    "print greeting",
    "print *&ada",
    "print ada.next->name",
    "print &squares[2]",
    "print squares[1]@3",
    "print sizeof(int)",
    "ptype p",
    "whatis fib",
    "info line fib",
    "list fib",
)


def test_globals_and_types(guest: Builder, native_twin: Builder) -> None:
    commands = ["break fib", "c", *GLOBALS]
    ours = debug(guest("session", flags=KEEP), commands)
    theirs = debug_natively(native_twin("session"), commands)
    for command in GLOBALS:
        if command not in ("info line fib", "print &squares[2]"):
            assert plain(ours[command]) == plain(theirs[command]), command
    assert "<squares+8>" in ours["print &squares[2]"]


WRITES = (
    "set var counter=41",
    "print counter",
    "set var squares[3]=-9",
    "print squares",
    "set var wide=-2",
    "print wide",
    "set var ada.height=0.5",
    "print ada",
    "set var p->next=0",
    "print *p",
    "set var single=-2.25",
    "print single",
)


def test_what_is_written_is_read_back(guest: Builder, native_twin: Builder) -> None:
    commands = ["break fib", "c", *WRITES]
    ours = debug(guest("session", flags=KEEP), commands)
    theirs = debug_natively(native_twin("session"), commands)
    for command in WRITES:
        assert plain(ours[command]) == plain(theirs[command]), command


@pytest.mark.parametrize("function", ["scale", "widen", "sum_of_ages", "fib"])
def test_finish_shows_the_value_returned(
    guest: Builder, native_twin: Builder, function: str
) -> None:
    commands = [f"break {function}", "c", "info args", "delete", "finish"]
    ours, theirs = (
        debug(guest("session"), commands),
        debug_natively(native_twin("session"), commands),
    )
    assert plain(ours["info args"]) == plain(theirs["info args"])
    assert "Value returned is" in ours["finish"]
    assert plain(ours["finish"].splitlines()[-1]) == plain(theirs["finish"].splitlines()[-1])


def test_a_write_in_an_outer_frame_changes_what_runs(guest: Builder) -> None:
    commands = [
        "break fib if n==1",
        "c",
        "up",
        "print n",
        "set var n=30",
        "print n",
        "down",
        "print n",
        "delete",
        "finish",
        "up",
    ]
    results = debug(guest("session"), commands)
    assert results.all("print n") == ["$1 = 2", "$2 = 30", "$3 = 1"]
    assert "fib (n=30," in results["finish"]


STEPS = ("break sum_of_ages", "c", "next", "next", "print sum", "next", "step", "print p->name")


def test_stepping_follows_the_lines_that_native_gdb_follows(
    guest: Builder, native_twin: Builder
) -> None:
    ours, theirs = debug(guest("session"), STEPS), debug_natively(native_twin("session"), STEPS)
    for command in ("next", "step", "print sum", "print p->name"):
        assert [plain(text) for text in ours.all(command)] == [
            plain(text) for text in theirs.all(command)
        ], command


def test_step_enters_a_function_after_its_prologue(guest: Builder, native_twin: Builder) -> None:
    commands = ["break main", "c", "next", "next", "step", "info args", "up"]
    ours, theirs = (
        debug(guest("session"), commands),
        debug_natively(native_twin("session"), commands),
    )
    for command in ("step", "info args"):
        assert plain(ours[command]) == plain(theirs[command])
    assert "main" in ours["up"]


def test_until_and_advance(guest: Builder) -> None:
    commands = ["break fib if n==2", "c", "advance 43", "print left", "print right", "until 44"]
    results = debug(guest("session"), commands)
    assert "return left + right;" in results["advance 43"]
    assert results["print left"] == "$1 = 1"
    assert results["print right"] == "$2 = 0"
    assert results["until 44"].endswith("44\t}")


def test_stepi_and_disassembly_agree(guest: Builder) -> None:
    commands = ["break *fib", "c", "x/4i $pc", "stepi", "print $pc", "stepi", "print $pc"]
    results = debug(guest("session"), commands)
    lines = results["x/4i $pc"].splitlines()
    addresses = [line.replace("=>", "").split()[0] for line in lines]
    assert all("nop" in line or "xchg   %ax,%ax" in line for line in lines)
    assert [text.split()[4] for text in results.all("print $pc")] == addresses[1:3]


def test_the_program_runs_to_its_end(guest: Builder) -> None:
    with_code = debug(guest("session"), ["c"], "exit", "7")
    assert "exited with code 07" in with_code["c"]
    assert "exited normally" in debug(guest("session"), ["c"])["c"]


def test_a_temporary_breakpoint_and_a_list_of_commands(guest: Builder) -> None:
    commands = ["tbreak scale", "c", "print factor", "info breakpoints"]
    results = debug(guest("session"), commands)
    assert results["print factor"] == "$1 = 2"
    assert "No breakpoints" in results["info breakpoints"]
