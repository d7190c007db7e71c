"""What a view of a stopped guest must be to be served; optional features are in `extensions`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gdbstub.target.stops import Stop
from gdbstub.target.values import (
    Address,
    BreakpointKind,
    RegisterNumber,
    ResumeRequest,
    Thread,
    ThreadId,
)


class Target(Protocol):
    """One rendering of a guest, for one kind of client.

    Every method is called on the server's own thread and only while the guest stands still at a
    `Gate.event`. A request that cannot be done raises `TargetError` and changes nothing.
    Register values are bytes in target order (little-endian), as wide as the description says.
    """

    def address_bits(self) -> int:
        """Return the width of an address, 32 or 64: conditions mask what they dereference to it."""
        ...

    def stop(self) -> Stop:
        """Describe the present stop. Called at each stop, and again for `?`: must be repeatable."""
        ...

    def threads(self) -> Sequence[Thread]:
        """List the guest's threads, in a stable order; never empty."""
        ...

    def read_registers(self, thread: ThreadId) -> bytes:
        """Return all registers of a `g` packet, in its order."""
        ...

    def write_registers(self, thread: ThreadId, values: bytes) -> None:
        """Write all registers of a `G` packet."""
        ...

    def read_register(self, thread: ThreadId, number: RegisterNumber) -> bytes:
        """Return one register."""
        ...

    def write_register(self, thread: ThreadId, number: RegisterNumber, value: bytes) -> None:
        """Write one register."""
        ...

    def read_memory(self, thread: ThreadId, address: Address, length: int) -> bytes:
        """Return up to `length` bytes, fewer where memory ends; `TargetError` for none at all."""
        ...

    def write_memory(self, thread: ThreadId, address: Address, data: bytes) -> None:
        """Write all of `data` or nothing."""
        ...

    def breakpoint_kinds(self) -> frozenset[BreakpointKind]:
        """Name the kinds that can be inserted; others are answered as unknown packets."""
        ...

    def insert_breakpoint(self, kind: BreakpointKind, address: Address, length: int) -> None:
        """Insert a breakpoint or watchpoint; doing so twice is doing so once.

        Conditions are no business of the view: it reports every hit through `Gate.event` with the
        address inserted, and the worker's policy decides.
        """
        ...

    def remove_breakpoint(self, kind: BreakpointKind, address: Address, length: int) -> None:
        """Remove it; one that is not there is no error."""
        ...

    def prepare_resume(self, request: ResumeRequest) -> None:
        """Take over what the client wrote, just before the guest resumes.

        Here a view turns written registers into a jump, a return or a call. Raising `TargetError`
        refuses the resume with its text: the guest stays as it is and the stop is reported again.
        """
        ...

    def detach(self) -> None:
        """Forget the client: remove all it inserted, drop registers written but not yet used."""
        ...
