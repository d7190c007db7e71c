"""One C program at -O0 in stock lldb: what it shows is what native lldb shows for its twin."""

from __future__ import annotations

import re

import pytest

from tests.guests.fixtures import Builder
from tests.lldb.session import debug, debug_natively, frames, named, plain


def calls(text: str) -> list[tuple[str, int]]:
    """Return the frames that `bt` shows, main the outermost."""
    found = frames(text)
    return found[: [name for name, _ in found].index("main") + 1]


STARTING = (
    "breakpoint set -n fib -c n==3",
    "c",
    "bt",
    "frame variable n",
    "p *p",
    "p p->name",
    "expr n = 4",
    "p n",
    "breakpoint delete -f",
    "finish",
    "p n",
    "c",
)


def test_the_session_a_user_starts_with(guest: Builder, native_twin: Builder) -> None:
    ours = debug(guest("session"), STARTING)
    theirs = debug_natively(native_twin("session"), STARTING)
    for command in ("frame variable n", "p *p", "p p->name", "expr n = 4"):
        assert plain(ours[command]) == plain(theirs[command]), command
    assert ours.all("p n") == theirs.all("p n") == ["(int) 4", "(int) 4"]
    assert (
        calls(ours["bt"]) == calls(theirs["bt"]) == [("fib", 38), *[("fib", 41)] * 3, ("main", 105)]
    )
    assert ours.stops() == theirs.stops()
    assert "exited with status = 0" in ours["c"]
    # 3 was made 4 once: the result and the count of calls are others.
    assert ours.guest.splitlines()[0] in theirs.guest
    assert "fib(6) = 8 " not in ours.guest


STEPS = ("b main", "c", "n", "n", "s", "n", "n", "n", "n", "n", "n", "n", "n", "s", "finish")


def test_steps_go_where_native_ones_go(guest: Builder, native_twin: Builder) -> None:
    """Over and into recursive calls, out of them, and into a function that has lines."""
    ours = debug(guest("session"), STEPS)
    theirs = debug_natively(native_twin("session"), STEPS)
    assert ours.stops() == theirs.stops()


def test_a_step_over_recursion_ends_in_the_same_call(guest: Builder) -> None:
    commands = ["b session.c:41", "c", "breakpoint delete -f", *["n", "p n"] * 2, "bt 2"]
    results = debug(guest("session"), commands)
    assert results.all("p n") == ["(int) 6", "(int) 6"]
    assert [line for _, line in frames(results["bt 2"])] == [43, 105]


UNTIL = {
    "in the outermost call": (
        ("b session.c:41", "c", "breakpoint delete -f"),
        {"thread until 43": (43, 6)},
    ),
    "in an inner call": (
        ("breakpoint set -n fib -c n==3", "c", "breakpoint delete -f"),
        {"thread until 42": (42, 3), "thread until 43": (43, 3)},
    ),
    "up to a breakpoint in a call that is made": (
        ("b session.c:41", "c", "breakpoint disable 1", "b session.c:41"),
        {"thread until 43": (41, 5)},
    ),
}


@pytest.mark.parametrize(("commands", "ends"), UNTIL.values(), ids=UNTIL)
def test_until_in_recursion(
    guest: Builder, commands: tuple[str, ...], ends: dict[str, tuple[int, int]]
) -> None:
    """Native lldb is wrong in the second: it ends where a call made by the frame returns."""
    ways = (line for until in ends for line in (until, "p n"))
    results = debug(guest("session"), (*commands, *ways, "kill"))
    assert results.stops()[1:] == [("fib", line) for line, _ in ends.values()], results.text
    assert results.all("p n") == [f"(int) {n}" for _, n in ends.values()]


def test_finish_in_recursion_goes_up_by_one_call(guest: Builder) -> None:
    commands = ["breakpoint set -n fib -c n==1", "c", "breakpoint delete -f"]
    commands += ["finish", "p n"] * 4
    results = debug(guest("session"), commands)
    assert results.all("p n") == [f"(int) {n}" for n in (2, 3, 4, 5)]


@pytest.mark.parametrize(
    ("command", "function", "line"),
    [
        ("b main", "main", 103),
        ("b fib", "fib", 38),
        ("b session.c:43", "fib", 43),
        ("breakpoint set -r ^sum_", "sum_of_ages", 48),
        ("breakpoint set -f session.c -p 'double scaled'", "scale", 58),
        ("tbreak widen", "widen", 64),
    ],
)
def test_breakpoints(guest: Builder, command: str, function: str, line: int) -> None:
    results = debug(guest("session"), [command, "c"])
    assert results.stops()[-1] == (function, line)
    assert "stop reason = breakpoint 1.1" in results["c"] or "one-shot" in results["c"]


def test_conditions_ignored_hits_and_counts(guest: Builder, native_twin: Builder) -> None:
    commands = ["breakpoint set -n fib -i 3", "c", "p n", "breakpoint modify -c n==0", "c", "p n"]
    commands += ["breakpoint list", "p counter"]
    ours = debug(guest("session"), commands)
    theirs = debug_natively(native_twin("session"), commands)
    assert ours.all("p n") == theirs.all("p n") == ["(int) 3", "(int) 0"]
    assert ours["p counter"] == theirs["p counter"]
    counts = [re.findall("hit count = [0-9]+", run["breakpoint list"]) for run in (ours, theirs)]
    assert counts[0] == counts[1] and len(counts[0]) == 2


KEEP = ("-Wl,--no-gc-sections",)
"""wasm-ld leaves out variables that nothing uses."""

GLOBALS = (
    "p counter",
    "p wide",
    "p single",
    "p shade",
    "p squares",
    "p squares[2]",
    "p greeting",
    "p ada",
    "p ada.next->name",
    "p grace.height",
    "p n + 1",
    "p ada.at.x * 3 - n",
    "p sizeof(struct point)",
    "p n == 6 && counter < 2",
    "p/x wide",
    "p (char)65",
    "image lookup -t point",
)


def test_globals_and_expressions(guest: Builder, native_twin: Builder) -> None:
    commands = ["b fib", "c", *GLOBALS]
    ours = debug(guest("session", flags=KEEP), commands)
    theirs = debug_natively(native_twin("session"), commands)
    for command in GLOBALS:
        if command.startswith("image"):
            assert "struct point" in ours[command] and "int y;" in ours[command]
        else:
            assert plain(ours[command]) == plain(theirs[command]), command


WRITES = (
    "expr counter = 41",
    "p counter",
    "expr ada.at.y = -9",
    "p ada.at",
    "expr squares[3] = squares[2] + 1",
    "p squares",
    "expr wide = -2",
    "p wide",
    "expr single = 2.25",
    "p single",
    "expr n = 1",
    "p n",
    "frame variable n",
)


def test_writes(guest: Builder, native_twin: Builder) -> None:
    commands = ["b fib", "c", *WRITES, "breakpoint delete -f", "c"]
    ours = debug(guest("session", flags=KEEP), commands)
    theirs = debug_natively(native_twin("session"), commands)
    for command in WRITES:
        assert ours[command] == theirs[command], command
    assert "fib(6) = 1 in 42 calls" in ours.guest


def test_memory(guest: Builder) -> None:
    commands = [
        "b fib",
        "c",
        "memory write `&counter` 2a 01",
        "p counter",
        "memory read -f d -s 4 -c 1 `&counter`",
        "memory read -c 11 greeting",
        "memory region `&counter`",
        "memory read 0xf0000000",
    ]
    results = debug(guest("session", flags=KEEP), commands)
    assert results["p counter"] == f"(int) {0x12A}"
    assert results["memory read -f d -s 4 -c 1 `&counter`"].endswith(f": {0x12A}")
    assert "hello, wasm" in results["memory read -c 11 greeting"]
    assert "rw-" in results["memory region `&counter`"]
    assert "error" in results["memory read 0xf0000000"]


def test_registers_are_shown_and_refused(guest: Builder) -> None:
    commands = ["b fib", "c", "register read pc", "register write pc 0", "p n"]
    results = debug(guest("session"), commands)
    assert results["register read pc"].startswith("pc = 0x4000000100000")
    assert "error" in results["register write pc 0"]
    assert results["p n"] == "(int) 6"


def test_the_module_is_the_file_and_there_is_one(guest: Builder) -> None:
    program = guest("session").program
    commands = ["image list", "image lookup -n fib", "thread list", "process status"]
    results = debug(guest("session"), commands)
    assert results["image list"].count("[") == 1
    assert str(program) in results["image list"]
    assert "fib" in results["image lookup -n fib"]
    assert "name = 'session.wasm'" in results["thread list"]


def test_disassembly_is_in_step(guest: Builder) -> None:
    """The declarations of locals before the first op are shown as nops."""
    results = debug(guest("session"), ["b fib", "c", "disassemble"])
    ops = [line.split(":")[-1].split() for line in results["disassemble"].splitlines()[1:]]
    names = [op[0] for op in ops]
    first = next(n for n, name in enumerate(names) if name != "nop")
    assert first > 0 and names[first] == "global.get"
    assert not any("unknown" in name for name in names)


def test_instruction_steps(guest: Builder) -> None:
    commands = [
        "b fib",
        "c",
        "register read pc",
        "si",
        "register read pc",
        "ni",
        "register read pc",
    ]
    results = debug(guest("session"), commands)
    pcs = [int(text.split(" = ")[1].split()[0], 16) for text in results.all("register read pc")]
    # counter++: i32.const 0, i32.load counter
    assert pcs[1] - pcs[0] == 2 and pcs[2] - pcs[1] > 2


def test_an_instruction_step_into_a_call_ends_at_the_first_op(guest: Builder) -> None:
    """Not behind the prologue, where a step into lines ends, though `disassemble` has read code."""
    commands = ["b session.c:105", "c", "si", "si", "si", "disassemble", "si", "register read pc"]
    results = debug(guest("session"), commands)
    data = guest("session").program.read_bytes()
    pc = int(results["register read pc"].split()[2], 16) & 0xFFFFFFFF
    assert data[pc] == 0x23  # global.get: the shadow stack's pointer


def test_breakpoints_in_libraries_have_places(guest: Builder) -> None:
    results = debug(guest("session"), ["b printf", "c", "bt"])
    assert [named(name) for name, _ in frames(results["bt"])][:2] == ["printf", "main"]


def test_monitor_commands_show_what_outer_frames_hold(guest: Builder) -> None:
    """lldb shows the innermost frame's variables in outer frames of the same function."""
    commands = ["breakpoint set -n fib -c n==4", "c"]
    monitor = [f"process plugin packet monitor locals {frame}" for frame in range(3)]
    results = debug(guest("session"), [*commands, *monitor])
    # Local 0 is the parameter n.
    assert [re.findall(r"^0: .*\b([0-9]+)\b", results[m], re.M)[-1:] for m in monitor] == [
        ["4"],
        ["5"],
        ["6"],
    ]
