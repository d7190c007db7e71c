"""Skips the sessions where the debugger is missing."""

import shutil

import pytest

from tests.lldb.session import LLDB


@pytest.fixture(autouse=True)
def debugger() -> None:
    """Skip where lldb is not installed."""
    if shutil.which(LLDB) is None:
        pytest.skip(f"{LLDB} is not installed")
