"""Ctrl-C while the output of a `monitor` command comes: gdb leaves off, and the session is as it was."""

from __future__ import annotations

from tests.gdb.session import Gdb, serving
from tests.guests.fixtures import Builder

LOGGING = ["--log-packets"]
ROOM = ("-Wl,-z,stack-size=16777216",)
LONG = "monitor frames 100000"


def test_ctrl_c_ends_it_and_the_session_goes_on(guest: Builder) -> None:
    after = [
        "x/dw &reached",
        "print left",
        "x/dw &reached",
        "up",
        "info locals",
        "monitor locals 1",
        "delete",
        "c",
    ]
    commands = ["break deep.c:13", "c", "bt 1", LONG, *after]
    with serving(guest("deep", flags=ROOM), "60000", options=LOGGING) as server:
        gdb = Gdb(server.port, commands)
        server.wait_for(f"qRcmd,{LONG.removeprefix('monitor ').encode().hex()}")
        server.wait_for_output()
        gdb.interrupt()
        results = gdb.results()
        log = server.log()
    lines = results[LONG].splitlines()
    assert lines[-1] == "Quit"
    assert 50 < len(lines) < 59_000
    assert lines[0].startswith("#0 ") and "down" in lines[0]
    # What gdb had not read of the output when it quit, it takes for the reply to its next packet.
    assert results["x/dw &reached"].endswith(":\t0")
    assert results["print left"] == "$1 = 0"
    assert "down (left=1)" in results["up"]
    assert results["info locals"] == "below = 0"
    assert "i32" in results["monitor locals 1"]
    assert "exited normally" in results["c"]
    assert not any(line.startswith("< E") for line in log)


def test_all_of_it_comes_otherwise(guest: Builder) -> None:
    commands = ["break deep.c:13", "c", "monitor frames 100000", "print reached"]
    with serving(guest("deep", flags=ROOM), "8000") as server:
        results = Gdb(server.port, commands).results()
    numbers = [line.split()[0] for line in results[commands[2]].splitlines() if line[0] == "#"]
    assert numbers == [f"#{number}" for number in range(len(numbers))]
    assert len(numbers) > 8_000
    assert results["print reached"] == "$1 = 0"
