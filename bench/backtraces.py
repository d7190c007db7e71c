"""How long gdb takes for a backtrace in 100 000 frames: the innermost five, and the outermost five.

For the outermost it walks all frames, natively too. Beside it gdbserver with the same program compiled
natively, in the same rounds.
"""

import re
import subprocess
import sys
from pathlib import Path

from bench.connect import serving
from bench.figures import Figure, WrongResult, say
from bench.peer import MissingPeer
from tests.guests.build import build_guest, build_native_twin

FRAMES = 100_000
INNERMOST, OUTERMOST = "bt 5", "bt -5"
TARGET = 0.2
"""Seconds that the innermost five may take."""
TIME_LIMIT = 300
_SECONDS = re.compile(r"^seconds (\S+)$", re.MULTILINE)


def time_commands(port: int) -> dict[str, float]:
    """Give the seconds that gdb itself takes for each command, at the deepest place."""
    words = ["gdb", "-nx", "-batch", "-ex", "python import time"]
    words += ["-iex", "set breakpoint condition-evaluation host"]
    words += ["-ex", f"target remote 127.0.0.1:{port}", "-ex", "break deep.c:13", "-ex", "continue"]
    for command in (INNERMOST, OUTERMOST):
        words += ["-ex", "python start = time.perf_counter()", "-ex", command]
        words += ["-ex", "python print(f'seconds {time.perf_counter() - start}')"]
    try:
        said = subprocess.run(
            words, capture_output=True, text=True, timeout=TIME_LIMIT, check=True
        ).stdout
    except FileNotFoundError as missing:
        raise MissingPeer("gdb is not installed") from missing
    seconds = [float(found) for found in _SECONDS.findall(said)]
    if len(seconds) != 2 or f"#{FRAMES + 1} " not in said:
        raise WrongResult(f"gdb printed {said[-500:]!r}")
    return dict(zip((INNERMOST, OUTERMOST), seconds, strict=True))


def ours(program: Path) -> dict[str, float]:
    """Time our server."""
    command = [sys.executable, "-m", "gdbstub", "--once", "127.0.0.1:0", str(program), str(FRAMES)]
    with serving(command, {}) as port:
        return time_commands(port)


def gdbservers(program: Path) -> dict[str, float]:
    """Time gdbserver."""
    with serving(["gdbserver", "--once", "127.0.0.1:0", str(program), str(FRAMES)], {}) as port:
        return time_commands(port)


def bench(rounds: int) -> Figure:
    """Time both in turn; the best round of each counts."""
    program = build_guest("deep", flags=("-Wl,-z,stack-size=16777216",)).program
    twin = build_native_twin("deep").program
    times: dict[str, list[dict[str, float]]] = {"gdbstub": [], "gdbserver": []}
    for _ in range(rounds):
        times["gdbstub"].append(ours(program))
        times["gdbserver"].append(gdbservers(twin))
    best = {
        side: {command: round(min(each[command] for each in found), 4) for command in found[0]}
        for side, found in times.items()
    }
    say(f"backtraces: {best}")
    mine, theirs = best["gdbstub"], best["gdbserver"]
    return {
        "rounds": rounds,
        "frames": FRAMES,
        "seconds": best,
        "targets": {INNERMOST: TARGET, OUTERMOST: theirs[OUTERMOST]},
        "missed": [
            command
            for command, target in ((INNERMOST, TARGET), (OUTERMOST, theirs[OUTERMOST]))
            if mine[command] > target
        ],
    }
