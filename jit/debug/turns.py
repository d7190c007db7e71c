"""How soon the guest's thread has the interpreter again, once another thread of it has taken its turn.

Each time the guest goes on, it leaves the interpreter to whoever waits for it, and asks for it at its next stop. A
thread that computes then keeps it for the interpreter's switch interval, 5 ms: thousands of stops. So while a guest
stops for a handler, the interval is shorter; each side has half of the time then.
"""

import sys
import threading

INTERVAL = 0.0001
"""Seconds; a switch takes a few millionths."""


class _Guests:
    """The guests, of the whole process, that are in a hurry."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.count = 0
        self.before = 0.0


_guests = _Guests()


def hurry() -> None:
    """Have a shorter interval, until `relax` has been called as often."""
    with _guests.lock:
        if not _guests.count:
            _guests.before = sys.getswitchinterval()
            sys.setswitchinterval(min(_guests.before, INTERVAL))
        _guests.count += 1


def relax() -> None:
    """Have the interval of before again."""
    with _guests.lock:
        _guests.count -= 1
        if not _guests.count:
            sys.setswitchinterval(_guests.before)
