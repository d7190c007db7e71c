"""A Rust program in stock lldb: values and steps are those that native lldb shows for the twin."""

from __future__ import annotations

import re

import pytest

from tests.gdb.languages import rust
from tests.lldb.session import debug, debug_natively, frames, plain

RUST = ("settings set target.language rust",)
VALUES = (
    "frame variable numbers",
    "frame variable numbers.data_ptr[2]",
    "frame variable extra",
    "frame variable *pair",
    "frame variable name.length",
    "frame variable *boxed",
    "p COUNTER",
)


def worded(text: str) -> str:
    """Return lldb's text with the words for types whose width the two machines differ in made one."""
    text = re.sub(r"unsigned (?:int|long)\b|\blong(?: long)?\b", "word", plain(text))
    return re.sub(r"\$discr\$ = \d+|:(?:32|64) @", "", text)


def called(text: str) -> list[tuple[str, int]]:
    """Return the frames that `bt` shows, without what Rust adds to their names."""
    return [(name.split("::")[1], line) for name, line in frames(text)]


@pytest.mark.parametrize("opt", ["O0", "O2"])
def test_values(opt: str) -> None:
    commands = ("b total", "c", *VALUES, "bt 2")
    ours = debug(rust(opt), commands, setup=RUST)
    theirs = debug_natively(rust(opt, native=True), (*RUST, *commands))
    for command in VALUES:
        assert "error" not in ours[command]
        assert worded(ours[command]) == worded(theirs[command]), command
    assert called(ours["bt 2"]) == called(theirs["bt 2"]) == [("total", 47), ("main", 93)]
    assert ours.guest.endswith("5 5 1\n")


def test_slices_strings_and_statics() -> None:
    """Of the values above some in words, as they are in the source."""
    results = debug(rust("O0"), ("b total", "c", *VALUES), setup=RUST)
    assert "length = 3" in results["frame variable numbers"]
    assert results["frame variable numbers.data_ptr[2]"].endswith("= 3")
    assert results["p COUNTER"] == "(int) 41"


STEPS = {
    "over": ("b languages::main", "c", *["n"] * 12),
    "into a method of a trait's object, and out": (
        *("b languages::dynamic", "c", "frame variable speaker.pointer", "s"),
        *("frame variable *self", "finish"),
    ),
    "through a match": ("b area", "c", "n", "finish", "c", "n", "n", "finish"),
}


@pytest.mark.parametrize("commands", STEPS.values(), ids=STEPS)
def test_steps_go_where_native_ones_go(commands: tuple[str, ...]) -> None:
    ours = debug(rust("O0"), commands, setup=RUST)
    theirs = debug_natively(rust("O0", native=True), (*RUST, *commands))
    assert [stop and stop[1] for stop in ours.stops()] == [
        stop and stop[1] for stop in theirs.stops()
    ]
    for command in commands:
        if command == "frame variable *self":
            assert ours[command] == theirs[command] == "(languages::Dog) *self = (age = 4)"
