"""lldb's Wasm platform with our command as its runtime: `process launch`, with an empty environment."""

from __future__ import annotations

from pathlib import Path

from tests.guests.build import Guest
from tests.guests.fixtures import Builder
from tests.lldb.session import LANGUAGE, lldb


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
    assert results.stops() == [("fib", 38)]
    assert results["p n"] == "(int) 6"
    assert "fib(6) = 8 in 25 calls" in results["c"]
    assert "exited with status = 5 " in results["c"]
    assert "Listening" not in results.text


ENDED = (
    "script import time; process = lldb.debugger.GetSelectedTarget().process",
    "script while process.state != lldb.eStateExited: time.sleep(0.01)",
    "script print(process.exit_state, process.exit_description)",
)
"""Commands that wait until lldb knows how the guest ended.

`kill` comes back before the event has gone through lldb, and an event that a launch overtakes is never shown.
"""


def test_launches_one_after_the_other_without_an_environment(guest: Builder, runtime: Path) -> None:
    commands = [
        *launching(runtime, guest("session")),
        "b fib",
        "process launch -- exit 5",
        "p counter",
        "expr counter = 100",
        "kill",
        *ENDED,
        "process launch -- exit 6",
        "p counter",
        "breakpoint delete -f",
        "c",
        "run",
    ]
    results = lldb(commands, variables={})
    assert results.stops() == [("fib", 38)] * 2
    assert results.all("p counter") == ["(int) 0"] * 2
    assert results[ENDED[-1]] == "9 killed"
    assert "exited with status = 6 " in results["c"]
    assert "fib(6) = 8 in 25 calls" in results["run"]
    assert "exited with status = 6 " in results["run"]


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
