"""Values at the edges of what gdb is shown: results of every kind, slots far from the frame's base."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.gdb.session import debug, debug_natively, plain
from tests.guests.build import Guest, NoCompiler, build_guest, build_native_twin

FOLDER = Path(__file__).parent
SOURCE = (FOLDER / "results.c").read_text()
FUNCTIONS = re.findall(r"(get_\w+)\(int n\)", SOURCE)


def built(build: Callable[..., Guest], name: str, opt: str) -> Guest:
    try:
        return build(name, opt, folder=FOLDER)
    except NoCompiler as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize("opt", ["O0", "O2"])
def test_finish_shows_results_of_every_kind(opt: str) -> None:
    commands = [part for name in FUNCTIONS for part in (f"tbreak {name}", "continue", "finish")]
    ours = debug(built(build_guest, "results", opt), commands)
    theirs = debug_natively(built(build_native_twin, "results", "O0"), commands)
    shown = [plain(text).splitlines()[-1] for text in ours.all("finish")]
    assert shown == [plain(text).splitlines()[-1] for text in theirs.all("finish")]
    assert len(shown) == len(FUNCTIONS) and all("Value returned is" in text for text in shown)


def test_many_locals_print_right_in_an_outer_frame() -> None:
    commands = ["break inner", "c", "c", "up", *(f"print {name}" for name in "abcdefghiq")]
    results = debug(built(build_guest, "anchors", "O1"), commands)
    values = [results[f"print {name}"].split(" = ")[1] for name in "abcdefghiq"]
    assert values == ["1", "2", "3", "4", "5", "6", "7", "8", "3", "8"]
