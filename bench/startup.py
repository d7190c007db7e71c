"""How long it takes from the start of the process to listening, for a small module and a large one.

Beside it the peer's own debug server, in the same rounds; it compiles before it listens.
"""

import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from bench import peer
from bench.build import lua, sqlite
from bench.figures import Figure, WrongResult, say

TIME_LIMIT = 120.0
TARGET_SECONDS = 0.4
TARGET_RATIO = 1.3


def time_until(command: list[str], ready: Callable[[subprocess.Popen[bytes]], bool]) -> float:
    """Start a command and give the seconds until it is ready; then end it."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        while not ready(process):
            if process.poll() is not None or time.perf_counter() - start > TIME_LIMIT:
                raise WrongResult(f"{' '.join(command)}: never ready, status {process.poll()}")
        return time.perf_counter() - start
    finally:
        process.kill()
        process.communicate()


def says(text: bytes) -> Callable[[subprocess.Popen[bytes]], bool]:
    """Wait for a process to write a text to stderr."""
    heard = bytearray()

    def ready(process: subprocess.Popen[bytes]) -> bool:
        assert process.stderr is not None
        if select.select([process.stderr], [], [], TIME_LIMIT)[0]:
            heard.extend(os.read(process.stderr.fileno(), 65536))
        return text in heard

    return ready


def accepts(port: int) -> Callable[[subprocess.Popen[bytes]], bool]:
    """Wait for a process to listen on a port."""

    def ready(process: subprocess.Popen[bytes]) -> bool:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.001)
        return False

    return ready


def free_port() -> int:
    """Give a port that nobody listens on now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


def ours(program: Path) -> float:
    """Time our server."""
    command = [sys.executable, "-m", "gdbstub", "--once", "127.0.0.1:0", str(program)]
    return time_until(command, says(b"Listening on "))


def python_alone(program: Path) -> float:
    """Time an interpreter that only says something: what no program in Python can be below."""
    return time_until([sys.executable, "-c", "import sys; sys.stderr.write('up')"], says(b"up"))


def peers(program: Path) -> float:
    """Time the peer's debug server."""
    port = free_port()
    command = [str(peer.wasmtime()), "run", "-g", str(port), str(program)]
    return time_until(command, accepts(port))


SIDES: Mapping[str, Callable[[Path], float]] = {
    "ours": ours,
    "python_alone": python_alone,
    "wasmtime_gdbstub": peers,
}


def bench(rounds: int) -> Figure:
    """Measure both programs."""
    programs = {"lua-Oz, 200 KB": lua("Oz", debug=False), "sqlite-O0 -g": sqlite("O0")}
    best: dict[str, dict[str, float]] = {name: {} for name in programs}
    for _ in range(rounds):
        for name, program in programs.items():
            for side, measure in SIDES.items():
                seconds = measure(program)
                best[name][side] = min(seconds, best[name].get(side, seconds))
    say(f"start-up: {best}")
    small, large = (row["ours"] for row in best.values())
    return {
        "peer": peer.version(),
        "rounds": rounds,
        "target_seconds": TARGET_SECONDS,
        "target_ratio": TARGET_RATIO,
        "large_to_small": round(large / small, 3),
        "programs": {
            name: {
                "bytes": programs[name].stat().st_size,
                "seconds": {side: round(seconds, 4) for side, seconds in row.items()},
            }
            for name, row in best.items()
        },
    }
