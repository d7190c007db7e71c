"""Which memory a low address means, where there are several."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gdbstub.views.x32.attention import Attention

PROGRAM: Any = SimpleNamespace(memories=("p",), module="program")
LIBRARY: Any = SimpleNamespace(memories=("l",), module="library")
ANOTHER: Any = SimpleNamespace(memories=("a",), module="library")
WITHOUT: Any = SimpleNamespace(memories=(), module="none")


class Debugger:
    """Frames of these instances, innermost first."""

    def __init__(self, *frames: Any) -> None:
        self._frames = frames

    def instances(self) -> list[Any]:
        return [WITHOUT, PROGRAM, LIBRARY, ANOTHER]

    def frame(self, index: int) -> Any:
        if index >= len(self._frames):
            return None
        return SimpleNamespace(instance=lambda: self._frames[index])


def attention(*frames: Any, several: bool = True) -> Attention:
    debugger: Any = Debugger(*frames)
    return Attention(debugger, several)


@pytest.mark.parametrize(
    ("frames", "meant"),
    [
        ((), PROGRAM),
        ((LIBRARY, PROGRAM), LIBRARY),
        ((WITHOUT, LIBRARY), LIBRARY),
        ((WITHOUT,), PROGRAM),
    ],
)
def test_at_a_stop_it_is_the_innermost_frames(frames: tuple[Any, ...], meant: object) -> None:
    assert attention(*frames).instance is meant


def test_with_one_memory_it_is_that() -> None:
    assert attention(WITHOUT, LIBRARY, several=False).instance is PROGRAM


def test_then_it_is_that_of_what_was_looked_at_last() -> None:
    seen = attention(LIBRARY)
    seen.look(PROGRAM, 0xF7FFFF00, bytes(4))
    assert seen.meant(0x1000, 4) is PROGRAM
    seen.look(WITHOUT, 0xF7FFFE00, bytes(4))
    assert seen.meant(0x1000, 4) is PROGRAM
    seen.reset()
    assert seen.meant(0x1000, 4) is LIBRARY


def test_a_modules_instance_is_the_one_looked_at_last() -> None:
    seen = attention(PROGRAM)
    assert seen.of("library") is LIBRARY
    seen.look(ANOTHER, 0xF7FFFF00, bytes(4))
    seen.look(PROGRAM, 0xF7FFFF00, bytes(4))
    seen.reset()
    assert seen.of("library") is ANOTHER
    assert seen.of("unknown") is None


def test_what_a_call_returned_is_its_callees() -> None:
    seen = attention(LIBRARY)
    seen.expect(PROGRAM)
    for meant in (PROGRAM, LIBRARY):
        seen.reset()
        assert seen.meant(0x1000, 4) is meant


def test_a_watchpoint_is_where_its_bytes_were_read_last() -> None:
    seen = attention(PROGRAM)
    for instance, address in ((LIBRARY, 0x1000), (PROGRAM, 0x2000)):
        seen.look(instance, address, bytes(4))
    assert seen.watched(0x1000, 4) is LIBRARY
    seen.reset()
    # Asked for by its address alone; and by way of a pointer of another memory.
    assert seen.meant(0x1000, 4) is LIBRARY
    assert seen.meant(0x1000, 8) is PROGRAM
    seen.look(ANOTHER, 0xF7FFFF00, (0xFF0).to_bytes(4, "little"))
    assert seen.meant(0x1000, 4) is ANOTHER
    seen.forget()
    assert seen.meant(0x1000, 4) is PROGRAM
