"""lldb's Wasm platform with our command as its runtime: `process launch`, with an empty environment."""

from __future__ import annotations

from pathlib import Path

from tests.guests.build import Guest
from tests.guests.fixtures import Builder
from tests.lldb.session import ENDED, LANGUAGE, lldb, typing


def launching(runtime: Path, guest: Guest) -> tuple[str, ...]:
    """Give the commands before the launch."""
    return (
        *LANGUAGE,
        "settings set auto-confirm true",
        f"settings set platform.plugin.wasm.runtime-path {runtime}",
        "settings set -- platform.plugin.wasm.port-arg --gdb=",
        "platform select wasm",
        f"target create {guest.program}",
    )


def test_a_launch(guest: Builder, runtime: Path) -> None:
    commands = [
        *launching(runtime, guest("session")),
        "b fib",
        "process launch -- exit 5",
        "p n",
        "breakpoint delete -f",
        "c",
    ]
    results = lldb(commands)
    assert results.stops() == [("fib", 38)], results.text
    assert results["p n"] == "(int) 6"
    assert "exited with status = 5 " in results["c"]
    assert "Listening" not in results.text


def test_launches_one_after_the_other_without_an_environment(guest: Builder, runtime: Path) -> None:
    commands = [
        *launching(runtime, guest("session")),
        "b fib",
        "process launch -- exit 5",
        "p counter",
        "expr counter = 100",
        "kill",
        *ENDED,
        "process status",
        "process launch -- exit 6",
        "p counter",
        "breakpoint delete -f",
        "c",
        "run",
    ]
    results = lldb(commands, variables={})
    assert results.stops() == [("fib", 38)] * 2, results.text
    assert results.all("p counter") == ["(int) 0"] * 2
    assert "exited with status = 9 (0x00000009) killed" in results["process status"]
    assert "exited with status = 6 " in results["c"]
    assert "exited with status = 6 " in results["run"]


def test_what_the_program_writes_appears_in_lldb(guest: Builder, runtime: Path) -> None:
    """Before its end is told or after: lldb does not promise which."""
    written, ended = r"fib\(6\) = 8 in 25 calls", "exited with status = 5 "
    with typing({}) as lldb:
        for command in launching(runtime, guest("session")):
            lldb.say(command, r"\(lldb\) ")
        lldb.say("process launch -- exit 5", f"(?s){written}.*{ended}|{ended}.*{written}")


def test_a_launch_of_several_options(guest: Builder, runtime: Path, tmp_path: Path) -> None:
    """What lldb calls runtime arguments are options of the command."""
    (tmp_path / "input.txt").write_text("from a file\n")
    commands = [
        *launching(runtime, guest("session")),
        f"settings set -- platform.plugin.wasm.runtime-args --dir {tmp_path}::/data --env NAME=value",
        "b main",
        "process launch -- a b",
        "p argc",
        "p argv[2]",
        "kill",
    ]
    results = lldb(commands)
    assert results["p argc"] == "(int) 3"
    assert results["p argv[2]"].endswith('"b"')
