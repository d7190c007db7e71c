"""How a guest ends, or does not: exits, traps, kill, detach; and who comes after."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.guests.fixtures import Builder
from tests.lldb.session import ENDED, LANGUAGE, TIME_LIMIT, connecting, debug, frames, lldb
from tests.serving import serving


@pytest.mark.parametrize("code", [0, 3, 200, 255])
def test_an_exit_code(guest: Builder, code: int) -> None:
    results = debug(guest("session"), ["c"], "exit", str(code))
    assert f"exited with status = {code} " in results["c"]


@pytest.mark.parametrize(
    ("how", "signal", "words", "line"),
    [
        ("null", "SIGSEGV", "out of bounds memory access", 88),
        ("divide", "SIGFPE", "integer divide by zero", 92),
        ("unreachable", "SIGILL", "wasm `unreachable` instruction executed", 95),
    ],
)
def test_a_trap_is_told_in_words_at_its_line(
    guest: Builder, how: str, signal: str, words: str, line: int
) -> None:
    commands = ["c", "bt", "p zero", "up", "p argc", "n", "process status"]
    results = debug(guest("session"), commands, how)
    assert f"stop reason = wasm trap: {words}" in results["c"]
    assert frames(results["bt"])[:2] == [("crash", line), ("main", 121)]
    assert results["p zero"] == "(int) 0"
    assert results["p argc"] == "(int) 2"
    assert "exited with status = 134 " in results["n"]
    assert "exited with status = 134 " in results["process status"]


def test_endless_recursion_runs_out_of_memory(guest: Builder) -> None:
    results = debug(guest("session"), ["c", "bt 3", "c"], "overflow")
    assert "stop reason = wasm trap: out of bounds memory access" in results.all("c")[0]
    assert [name for name, _ in frames(results["bt 3"])] == ["crash"] * 3
    assert "exited with status = 134 " in results["c"]


def test_kill(guest: Builder) -> None:
    results = debug(guest("session"), ["b fib", "c", "kill", *ENDED, "process status"])
    assert "exited with status = 9 (0x00000009) killed" in results["process status"]
    assert results.guest == ""


def test_after_detaching_the_guest_runs_to_its_end(guest: Builder) -> None:
    results = debug(guest("session"), ["b fib", "c", "detach", *ENDED, "target list"])
    assert "state=detached" in results["target list"]
    assert "fib(6) = 8 in 25 calls" in results.guest


def test_the_end_of_lldb_is_no_end_of_the_guest(guest: Builder) -> None:
    """At the end of its commands lldb detaches."""
    results = debug(guest("session"), ["b fib", "c"])
    assert "fib(6) = 8 in 25 calls" in results.guest


def test_another_client_finds_the_guest_where_it_goes_on(guest: Builder) -> None:
    with serving(guest("session"), "loop", options=()) as server:
        first = lldb([*LANGUAGE, connecting(server.port), "b spin", "c", "detach"])
        second = lldb([*LANGUAGE, connecting(server.port), "bt", "expr running = 0", "c"])
        output = server.output()
    assert first.stops() == [("spin", 70)]
    assert [name for name, _ in frames(second["bt"])][:2] == ["spin", "main"]
    assert "exited with status = 0" in second["c"]
    assert "looped" in output


def test_the_servers_status_is_the_guests(guest: Builder) -> None:
    with serving(guest("session"), "exit", "77") as server:
        lldb([connecting(server.port), "c"])
        assert server.process.wait(timeout=TIME_LIMIT) == 77


def test_a_client_that_vanishes_leaves_the_guest_stopped(guest: Builder) -> None:
    with serving(guest("session"), options=()) as server:
        lldb([*LANGUAGE, connecting(server.port), "b fib", "c", "script import os; os._exit(0)"])
        second = lldb([*LANGUAGE, connecting(server.port), "p n", "c"])
        server.output()
    assert second["p n"] == "(int) 6"
    assert "exited with status = 0" in second["c"]


@pytest.mark.skipif(shutil.which("gdb") is None, reason="gdb is not installed")
def test_gdb_hands_over_to_lldb_and_back(guest: Builder) -> None:
    def gdb(port: int, *commands: str) -> str:
        words = ["gdb", "-nx", "-batch", "-ex", f"target remote 127.0.0.1:{port}"]
        words += [word for command in commands for word in ("-ex", command)]
        return subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIME_LIMIT,
            check=True,
        ).stdout

    with serving(guest("session"), options=()) as server:
        first = gdb(server.port, "break fib if n==3", "c", "disconnect")
        leave = "script import os; os._exit(0)"
        # lldb would let the guest run on at its end.
        second = lldb(
            [*LANGUAGE, connecting(server.port), "p n", "n", "b session.c:43", "c", leave]
        )
        third = gdb(server.port, "print n", "print left", "kill")
    assert "fib (n=3, p=" in first
    assert second["p n"] == "(int) 3"
    assert second.stops() == [("fib", 39), ("fib", 43)]
    assert "$1 = 2\n$2 = 1\n" in third
