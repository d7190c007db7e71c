"""A C++ program in stock lldb: values are those that native lldb shows for the twin."""

from __future__ import annotations

import pytest

from tests.gdb.languages import cplusplus
from tests.lldb.session import debug, debug_natively, plain

CPLUSPLUS = ("settings set target.language c++",)
VALUES = (
    "frame variable hue",
    "frame variable *word",
    "frame variable *bits",
    "p bits->d",
    "p cube.side",
    "p cube.volume",
    "p ns::Square::count",
    "p (int)hue",
)


@pytest.mark.parametrize("opt", ["O0", "O2"])
def test_values(opt: str) -> None:
    commands = ("b look", "c", *VALUES)
    ours = debug(cplusplus(opt), commands, setup=CPLUSPLUS)
    theirs = debug_natively(cplusplus(opt, native=True), commands)
    for command in VALUES:
        assert "error" not in ours[command]
        assert plain(ours[command]) == plain(theirs[command]), command


def test_members() -> None:
    commands = (
        "b ns::Square::area",
        "c",
        "p side",
        "p this->side",
        "expr side = 6",
        "p side",
        "finish",
    )
    ours = debug(cplusplus("O0"), commands, setup=CPLUSPLUS)
    theirs = debug_natively(cplusplus("O0", native=True), commands)
    for command in ("p this->side", "expr side = 6"):
        assert ours[command] == theirs[command], command
    assert ours.all("p side")[1] == "(int) 6"
    assert ours.all("p side") == theirs.all("p side")
