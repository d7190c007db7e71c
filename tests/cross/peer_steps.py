"""The peer's own debug server, stepped: what Wasmtime's guest debugging says of each op of a program.

A client of its GDB Remote Serial Protocol that knows no more than it needs.
"""

import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench import peer
from bench.startup import free_port

_REPEATED = re.compile(rb"(.)\*(.)", re.DOTALL)


class State(NamedTuple):
    """The innermost frame before an op: its PC, its locals and operands as bytes, little-endian."""

    pc: int
    locals: tuple[bytes, ...]
    stack: tuple[bytes, ...]


class Peer:
    """A connection to the server."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._received = b""

    def ask(self, command: str) -> bytes:
        """Send a packet; return the reply, run-length encoding undone, nothing once the program has trapped."""
        data = command.encode()
        # The acknowledgement of the reply before goes with it: two small sends would wait for each other.
        self._connection.sendall(b"+$%s#%02x" % (data, sum(data) & 0xFF))
        while (packet := re.search(rb"\$([^#]*)#..", self._received, re.DOTALL)) is None:
            more = self._connection.recv(1 << 16)
            if not more:
                return b""
            self._received += more
        self._received = self._received[packet.end() :]
        return _REPEATED.sub(lambda run: run[1] * (1 + run[2][0] - 29), packet[1])

    def values(self, name: str) -> tuple[bytes, ...]:
        """Return all locals, or all operands, of the innermost frame."""
        found: list[bytes] = []
        while value := self._value(f"{name}:0;{len(found)}"):
            found.append(value)
        return tuple(found)

    def _value(self, command: str) -> bytes:
        reply = self.ask(command)
        return b"" if reply.startswith(b"E") else bytes.fromhex(reply.decode())

    def state(self) -> State:
        """Return where the program is."""
        address = int.from_bytes(bytes.fromhex(self.ask("p0").decode()), "little")
        pc = address & 0xFFFF_FFFF
        return State(pc, self.values("qWasmLocal"), self.values("qWasmStackValue"))

    def steps(self) -> Iterator[State]:
        """Step from the start, and yield the state at each stop until the program ends or traps."""
        while self.ask("vCont;s:1")[:1] == b"T":
            yield self.state()


@contextmanager
def debugged(program: Path) -> Iterator[Peer]:
    """Run a program under the peer's debug server."""
    port = free_port()
    command = [str(peer.wasmtime()), "run", "-g", str(port), str(program)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        assert process.stderr is not None
        while b"listening on" not in (line := process.stderr.readline()):
            if not line:
                raise ConnectionError("the peer does not listen")
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            yield Peer(connection)
    finally:
        process.kill()
        process.communicate()
