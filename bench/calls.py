"""What a call costs that gdb makes in the program: packets and milliseconds, beside gdbserver's.

Stock gdb evaluates the same expressions with our server and with gdbserver, on one program compiled for
either: scalars, a string for which gdb has the program allocate memory, a struct passed and one returned.
"""

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.figures import Figure, WrongResult, say
from bench.packets import gdbserver_version, proxied
from tests.gdb.mi import mi
from tests.guests.build import build_guest, build_native_twin

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "gdb"
KEEP = ("-Wl,--no-gc-sections",)
CALLS = {
    "scalars": ("add(2, -5)", "-3"),
    "a double": ("scale(2.5, 3, 4)", "30"),
    "a string": ('length("abcde")', "5"),
    "a struct passed": ("sum_big(a_big)", "11.5"),
    "a struct returned": ("make_pair(5)", "{a = 5, b = 6}"),
}
TIMES = 100

Costs = Mapping[str, tuple[float, float]]
"""Packets and milliseconds of each kind of call."""


def session(command: Sequence[str]) -> Costs:
    """Make all calls, in one stop."""
    costs = {}
    with proxied(command) as proxy, mi() as gdb:
        gdb(f"-target-select remote 127.0.0.1:{proxy.port}")
        gdb.stop()
        gdb("-break-insert -t outer")
        gdb.resume("-exec-continue")
        for name, (call, expected) in CALLS.items():
            evaluation = "-data-evaluate-expression " + '"' + call.replace('"', '\\"') + '"'
            value = gdb(evaluation)["value"]  # for the first one gdb reads more symbols
            if value != expected:
                raise WrongResult(f"{call} is {value}, not {expected}")
            before, start = proxy.traffic(), time.perf_counter()
            for _ in range(TIMES):
                gdb(evaluation)
            seconds = time.perf_counter() - start
            traffic = (proxy.traffic() - before).each(TIMES)
            costs[name] = traffic.packets, round(seconds * 1000 / TIMES, 2)
    return costs


def bench(rounds: int) -> Figure:
    """Measure both sides in turns; of several rounds the least time counts."""
    guest = build_guest("calls", flags=KEEP, folder=FOLDER).program
    twin = build_native_twin("calls", folder=FOLDER).program
    commands = {
        "ours": [sys.executable, "-m", "gdbstub", "--once", "127.0.0.1:0", str(guest)],
        "gdbserver": ["gdbserver", "--once", "127.0.0.1:0", str(twin)],
    }
    best: dict[str, dict[str, tuple[float, float]]] = {side: {} for side in commands}
    for _ in range(rounds):
        for side, command in commands.items():
            for name, cost in session(command).items():
                known = best[side].get(name, cost)
                best[side][name] = cost[0], min(cost[1], known[1])
    for name in CALLS:
        said = (
            f"{side} {costs[name][0]} packets {costs[name][1]} ms" for side, costs in best.items()
        )
        say(f"calls: {name}: {', '.join(said)}")
    return {
        "peer": gdbserver_version(),
        "calls": {
            name: {
                side: {"packets": costs[name][0], "milliseconds": costs[name][1]}
                for side, costs in best.items()
            }
            for name in CALLS
        },
    }
