"""The words that make a guest stop: one store's interrupt request, stack limit, and wake pipe.

The stack limit and the interrupt share one compare at a function's entry, so a request raises the
limit of every vmctx; loop heads look at the interrupt word.  Requests come from any thread.  A debugger
that steps raises the limit alone: it knows the loops of the functions it steps in.  A heartbeat writes
both without a request.
"""

import os
import threading

from jit.abi import vmctx
from jit.machine.protocol import Machine
from jit.runtime.heartbeat import Heartbeat


class Interrupts:
    """Keeps the interrupt words of a store's vmctxs."""

    def __init__(self, machine: Machine, stack_limit: int) -> None:
        self._machine = machine
        self._lock = threading.Lock()
        self._users: list[int] = []
        self._stack_limit = stack_limit
        self._requested = False
        self._entry_stops = False
        self._wake: tuple[int, int] | None = None
        self._heart: Heartbeat | None = None

    def close(self) -> None:
        """Close the wake pipe."""
        with self._lock:
            if self._wake is not None:
                for descriptor in self._wake:
                    os.close(descriptor)
                self._wake = None

    def add_user(self, address: int) -> None:
        """Keep a vmctx's words up to date from now on."""
        with self._lock:
            self._users.append(address)
            self._write(address)
            if self._heart is not None:
                self._set_beat(self._heart.entry)

    @property
    def stack_limit(self) -> int:
        """The real limit, whatever the limit words say."""
        return self._stack_limit

    @stack_limit.setter
    def stack_limit(self, value: int) -> None:
        with self._lock:
            self._stack_limit = value
            self._write_all()

    @property
    def entry_stops(self) -> bool:
        """Whether every function entry leaves the guest, requested or not."""
        return self._entry_stops

    @entry_stops.setter
    def entry_stops(self, value: bool) -> None:
        with self._lock:
            if value != self._entry_stops:
                self._entry_stops = value
                self._write_all()

    @property
    def beat(self) -> int | None:
        """Where the code is that makes the guest come back every few milliseconds; None while nothing does.

        Such a return is no request: `take` says so.
        """
        return None if self._heart is None else self._heart.entry

    @beat.setter
    def beat(self, value: int | None) -> None:
        with self._lock:
            self._set_beat(value)

    def _set_beat(self, value: int | None) -> None:
        if self._heart is not None:
            self._heart.stop()
        self._heart = None if value is None else Heartbeat(self._machine, value, self._users)

    def request(self) -> None:
        """Ask the guest to stop.  From any thread; twice is once."""
        with self._lock:
            if not self._requested:
                self._requested = True
                self._write_all()
                if self._wake is not None:
                    os.write(self._wake[1], b"!")

    def take(self) -> bool:
        """Take back the request; return whether there was one."""
        with self._lock:
            requested, self._requested = self._requested, False
            self._write_all()
            if requested and self._wake is not None:
                os.read(self._wake[0], 1)
            return requested

    @property
    def wake_descriptor(self) -> int:
        """A descriptor that is readable while there is a request, for host calls that wait."""
        with self._lock:
            if self._wake is None:
                self._wake = os.pipe()
                if self._requested:
                    os.write(self._wake[1], b"!")
            return self._wake[0]

    def _write_all(self) -> None:
        for address in self._users:
            self._write(address)

    def _write(self, address: int) -> None:
        machine, limit = self._machine, self._stack_limit
        at_entries = self._requested or self._entry_stops
        machine.store_u64(address + vmctx.REAL_STACK_LIMIT, limit)
        machine.store_u64(
            address + vmctx.STACK_LIMIT, vmctx.NO_STACK_LIMIT if at_entries else limit
        )
        machine.store_u32(address + vmctx.INTERRUPT, self._requested)
