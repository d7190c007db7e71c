"""Values every layer of the server shares: addresses, threads, signals, breakpoints, resumes."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import NewType, TypeAlias

Address = NewType("Address", int)  # as the view shows it to its client, never a host address
ThreadId = NewType("ThreadId", int)  # 1 and up; 0 and -1 of the protocol never get here
RegisterNumber = NewType("RegisterNumber", int)  # as numbered in the view's description
FrameIndex = NewType("FrameIndex", int)  # 0 is the innermost frame


class Dialect(enum.Enum):
    """Which debugger is at the other end."""

    GDB = "gdb"
    LLDB = "lldb"


class Signal(enum.IntEnum):
    """Signals in GDB's numbers (include/gdb/signals.def), which are the protocol's."""

    NONE = 0
    HUP = 1
    INT = 2
    QUIT = 3
    ILL = 4
    TRAP = 5
    ABRT = 6
    EMT = 7
    FPE = 8
    KILL = 9
    BUS = 10
    SEGV = 11
    SYS = 12
    PIPE = 13
    ALRM = 14
    TERM = 15
    URG = 16
    STOP = 17
    TSTP = 18
    CONT = 19
    CHLD = 20
    TTIN = 21
    TTOU = 22
    IO = 23
    XCPU = 24
    XFSZ = 25
    VTALRM = 26
    PROF = 27
    WINCH = 28
    LOST = 29
    USR1 = 30
    USR2 = 31
    PWR = 32


class BreakpointKind(enum.IntEnum):
    """The `kind` of `Z` and `z` packets, in the protocol's numbers."""

    SOFTWARE = 0
    HARDWARE = 1
    WRITE = 2
    READ = 3
    ACCESS = 4


CODE_KINDS = frozenset({BreakpointKind.SOFTWARE, BreakpointKind.HARDWARE})
WATCH_KINDS = frozenset({BreakpointKind.WRITE, BreakpointKind.READ, BreakpointKind.ACCESS})


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread of the guest as the client lists it."""

    id: ThreadId
    name: str


@dataclass(frozen=True, slots=True)
class Continue:
    """Run until something stops the guest. `signal` is the one the client delivers, or 0."""

    thread: ThreadId
    signal: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """Run one operation of `thread`."""

    thread: ThreadId
    signal: int = 0


@dataclass(frozen=True, slots=True)
class RangeStep:
    """Step `thread` once, then on while its pc lies in [low, high)."""

    thread: ThreadId
    low: Address
    high: Address
    signal: int = 0


ResumeRequest: TypeAlias = Continue | Step | RangeStep


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start a run of the program, where that differs from what the server was told.

    `program` as the client names it, None for the one that is served. `arguments` without the
    program's own name, None for those the server was told. `variables` are (name, value), value None
    to take the variable away, applied in order to those the server was told.
    """

    program: str | None = None
    arguments: tuple[str, ...] | None = None
    variables: tuple[tuple[str, str | None], ...] = ()
