"""A breakpoint in a hot loop and `vCont;c`, again and again: one client with our server and with the peer's."""

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import IPPROTO_TCP, TCP_NODELAY, create_connection, socket

from wasmtime import wat2wasm

from bench import peer
from bench.figures import Figure, WrongResult, say
from bench.startup import free_port

STOPS = 2_000
PATIENCE = 20
_REPEATED = re.compile(rb"(.)\*(.)", re.DOTALL)
LOOP = """(module (memory (export "memory") 1) (func (export "_start") (local i32)
  (loop nop (br_if 0 (local.tee 0 (i32.add (local.get 0) (i32.const 1)))))))"""
LOOP_HEAD = b"\x03\x40"
"""`loop` without a result; the `nop` follows."""


class Client:
    """Asks over a connection, without acknowledgements: those of the peer would wait for one another."""

    def __init__(self, connection: socket) -> None:
        connection.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        self._connection = connection
        self.ask("qSupported:swbreak+")
        self.ask("QStartNoAckMode")

    def ask(self, command: str) -> bytes:
        """Send a packet and give the reply's data, run-length encoding and all."""
        data = command.encode()
        self._connection.sendall(b"$%s#%02x" % (data, sum(data) & 0xFF))
        received = b""
        while received[-3:-2] != b"#":
            more = self._connection.recv(1 << 16)
            if not more:
                raise WrongResult(f"no reply to {command}")
            received += more
        return received.partition(b"$")[2][:-3]

    def place(self) -> int:
        """Give the program's PC."""
        value = _REPEATED.sub(lambda run: run[1] * (1 + run[2][0] - 29), self.ask("p0"))
        return int.from_bytes(bytes.fromhex(value.decode()), "little")


@contextmanager
def serving(command: list[str], port: int, ready: str) -> Iterator[Client]:
    """Start a server, and connect to it."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        while ready not in (line := process.stderr.readline()):
            if not line:
                raise WrongResult(f"{' '.join(command)}: does not listen")
        with create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
            yield Client(connection)
    finally:
        process.kill()
        process.communicate()


def stops_a_second(client: Client, pc: int) -> float:
    """Set the breakpoint, go on from stop to stop, and count."""
    client.ask("vCont;s:1")  # before its first op the peer says of no program where it is
    address = client.place() & ~0xFFFF_FFFF | pc
    if client.ask(f"Z0,{address:x},1") != b"OK":
        raise WrongResult("no breakpoint can be set")
    for _ in range(50):  # the first ones find their way into the caches
        stop = client.ask("vCont;c")
    start = time.perf_counter()
    for _ in range(STOPS):
        stop = client.ask("vCont;c")
        if stop[:1] != b"T":
            raise WrongResult(f"no stop: {stop.decode(errors='replace')}")
    seconds = time.perf_counter() - start
    where = client.place()
    if where != address:
        raise WrongResult(f"stopped at {where:#x}, not at {address:#x}")
    return STOPS / seconds


def both(rounds: int) -> Figure:
    """Measure both sides, in turns; of several rounds the best counts."""
    data = bytes(wat2wasm(LOOP))
    best = {"ours": 0.0, "peers": 0.0}
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "loop.wasm"
        program.write_bytes(data)
        for _ in range(rounds):
            for side in best:
                port = free_port()
                ours = [sys.executable, "-m", "gdbstub", "--once", "--view", "lldb"]
                command, ready = (
                    ([*ours, f"127.0.0.1:{port}", str(program)], "Listening on")
                    if side == "ours"
                    else (
                        [str(peer.wasmtime()), "run", "-g", str(port), str(program)],
                        "listening on",
                    )
                )
                with serving(command, port, ready) as client:
                    best[side] = max(
                        best[side], stops_a_second(client, data.index(LOOP_HEAD) + len(LOOP_HEAD))
                    )
    figure = {side: round(rate) for side, rate in best.items()}
    say(f"stops over the protocol: {figure}")
    return {"peer": peer.version(), **figure, "ratio": round(best["ours"] / best["peers"], 2)}
