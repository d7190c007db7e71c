"""Compile the C guests of the tests and the benches, once: the one place that runs a compiler.

What is built lies in a cache outside the repository, named by a hash of everything it is made of: the
compiler's version, the command, the source, the headers beside it, and the source's path, which is in
the debug information.  A folder of the cache is filled under another name and then renamed, so that
processes may build at the same time.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SOURCES = Path(__file__).resolve().parent
COMPILER = "clang-22"
WASI_LIBRARIES = Path("/usr/lib/wasm32-wasi")
WASI = ("--target=wasm32-wasi", "--sysroot=/usr", "-Wno-deprecated")
"""Debian's wasi-libc keeps the target's older name, which clang 22 calls deprecated."""
TIME_LIMIT = 300


class BuildError(Exception):
    """A guest does not compile: our own fault."""


class NoCompiler(Exception):
    """There is no compiler for guests on this machine; the message says what is missing."""


@dataclass(frozen=True)
class Guest:
    """A compiled program and where its parts are."""

    name: str
    opt: str
    program: Path
    source: Path


def cache_folder() -> Path:
    """Give the folder that holds what was built or fetched; it need not exist yet."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "wasm-gdbstub"


@cache
def compiler_version(compiler: str = COMPILER) -> str:
    """Give the compiler's own description; raise `NoCompiler` if it is not on PATH."""
    if shutil.which(compiler) is None:
        raise NoCompiler(f"{compiler} is not installed")
    return subprocess.run(
        [compiler, "--version"], capture_output=True, text=True, check=True
    ).stdout


def check_wasi_compiler() -> None:
    """Raise `NoCompiler` where a program for WASI cannot be built."""
    compiler_version()
    if not WASI_LIBRARIES.is_dir():
        raise NoCompiler("wasi-libc is not installed")


def run_compiler(command: list[str]) -> None:
    """Run a compiler; raise `BuildError` with what it printed if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT, check=False)
    if done.returncode != 0:
        raise BuildError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


def build_cached(
    compiler: str, flags: tuple[str, ...], sources: tuple[Path, ...], output: str
) -> Path:
    """Give the program made of the sources, from the cache if it is there."""
    digest = hashlib.sha256(repr((compiler_version(compiler), flags, output)).encode())
    for source in sources:
        for part in (source, *sorted(source.parent.glob("*.h"))):
            digest.update(str(part).encode() + b"\0" + part.read_bytes())
    folder = cache_folder() / "guests" / digest.hexdigest()[:24]
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as work:
            fresh = Path(work) / "built"
            fresh.mkdir()
            names = [str(source) for source in sources]
            run_compiler([compiler, *flags, *names, "-o", str(fresh / output)])
            try:
                fresh.rename(folder)
            except OSError:
                if not folder.is_dir():  # someone else was faster: theirs is the same
                    raise
    return folder / output


def build_guest(
    name: str, opt: str = "O0", flags: tuple[str, ...] = (), folder: Path = SOURCES
) -> Guest:
    """Compile `<folder>/<name>.c` for WASI with debug information."""
    check_wasi_compiler()
    source = folder / f"{name}.c"
    options = (*WASI, f"-{opt}", "-g", "-Wall", *flags)
    program = build_cached(COMPILER, options, (source,), f"{name}.wasm")
    return Guest(name, opt, program, source)


def build_native_twin(
    name: str, opt: str = "O0", flags: tuple[str, ...] = (), folder: Path = SOURCES
) -> Guest:
    """Compile the same source for this machine, for a native debugger to say what is right."""
    source = folder / f"{name}.c"
    options = (f"-{opt}", "-g", "-Wall", "-fno-pie", "-no-pie", *flags)
    program = build_cached(COMPILER, options, (source,), name)
    return Guest(name, opt, program, source)


def build_all() -> int:
    """Build every guest both ways at -O0 and -O2, and print where each is."""
    try:
        for source in sorted(SOURCES.glob("*.c")):
            for opt in ("O0", "O2"):
                for build in (build_guest, build_native_twin):
                    sys.stdout.write(f"{build(source.stem, opt).program}\n")
    except NoCompiler as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0
