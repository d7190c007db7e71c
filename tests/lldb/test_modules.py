"""A program of two modules with a memory each: one lldb session over both."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.guests.build import build_guest
from tests.guests.modules import FOLDER, two_modules
from tests.lldb.session import LANGUAGE, Results, connecting, frames, lldb
from tests.serving import serving


def debug_two(commands: Sequence[str], opt: str = "O0") -> Results:
    """Run a session with both modules."""
    guest, preloads = two_modules(opt)
    with serving(guest, options=("--once", *preloads)) as server:
        results = lldb([*LANGUAGE, connecting(server.port), *commands])
        return replace(results, guest=server.output())


def test_both_modules_are_listed_with_their_files() -> None:
    guest, preloads = two_modules()
    listed = debug_two(["image list", "kill"])["image list"].splitlines()
    assert [line.split()[-1] for line in listed] == [
        str(guest.program),
        preloads[1].removeprefix("store="),
    ]


@pytest.mark.parametrize("opt", ["O0", "O2"])
def test_breakpoints_and_frames_in_both(opt: str) -> None:
    commands = ["b record", "b put", "c", "c", "bt", "c", "c", "p key", "p value"]
    results = debug_two([*commands, "breakpoint delete -f", "c"], opt)
    assert [stop and stop[0] for stop in results.stops()] == ["record", "put"] * 2
    assert [name for name, _ in frames(results["bt"])][:3] == ["put", "record", "main"]
    for name, module in (("put", "store"), ("record", "modules"), ("main", "modules")):
        assert re.search(rf"{module}\.wasm`(__original_)?{name}", results["bt"])
    assert (results["p key"], results["p value"]) == ("(int) 1", "(int) 20")
    assert results.guest == "4 entries, total 100, 4 calls\n"


def test_each_function_sees_the_memory_of_its_module() -> None:
    commands = ["b record", "c", "c", "p calls", "p marks[3]", "expr marks[2] = 5"]
    commands += ["b put", "c", "p count", "p entries[0]", "expr entries[0].value = 1000"]
    results = debug_two([*commands, "breakpoint delete -f", "finish", "finish", "c"])
    assert (results["p calls"], results["p marks[3]"]) == ("(int) 1", "(int) 4")
    assert results["p count"] == "(int) 1"
    assert re.search(r"key = 0\D+value = 10\b", results["p entries[0]"])
    assert results.guest == "4 entries, total 1110, 4 calls\n"


def test_steps_cross_from_one_module_to_the_other_and_back() -> None:
    commands = [
        "b modules.c:14",
        "c",
        "breakpoint delete -f",
        "s",
        "p key",
        "finish",
        "n",
        "p count",
    ]
    results = debug_two(commands)
    assert results.stops()[:2] == [("record", 14), ("put", 18)]
    assert results["p key"] == "(int) 0"
    assert results.stops()[2] == ("record", 14)


def test_every_memory_has_addresses_of_its_own() -> None:
    read = "memory read -f d -s 4 -c 1 `(long long)&entries[0].value + 0x200000000`"
    results = debug_two(["b put", "c", "c", "memory region --all", read])
    writable = re.findall(r"\[0x(\w+)-0x\w+\) rw-", results["memory region --all"])
    assert [int(start, 16) >> 32 for start in writable] == [0, 1, 2]
    assert results[read].endswith(": 10"), results.text


def test_a_module_that_comes_late_gets_its_breakpoints_at_once() -> None:
    """The first stop is in a module that is made before the one with the function."""
    guest, preloads = two_modules()
    idle = build_guest("idle", flags=("-mexec-model=reactor",), folder=FOLDER)
    commands = ["image list", "b total", "c", "bt 2", "image list", "c"]
    options = ("--once", "--preload", f"idle={idle.program}", *preloads)
    with serving(guest, options=options) as server:
        results = lldb([*LANGUAGE, connecting(server.port), *commands])
    assert [len(text.splitlines()) for text in results.all("image list")] == [2, 3]
    assert "pending" in results["b total"]
    assert results.stops() == [("total", 25)]
    assert [name for name, _ in frames(results["bt 2"])] == ["total", "main"]
    assert "exited with status = 0" in results["c"]
