"""`monitor call` in stock gdb: the answer is the one gdb's own call gets, and the stop is as it was."""

from __future__ import annotations

import re
from pathlib import Path

from tests.gdb.session import debug
from tests.guests.fixtures import Builder

LOOK = ["bt", "info locals", "monitor locals", "monitor stack"]


def test_a_call_by_wasm_signature_is_the_one_by_prototype(guest: Builder) -> None:
    commands = ["break fib", "c", *LOOK, "monitor call fib 9 0", *LOOK, "delete", "print fib(9, p)"]
    results = debug(guest("session"), commands)
    value = results["print fib(9, p)"].split(" = ")[1]
    assert results["monitor call fib 9 0"] == f"i32 {value} ({int(value):#x})"
    for command in LOOK:
        before, after = results.all(command)
        assert before == after != "", command


def test_a_call_by_index_with_floats(guest: Builder) -> None:
    program = guest("calls", flags=("-Wl,--no-gc-sections",), folder=Path(__file__).parent)
    place = debug(program, ["monitor disassemble scale"])
    index = re.search(r"\(func \$scale \(;(\d+);\)", place["monitor disassemble scale"])
    assert index is not None
    by_index = f"monitor call {index[1]} 2.5 3 4"
    results = debug(
        program,
        ["break outer", "c", "monitor call scale 2.5 3 4", by_index, "print scale(2.5, 3, 4)"],
    )
    assert results["print scale(2.5, 3, 4)"] == "$1 = 30"
    assert results["monitor call scale 2.5 3 4"].startswith("f64 30")
    assert results[by_index] == results["monitor call scale 2.5 3 4"]


def test_a_trap_in_a_call_is_text_and_the_program_goes_on(guest: Builder) -> None:
    commands = ["break fib", "c", "bt", "monitor call strlen -1", "bt", "delete", "finish"]
    results = debug(guest("session"), commands)
    assert re.match(
        r"strlen trapped: out of bounds memory access at 0x", results["monitor call strlen -1"]
    )
    before, after = results.all("bt")
    assert before == after
    assert "Value returned is" in results["finish"]


def test_what_became_of_the_dwarf_is_counted(guest: Builder) -> None:
    results = debug(guest("session", "O2"), ["monitor dwarf", "monitor disassemble fib"])
    units, expressions, entries, sequences = results["monitor dwarf"].splitlines()[:4]
    assert re.match(r"\d+ units, \d+ addresses", units)
    assert re.match(r"\d+ expressions: \d+ rewritten, \d+ cannot", expressions)
    assert re.match(r"\d+ location list entries: ", entries)
    assert re.match(r"\d+ line sequences", sequences)
    assert "(func $fib" in results["monitor disassemble fib"]
