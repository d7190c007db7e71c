"""lldb-dap, as editors use it: attached to our server, and launching it as the platform's runtime."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.guests.build import Guest
from tests.guests.fixtures import Builder
from tests.lldb.dap import LLDB_DAP, Adapter, adapter
from tests.lldb.session import LANGUAGE, PATIENT, connecting, named
from tests.serving import serving

pytestmark = pytest.mark.skipif(
    shutil.which(LLDB_DAP) is None, reason=f"{LLDB_DAP} is not installed"
)


def stopped_frame(client: Adapter) -> dict[str, object]:
    """Wait for a stop and give its innermost frame."""
    thread = client.event("stopped")["threadId"]
    frames = client.ask("stackTrace", threadId=thread, levels=20)["stackFrames"]
    return dict(frames[0])


def local_variables(client: Adapter, frame: object) -> dict[str, str]:
    """Give the values of a frame's locals by name."""
    scopes = client.ask("scopes", frameId=frame)["scopes"]
    reference = next(scope for scope in scopes if scope["name"] == "Locals")["variablesReference"]
    rows = client.ask("variables", variablesReference=reference)["variables"]
    return {row["name"]: row["value"] for row in rows}


def set_breakpoints(client: Adapter, source: Path, *lines: int) -> None:
    """Set the breakpoints of a source, all of which have places."""
    rows = client.ask(
        "setBreakpoints",
        source={"path": str(source), "name": source.name},
        breakpoints=[{"line": line} for line in lines],
    )["breakpoints"]
    assert [row["verified"] for row in rows] == [True] * len(lines)


def walk(client: Adapter, guest: Guest) -> None:
    """Go through the program once, from a breakpoint in fib to the end."""
    frame = stopped_frame(client)
    assert (frame["name"], frame["line"]) == ("fib", 39)
    values = local_variables(client, frame["id"])
    assert values["n"] == "6" and "Ada" not in values["n"]
    thread = 1
    frames = client.ask("stackTrace", threadId=thread, levels=20)["stackFrames"]
    assert [named(row["name"]) for row in frames][:2] == ["fib", "main"]
    evaluated = client.ask("evaluate", expression="p->name", frameId=frame["id"], context="watch")
    assert "Ada" in evaluated["result"]
    set_breakpoints(client, guest.source)
    client.ask("next", threadId=thread)
    assert stopped_frame(client)["line"] == 41
    client.ask("next", threadId=thread)
    frame = stopped_frame(client)
    assert (frame["name"], frame["line"]) == ("fib", 42)
    assert local_variables(client, frame["id"])["n"] == "6"
    assert local_variables(client, frame["id"])["left"] == "5"
    scopes = client.ask("scopes", frameId=frame["id"])["scopes"]
    reference = next(scope for scope in scopes if scope["name"] == "Locals")["variablesReference"]
    client.ask("setVariable", variablesReference=reference, name="left", value="100")
    client.ask("stepIn", threadId=thread)
    frame = stopped_frame(client)
    assert (frame["name"], frame["line"]) == ("fib", 38)
    assert local_variables(client, frame["id"])["n"] == "4"
    client.ask("stepOut", threadId=thread)
    assert stopped_frame(client)["line"] == 42
    client.ask("continue", threadId=thread)
    assert client.event("exited")["exitCode"] == 9


def test_attached(guest: Builder) -> None:
    program = guest("session")
    with serving(program, "exit", "9") as server, adapter() as client:
        attaching = client.send(
            "attach", initCommands=[*PATIENT, *LANGUAGE], attachCommands=[connecting(server.port)]
        )
        client.event("initialized")
        set_breakpoints(client, program.source, 39)
        client.ask("configurationDone")
        client.answer(attaching)
        walk(client, program)
        assert "fib(6) = 103 in 25 calls" in server.output()


def test_launched(guest: Builder, runtime: Path) -> None:
    program = guest("session")
    with adapter() as client:
        launching = client.send(
            "launch",
            program=str(program.program),
            args=["exit", "9"],
            initCommands=[
                *PATIENT,
                *LANGUAGE,
                f"settings set platform.plugin.wasm.runtime-path {runtime}",
                "settings set -- platform.plugin.wasm.port-arg --gdb=",
                "platform select wasm",
            ],
        )
        client.event("initialized")
        set_breakpoints(client, program.source, 39)
        client.ask("configurationDone")
        client.answer(launching)
        walk(client, program)
        client.shows("fib(6) = 103 in 25 calls")
