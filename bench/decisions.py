"""What the server decides without asking gdb: false conditions, steps over a loop, a watchpoint's filter.

Stock gdb says the same to our server and to gdbserver, on one program compiled for either. The peer gets
fewer turns where it would take minutes; what counts is the time of one.
"""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.build import PROGRAMS
from bench.figures import Figure, WrongResult, say
from bench.packets import proxied
from tests.gdb.mi import Mi, mi
from tests.guests.build import build_guest, build_native_twin

TARGETS = {"condition_ratio": 20, "next_seconds": 1.5, "watch_slowdown": 8}
TURNS = 500_000
OPS_A_TURN = 20
LOOP_TURNS = 1_000_000 // OPS_A_TURN
STORES = 1_000_000
SOFTWARE_STORES = 300
PEER_TURNS = 5_000


def server(program: Path, *, native: bool, turns: int) -> Sequence[str]:
    """Give the command that serves a program."""
    ours = [sys.executable, "-m", "gdbstub"]
    return [*(["gdbserver"] if native else ours), "--once", "127.0.0.1:0", str(program), str(turns)]


def timed(
    program: Path,
    turns: int,
    prepare: Sequence[str],
    act: Callable[[Mi], object],
    *,
    native: bool,
) -> tuple[float, float]:
    """Give the seconds an act of a debugger takes, and the packets it costs."""
    with proxied(server(program, native=native, turns=turns)) as proxy, mi() as gdb:
        gdb(f"-target-select remote 127.0.0.1:{proxy.port}")
        gdb.stop()
        for command in prepare:
            (gdb.resume if command.startswith("-exec") else gdb)(command)
        before = proxy.traffic()
        start = time.perf_counter()
        act(gdb)
        seconds = time.perf_counter() - start
        return seconds, (proxy.traffic() - before).packets


def stops_at(function: str) -> Callable[[Mi], None]:
    """Run on, to a breakpoint in a function."""

    def act(gdb: Mi) -> None:
        stop = gdb.resume("-exec-continue")
        if stop.get("frame", {}).get("func") != function:
            raise WrongResult(f"not stopped in {function}: {stop}")

    return act


def watched(gdb: Mi) -> None:
    """Run on, to the one write of what is watched."""
    stop = gdb.resume("-exec-continue")
    if stop.get("value") != {"old": "0", "new": "1"}:
        raise WrongResult(f"the write was not seen: {stop}")


def conditions(program: Path, turns: int, *, native: bool) -> float:
    """Give the evaluations a second of a condition that is false but for the last time."""
    prepare = ["-break-insert -t main", "-exec-continue"]
    prepare.append(f'-break-insert -c "counter == {turns - 1}" tick')
    seconds, _ = timed(program, turns, prepare, stops_at("tick"), native=native)
    return turns / seconds


def next_over_loop(program: Path, turns: int, *, native: bool) -> tuple[float, float]:
    """Give the seconds and packets of a step over a line that is a loop."""

    def act(gdb: Mi) -> None:
        if gdb.resume("-exec-next").get("reason") != "end-stepping-range":
            raise WrongResult("the step did not end")

    prepare = ["-break-insert -t loop", "-exec-continue"]
    return timed(program, turns, prepare, act, native=native)


def stores(program: Path, turns: int, *, native: bool, watch: Sequence[str] | None) -> float:
    """Give the seconds of a loop of stores, watched or to its end."""
    prepare = ["-break-insert -t store", "-exec-continue"]
    if watch is None:
        prepare.append("-break-insert -t loop")
        return timed(program, turns, prepare, stops_at("loop"), native=native)[0]
    return timed(program, turns, [*prepare, *watch], watched, native=native)[0]


WATCH = ("-break-watch rare",)
SOFTWARE = ("-gdb-set can-use-hw-watchpoints 0", "-break-watch rare")


def bench(rounds: int) -> Figure:
    """Measure both sides in turns; of several rounds the best counts."""
    guest = build_guest("decide", folder=PROGRAMS).program
    twin = build_native_twin("decide", folder=PROGRAMS).program
    best: dict[str, float] = {}
    packets: dict[str, float] = {}

    def note(name: str, value: float, better: Callable[[float, float], float] = min) -> None:
        best[name] = better(value, best.get(name, value))

    for _ in range(rounds):
        note("ours, conditions a second", conditions(guest, TURNS, native=False), max)
        note("gdbserver, conditions a second", conditions(twin, PEER_TURNS, native=True), max)
        seconds, packets["ours"] = next_over_loop(guest, LOOP_TURNS, native=False)
        note("ours, next over a loop", seconds)
        seconds, count = next_over_loop(twin, PEER_TURNS, native=True)
        packets["gdbserver"] = count * LOOP_TURNS / PEER_TURNS
        note("gdbserver, next over a loop", seconds * LOOP_TURNS / PEER_TURNS)
        for side, program, native in (("ours", guest, False), ("gdbserver", twin, True)):
            plain = stores(program, STORES, native=native, watch=None)
            note(f"{side}, stores", plain)
            note(f"{side}, stores watched", stores(program, STORES, native=native, watch=WATCH))
            software = stores(program, SOFTWARE_STORES, native=native, watch=SOFTWARE)
            note(f"{side}, stores watched by stepping", software * STORES / SOFTWARE_STORES)
    for name, value in best.items():
        say(f"decisions: {name}: {value:.4g}")
    ratio = best["ours, conditions a second"] / best["gdbserver, conditions a second"]
    return {
        "targets": TARGETS,
        "rounds": rounds,
        "condition_ratio": round(ratio, 1),
        "next_seconds": round(best["ours, next over a loop"], 3),
        "next_packets": packets,
        "watch_slowdown": round(best["ours, stores watched"] / best["ours, stores"], 2),
        "best": {name: round(value, 4) for name, value in best.items()},
    }
