"""The live peer: `wasmtime run -g PORT`, the one other Wasm engine with a server for lldb."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench.peer import wasmtime
from tests.guests.build import Guest

_LISTENING = "listening on"


def _free_port() -> int:
    """Give a port that was free just now: the peer cannot choose one itself."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def peer_serving(
    guest: Guest, *arguments: str, options: Sequence[str] = ()
) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """Serve a guest with the peer; give its port and process. Raises `MissingPeer` without one."""
    port = _free_port()
    with subprocess.Popen(
        [str(wasmtime()), "run", "-g", str(port), *options, str(guest.program), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if _LISTENING in line:
                    break
            yield port, process
        finally:
            process.kill()
