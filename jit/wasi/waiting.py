"""Waiting that a debugger can interrupt: every wait is on descriptors and the store's wake pipe.

A call whose wait is interrupted before it did anything raises `HostCallInterrupted`: the runtime reports
the stop and calls it again.
"""

import os
import select
import time
from collections.abc import Sequence
from dataclasses import dataclass

from jit.runtime.errors import HostCallInterrupted

READ = select.POLLIN
WRITE = select.POLLOUT

_MILLISECOND = 1_000_000
_LONGEST = 24 * 3600 * 1000
"""Milliseconds a single poll sleeps at most; longer waits are several."""

CHUNK = select.PIPE_BUF
"""Bytes that a descriptor which polls as writable takes without blocking."""


@dataclass(frozen=True, slots=True)
class Waiter:
    """Waits on behalf of one store; `wake` is readable while an interrupt is wanted."""

    wake: int

    def wait(
        self, interests: Sequence[tuple[int, int]], deadline: int | None
    ) -> dict[int, int] | None:
        """Wait for (descriptor, READ | WRITE) pairs; return poll's events by descriptor.

        None when interrupted; something ready goes before that. Empty at the deadline, which is in
        `time.monotonic_ns`; a deadline of None is never reached.
        """
        poll = select.poll()
        masks: dict[int, int] = {}
        for fd, mask in interests:
            masks[fd] = masks.get(fd, 0) | mask
        for fd, mask in masks.items():
            poll.register(fd, mask)
        poll.register(self.wake, select.POLLIN)
        while True:
            remaining = None if deadline is None else deadline - time.monotonic_ns()
            ready = dict(poll.poll(_milliseconds(remaining)))
            woken = ready.pop(self.wake, 0)
            if ready:
                return ready
            if woken:
                return None
            if remaining is not None and remaining <= _MILLISECOND:
                if remaining > 0:
                    time.sleep(remaining / 1e9)
                return {}


def _milliseconds(remaining: int | None) -> int | None:
    """Return how long to poll, rounded down: the rest, below poll's resolution, is slept."""
    if remaining is None:
        return None
    return min(max(remaining, 0) // _MILLISECOND, _LONGEST)


def read(waiter: Waiter, fd: int, size: int, *, blocks: bool) -> bytes:
    """Read up to `size` bytes, waiting for the first where the descriptor can block."""
    while True:
        if blocks and waiter.wait([(fd, READ)], None) is None:
            raise HostCallInterrupted
        try:
            return os.read(fd, size)
        except BlockingIOError:
            continue


def write(waiter: Waiter, fd: int, data: bytes, *, blocks: bool) -> int:
    """Write `data`; return how much of it was written before an interrupt, all of it otherwise.

    Interrupted before the first byte, it raises.
    """
    if not blocks:
        return os.write(fd, data)
    done = 0
    with memoryview(data) as view:
        while done < len(data):
            if waiter.wait([(fd, WRITE)], None) is None:
                if done:
                    return done
                raise HostCallInterrupted
            try:
                done += os.write(fd, view[done : done + CHUNK])
            except BlockingIOError:
                continue
            except OSError:
                if done:
                    return done
                raise
    return done
