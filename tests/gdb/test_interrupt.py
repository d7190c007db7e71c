"""Ctrl-C: in a loop, in a blocked read, in a sleep; the guest goes on as if nothing had been."""

import pytest

from tests.gdb.session import Gdb, serving
from tests.guests.fixtures import Builder

LOGGING = ["--log-packets"]


def test_in_a_loop(guest: Builder) -> None:
    commands = ["break spin", "c", "c", "frame", "set var running=0", "finish", "c"]
    with serving(guest("session"), "loop", options=LOGGING) as server:
        gdb = Gdb(server.port, commands)
        server.wait_for_resumes(2)
        gdb.interrupt()
        results = gdb.results()
        output = server.output()
    assert "Program received signal SIGINT" in results.all("c")[1]
    assert "spin (start=0)" in results["frame"]
    assert "Value returned is" in results["finish"]
    assert "exited normally" in results["c"]
    assert "looped" in output


def test_in_a_loop_with_a_condition(guest: Builder) -> None:
    """Which the guest's thread evaluates in each turn, without a pause."""
    commands = ["break spin", "c", "break session.c:72 if running == 2", "c", "frame", "kill"]
    with serving(guest("session"), "loop", options=LOGGING) as server:
        gdb = Gdb(server.port, commands)
        server.wait_for_resumes(2)
        gdb.interrupt()
        results = gdb.results()
    assert "Program received signal SIGINT" in results.all("c")[1]
    assert "spin (start=0)" in results["frame"]
    assert "killed" in results["kill"]


def test_in_a_blocked_read(guest: Builder) -> None:
    commands = ["break read_line", "c", "c", "bt", "c"]
    with serving(guest("session"), "read", options=LOGGING) as server:
        gdb = Gdb(server.port, commands)
        server.wait_for_resumes(2)
        gdb.interrupt()
        server.wait_for_resumes(1)
        server.send("four\n")
        results = gdb.results()
        output = server.output()
    assert "SIGINT" in results.all("c")[1]
    assert "read_line (" in results["bt"] and "main (" in results["bt"]
    assert "exited normally" in results["c"]
    assert "read 4: four" in output


def test_in_a_sleep(guest: Builder) -> None:
    commands = ["break sleep", "c", "c", "bt", "kill"]
    with serving(guest("session"), "sleep", "1000", options=LOGGING) as server:
        gdb = Gdb(server.port, commands)
        server.wait_for_resumes(2)
        gdb.interrupt()
        results = gdb.results()
    assert "SIGINT" in results.all("c")[1]
    assert "main (" in results["bt"]
    assert "killed" in results["kill"]


@pytest.mark.parametrize("times", [3])
def test_again_and_again(guest: Builder, times: int) -> None:
    commands = ["break spin", "c", *["c", "print turns"] * times, "kill"]
    with serving(guest("session"), "loop", options=LOGGING) as server:
        gdb = Gdb(server.port, commands)
        server.wait_for_resumes(1)
        for _ in range(times):
            server.wait_for_resumes(1)
            gdb.interrupt()
        results = gdb.results()
    turns = [int(text.split(" = ")[1]) for text in results.all("print turns")]
    assert turns == sorted(turns)
    assert all("SIGINT" in text for text in results.all("c")[1:])
