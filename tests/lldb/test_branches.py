"""Steps over branches that LLVM, and so lldb, does not know for such: they go where native ones go."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guests.fixtures import Builder
from tests.lldb.session import ENDED, debug, debug_natively

HERE = Path(__file__).parent

IN_MAIN = {
    "over": ("b main", "c", *["n"] * 13),
    "over, from a switch on": ("b pick", "c", "breakpoint delete -f", *["n"] * 13),
    "over, from a small switch on": ("b choose", "c", "n", "n", "n"),
    "into": ("b main", "c", *["s"] * 42),
}


@pytest.mark.parametrize("opt", ["O0", "O1", "O2"])
@pytest.mark.parametrize("commands", IN_MAIN.values(), ids=IN_MAIN)
def test_steps_go_where_native_ones_go(
    guest: Builder, native_twin: Builder, commands: tuple[str, ...], opt: str
) -> None:
    ours = debug(guest("branches", opt, folder=HERE), (*commands, "kill"))
    theirs = debug_natively(native_twin("branches", opt, folder=HERE), (*commands, "kill"))
    assert ours.stops() == theirs.stops()


@pytest.mark.parametrize("opt", ["O0", "O1", "O2"])
def test_a_breakpoint_in_a_loop_is_hit_each_time(guest: Builder, opt: str) -> None:
    """Optimised, the line begins with the op of the loop, which runs once."""
    commands = ("b branches.c:66", *["c"] * 7, "breakpoint list")
    results = debug(guest("branches", opt, folder=HERE), commands)
    assert results.stops() == [("main", 66)] * 6
    assert "hit count = 6" in results["breakpoint list"]
    assert results.guest == "269 0\n"


def test_a_step_over_the_last_line_of_a_function(guest: Builder) -> None:
    """The breakpoint for it is behind the function."""
    results = debug(guest("branches", "O2", folder=HERE), ("b branches.c:69", "c", "n", "bt"))
    assert "warning" not in results["n"]
    assert "stop reason = step over" in results["n"]
    assert "`__main_void" in results["bt"].splitlines()[1]


def test_a_long_op_is_shown_shorter(guest: Builder) -> None:
    """lldb (22) ruins its heap with ops of more than 16 bytes."""
    results = debug(
        guest("branches", folder=HERE), ("disassemble -n pick", "kill", *ENDED, "process status")
    )
    line = next(row for row in results["disassemble -n pick"].splitlines() if "br_table" in row)
    assert "{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}" in line
    assert "exited with status = 9" in results["process status"]
