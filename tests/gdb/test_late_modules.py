"""A module that an embedder loads while the program runs, with two instances, in stock gdb."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

import tests.serving
from tests.gdb.session import Gdb, Results
from tests.guests.modules import two_modules

PENDING = ("-iex", "set breakpoint pending on")


def debug_late(commands: Sequence[str]) -> Results:
    """Run a session of the shop whose ledger comes late: odd items in one instance, even in another."""
    guest, preloads = two_modules("O0", "shop", "ledger")
    library = preloads[1].partition("=")[2]
    words = [sys.executable, "-m", "tests.gdb.embedder", str(guest.program), library]
    with tests.serving.server(words) as server:
        server.end_input()
        return Gdb(server.port, commands, *PENDING).results()


def values(results: Results, command: str) -> list[str]:
    """Return what gdb printed for a command, without the history's numbers."""
    return [text.partition(" = ")[2] for text in results.all(command)]


def test_pending_breakpoints_are_hit_when_the_module_comes() -> None:
    commands = ["info sharedlibrary", "break add_item", "c", "bt", "info sharedlibrary"]
    results = debug_late(commands)
    assert results.all("info sharedlibrary")[0] == "No shared libraries loaded at this time."
    assert "ledger.wasm" in results["info sharedlibrary"]
    assert results["break add_item"].endswith("Breakpoint 1 (add_item) pending.")
    frames = re.findall(r"(\w+) \(.*?\) at .*/(\w+\.c):\d+", results["bt"])
    assert frames == [("add_item", "ledger.c"), ("buy", "shop.c"), ("main", "shop.c")]


def test_gdb_stops_at_the_event_if_told_to() -> None:
    commands = ["set stop-on-solib-events 1", "c", "info sharedlibrary", "break add_item", "c"]
    results = debug_late(commands)
    assert "Stopped due to shared library event" in results.all("c")[0]
    assert "Inferior loaded target:/wasm/ledger.wasm" in results.all("c")[0]
    assert results["break add_item"].startswith("Breakpoint 1 at 0xe01")
    assert "add_item (id=1, price=1.5)" in results.all("c")[1]


def test_a_step_goes_on_over_the_coming_of_a_module() -> None:
    results = debug_late(["break shop.c:25", "c", "next", "print entries", "print count"])
    assert results["next"].endswith("26\t    count += entries > 100;")
    assert values(results, "print entries") == ["101"]
    assert values(results, "print count") == ["5"]


def test_each_instance_has_variables_of_its_own() -> None:
    commands = [
        *("break ledger.c:36", "c", "print count", "print items[0].id", "print *it", "up"),
        *("print count", "print *who", "down", "print count", "c", "print count"),
        *("print items[0].id", "print head->name", "set var count = 40", "up", "print count"),
        *("down", "delete", "tbreak sum", "c", "print count", "print head->id"),
        *("tbreak sum", "c", "print count", "print head->id", "finish", "monitor modules"),
    ]
    results = debug_late(commands)
    assert values(results, "print count") == ["101", "5", "101", "101", "6", "101", "40"]
    assert values(results, "print items[0].id") == ["1", "2"]
    assert values(results, "print head->id") == ["1", "2"]
    assert values(results, "print head->name")[0].endswith('"cheese"')
    assert values(results, "print *who")[0].startswith("{number = 1, ")


def test_a_watchpoint_is_of_one_instance() -> None:
    commands = ["break add_item", "c", "delete", "watch count", "c", "c"]
    results = debug_late(commands)
    assert "Old value = 100\nNew value = 101" in results.all("c")[1]
    assert "exited normally" in results.all("c")[2]


def test_every_memory_has_a_place() -> None:
    commands = ["break ledger.c:36", "c", "c", "info proc mappings", "x/dw 0xd8000000 + $offset"]
    commands.insert(4, "set $offset = (unsigned) &items - 0xc4000000")
    commands.append("x/dw 0xdc000000 + $offset")
    results = debug_late(commands)
    places = re.findall(r"(0x\w+) .* \[memory \d\]", results["info proc mappings"])
    assert places == ["0xc0000000", "0xc4000000", "0xd8000000", "0xdc000000"]
    items = [results[command].split()[-1] for command in commands[-2:]]
    assert sorted(items) == ["1", "2"]
