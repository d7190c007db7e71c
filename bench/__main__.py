"""Run the benches: `python -m bench [--rounds N] [--out FOLDER] [NAME...]`; all of them without a name."""

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from bench import (
    backtraces,
    calls,
    compile_speed,
    connect,
    decisions,
    generated_code,
    lldb,
    packets,
    startup,
    stops,
)
from bench.fetch import FetchError
from bench.figures import Figure, WrongResult, write_figure
from bench.peer import MissingPeer
from tests.guests.build import BuildError, NoCompiler

BENCHES: Mapping[str, Callable[[int], Figure]] = {
    "generated-code": generated_code.bench,
    "compile-speed": compile_speed.bench,
    "start-up": startup.bench,
    "packets": packets.bench,
    "calls": calls.bench,
    "lldb": lldb.bench,
    "connect": connect.bench,
    "decisions": decisions.bench,
    "stops": stops.bench,
    "backtraces": backtraces.bench,
}


def main() -> int:
    """Run the benches named; give 1 if one could not be run whole."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("bench-results"), metavar="FOLDER")
    options = parser.parse_args()
    unknown = set(options.names) - set(BENCHES)
    if unknown or options.rounds < 1:
        parser.error(f"there is no bench {sorted(unknown)}" if unknown else "at least one round")
    status = 0
    for name in options.names or BENCHES:
        try:
            figure = BENCHES[name](options.rounds)
        except (MissingPeer, FetchError, NoCompiler, BuildError, WrongResult) as error:
            sys.stderr.write(f"{name}: {error}\n")
            status = 1
            continue
        write_figure(options.out, name, figure)
        sys.stdout.write(json.dumps({"bench": name, **figure}, indent=2) + "\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
