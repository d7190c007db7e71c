"""The one place that runs a guest: a worker thread, parked whenever a client has the guest.

    server's thread (trio)                        worker thread
    go(request) ----- a Verdict, by a queue ----> Gate.event returns it, the guest runs
    settled() <------ run_sync_soon ------------- Gate.event parks, or Guest.run has returned
    go_nearby(...) <-- a word, by a lock -------- Gate.event parks at once: a step, a breakpoint nearby

While the worker is parked the guest belongs to the server's thread. All signals are blocked in the
worker. A fault of ours in it ends the session as `GuestFailure`; it never leaves anyone waiting.
"""

from __future__ import annotations

import logging
import queue
import signal
import threading
from collections.abc import Callable

import trio

from gdbstub.policy import Policy
from gdbstub.target import (
    Address,
    Exit,
    Guest,
    Killed,
    RawKind,
    Reader,
    ResumeRequest,
    Signal,
    TargetError,
    Terminated,
    Verdict,
)

_log = logging.getLogger("gdbstub.execution")

_TEXTS_AHEAD = 256  # how far breakpoint commands may print ahead of the client
_NEARBY = 0.001  # seconds that a stop is waited for without a turn of trio
_UNWIND_LIMIT = 5.0  # seconds a guest gets to unwind when it is killed


class GuestFailure(Exception):
    """The guest's machinery failed: our bug. The cause is chained; the guest is gone."""


class Execution:
    """A guest on its worker thread, for one run; its `policy` is for the session.

    All methods are for the server's thread; `event` is the `Gate` the worker uses.
    """

    def __init__(self, make_guest: Callable[[], Guest]) -> None:
        self.policy = Policy(self._show_from_worker)
        self.on_text: Callable[[str], None] | None = None  # takes what breakpoint commands print
        self.exit: Exit | None = None
        self._make_guest = make_guest
        self._guest: Guest | None = None
        self._failure: Exception | None = None
        self._killed = False
        self._running = False
        self._settled = trio.Event()
        self._token = trio.lowlevel.current_trio_token()
        self._orders: queue.SimpleQueue[Verdict | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._awaited = False  # the server's thread waits in `go_nearby`; by whoever has the lock
        self._word = threading.Lock()  # for that: free while it has not heard what `_parked` says
        self._word.acquire()
        self._parked = False
        self._room = threading.Semaphore(_TEXTS_AHEAD)
        self._thread = threading.Thread(target=self._work, name="guest", daemon=True)

    @property
    def guest(self) -> Guest:
        """The guest, once `start` has returned."""
        assert self._guest is not None, "started"
        return self._guest

    @property
    def running(self) -> bool:
        """Whether the guest runs: it is not to be touched."""
        return self._running

    async def start(self) -> None:
        """Make the guest and bring it to its first operation.

        Errors of `make_guest` pass as they are, and so does `TargetError` from a guest that cannot start.
        """
        self._running = True
        self._thread.start()
        await self.settled()

    def go(self, request: ResumeRequest) -> None:
        """Resume the parked guest; `settled` tells when it stands still again."""
        assert not self._running and self.exit is None, "a guest that stands still"
        self._settled = trio.Event()
        self._running = True
        self._orders.put(self.policy.begin(request))

    def go_nearby(self, request: ResumeRequest) -> bool:
        """Resume the parked guest as `go`, and say whether it stands still again within a moment.

        Blocks for that moment: a turn of trio takes longer than most steps. Whatever else the worker
        has to tell ends it, so that all comes in the order in which it happened.
        """
        self._awaited = True
        self.go(request)
        # Not a queue: CPython's, with a time to wait, waits for ever once a signal came late in that.
        if not self._word.acquire(timeout=_NEARBY):
            if self._take_awaited():
                return False
            self._word.acquire()
        if self._parked:
            self._park()
        return self._parked

    def _take_awaited(self) -> bool:
        """Say whether the server's thread waits in `go_nearby`; whoever is told so has ended that."""
        with self._lock:
            awaited, self._awaited = self._awaited, False
        return awaited

    def _say(self, *, parked: bool) -> None:
        """Tell the server's thread, which waits in `go_nearby`, whether the worker has parked."""
        self._parked = parked
        self._word.release()

    async def settled(self) -> Exit | None:
        """Wait until the guest stands still: None at a stop, else how it ended.

        Raises `GuestFailure`. Cancelled, it leaves the guest running.
        """
        await self._settled.wait()
        if self._failure is not None:
            raise self._failure
        return self.exit

    async def resume(self, request: ResumeRequest) -> Exit | None:
        """Resume the guest and wait, as `go` and `settled`."""
        self.go(request)
        return await self.settled()

    def interrupt(self) -> None:
        """Stop a running guest soon. Harmless when it stands still."""
        if self._running and self._guest is not None:
            self.policy.interrupting = True
            self._guest.interrupt()

    async def halt(self) -> Exit | None:
        """Interrupt the guest, running or not, and wait until it stands still."""
        self.interrupt()
        return await self.settled()

    async def kill(self) -> Exit:
        """End the guest, parked or running, and wait for its thread.

        A guest that does not unwind in time is left behind on its daemon thread.
        """
        self._killed = True
        if not self._running and self.exit is None and self._failure is None:
            self._settled = trio.Event()
            self._running = True
            self._orders.put(None)
        elif self._running and self._guest is not None:
            self._guest.interrupt()
            self._room.release()
        with trio.move_on_after(_UNWIND_LIMIT) as limit:
            await self._settled.wait()
        if limit.cancelled_caught:
            _log.warning("the guest did not unwind within %g s", _UNWIND_LIMIT)
        if self.exit is None:
            self.exit = Terminated(Signal.KILL)
        return self.exit

    def event(self, kind: RawKind, pc: Address, reader: Reader) -> Verdict:
        """Decide, or park until the client resumes (`Gate`, on the worker)."""
        if self._killed:
            raise Killed
        verdict = self.policy.decide(kind, pc, reader)
        if verdict is not None:
            return verdict
        if self._take_awaited():
            self._say(parked=True)
        elif not self._report(self._park):
            raise Killed
        order = self._orders.get()
        if order is None:
            raise Killed
        return order

    def passing(self, pc: Address, reader: Reader) -> Callable[[], bool] | None:
        """Return what says that a breakpoint's hit comes to nothing (`Gate`, on the worker)."""
        return self.policy.passing(pc, reader)

    def _work(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        exit_: Exit | None = None
        failure: Exception | None = GuestFailure("the guest's thread ended without a word")
        try:
            exit_, failure = self._run(), None
        except Killed:
            exit_, failure = Terminated(Signal.KILL), None
        except Exception as error:
            failure = error
        finally:
            self._report(lambda: self._end(exit_, failure))

    def _run(self) -> Exit:
        self._guest = guest = self._make_guest()
        if self._killed:
            raise Killed
        try:
            return guest.run(self)
        except TargetError:
            raise
        except Exception as error:
            _log.exception("the guest's machinery failed")
            text = f"internal error while the guest ran: {type(error).__name__}: {error}"
            raise GuestFailure(text) from error

    def _report(self, callback: Callable[[], None]) -> bool:
        """Have the server's thread call back; say whether there still is one."""
        # Taken before: what is reported may end the wait for it and begin another.
        awaited = self._take_awaited()
        try:
            self._token.run_sync_soon(callback)
        except trio.RunFinishedError:
            return False
        if awaited:
            self._say(parked=False)
        return True

    def _park(self) -> None:
        if self._killed:
            self._orders.put(None)
            return
        self._running = False
        self._settled.set()

    def _end(self, exit_: Exit | None, failure: Exception | None) -> None:
        self._running = False
        self._failure = failure
        if self.exit is None:
            self.exit = exit_
        self._settled.set()

    def texts_taken(self, count: int) -> None:
        """Tell that `on_text`'s receiver is done with so many texts; the guest waits for it."""
        if count:
            self._room.release(count)

    def _show_from_worker(self, text: str) -> None:
        self._room.acquire()
        self._report(lambda: self._show(text))

    def _show(self, text: str) -> None:
        if self.on_text is not None:
            self.on_text(text)
        else:
            self.texts_taken(1)
