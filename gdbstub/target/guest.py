"""The contract between a running guest and the server: raw events up, verdicts down.

A guest runs on a worker thread of the server. At every raw event it asks the `Gate`; most events
are decided right there (a false condition, a range step), the others park the worker until the
client resumes. While it is parked the server's own thread calls the `Target`.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from gdbstub.target.stops import Exit
from gdbstub.target.values import Address, Dialect, RegisterNumber
from gdbstub.target.view import Target


class Killed(BaseException):
    """Raised out of `Gate.event` to unwind the guest: let it pass, no client is listening."""


class RawKind(enum.Enum):
    """What happened. A guest sends the first that applies; `EXIT` is `Guest.run`'s return."""

    ENTRY = "entry"  # before the first operation; always parks
    BREAKPOINT = "breakpoint"  # at an address inserted, software or hardware
    STEP = "step"  # one operation done while stepping
    WATCH = "watch"  # after an access a watchpoint asks for
    TRAP = "trap"  # a Wasm trap; resuming ends the guest
    INTERRUPT = "interrupt"  # after Guest.interrupt()
    LIBRARY = "library"  # modules were registered
    SYSTEM_CALL = "system call"  # before or after a call that is caught


class Reader(Protocol):
    """Registers and memory at a raw event, in the view's numbers and addresses."""

    def register(self, number: RegisterNumber) -> int:
        """Return a register as an unsigned number; `TargetError` if there is none."""
        ...

    def memory(self, address: Address, length: int) -> bytes:
        """Return exactly `length` bytes; `TargetError` if some are not readable."""
        ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """How to go on after a raw event.

    `stepping`: report a STEP after the next operation. `parked`: a client had the guest meanwhile,
    so written state may have to be taken over. `signal`: the one it delivers, 0 for none.
    Steps that end in [quiet_low, quiet_high) need not be reported.
    """

    stepping: bool
    parked: bool = False
    signal: int = 0
    quiet_low: int = 0
    quiet_high: int = 0


class Gate(Protocol):
    """Where the worker thread asks what to do. Given to `Guest.run`, used on its thread only."""

    def event(self, kind: RawKind, pc: Address, reader: Reader) -> Verdict:
        """Decide, or park until the client resumes. Raises `Killed` to unwind the guest.

        `pc` is the address the client knows: of a breakpoint, the one it inserted.
        """
        ...

    def passing(self, pc: Address, reader: Reader) -> Callable[[], bool] | None:
        """Return what says whether BREAKPOINT at `pc` would be passed over now, if that is all there is to it.

        None where a hit may do more. Good until the guest has been parked.
        """
        ...


class Guest(Protocol):
    """A guest program and its views. Errors out of any method but as named are the server's end."""

    def run(self, gate: Gate) -> Exit:
        """Run the guest to its end, blocking, on the worker thread; called once.

        The first thing it does is `gate.event(RawKind.ENTRY, ...)`, standing before the first
        operation. `Killed` passes through it.
        """
        ...

    def interrupt(self) -> None:
        """Make a running guest send INTERRUPT soon. Any thread; harmless when it stands still."""
        ...

    def view(self, dialect: Dialect) -> Target:
        """Return the view for a client, and speak its addresses in events from now on.

        Called on the server's thread while the guest is parked or has ended, once a connection.
        """
        ...
