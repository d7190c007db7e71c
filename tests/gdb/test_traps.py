"""Traps: the signal, the words, the frame and the line; and what comes after."""

import pytest

from tests.gdb.session import debug
from tests.guests.fixtures import Builder


@pytest.mark.parametrize(
    ("how", "signal", "words", "line"),
    [
        (
            "null",
            "SIGSEGV",
            "out of bounds memory access\n  i32.load: i32 -16 (0xfffffff0); the memory has ",
            "return *p;",
        ),
        (
            "divide",
            "SIGFPE",
            "integer divide by zero\n  i32.div_s: i32 25 (0x19), i32 0 (0x0)\n",
            "return counter / divisor;",
        ),
        ("unreachable", "SIGILL", "`unreachable` instruction executed\n\n", "__builtin_trap();"),
    ],
)
def test_a_trap_is_a_signal_at_its_line(
    guest: Builder, how: str, signal: str, words: str, line: str
) -> None:
    results = debug(guest("session"), ["c", "frame", "print zero", "up", "c"], how)
    first, last = results.all("c")
    assert f"wasm trap: {words}" in first if how != "unreachable" else words in first
    assert f"Program received signal {signal}" in first
    assert "crash (" in results["frame"] and line in results["frame"]
    assert results["print zero"] == "$1 = 0"
    assert "main (" in results["up"]
    assert f"terminated with signal {signal}" in last


def test_endless_recursion_runs_out_of_the_stack_in_linear_memory(guest: Builder) -> None:
    results = debug(guest("session"), ["c", "bt -2"], "overflow")
    assert "wasm trap: out of bounds memory access" in results["c"]
    assert "SIGSEGV" in results["c"]
    outermost = results["bt -2"].splitlines()
    assert "crash (how=" in outermost[0] and "main (argc=2" in outermost[1]
