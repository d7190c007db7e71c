"""How long a user waits from gdb's start to its prompt, on SQLite at -O2 with debug information.

The first time the object file is made; after that it comes from the cache, as it does on every later
start. Beside it gdbserver with the same program compiled natively, in the same rounds.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.build import sqlite, sqlite_twin
from bench.figures import Figure, WrongResult, say
from bench.peer import MissingPeer

TARGETS = {"first": 3.0, "cached": 0.7}
TIME_LIMIT = 120
_LISTENING = re.compile(r"Listening on (?:port (\d+)|\S+?:(\d+) )")


@contextmanager
def serving(command: Sequence[str], variables: Mapping[str, str]) -> Iterator[int]:
    """Start a server and give its port."""
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **variables},
        )
    except FileNotFoundError as missing:
        raise MissingPeer(f"{command[0]} is not installed") from missing
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if found := _LISTENING.search(line):
                yield int(found[1] or found[2])
                return
        raise WrongResult(f"{' '.join(command)} ended")
    finally:
        process.kill()
        process.communicate()


def connect(port: int, expected: str) -> float:
    """Give the seconds from gdb's start to the end of `target remote`."""
    command = ["gdb", "-nx", "-batch", "-ex", f"target remote 127.0.0.1:{port}"]
    command += ["-ex", "info line sqlite3_step"]
    start = time.perf_counter()
    try:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
    except FileNotFoundError as missing:
        raise MissingPeer("gdb is not installed") from missing
    assert process.stdout is not None
    seconds = 0.0
    said = ""
    for line in process.stdout:
        said += line
        # The stop is shown last; what follows is the next command's.
        if not seconds and re.match(r"(0x[0-9a-f]+ in |\w+ \()", line):
            seconds = time.perf_counter() - start
    process.wait(TIME_LIMIT)
    if not seconds or expected not in said:
        raise WrongResult(f"gdb printed {said!r}")
    return seconds


def ours(program: Path, cache: str) -> float:
    """Time our server, its cache in a folder."""
    command = [sys.executable, "-m", "gdbstub", "--once", "127.0.0.1:0", str(program)]
    with serving(command, {"XDG_CACHE_HOME": cache}) as port:
        return connect(port, "sqlite3.c")


def gdbservers(program: Path) -> float:
    """Time gdbserver."""
    with serving(["gdbserver", "--once", "127.0.0.1:0", str(program)], {}) as port:
        return connect(port, "sqlite3.c")


def bench(rounds: int) -> Figure:
    """Time all three in turn; the best round of each counts."""
    program, twin = sqlite("O2"), sqlite_twin("O2")
    times: dict[str, list[float]] = {"first": [], "cached": [], "gdbserver": []}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as cache:
            times["first"].append(ours(program, cache))
            times["cached"].append(ours(program, cache))
        times["gdbserver"].append(gdbservers(twin))
    best = {side: round(min(seconds), 3) for side, seconds in times.items()}
    say(f"connect: {best}")
    return {
        "rounds": rounds,
        "seconds": best,
        "targets": TARGETS,
        "missed": [side for side, target in TARGETS.items() if best[side] > target],
    }
