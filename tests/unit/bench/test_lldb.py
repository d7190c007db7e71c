"""What the bench of lldb makes of its sessions; no lldb runs here."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from bench import lldb
from bench.figures import WrongResult


def test_medians_and_what_is_worse(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = {1: [0.004, 0.002, 0.003], 2: [0.001, 0.002, 0.009]}
    packets = {1: [20.0, 22.0, 24.0], 2: [30.0, 30.0, 30.0]}

    def session(port: int, log: Path | None) -> tuple[lldb.Acts, lldb.Acts]:
        return {"n": seconds[port]}, {"n": packets[port]}

    sides = {
        "ours": lambda guest: nullcontext(1),
        "wasmtime": lambda guest: nullcontext(2),
    }
    monkeypatch.setattr(lldb, "SIDES", sides)
    monkeypatch.setattr(lldb, "session", session)
    monkeypatch.setattr(lldb, "build_guest", lambda name: None)
    monkeypatch.setattr(lldb, "_lldb_version", lambda: "22")
    monkeypatch.setattr(lldb, "_listening", lambda guest, rounds: {"ours": 30.0})
    monkeypatch.setattr("bench.peer.version", lambda: "49")
    figure = lldb.bench(2)
    assert figure["acts"]["n"] == {
        "ours": {"packets": 22.0, "ms": 3.0},
        "wasmtime": {"packets": 30.0, "ms": 2.0},
    }
    assert figure["more_packets_than_the_peer"] == []
    assert figure["slower_than_the_peer"] == ["n"]
    assert figure["listening_ms"] == {"ours": 30.0}


def test_the_time_until_a_server_listens_is_taken() -> None:
    listens = (
        "import socket, sys; s = socket.create_server(('127.0.0.1', int(sys.argv[1]))); s.accept()"
    )
    with pytest.raises(WrongResult, match="ended"):
        lldb.until_listening([sys.executable, "-c", "pass", "PORT"])
    assert lldb.until_listening([sys.executable, "-c", listens, "PORT"]) > 0
