"""Our own process in a bench."""

import subprocess
import sys
from pathlib import Path

from bench.figures import WrongResult

ROOT = Path(__file__).resolve().parents[1]
TIME_LIMIT = 600


def run_ours(mode: str, program: Path) -> str:
    """Run `bench.ours` and give what it printed; raise `WrongResult` if it fails."""
    return _run("bench.ours", mode, str(program))


def run_gdbstub(program: Path) -> str:
    """Run a program by the command line, without a debugger; as `run_ours`."""
    return _run("gdbstub", "run", str(program))


def _run(*words: str) -> str:
    command = [sys.executable, "-m", *words]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=TIME_LIMIT, check=False, cwd=ROOT
    )
    if done.returncode != 0:
        raise WrongResult(f"{' '.join(command)}: status {done.returncode}\n{done.stderr}")
    return done.stdout
