"""What written registers mean when the client resumes: one function decides.

gdb never asks for a call, a return or a jump: it writes registers and resumes.  What it means is told by
where pc, sp and frame pointer stand then; a register written back as it was has left no trace and needs
no meaning, and what means nothing is refused in words, the guest as it was.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from gdbstub.target import TargetError
from gdbstub.views.x32 import description as d


@dataclass(frozen=True, slots=True)
class Position:
    """The three registers that say where a program stands."""

    pc: int
    sp: int
    bp: int


@dataclass(frozen=True, slots=True)
class CallFunction:
    """Call the function at an address; it returns to `pad`, with the stack as it is at `position`."""

    position: Position
    pad: int


@dataclass(frozen=True, slots=True)
class BackFromCall:
    """Forget a call that has not returned, and all inside it: `level` counts those that stay."""

    level: int


@dataclass(frozen=True, slots=True)
class ReturnTo:
    """Let the call that frame `index` is in return, now."""

    index: int


@dataclass(frozen=True, slots=True)
class Jump:
    """Go on at another address of the innermost function."""

    address: int


Plan: TypeAlias = CallFunction | BackFromCall | ReturnTo | Jump


class Surroundings(Protocol):
    """What tells one meaning from another."""

    def pad_at(self, sp: int) -> int | None:
        """Return the return address pushed at `sp`, if the client has a breakpoint for it."""
        ...

    def frame_at(self, position: Position) -> int | None:
        """Return the frame outside the innermost that stands at a position."""
        ...

    def is_inside(self, pc: int) -> bool:
        """Say whether an address lies in the innermost frame's function."""
        ...


def interpret(
    written: Mapping[int, bytes],
    register: Callable[[int], int],
    calls: Sequence[Position],
    surroundings: Surroundings,
) -> Plan | None:
    """Return what the client wants; None if nothing but to go on.

    `register` reads registers as the client knows them, `calls` are where it stood when it made the
    calls that have not returned. `TargetError` for what makes no sense.
    """
    if not written:
        return None
    if not written.keys() & {d.RIP, d.RSP, d.RBP}:
        names = ", ".join(d.REGISTERS[number].name for number in sorted(written))
        raise TargetError(
            errno.ENOTSUP,
            f"{names} changed: registers of this machine are only shown, change variables instead",
        )
    mask = 0xFFFF_FFFF
    position = Position(*(register(number) & mask for number in (d.RIP, d.RSP, d.RBP)))
    for level in reversed(range(len(calls))):
        if position == calls[level]:
            return BackFromCall(level)
    pad = surroundings.pad_at(position.sp)
    if pad is not None:
        return CallFunction(position, pad)
    index = surroundings.frame_at(position)
    if index is not None:
        return ReturnTo(index)
    if not written.keys() & {d.RSP, d.RBP} and surroundings.is_inside(position.pc):
        return Jump(position.pc)
    raise TargetError(
        errno.ENOTSUP,
        f"the guest cannot go on at 0x{position.pc:x}: it is no place in this function,"
        " and no frame of the stack stands there",
    )
