"""Who has the interpreter while the guest runs.

As a rule the guest leaves it to whoever waits for it, each time it goes on. Beside a thread that computes, that is dear
for a guest that stops again and again for a handler that is quickly done: sooner or later the other thread takes it in
such a moment and has it for the interpreter's switch interval, 5 ms, thousands of stops. So that guest keeps it, and
gives way as any Python code does: each side has half of the time then.
"""

from threading import active_count
from time import thread_time

from jit.runtime.store import Store

EVENTS = 32
"""The pace is looked at after so many events, a power of two."""

QUICK = 0.000_03
"""Seconds of its own that the thread takes for an event, at most, to be quick."""


class Pace:
    """How fast one guest stops and goes on."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._spent = 0.0

    def look(self) -> None:
        """There have been `EVENTS` events since the last look: have the guest keep the interpreter or not."""
        before, self._spent = self._spent, thread_time()
        self._keep(0 <= self._spent - before < EVENTS * QUICK and active_count() > 1)

    def beat(self) -> None:
        """The guest came back for the heartbeat alone: if it stops no longer, that is the end of it."""
        if thread_time() - self._spent > EVENTS * QUICK:
            self._keep(False)

    def rest(self) -> None:
        """The run is over."""
        self._keep(False)

    def _keep(self, keep: bool) -> None:
        if keep != self._store.keeps_interpreter:
            self._store.keeps_interpreter = keep
