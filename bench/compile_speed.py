"""How many ops a second are decoded, validated and compiled, all together: beside the peer's baseline compiler.

The program is SQLite, over half a megabyte of code; both sides use one thread and a fresh process, and
ours compiles with debugging on.  The peer's time includes the start of its process, given beside it.
"""

import json
import tempfile
import time
from pathlib import Path

from bench import peer
from bench.build import small_program, sqlite
from bench.figures import Figure, say
from bench.process import run_ours

TARGET = 500_000
OPTIMISATIONS = ("O0", "O2")


def time_winch(program: Path) -> float:
    """Give the seconds the peer's baseline compiler takes, its process included."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        peer.run(
            "compile", *peer.WINCH, *peer.ONE_THREAD, str(program), "-o", f"{folder}/out.cwasm"
        )
        return time.perf_counter() - start


def bench(rounds: int) -> Figure:
    """Measure SQLite at -O0 and -O2."""
    programs = {f"sqlite-{opt}": sqlite(opt) for opt in OPTIMISATIONS}
    ours: dict[str, Figure] = {}
    winch: dict[str, float] = {}
    smallest = small_program("fib", "O2")
    start_up = min(time_winch(smallest) for _ in range(rounds))
    for number in range(rounds):
        for name, program in programs.items():
            found = json.loads(run_ours("compile", program))
            if name not in ours or found["seconds"] < ours[name]["seconds"]:
                ours[name] = found
            winch[name] = min(time_winch(program), winch.get(name, float("inf")))
            say(f"round {number + 1}: {name}: {found['ops'] / found['seconds']:.0f} ops/s")
    return {
        "peer": f"{peer.version()}, winch",
        "rounds": rounds,
        "target_ops_per_second": TARGET,
        "peer_seconds_for_a_small_program": round(start_up, 4),
        "programs": {
            name: {
                **figure,
                "ops_per_second": round(figure["ops"] / figure["seconds"]),
                "peer_seconds": round(winch[name], 4),
                "peer_ops_per_second": round(figure["ops"] / winch[name]),
            }
            for name, figure in ours.items()
        },
    }
