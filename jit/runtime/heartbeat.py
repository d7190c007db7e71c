"""What brings a guest back that keeps the interpreter while it runs.

No other thread of the interpreter can ask such a guest to stop, so one that needs no interpreter does,
every few milliseconds.  The guest's thread then gives way as any that computes does, or goes on.
"""

import os
import signal
from array import array
from collections.abc import Sequence
from select import POLLIN
from threading import Thread

from jit.abi import heartbeat
from jit.machine.protocol import Machine

PERIOD = 5
"""Milliseconds, as many as Python's switch interval has."""


class Heartbeat:
    """A thread that beats from now on until `stop`."""

    def __init__(self, machine: Machine, entry: int, guests: Sequence[int]) -> None:
        """`entry` is where its code is in a machine, `guests` are addresses of vmctxs there."""
        self._machine = machine
        """Must outlive the thread, whose code and vmctxs it has."""
        self.entry = entry
        self._wake = os.eventfd(0)
        self._block = array("Q", heartbeat.HEAD.pack(self._wake, POLLIN, 0, PERIOD))
        self._block.extend((*guests, 0))
        Thread(target=self._run, name="wasm heartbeat", daemon=True).start()

    def _run(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())  # they are for others
        address, _ = self._block.buffer_info()
        self._machine.function(self.entry)(address)
        os.close(self._wake)

    def stop(self) -> None:
        """End it, without waiting for that: a last beat may still come."""
        os.eventfd_write(self._wake, 1)
