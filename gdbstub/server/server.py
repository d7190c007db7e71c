"""Serves one guest to one client after another."""

from __future__ import annotations

import logging
import signal
import socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from types import FrameType

import trio

from gdbstub.execution import Execution, running
from gdbstub.server.connection import Connection, Ending
from gdbstub.session import Session
from gdbstub.target import Dialect, Exit, Exited, Guest, Launch, Signal, Terminated
from gdbstub.transports import Listener, Stream, listening, standard_streams

_log = logging.getLogger("gdbstub.server")

_ABORTED = 134  # what a shell shows for SIGABRT, and `gdbstub run` for a trap
_STATUSES = {sent: 128 + sent for sent in (Signal.HUP, Signal.INT, Signal.KILL, Signal.TERM)}
"""Exit statuses as a shell shows them."""
_ENDING_SIGNALS = {
    signal.SIGINT: Signal.INT,
    signal.SIGTERM: Signal.TERM,
    signal.SIGHUP: Signal.HUP,
}


async def serve(
    make_guest: Callable[[Launch], Guest],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    stdio: bool = False,
    waiting: socket.socket | None = None,
    once: bool = False,
    view: Dialect | None = None,
    on_listening: Callable[[str, int], None] | None = None,
) -> Exit:
    """Serve a guest until it has ended, and return how.

    The socket listens first, then `make_guest` is called on the guest's own thread: clients wait
    in line meanwhile. `on_listening` gets the address bound, also for port 0. With `stdio` there is
    no socket, and no client but the one that standard input and output lead to. `waiting` is a socket
    that listens at the address already, if at any.

    A client in extended mode may start the program again: `make_guest` is called for each run, with
    what the client wants of it, and raises `TargetError` where that cannot be. Once there has been
    such a client, the server outlives its guests, until it is cancelled or told `monitor exit`.

    A client finds the guest stopped before its first operation, or where the last one left it. One
    that detaches lets it run on; one whose connection is lost leaves it stopped. `once` ends with
    the first connection: the guest is killed, after a detach it runs to its end. `view` gives
    every client that view instead of the one for its dialect. Cancelling kills the guest.

    Raises `ListenError` from `transports`, whatever `make_guest` raises, `TargetError` if the first
    guest cannot start, and `GuestFailure` from `execution` if the guest's machinery fails.
    """
    clients: AbstractAsyncContextManager[Listener]
    clients = standard_streams() if stdio else listening(host, port, waiting)
    async with clients as listener:
        if on_listening is not None and listener.address is not None:
            on_listening(*listener.address)
        async with running(make_guest) as runs:
            stays = False
            while stays or runs.execution.exit is None:
                stream = await _next_client(listener, runs.execution, stays)
                if stream is None:
                    break
                async with stream:
                    execution = runs.execution
                    session = Session(execution.guest.view, execution.policy, view, execution.exit)
                    ending = await Connection(stream, session, runs).run()
                _log.info("connection ended: %s", ending.value)
                execution = runs.execution
                await _release(session, execution, ending)
                stays = stays or session.extended
                if once or stdio or ending is Ending.QUIT:
                    await (execution.settled() if execution.running else execution.kill())
                    break
            assert runs.execution.exit is not None, "the loop ends with the guest"
            return runs.execution.exit


def run(
    make_guest: Callable[[Launch], Guest],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    stdio: bool = False,
    waiting: socket.socket | None = None,
    once: bool = False,
    view: Dialect | None = None,
    on_listening: Callable[[str, int], None] | None = None,
) -> Exit:
    """Serve as `serve` does, as the whole business of a process: on its main thread.

    SIGINT, SIGTERM and SIGHUP kill the guest and return `Terminated` by them; a SIGHUP that is ignored,
    as under nohup, stays so.
    """
    received: list[Signal] = []

    async def until_signalled() -> Exit:
        token = trio.lowlevel.current_trio_token()

        def end(number: int, frame: FrameType | None) -> None:
            received.append(_ENDING_SIGNALS[signal.Signals(number)])
            token.run_sync_soon(scope.cancel)

        heard = set(_ENDING_SIGNALS)
        if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
            heard.remove(signal.SIGHUP)
        before = {number: signal.signal(number, end) for number in heard}
        try:
            with trio.CancelScope() as scope:
                return await serve(
                    make_guest,
                    host=host,
                    port=port,
                    stdio=stdio,
                    waiting=waiting,
                    once=once,
                    view=view,
                    on_listening=on_listening,
                )
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        return Terminated(received[0])

    return trio.run(until_signalled)


def exit_status(exit_: Exit) -> int:
    """Return the exit status a process shows for a guest's end."""
    if isinstance(exit_, Exited):
        return exit_.code & 0xFF
    return _STATUSES.get(exit_.signal, _ABORTED)


async def _next_client(listener: Listener, execution: Execution, stays: bool) -> Stream | None:
    """Wait for a client, and stop the guest for it; None if the guest ends first.

    With `stays` a client is waited for after the guest's end too: it may start the next.
    """
    stream: Stream | None = None

    async def watch_the_end() -> None:
        if await execution.settled() is not None and not stays:
            nursery.cancel_scope.cancel()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch_the_end)
        stream = await listener.accept()
        nursery.cancel_scope.cancel()
    if stream is not None:
        execution.policy.attached = True
        if await execution.halt() is not None and not stays:
            await trio.aclose_forcefully(stream)
            return None
    return stream


async def _release(session: Session, execution: Execution, ending: Ending) -> None:
    """Take a client whose connection was lost off the guest, which stops."""
    if ending is not Ending.LOST or await execution.halt() is not None:
        return
    execution.policy.clear()
    target = session.target
    if target is not None:
        target.detach()
