"""A program of two modules with a memory each, in stock gdb."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tests.gdb.session import Gdb, Results, serving
from tests.guests.modules import two_modules

SECOND = "0xc4000000"
"""Where the program's memory begins: the other module's, whose instance is made before, is the first."""


def debug_two(commands: Sequence[str], opt: str = "O0") -> Results:
    """Run a session with both modules."""
    guest, preloads = two_modules(opt)
    with serving(guest, options=preloads) as server:
        return Gdb(server.port, commands).results()


def test_the_program_is_the_first_module() -> None:
    commands = ["break record", "c", "c", "print calls", "print marks[3]", "info proc mappings"]
    results = debug_two(commands)
    assert (results["print calls"], results["print marks[3]"]) == ("$1 = 1", "$2 = 4")
    names = re.findall(r"\S+\.wasm$|\[.*\]$", results["info proc mappings"], re.MULTILINE)
    assert names[:5] == ["[memory]", "[memory 0]", "[memory 1]", "modules.wasm", "store.wasm"]


def test_every_memory_has_addresses_of_its_own() -> None:
    there = f"*(int *) ({SECOND} + (unsigned) &calls)"
    commands = [
        *("break record", "c", "c", f"print {there}"),
        *(f"set var {there} = 40", "print calls", "delete"),
        *(f"watch {there}", "c", "print calls"),
    ]
    results = debug_two(commands)
    assert results[f"print {there}"] == "$1 = 1"
    assert results.all("print calls") == ["$2 = 40", "$3 = 41"]
    assert "Old value = 40\nNew value = 41" in results.all("c")[-1]
    assert "record (key=1)" in results.all("c")[-1]


def test_a_memory_ends_where_it_ends() -> None:
    commands = ["break record", "c", "x/wx 0xc4020000", "x/wx 0xc8000000", "x/wx 0xdffffffc"]
    results = debug_two(commands)
    for command in commands[2:]:
        assert "Cannot access memory" in results[command]
