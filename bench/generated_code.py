"""How fast compiled code runs, debugging on, no debugger attached: beside the peer's, plain and debugging.

Measured too: code with patch sites everywhere, which is what functions are that a program is stopped in; code
without debugging; and `gdbstub run`, which is to be no slower than code with sites.

Each program times itself, so start-up and compilation are left out; of several rounds the best counts.
The sides take turns within a round, so that a noisy moment hits all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench import peer
from bench.build import SMALL, lua, small_program, sqlite
from bench.figures import Figure, WrongResult, geometric_mean, parse_result, say
from bench.process import run_gdbstub, run_ours

OPTIMISATIONS = ("O0", "O2")
TARGET = 1.35


SIDES: Mapping[str, Callable[[Path], str]] = {
    "ours": lambda program: run_ours("debug", program),
    "ours_with_all_sites": lambda program: run_ours("sites", program),
    "ours_without_debugging": lambda program: run_ours("plain", program),
    "gdbstub_run": run_gdbstub,
    "wasmtime": lambda program: peer.run_program(program, peer.PLAIN),
    "wasmtime_guest_debug": lambda program: peer.run_program(program, peer.GUEST_DEBUG),
}


@dataclass
class Row:
    """One program: its checksum, and the best time of each side."""

    name: str
    program: Path
    checksum: int | None = None
    best: dict[str, int] = field(default_factory=dict)

    def measure(self) -> None:
        """Run every side once and keep what is better than before."""
        for side, run in SIDES.items():
            checksum, nanoseconds = parse_result(run(self.program), f"{side}: {self.name}")
            if self.checksum not in (None, checksum):
                raise WrongResult(f"{side}: {self.name}: checksum {checksum}, not {self.checksum}")
            self.checksum = checksum
            self.best[side] = min(nanoseconds, self.best.get(side, nanoseconds))

    def ratios(self) -> dict[str, float]:
        """Give each side's time in the plain peer's."""
        return {side: time / self.best["wasmtime"] for side, time in self.best.items()}

    def figure(self) -> Figure:
        """Give the row as data."""
        return {
            "checksum": self.checksum,
            "best_ns": self.best,
            "ratio_to_wasmtime": {side: round(ratio, 3) for side, ratio in self.ratios().items()},
        }


def bench(rounds: int) -> Figure:
    """Measure the eight programs that count, and large ones beside them."""
    counted = [
        Row(f"{name}-{opt}", small_program(name, opt)) for name in SMALL for opt in OPTIMISATIONS
    ]
    large = [
        Row(f"{name}-{opt}", build(opt))
        for name, build in (("sqlite", sqlite), ("lua", lua))
        for opt in OPTIMISATIONS
    ]
    for number in range(rounds):
        for row in (*counted, *large):
            row.measure()
            say(f"round {number + 1}: {row.name}: {row.figure()['ratio_to_wasmtime']}")
    return {
        "peer": peer.version(),
        "rounds": rounds,
        "target": TARGET,
        "geometric_mean": mean_ratios(counted),
        "geometric_mean_of_large_programs": mean_ratios(large),
        "programs": {row.name: row.figure() for row in counted},
        "large_programs": {row.name: row.figure() for row in large},
    }


def mean_ratios(rows: list[Row]) -> Figure:
    """Give the geometric mean over programs, side by side."""
    return {side: round(geometric_mean(row.ratios()[side] for row in rows), 3) for side in SIDES}
