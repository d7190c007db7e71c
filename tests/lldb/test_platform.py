"""lldb's Wasm platform with our command as its runtime: `process launch`, with an empty environment."""

from __future__ import annotations

from pathlib import Path

from tests.guests.fixtures import Builder
from tests.lldb.session import LANGUAGE, lldb


def test_a_launch(guest: Builder, runtime: Path) -> None:
    commands = [
        *LANGUAGE,
        f"settings set platform.plugin.wasm.runtime-path {runtime}",
        "settings set -- platform.plugin.wasm.port-arg --gdb=",
        "platform select wasm",
        f"target create {guest('session').program}",
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
