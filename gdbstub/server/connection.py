"""One client's connection: the only reader and the only writer of its stream.

All that happens goes through one channel to one loop, so the session is never entered twice:

    reader task      bytes that arrived, none at the end
    waiter task      the guest it resumed stands still
    breakpoint text  a wake-up; the text itself is kept aside
"""

from __future__ import annotations

import enum
import logging
from dataclasses import dataclass

import trio

from gdbstub.execution import Execution, GuestFailure
from gdbstub.session import Action, Event, Go, Interrupt, Kill, Session, State
from gdbstub.target import Exit, Signal, Terminated

_log = logging.getLogger("gdbstub.server")

_CHUNK = 0x10000
_LINGER = 1.0  # seconds a client gets to close: closing first could reset what it has not read


class Ending(enum.Enum):
    """How a connection ended."""

    DETACHED = "detached"  # the guest shall go on
    LOST = "lost"  # without a word
    OVER = "over"  # there is no guest any more


@dataclass(frozen=True, slots=True)
class _Settled:
    """The guest stands still, has ended, or its machinery failed."""

    exit: Exit | None
    failure: GuestFailure | None = None


class Connection:
    """Serves `session` over `stream` to its end."""

    def __init__(self, stream: trio.SocketStream, session: Session, execution: Execution) -> None:
        self._stream = stream
        self._session = session
        self._execution = execution
        self._texts: list[str] = []
        self._failure: GuestFailure | None = None
        self._send, self._receive = trio.open_memory_channel[bytes | _Settled | None](4)

    async def run(self) -> Ending:
        """Serve until the client goes or the guest has ended. Raises `GuestFailure`."""
        self._execution.on_text = self._show
        ending = Ending.LOST
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._read)
                ending = await self._serve(nursery)
                nursery.cancel_scope.cancel()
        finally:
            self._execution.on_text = None
            self._drop_texts()
        if self._failure is not None:
            raise self._failure
        return ending

    async def _serve(self, nursery: trio.Nursery) -> Ending:
        with trio.CancelScope() as lingering:
            while True:
                item = await self._receive.receive()
                self._take(item)
                if item == b"" or self._session.overrun:
                    break
                try:
                    await self._answer(nursery)
                    if self._session.state is State.DETACHED:
                        await self._stream.send_eof()
                except (trio.BrokenResourceError, trio.ClosedResourceError):
                    break
                if self._session.state in (State.DETACHED, State.EXITED):
                    lingering.deadline = min(lingering.deadline, trio.current_time() + _LINGER)
        if self._execution.exit is not None or self._failure is not None:
            return Ending.OVER
        if self._session.state is State.DETACHED:
            return Ending.DETACHED
        return Ending.LOST

    def _take(self, item: bytes | _Settled | None) -> None:
        if self._texts:
            self._session.output("".join(self._texts))
            self._drop_texts()
        if isinstance(item, bytes):
            self._session.receive(item)
        elif item is not None:
            self._report(item)

    def _report(self, settled: _Settled) -> None:
        if settled.failure is not None:
            self._failure = settled.failure
            self._session.exited(Terminated(Signal.ABRT), f"\n{settled.failure}\n")
        elif settled.exit is not None:
            self._session.exited(settled.exit)
        else:
            self._guarded(None)

    async def _answer(self, nursery: trio.Nursery) -> None:
        while (event := self._session.next_event()) is not None:
            action = self._guarded(event)
            if isinstance(action, Go):
                self._execution.go(action.request)
                nursery.start_soon(self._wait)
            elif isinstance(action, Interrupt):
                self._execution.interrupt()
            elif isinstance(action, Kill):
                await self._execution.kill()
        output = self._session.take_output()
        if output:
            await self._stream.send_all(output)

    def _guarded(self, event: Event | None) -> Action | None:
        """Handle an event, or without one the guest's stop.

        The one broad except: whatever fails in a view, the client gets an error, not a dead line
        (gdb 13 aborts on one).
        """
        try:
            if event is not None:
                return self._session.handle(event)
            self._session.stopped()
        except Exception:
            _log.exception("internal error in answer to %s", event)
            self._session.fail()
        return None

    async def _read(self) -> None:
        try:
            while data := await self._stream.receive_some(_CHUNK):
                await self._send.send(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            _log.info("connection lost")
        await self._send.send(b"")

    async def _wait(self) -> None:
        try:
            settled = _Settled(await self._execution.settled())
        except GuestFailure as failure:
            settled = _Settled(None, failure)
        await self._send.send(settled)

    def _drop_texts(self) -> None:
        self._execution.texts_taken(len(self._texts))
        self._texts.clear()

    def _show(self, text: str) -> None:
        self._texts.append(text)
        if len(self._texts) == 1:
            try:
                self._send.send_nowait(None)
            except trio.WouldBlock:
                pass  # the loop has work, and looks at the texts first
