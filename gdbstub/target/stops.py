"""Why a guest stands still, as values; how a client is told is `commands`' business."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from gdbstub.target.values import Address, BreakpointKind, RegisterNumber, Signal, ThreadId


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """A breakpoint that the client inserted at the pc reported; never a guest's own trap."""

    kind: BreakpointKind = BreakpointKind.SOFTWARE


@dataclass(frozen=True, slots=True)
class Stepped:
    """The step asked for is done. Also the stop before the guest's first operation."""


@dataclass(frozen=True, slots=True)
class Signalled:
    """A signal that is no fault of the guest's: an interrupt (INT) or a stop on request."""

    signal: Signal
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Trapped:
    """A Wasm trap, at the pc of the operation that trapped; `description` is for the user.

    `detail` is the operation with its operands, empty where there is nothing to say.
    """

    signal: Signal
    description: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Watched:
    """A watchpoint's access was made and the pc is past it; `address` lies in the watchpoint."""

    kind: BreakpointKind
    address: Address


@dataclass(frozen=True, slots=True)
class LibrariesChanged:
    """The list of modules changed since the client last asked for it."""


@dataclass(frozen=True, slots=True)
class SystemCall:
    """A call that the client catches is about to be made, or has `returned`."""

    number: int
    returned: bool


@dataclass(frozen=True, slots=True)
class Exited:
    """The guest ended by itself with this exit code, 0..255."""

    code: int


@dataclass(frozen=True, slots=True)
class Terminated:
    """The guest was ended: by a trap that the client let pass, or killed."""

    signal: Signal


StopReason: TypeAlias = (
    Breakpoint | Stepped | Signalled | Trapped | Watched | LibrariesChanged | SystemCall
)
Exit: TypeAlias = Exited | Terminated


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop that the client is told of.

    `registers` are sent along, so that the client need not ask: (number, bytes in target order).
    `pcs` gives the pc of every thread, in the order of `Target.threads()` (shown to lldb).
    `fields` are further `key:value;` pairs of the view, sent as they are.
    `text` is shown on the client's console before the stop where the reason itself cannot carry it.
    """

    reason: StopReason
    thread: ThreadId
    registers: tuple[tuple[RegisterNumber, bytes], ...] = ()
    pcs: tuple[Address, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    text: str | None = None
