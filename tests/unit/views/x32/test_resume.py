"""What written registers mean at a resume: a row a meaning."""

from collections.abc import Mapping

import pytest

from gdbstub.target import TargetError
from gdbstub.views.x32 import description as d
from gdbstub.views.x32.resume import (
    BackFromCall,
    CallFunction,
    Jump,
    Plan,
    Position,
    ReturnTo,
    interpret,
)

HERE = Position(0xE0000100, 0xF7FFF000, 0xF7FFF010)
CALLER = Position(0xE0000200, 0xF7FFF100, 0xF7FFF110)
PAD = 0xF7FFEFFF
PUSHED = 0xF7FFEF00


class Guest:
    """A guest that stands at HERE, called from CALLER."""

    def pad_at(self, sp: int) -> int | None:
        return PAD if sp == PUSHED else None

    def frame_at(self, position: Position) -> int | None:
        return 1 if position == CALLER else None

    def is_inside(self, pc: int) -> bool:
        return 0xE0000100 <= pc < 0xE0000140


def meaning(written: Mapping[int, int], *calls: Position) -> Plan | None:
    own = {d.RIP: HERE.pc, d.RSP: HERE.sp, d.RBP: HERE.bp}
    return interpret(
        {number: value.to_bytes(8, "little") for number, value in written.items()},
        lambda number: written.get(number, own.get(number, 0)),
        calls,
        Guest(),
    )


def at(position: Position) -> dict[int, int]:
    return {d.RIP: position.pc, d.RSP: position.sp, d.RBP: position.bp}


CALL = Position(0xE0000300, PUSHED, PUSHED)


@pytest.mark.parametrize(
    ("written", "calls", "plan"),
    [
        ({}, (), None),
        (at(CALL) | {d.RDI: 7}, (), CallFunction(CALL, PAD)),
        (at(CALLER), (), ReturnTo(1)),
        (at(CALLER) | {d.RAX: 7}, (), ReturnTo(1)),
        ({d.RIP: 0xE0000120}, (), Jump(0xE0000120)),
        (at(Position(9, 8, 7)), (CALLER, Position(9, 8, 7)), BackFromCall(1)),
        (at(CALLER), (CALLER, Position(9, 8, 7)), BackFromCall(0)),
    ],
)
def test_meanings(
    written: Mapping[int, int], calls: tuple[Position, ...], plan: Plan | None
) -> None:
    assert meaning(written, *calls) == plan


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({d.RAX: 1}, "rax changed"),
        ({d.RIP: 0xE0000200}, "cannot go on at 0xe0000200"),
        ({d.RIP: 0xE0000120, d.RSP: 0xF7FFE000}, "cannot go on"),
        ({d.RSP: 0xF7FFE000}, "cannot go on"),
    ],
)
def test_what_makes_no_sense_is_refused(written: Mapping[int, int], words: str) -> None:
    with pytest.raises(TargetError, match=words):
        meaning(written)
