"""How many packets and bytes a debugger's user costs: connecting, a breakpoint with its backtrace, a step.

Stock gdb gives the same commands to our server and to gdbserver, on the same program compiled for either; a
proxy between them counts. Counts do not depend on the machine's speed, so one round is enough.
"""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from bench.connect import serving
from bench.figures import Figure, WrongResult, say
from tests.gdb.mi import Mi, mi
from tests.guests.build import build_guest, build_native_twin

_CHUNK = 1 << 16
_PATIENCE = 5.0

Measured = Mapping[str, "Traffic"]


@dataclass(frozen=True)
class Traffic:
    """Packets (in both directions, acknowledgements not counted) and bytes (all of them)."""

    packets: float
    bytes: float

    def __sub__(self, before: "Traffic") -> "Traffic":
        return Traffic(self.packets - before.packets, self.bytes - before.bytes)

    def each(self, count: int) -> "Traffic":
        """Give what one of `count` equal acts took."""
        return Traffic(round(self.packets / count, 1), round(self.bytes / count, 1))


class Proxy:
    """Passes one connection on to a server, and counts."""

    def __init__(self, port: int) -> None:
        self._server = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._packets = [0, 0]
        self._bytes = [0, 0]
        self._serving = Thread(target=self._serve, daemon=True)
        self._serving.start()

    def traffic(self) -> Traffic:
        """Give what has passed so far."""
        return Traffic(sum(self._packets), sum(self._bytes))

    def close(self) -> None:
        """End, when both ends have closed."""
        self._serving.join(_PATIENCE)
        self._listener.close()

    def _serve(self) -> None:
        client, _ = self._listener.accept()
        with client, socket.create_connection(("127.0.0.1", self._server)) as server:
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            to_server = Thread(target=self._pump, args=(client, server, 0), daemon=True)
            to_server.start()
            self._pump(server, client, 1)
            to_server.join()

    def _pump(self, source: socket.socket, sink: socket.socket, way: int) -> None:
        try:
            while data := source.recv(_CHUNK):
                self._packets[way] += data.count(b"$")  # contents never hold a bare one
                self._bytes[way] += len(data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the other end is gone


@contextmanager
def proxied(command: Sequence[str]) -> Iterator[Proxy]:
    """Start a server, and a proxy before it."""
    with serving(command, {}) as port:
        proxy = Proxy(port)
        try:
            yield proxy
        finally:
            proxy.close()


def session(gdb: Mi, proxy: Proxy) -> Measured:
    """Drive gdb, and measure every act."""
    measured: dict[str, Traffic] = {}

    def measure(name: str, act: Callable[[], object], count: int = 1) -> None:
        before = proxy.traffic()
        for _ in range(count):
            act()
        measured[name] = (proxy.traffic() - before).each(count)

    def connect() -> None:
        gdb(f"-target-select remote 127.0.0.1:{proxy.port}")
        gdb.stop()

    def stop_with_backtrace() -> None:
        stop = gdb.resume("-exec-continue")
        if stop.get("reason") != "breakpoint-hit" or "#1" not in gdb.console("bt"):
            raise WrongResult(f"no breakpoint with a backtrace: {stop}")

    measure("connect", connect)
    gdb("-break-insert main")
    gdb.resume("-exec-continue")
    gdb.resume("-exec-next")
    measure("next", lambda: gdb.resume("-exec-next"))
    measure("step into a function", lambda: gdb.resume("-exec-step"))
    gdb("-break-insert fib")
    stop_with_backtrace()  # for the first one gdb reads more symbols
    measure("breakpoint stop with bt", stop_with_backtrace, 3)
    measure("print a struct", lambda: gdb('-data-evaluate-expression "*p"'))
    gdb("-break-delete")
    measure("call a function", lambda: gdb('-data-evaluate-expression "fib(1, p)"'), 10)
    measure("finish", lambda: gdb.resume("-exec-finish"))
    gdb("-break-insert sum_of_ages")
    gdb.resume("-exec-continue")
    measure("next in a leaf function", lambda: gdb.resume("-exec-next"), 5)
    gdb("-break-delete")
    gdb('-break-insert -c "counter == 7" scale')
    measure("run by a false condition to the end", lambda: gdb.resume("-exec-continue"))
    return measured


def ours(program: Path) -> Measured:
    """Measure our server."""
    command = [sys.executable, "-m", "gdbstub", "--once", "127.0.0.1:0", str(program)]
    with proxied(command) as proxy, mi() as gdb:
        return session(gdb, proxy)


def gdbservers(program: Path) -> Measured:
    """Measure gdbserver."""
    command = ["gdbserver", "--once", "127.0.0.1:0", str(program)]
    with proxied(command) as proxy, mi() as gdb:
        return session(gdb, proxy)


def bench(rounds: int) -> Figure:
    """Measure both, once."""
    sides = {
        "ours": ours(build_guest("session").program),
        "gdbserver": gdbservers(build_native_twin("session").program),
    }
    acts = {
        act: {
            side: {"packets": measured[act].packets, "bytes": measured[act].bytes}
            for side, measured in sides.items()
        }
        for act in sides["ours"]
    }
    for act, row in acts.items():
        say(f"packets: {act}: {row}")
    return {
        "peer": gdbserver_version(),
        "acts": acts,
        "more_than_gdbserver": [
            act
            for act, row in acts.items()
            if row["ours"]["packets"] > row["gdbserver"]["packets"]
            or row["ours"]["bytes"] > row["gdbserver"]["bytes"]
        ],
    }


def gdbserver_version() -> str:
    """Tell which gdbserver it is."""
    done = subprocess.run(["gdbserver", "--version"], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0]
