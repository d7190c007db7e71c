"""TCP: listening sockets, one client at a time."""

from __future__ import annotations

import errno
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

_PASSING = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_PAUSE = 0.1  # seconds


class ListenError(Exception):
    """The address cannot be listened on: the user's fault, told in one line."""


class TcpListener:
    """Sockets that listen for clients; further ones wait until the present one has gone."""

    def __init__(self, listeners: list[trio.SocketListener]) -> None:
        self._listeners = listeners
        host, port = listeners[0].socket.getsockname()[:2]
        self.address: tuple[str, int] = (host, port)  # as bound: the port is never 0

    async def accept(self) -> trio.SocketStream:
        """Wait for the next client."""
        accepted: list[trio.SocketStream] = []

        async def accept_on(listener: trio.SocketListener) -> None:
            accepted.append(await _accept(listener))
            nursery.cancel_scope.cancel()

        async with trio.open_nursery() as nursery:
            for listener in self._listeners:
                nursery.start_soon(accept_on, listener)
        for stream in accepted[1:]:
            await trio.aclose_forcefully(stream)
        return accepted[0]


async def _accept(listener: trio.SocketListener) -> trio.SocketStream:
    """Wait for a client; where the process may open no more, wait for that too."""
    while True:
        try:
            return await listener.accept()
        except OSError as error:
            if error.errno not in _PASSING:
                raise
        await trio.sleep(_PAUSE)


@asynccontextmanager
async def listening(
    host: str, port: int, waiting: socket.socket | None = None
) -> AsyncIterator[TcpListener]:
    """Listen on `host` and `port`, where port 0 picks a free one. Raises `ListenError`.

    A socket that is `waiting` at this very address is taken, with who has come to it; at another it is
    closed.
    """
    listeners = await _listeners(host, port, waiting)
    try:
        yield TcpListener(listeners)
    finally:
        for listener in listeners:
            await trio.aclose_forcefully(listener)


async def _listeners(
    host: str, port: int, waiting: socket.socket | None
) -> list[trio.SocketListener]:
    if waiting is not None:
        if waiting.getsockname() == (host, port):
            waiting.setblocking(False)
            return [trio.SocketListener(trio.socket.from_stdlib_socket(waiting))]
        waiting.close()
    try:
        listeners = await trio.open_tcp_listeners(port, host=host, backlog=8)
    except (OSError, OverflowError, UnicodeError) as error:  # the last for no name of a host
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ListenError(f"cannot listen on {host}:{port}: {reason}") from None
    if port == 0:  # a host of several addresses would get a port for each
        for extra in listeners[1:]:
            await extra.aclose()
        del listeners[1:]
    return listeners
