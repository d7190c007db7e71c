"""Programs of two modules, each with a memory of its own, and the options that serve them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guests.build import COMPILER, Guest, NoCompiler, build_cached, build_guest

FOLDER = Path(__file__).resolve().parent / "two"


def two_modules(
    opt: str = "O0", program: str = "modules", library: str = "store", flags: tuple[str, ...] = ()
) -> tuple[Guest, tuple[str, ...]]:
    """Compile both; give the program, and what makes the other module its import."""
    try:
        main = build_guest(program, opt, flags, FOLDER)
        other = build_guest(library, opt, (*flags, "-mexec-model=reactor"), FOLDER)
    except NoCompiler as missing:
        pytest.skip(str(missing))
    return main, ("--preload", f"{library}={other.program}")


def native_two(opt: str, program: str, library: str) -> Guest:
    """Compile both into one program for this machine."""
    sources = (FOLDER / f"{program}.c", FOLDER / f"{library}.c")
    options = (f"-{opt}", "-g", "-Wno-unknown-attributes", "-Wno-ignored-attributes", "-fno-pie")
    try:
        made = build_cached(COMPILER, (*options, "-no-pie"), sources, program)
    except NoCompiler as missing:
        pytest.skip(str(missing))
    return Guest(program, opt, made, sources[0])
