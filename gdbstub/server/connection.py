"""One client's connection: the only reader and the only writer of its stream.

All that happens goes through one channel to one loop, so the session is never entered twice:

    reader task      a wake-up, when something has arrived; the loop itself takes it
    waiter task      the guest it resumed stands still; where that is at once, the loop itself sees it
    breakpoint text  a wake-up; the text itself is kept aside

While the guest stands still gdb asks packet after packet, each as soon as it has the reply to the last: the
loop waits for the next for a moment before it gives others a turn.
"""

from __future__ import annotations

import enum
import errno
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import trio

from gdbstub.execution import Execution, GuestFailure, Runs
from gdbstub.session import (
    Action,
    Attach,
    Detach,
    Go,
    Interrupt,
    Kill,
    Quit,
    Run,
    Session,
    State,
)
from gdbstub.target import Continue, Exit, Signal, TargetError, Terminated
from gdbstub.transports import Stream, Wire

T = TypeVar("T")

_log = logging.getLogger("gdbstub.server")

_TURN = 0.05  # seconds after which others get a turn
_SPEECH = 0.05  # seconds that a command's output is made before any of it is sent
_GLANCE = 0.0005  # seconds; less than a client takes to show what it has read
_PAUSE = 0.03  # seconds that it has to tell, or to do, what its user wants
_LINGER = 1.0  # seconds a client gets to close: closing first could reset what it has not read


class Ending(enum.Enum):
    """How a connection ended."""

    DETACHED = "detached"  # the guest goes on
    LOST = "lost"  # without a word
    OVER = "over"  # there is no guest any more
    QUIT = "quit"  # the server shall end


@dataclass(frozen=True, slots=True)
class _Settled:
    """The guest of a run stands still, has ended, or its machinery failed."""

    execution: Execution
    exit: Exit | None
    failure: GuestFailure | None = None


class Connection:
    """Serves `session` over `stream` to its end."""

    def __init__(self, stream: Stream, session: Session, runs: Runs) -> None:
        self._stream = stream
        self._wire = Wire(stream)
        self._looked = trio.Event()
        self._session = session
        self._runs = runs
        self._ending: Ending | None = None
        self._texts: list[str] = []
        self._failure: GuestFailure | None = None
        self._gone = False
        self._send, self._receive = trio.open_memory_channel[_Settled | None](4)

    async def run(self) -> Ending:
        """Serve until the client goes or the guest has ended. Raises `GuestFailure`."""
        self._runs.execution.on_text = self._show
        ending = Ending.LOST
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._read)
                ending = await self._serve(nursery)
                nursery.cancel_scope.cancel()
        finally:
            self._session.hush()
            self._drop_texts()
            self._runs.execution.on_text = None
        if self._failure is not None:
            raise self._failure
        return ending

    async def _serve(self, nursery: trio.Nursery) -> Ending:
        with trio.CancelScope() as lingering:
            while not self._gone:
                item = await self._receive.receive()
                self._take(item)
                if self._gone or self._session.overrun:
                    break
                try:
                    await self._converse(nursery)
                    if self._session.state is State.CLOSED:
                        await self._stream.send_eof()
                except (trio.BrokenResourceError, trio.ClosedResourceError):
                    break
                if self._session.over:
                    lingering.deadline = min(lingering.deadline, trio.current_time() + _LINGER)
        if self._ending is not None:
            return self._ending
        if self._runs.execution.exit is not None or self._failure is not None:
            return Ending.OVER
        return Ending.LOST

    async def _converse(self, nursery: trio.Nursery) -> None:
        """Answer what has arrived, and what arrives soon after each reply."""
        await self._answer(nursery)
        turn = trio.current_time()
        while self._session.state is State.STOPPED and not self._gone and not self._waits:
            data = self._wire.take_soon()
            if data is None:
                break
            self._receive_bytes(data)
            await self._answer(nursery)
            if trio.current_time() - turn > _TURN:
                await trio.lowlevel.checkpoint()
                turn = trio.current_time()
        self._looked.set()

    def _receive_bytes(self, data: bytes) -> None:
        self._session.receive(data)
        self._gone = not data or self._session.overrun

    @property
    def _waits(self) -> bool:
        """Whether there is something in the channel."""
        return self._receive.statistics().current_buffer_used > 0

    def _take(self, item: _Settled | None) -> None:
        if self._texts:
            self._session.output("".join(self._texts))
            self._drop_texts()
        if item is not None:
            self._report(item)
        elif (data := self._wire.take()) is not None:
            self._receive_bytes(data)

    def _report(self, settled: _Settled) -> None:
        if settled.execution is not self._runs.execution:
            return  # of a guest that another one has replaced
        if settled.failure is not None:
            self._failure = settled.failure
            self._session.exited(Terminated(Signal.ABRT), f"\n{settled.failure}\n")
        elif settled.exit is not None:
            self._session.exited(settled.exit)
        else:
            self._guarded(self._session.stopped)

    async def _answer(self, nursery: trio.Nursery) -> None:
        session = self._session
        while (event := session.next_event()) is not None or session.talking:
            if event is not None:
                await self._act(self._guarded(partial(session.handle, event)), nursery)
            if session.talking:
                await self._talk()
            if self._gone:
                return
        await self._flush()

    async def _flush(self) -> None:
        output = self._session.take_output()
        if output:
            await self._wire.send(output)

    async def _talk(self) -> None:
        """Go on with the output of a command; if it is long, send it and look what has arrived.

        Nothing more is made while the client has not read it, and until it had time to tell, or to do,
        what its user wants.
        """
        until = trio.current_time() + _SPEECH
        while self._session.talking:
            if self._guarded(self._session.talk) or trio.current_time() >= until:
                break
        if not self._session.talking:
            return
        await self._flush()
        self._session.unread = not await self._read_to_the_end()
        await trio.sleep(_GLANCE if self._session.unread else _PAUSE)
        if (data := self._wire.take()) is not None:
            self._receive_bytes(data)

    async def _read_to_the_end(self) -> bool:
        """Wait until the client has read what was sent: True; False if it sent something before that."""
        while True:
            rest = self._wire.unread
            if self._wire.arrived:
                return False
            if not rest:
                return True
            await trio.sleep(_GLANCE)

    async def _act(self, action: Action | None, nursery: trio.Nursery) -> None:
        execution = self._runs.execution
        match action:
            case Go():
                if execution.go_nearby(action.request):
                    self._take(_Settled(execution, None))
                else:
                    nursery.start_soon(self._wait, execution)
            case Interrupt():
                execution.interrupt()
            case Kill():
                await execution.kill()
            case Detach():
                self._let_go()
            case Run():
                await self._restart(action)
            case Attach():
                await self._attach_again()
            case Quit():
                self._ending = Ending.QUIT
                await execution.kill()

    def _let_go(self) -> None:
        """Let the guest go on without the client."""
        target, execution = self._session.target, self._runs.execution
        assert target is not None, "a client detaches"
        self._ending = Ending.DETACHED
        execution.policy.clear()
        target.detach()
        execution.policy.attached = False
        execution.go(Continue(target.threads()[0].id))

    async def _restart(self, run: Run) -> None:
        """Start the program again; the client is told how that went."""
        before = self._runs.execution
        if before.running and self._ending is Ending.DETACHED:
            self._session.refused(TargetError(errno.EBUSY, "the program detached from still runs"))
            return
        self._drop_texts()
        before.on_text = None
        try:
            execution = await self._runs.restart(run.launch)
        except TargetError as error:
            self._session.refused(error)
            return
        self._take_over(execution)

    async def _attach_again(self) -> None:
        """Stop the guest that was detached from for the client."""
        execution = self._runs.execution
        execution.policy.attached = True
        if await execution.halt() is not None:
            self._session.refused(TargetError(errno.ESRCH, "the program has ended"))
        else:
            self._take_over(execution)

    def _take_over(self, execution: Execution) -> None:
        """Give the client a guest that stands still, or has ended already."""
        self._ending = None
        execution.on_text = self._show
        self._session.started(execution.guest.view, execution.policy)
        if execution.exit is not None:
            self._session.exited(execution.exit)
        else:
            self._guarded(self._session.stopped)

    def _guarded(self, step: Callable[[], T]) -> T | None:
        """Take a step in the session: handle a packet, tell of a stop.

        The one broad except: whatever fails in a view, the client gets an error, not a dead line
        (gdb 13 aborts on one).
        """
        try:
            return step()
        except Exception:
            _log.exception("internal error in %s", step)
            self._session.fail()
        return None

    async def _read(self) -> None:
        while True:
            await self._wire.arrival()
            self._looked = trio.Event()
            await self._send.send(None)
            await self._looked.wait()

    async def _wait(self, execution: Execution) -> None:
        try:
            settled = _Settled(execution, await execution.settled())
        except GuestFailure as failure:
            settled = _Settled(execution, None, failure)
        await self._send.send(settled)

    def _drop_texts(self) -> None:
        self._runs.execution.texts_taken(len(self._texts))
        self._texts.clear()

    def _show(self, text: str) -> None:
        self._texts.append(text)
        if len(self._texts) == 1:
            try:
                self._send.send_nowait(None)
            except trio.WouldBlock:
                pass  # the loop has work, and looks at the texts first
