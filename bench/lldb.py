"""What a stop and a step cost a user of lldb, in packets and in time, beside the peer's debug server.

Stock lldb gives the same commands to either server on the same program; it logs its packets in runs of
their own, since that takes time too.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from bench import peer
from bench.connect import serving
from bench.figures import Figure, WrongResult, say
from bench.peer import MissingPeer
from tests.guests.build import Guest, build_guest
from tests.lldb.peer import peer_serving

LLDB = "lldb-22"
DRIVER = Path(__file__).with_name("lldb_driver.py")
TIME_LIMIT = 120
_LAST_LINE = 51
"""Where the session ends: the third `while` of sum_of_ages, two turns on."""

Acts = Mapping[str, list[float]]


def session(port: int, packets: Path | None) -> tuple[Acts, Acts]:
    """Run one session; give the seconds and the packets of every act, by its name."""
    variables = {**os.environ, "PORT": str(port)}
    if packets is not None:
        variables["PACKETS"] = str(packets)
    try:
        said = subprocess.run(
            [LLDB, "-b", "-x", "-o", f"command script import {DRIVER}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIME_LIMIT,
            env=variables,
            check=False,
        ).stdout
    except FileNotFoundError as missing:
        raise MissingPeer(f"{LLDB} is not installed") from missing
    line = next((line for line in said.splitlines() if line.startswith('{"acts"')), None)
    if line is None:
        raise WrongResult(f"lldb printed {said!r}")
    report = json.loads(line)
    if report["line"] != _LAST_LINE:
        raise WrongResult(f"lldb's session ended at line {report['line']}")
    seconds: dict[str, list[float]] = {}
    counts: dict[str, list[float]] = {}
    for act in report["acts"]:
        seconds.setdefault(act["act"], []).append(act["seconds"])
        counts.setdefault(act["act"], []).append(act["packets"])
    return seconds, counts


def _ours(guest: Guest) -> AbstractContextManager[int]:
    command = [sys.executable, "-m", "gdbstub", "--once", "127.0.0.1:0", str(guest.program)]
    return serving(command, {})


@contextmanager
def _peers(guest: Guest) -> Iterator[int]:
    with peer_serving(guest) as (port, _):
        yield port


def until_listening(words: Sequence[str]) -> float:
    """Start a server, told a free port as its words' PORT; give the seconds until it listens there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = probe.getsockname()
    quiet = subprocess.DEVNULL
    command = [word.replace("PORT", str(address[1])) for word in words]
    began = time.perf_counter()
    with subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet) as process:
        try:
            while process.poll() is None:
                with socket.socket() as client:
                    if client.connect_ex(address) == 0:
                        return time.perf_counter() - began
                time.sleep(_POLL)
        finally:
            process.kill()
    raise WrongResult(f"{command[0]} ended")


_POLL = 0.0005


def _listening(guest: Guest, rounds: int) -> Mapping[str, float]:
    program = str(guest.program)
    words = {
        "ours": (sys.executable, "-m", "gdbstub", "--gdb=PORT", program),
        "wasmtime": (str(peer.wasmtime()), "run", "-g", "PORT", program),
    }
    times: dict[str, list[float]] = {side: [] for side in words}
    for _ in range(rounds):
        for side, said in words.items():
            times[side].append(until_listening(said))
    return {side: round(1e3 * statistics.median(taken), 2) for side, taken in times.items()}


SIDES = {"ours": _ours, "wasmtime": _peers}


def bench(rounds: int) -> Figure:
    """Measure both, in turns."""
    guest = build_guest("session")
    packets: dict[str, Acts] = {}
    times: dict[str, dict[str, list[float]]] = {side: {} for side in SIDES}
    with tempfile.TemporaryDirectory() as folder:
        for side, serve in SIDES.items():
            with serve(guest) as port:
                packets[side] = session(port, Path(folder) / side)[1]
    for _ in range(rounds):
        for side, serve in SIDES.items():
            with serve(guest) as port:
                for act, seconds in session(port, None)[0].items():
                    times[side].setdefault(act, []).extend(seconds)
    acts = {
        act: {side: _row(packets[side][act], times[side][act]) for side in SIDES}
        for act in packets["ours"]
    }
    for act, row in acts.items():
        say(f"lldb: {act}: {row}")
    listening = _listening(guest, rounds)
    say(f"lldb: launched, until the server listens: {listening} ms")
    return {
        "peer": peer.version(),
        "lldb": _lldb_version(),
        "listening_ms": listening,
        "acts": acts,
        "more_packets_than_the_peer": _worse(acts, "packets"),
        "slower_than_the_peer": _worse(acts, "ms"),
    }


def _row(packets: Sequence[float], seconds: Sequence[float]) -> Mapping[str, float]:
    return {
        "packets": statistics.median(packets),
        "ms": round(1e3 * statistics.median(seconds), 2),
    }


def _worse(acts: Mapping[str, Mapping[str, Mapping[str, float]]], unit: str) -> list[str]:
    return [act for act, row in acts.items() if row["ours"][unit] > row["wasmtime"][unit]]


def _lldb_version() -> str:
    done = subprocess.run([LLDB, "--version"], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0]
