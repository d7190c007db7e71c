"""A program of two modules, each with a memory of its own, and the options that serve it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guests.build import Guest, NoCompiler, build_guest

FOLDER = Path(__file__).resolve().parent / "two"


def two_modules(opt: str = "O0") -> tuple[Guest, tuple[str, ...]]:
    """Compile both; give the program, and what makes the other module its import."""
    try:
        program = build_guest("modules", opt, folder=FOLDER)
        store = build_guest("store", opt, ("-mexec-model=reactor",), folder=FOLDER)
    except NoCompiler as missing:
        pytest.skip(str(missing))
    return program, ("--preload", f"store={store.program}")
