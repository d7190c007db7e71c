"""Skips the sessions where a debugger is missing."""

import shutil

import pytest


@pytest.fixture(autouse=True)
def debuggers() -> None:
    """Skip where gdb or gdbserver is not installed."""
    for name in ("gdb", "gdbserver"):
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not installed")
