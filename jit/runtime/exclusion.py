"""Who may run a store's guest: one thread at a time, and whoever that thread lends its turn to."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from jit.runtime.errors import StoreInUse

_loan: ContextVar[object] = ContextVar("loan", default=None)
"""The loan that the present task was started under; threads and tasks that it starts inherit it."""


class Exclusion:
    """The turn to run a store's guest."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread = 0
        self._lent: object = None

    def enter(self) -> bool:
        """Have the turn; return whether the thread had it not yet, and is to `leave`.  Raise StoreInUse."""
        thread = threading.get_ident()
        if self._thread == thread:
            return False
        if self._lent is not None and _loan.get() is not self._lent:
            raise StoreInUse
        self._take(thread)
        return True

    @property
    def held(self) -> bool:
        """Whether the present thread has the turn."""
        return self._thread == threading.get_ident()

    def leave(self) -> None:
        """End the turn."""
        self._thread = 0
        self._lock.release()

    @contextmanager
    def lend(self) -> Iterator[Callable[[], None]]:
        """Give the turn away in the `with` block, to the task that calls what this gives.

        Those that the task starts may have the turn as well, one at a time.  Raise StoreInUse if one
        of them still has it at the end.
        """
        thread, outer, loan = self._thread, self._lent, object()
        self._lent = loan
        self.leave()
        try:
            yield lambda: _accept(loan)
        finally:
            self._take(thread)
            self._lent = outer

    def _take(self, thread: int) -> None:
        if not self._lock.acquire(blocking=False):
            raise StoreInUse
        self._thread = thread


def _accept(loan: object) -> None:
    _loan.set(loan)
