"""Every way to stop and to go on, at every level of optimization, beside gdbserver and the native twin."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.gdb.session import Gdb, debug, debug_natively, plain, serving
from tests.guests.fixtures import Builder

FOLDER = Path(__file__).parent

BREAKS = (
    *(
        r"rbreak ^add$",
        r"rbreak ^\(mul\|swap\)$",
        "tbreak fill",
        "hbreak loop",
        "tbreak features.c:76",
    ),
    *("info breakpoints", "c", "c", "c", "info breakpoints", "c", "bt 1", "c", "c"),
)
HITS = (
    *("tbreak loop", "c", "break 69", "ignore 2 3", "info breakpoints", "c", "print i"),
    *("condition 2 i == 8 && s > 2", "c", "print i", "print s", "info breakpoints", "delete 2"),
    *('dprintf 69,"i=%d s=%d %s\\n", i, s, text', "c"),
)
LINES = (
    *("break loop", "c", "until", "until", "until", "until", "until", "advance last", "bt 1"),
    *("next", "step", "info args", "finish", "until 79", "print n", "advance 92", "next"),
)
COMMANDS = ("break note if x > 20", "c", "print x", "up", "c", "print x", "tbreak parts", "c", "c")


def shown(text: str) -> str:
    """Return gdb's text without what the machines differ in: widths, processes, results of `finish`."""
    text = plain(text)
    text = re.sub(r"^Num .*\n", "", text)
    text = re.sub(r"\(process \d+\)", "(process)", text)
    text = re.sub(r" \((target|host) evals\)", "", text)
    text = re.sub(r"argv=\S*\)", "argv)", text)
    return re.sub(r"^(Run till exit|main |in main ).*\n", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize(
    "commands", [BREAKS, HITS, LINES, COMMANDS], ids=["breaks", "hits", "lines", "if"]
)
def test_stops_are_the_native_ones(
    commands: tuple[str, ...], guest: Builder, native_twin: Builder
) -> None:
    ours = debug(guest("features", folder=FOLDER), commands)
    theirs = debug_natively(native_twin("features", folder=FOLDER), commands)
    for (command, one), (_, other) in zip(ours.outputs, theirs.outputs, strict=True):
        if command == "finish":  # what is left to do of the call's line differs
            one, other = one.splitlines()[-1], other.splitlines()[-1]
        assert shown(one) == shown(other), (command, ours.text)


@pytest.mark.parametrize("opt", ["O1", "O2"])
def test_optimized_programs_stop_where_their_calls_are(
    opt: str, guest: Builder, native_twin: Builder
) -> None:
    commands = (
        "break note",
        "c",
        "print x",
        "c",
        "print x",
        "delete",
        "break last",
        "c",
        "info args",
        "finish",
    )
    ours = debug(guest("features", opt, folder=FOLDER), commands)
    theirs = debug_natively(native_twin("features", folder=FOLDER), commands)
    for command in ("print x", "info args"):
        assert ours.all(command) == theirs.all(command)
    assert ours["finish"].splitlines()[-1] == theirs["finish"].splitlines()[-1]


@pytest.mark.parametrize("opt", ["O1", "O2"])
@pytest.mark.parametrize("version", [4, 5])
def test_inlined_functions_are_frames(
    opt: str, version: int, guest: Builder, native_twin: Builder
) -> None:
    commands = (
        "break note",
        "c",
        "c",
        "bt",
        "up",
        "print m",
        "print k",
        "up",
        "print k",
        "up",
        "print n",
    )
    flags = (f"-gdwarf-{version}",)  # WASI's library has DWARF 4
    ours = debug(guest("features", opt, flags, FOLDER), commands)
    theirs = debug_natively(native_twin("features", folder=FOLDER), commands)
    assert [line.split("(")[0].split()[-1] for line in ours["bt"].splitlines()] == [
        *("note", "innermost", "middle", "outer", "main"),
    ]
    for command in ("print m", "print k"):
        assert ours.all(command) == theirs.all(command), ours.text
    assert ours["print n"] in (theirs["print n"], "$4 = <optimized out>")


def test_a_struct_in_pieces_is_read_and_written(guest: Builder) -> None:
    commands = (
        *(
            "break parts",
            "c",
            "tbreak note",
            "c",
            "up",
            "print v.x",
            "delete",
            "tbreak note",
            "c",
            "up",
        ),
        *("print v", "set var v.x = 70", "print v.x", "tbreak note", "c", "print x"),
    )
    ours = debug(guest("features", "O2", folder=FOLDER), commands)
    first, second = ours.all("print v.x")
    x = int(first.split(" = ")[1])
    assert ours["print v"].endswith(f" = {{x = {x}, y = 2}}"), ours.text
    assert second.endswith(" = 70")
    assert ours["print x"].endswith(" = 68")  # v.x - v.y


def test_a_hardware_breakpoint_is_one(guest: Builder) -> None:
    with serving(guest("features", folder=FOLDER), options=["--log-packets"]) as server:
        server.end_input()
        results = Gdb(server.port, ["hbreak loop", "c", "stepi", "nexti", "delete", "c"]).results()
        log = server.log()
    assert results["c"].endswith("exited with code 01]"), results.text
    assert any(line.startswith("> Z1,e") for line in log)
    assert not any(line.startswith("> Z0,e") and ",1;X" in line for line in log)
    assert sum("vCont;s" in line for line in log) == 2  # each of the two is one packet


def test_stepi_is_one_operation_and_nexti_passes_a_call(guest: Builder) -> None:
    program = guest("features", "O1", folder=FOLDER)
    look = ("monitor disassemble", "print/x $pc", "print calls")
    commands = ["break outer", "c", *(*look, "stepi") * 3, *look, "tbreak note", "c", "up", *look]
    results = debug(program, commands)
    listings = [text.splitlines() for text in results.all("monitor disassemble")]
    marks = [
        next(n for n, line in enumerate(text) if line.startswith("=>")) for text in listings[:4]
    ]
    assert marks == list(range(marks[0], marks[0] + 4))
    pcs = [line.split()[0] for line in listings[0][marks[0] + 1 :]]
    call = next(line.split()[0] for line in listings[0] if "call $note" in line)
    after = pcs[pcs.index(call) + 1]
    window = 0xE0000000
    over = (f"break *{window + int(call, 16):#x}", "c", "print calls", "nexti", "print calls")
    results = debug(program, (*over, "print/x $pc", "nexti", "print calls"))
    assert int(results["print/x $pc"].split(" = ")[1], 16) == window + int(after, 16)
    assert results.all("print calls") == ["$1 = 0", "$2 = 1", "$4 = 1"]


def test_steps_enter_functions_before_anything_they_do(
    guest: Builder, native_twin: Builder
) -> None:
    """Functions without a prologue, one of them beginning with an inlined one."""
    step = ("step", "bt", "print count")
    commands = ("tbreak main", "c", "next", *step * 4, "tbreak outer", "c", "bt", *step, "c")
    ours = debug(guest("entries", folder=FOLDER), commands)
    theirs = debug_natively(native_twin("entries", "O0", folder=FOLDER), commands)
    for command in ("step", "bt", "print count"):
        pairs = zip(ours.all(command), theirs.all(command), strict=True)
        for number, (one, other) in enumerate(pairs):
            assert plain(one) == plain(other), f"{command}, time {number}"
    assert "exited with code 010" in ours["c"]
