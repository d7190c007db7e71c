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
    """A frame: its PC, its locals and operands as bytes, little-endian."""

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

    def values(self, name: str, frame: int) -> tuple[bytes, ...]:
        """Return all locals, or all operands, of a frame, 0 being the innermost."""
        found: list[bytes] = []
        while value := self._value(f"{name}:{frame};{len(found)}"):
            found.append(value)
        return tuple(found)

    def _value(self, command: str) -> bytes:
        reply = self.ask(command)
        return b"" if reply.startswith(b"E") else bytes.fromhex(reply.decode())

    def frames(self) -> list[State]:
        """Return where the program is: its frame, and that of its caller if there is one."""
        stack = bytes.fromhex(self.ask("qWasmCallStack:1").decode())
        pcs = [int.from_bytes(stack[at : at + 4], "little") for at in range(0, len(stack), 8)]
        return [
            State(pc, self.values("qWasmLocal", frame), self.values("qWasmStackValue", frame))
            for frame, pc in enumerate(pcs[:2])
        ]

    def steps(self) -> Iterator[list[State]]:
        """Step from the start, and yield the frames at each stop until the program ends or traps."""
        while self.ask("vCont;s:1")[:1] == b"T":
            yield self.frames()


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
