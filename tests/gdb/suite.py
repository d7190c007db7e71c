"""GDB's own test suite against our server: run, counted, and its failures held against a list of causes.

    python -m tests.gdb.suite [--at-least PASSES] [--jobs N] [--results FOLDER] [LIST | FILE.exp...]

The runner is not part of this repository: it is the folder that the variable GDBSUITE names, or
`../shared/gdbsuite` beside it. `suite_failures.txt` has every failure that is known, by name and below
its cause in brackets; any other is a failure of this command.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KNOWN = Path(__file__).with_name("suite_failures.txt")
RUNNER = "run_suite.sh"
TIME_LIMIT = 300
"""Seconds for one file of the suite."""

_RESULT = re.compile(r"^(PASS|FAIL|UNRESOLVED): (.*)$", re.MULTILINE)
_FOLDER = re.compile(r"/\S*/(?=gdb\.\w+/)")
"""What a name has in front of a file of the suite: where the suite was unpacked."""
_AND_MORE = " ..."
_TEST_FILE = re.compile(r"^gdb\.\w+/[\w.+-]+\.exp$")


class SuiteError(Exception):
    """The suite cannot be run, in one line."""


@dataclass(frozen=True)
class Outcome:
    """What a run came to: how many tests passed, and which did not."""

    passed: int
    failed: frozenset[str]
    """Names; those that the suite calls unresolved, too."""
    unfinished: tuple[str, ...]
    """Files whose run did not come to its end."""


def main(words: Sequence[str]) -> int:
    """Run what the command line says; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.gdb.suite")
    parser.add_argument("--at-least", type=int, default=0, metavar="PASSES")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--results", type=Path, metavar="FOLDER")
    parser.add_argument("what", nargs="*", default=["testlist.txt"])
    options = parser.parse_args(words)
    try:
        runner = find_runner()
        files = test_files(options.what, runner)
        known = read_known(KNOWN)
        with tempfile.TemporaryDirectory(prefix="gdbsuite-") as temporary:
            folder = (options.results or Path(temporary)).absolute()
            run(runner, files, folder, options.jobs)
            outcome = read_outcome(folder, files)
    except SuiteError as error:
        sys.stderr.write(f"tests.gdb.suite: {error}\n")
        return 2
    return report(outcome, known, files, options.at_least)


def find_runner() -> Path:
    """Return the runner's folder."""
    named = os.environ.get("GDBSUITE")
    folder = Path(named) if named else ROOT.parent / "shared" / "gdbsuite"
    if not (folder / RUNNER).is_file():
        raise SuiteError(
            f"no {RUNNER} in {folder}: the runner of GDB's suite is not here;"
            " say in GDBSUITE where it is"
        )
    for tool in ("runtest", "gdb"):
        if shutil.which(tool) is None:
            raise SuiteError(f"{tool} is not on PATH: the suite needs dejagnu and gdb")
    return folder


def test_files(words: Sequence[str], runner: Path) -> list[str]:
    """Return the files of the suite that are asked for: by name, or in a list."""
    files: list[str] = []
    for word in words:
        if _TEST_FILE.match(word):
            files.append(word)
            continue
        path = next((p for p in (Path(word), runner / word) if p.is_file()), None)
        if path is None:
            raise SuiteError(f"{word!r} is neither a file of the suite nor a list of them")
        lines = (line.split("#")[0].split() for line in path.read_text().splitlines())
        files += [line[0] for line in lines if line]
    return files


def read_known(path: Path) -> dict[str, str]:
    """Return the failures with a known cause: name -> cause."""
    known: dict[str, str] = {}
    cause = ""
    for line in path.read_text().splitlines():
        if line.startswith("["):
            cause = line.strip("[]")
        elif line and not line.startswith("#"):
            if not cause:
                raise SuiteError(f"{path}: {line!r} has no cause")
            known[line] = cause
    return known


def run(runner: Path, files: Sequence[str], folder: Path, jobs: int) -> None:
    """Run files of the suite, their logs in a folder; figures go to stdout as they come."""
    server = f"{sys.executable} -m gdbstub --once 127.0.0.1:PORT PROG ARGS"
    settings = {
        "WASM_STUB_CMD": server,
        "PYTHONPATH": str(ROOT),
        "BASELINE": str(runner / "baseline.tsv"),
        "EXP_TIMEOUT": str(TIME_LIMIT),
        "JOBS": str(jobs),
    }
    ended = subprocess.run(
        [str(runner / RUNNER), "-", str(folder)],
        input="\n".join(files) + "\n",
        env=os.environ | settings,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise SuiteError(f"{RUNNER} ended with status {ended.returncode}")


def read_outcome(folder: Path, files: Sequence[str]) -> Outcome:
    """Read what the suite wrote."""
    passed = 0
    failed: set[str] = set()
    unfinished: list[str] = []
    for file in files:
        path = folder / file.removesuffix(".exp") / "gdb.sum"
        text = path.read_text(errors="replace") if path.is_file() else ""
        if "=== gdb Summary" not in text:
            unfinished.append(file)
        for result, name in _RESULT.findall(text):
            if result == "PASS":
                passed += 1
            else:
                failed.add(_FOLDER.sub("", name))
    return Outcome(passed, frozenset(failed), tuple(unfinished))


def report(outcome: Outcome, known: dict[str, str], files: Sequence[str], at_least: int) -> int:
    """Say what the run came to; return the exit status."""
    prefixes = tuple(name.removesuffix(_AND_MORE) for name in known if name.endswith(_AND_MORE))
    unknown: list[str] = []
    causes: dict[str, int] = {}
    for name in sorted(outcome.failed):
        prefix = next((prefix for prefix in prefixes if name.startswith(prefix)), "")
        cause = known.get(f"{prefix}{_AND_MORE}" if prefix else name)
        if cause is None:
            unknown.append(name)
        else:
            causes[cause] = causes.get(cause, 0) + 1
    single = {name for name in known if not name.endswith(_AND_MORE)}
    gone = sorted(n for n in single - outcome.failed if n.split(": ")[0] in files)
    lines = [
        f"{outcome.passed} passed, {len(outcome.failed)} failed, {len(unknown)} of them unknown"
    ]
    lines += [f"  {count:4} {cause}" for cause, count in sorted(causes.items())]
    lines += [f"not listed: {name}" for name in unknown]
    lines += [f"listed, but it did not fail: {name}" for name in gone]
    lines += [f"it did not come to its end: {file}" for file in outcome.unfinished]
    if outcome.passed < at_least:
        lines.append(f"{at_least} are to pass")
    sys.stdout.write("\n".join(lines) + "\n")
    return int(bool(unknown or outcome.unfinished) or outcome.passed < at_least)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
