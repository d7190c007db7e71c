"""How soon the guest's thread has the interpreter again, once another thread of it has taken its turn.

Each time the guest goes on, it leaves the interpreter to whoever waits for it, and asks for it at its next stop. A
thread that computes then keeps it for the interpreter's switch interval, 5 ms: thousands of stops. So while a guest
stops again and again for a handler that is quickly done, the interval is shorter; each side has half of the time then.
"""

import sys
import threading
import time

INTERVAL = 0.00002
"""Seconds; a switch takes a few millionths."""

EVENTS = 256
"""The pace is looked at after so many events, a power of two."""

QUICK = 0.00002
"""Seconds of its own that the thread takes for an event at most, to be in a hurry."""


class _Guests:
    """The guests, of the whole process, that are in a hurry."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._before = 0.0

    def hurry(self) -> None:
        """Have a shorter interval, until `relax` has been called as often."""
        with self._lock:
            if not self._count:
                self._before = sys.getswitchinterval()
                sys.setswitchinterval(min(self._before, INTERVAL))
            self._count += 1

    def relax(self) -> None:
        """Have the interval of before again."""
        with self._lock:
            self._count -= 1
            if not self._count:
                sys.setswitchinterval(self._before)


_guests = _Guests()


class Pace:
    """How fast one guest stops and goes on."""

    def __init__(self) -> None:
        self._hurries = False
        self._before = 0.0

    def look(self) -> None:
        """There have been `EVENTS` events since the last look: hurry or not, as it takes."""
        now = time.thread_time()
        quick = 0 <= now - self._before < EVENTS * QUICK
        self._before = now
        if quick != self._hurries:
            self._hurries = quick
            (_guests.hurry if quick else _guests.relax)()

    def rest(self) -> None:
        """The run is over."""
        if self._hurries:
            self._hurries = False
            _guests.relax()
