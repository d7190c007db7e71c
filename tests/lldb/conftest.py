"""Skips the sessions where the debugger is missing."""

import shutil
import sys
from pathlib import Path

import pytest

from tests.lldb.session import LLDB, TIME_LIMIT

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test of this folder the time of two sessions: most compare one with another."""
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.limit(2.5 * TIME_LIMIT))


@pytest.fixture(autouse=True)
def debugger() -> None:
    """Skip where lldb is not installed."""
    if shutil.which(LLDB) is None:
        pytest.skip(f"{LLDB} is not installed")


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    """Give our command as one file that can be run, in an environment that is empty."""
    root = Path(__file__).parents[2]
    script = tmp_path / "gdbstub"
    script.write_text(
        f"#!{sys.executable}\n"
        f"import sys\nsys.path.insert(0, {str(root)!r})\n"
        "from gdbstub.__main__ import main\nsys.exit(main())\n"
    )
    script.chmod(0o755)
    return script
