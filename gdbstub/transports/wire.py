"""A stream's bytes without a turn of trio: gdb asks on within microseconds, and a turn takes many of them."""

from __future__ import annotations

import os
import select

import trio

from gdbstub.transports.listener import Stream
from gdbstub.transports.unread import unread_by_peer

_CHUNK = 0x10000
_SOON = 1  # milliseconds


class Wire:
    """What arrives over a stream and what is sent; a stream that is no socket is read ahead by `arrival`."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._file = stream.socket.fileno() if isinstance(stream, trio.SocketStream) else None
        self._ahead: bytes | None = None
        self._poll = select.poll()
        if self._file is not None:
            self._poll.register(self._file, select.POLLIN)

    async def arrival(self) -> None:
        """Wait until something is to be taken; the end, or the loss of the connection, is something."""
        try:
            if self._file is not None:
                await trio.lowlevel.wait_readable(self._file)
            elif self._ahead is None:
                self._ahead = bytes(await self._stream.receive_some(_CHUNK))
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            self._ahead = b""

    @property
    def arrived(self) -> bool:
        """Whether something is to be taken."""
        return self._ahead is not None or (self._file is not None and bool(self._poll.poll(0)))

    def take(self) -> bytes | None:
        """Return what has arrived, nothing at the end; None if nothing has."""
        if self._file is not None and self._ahead is None:
            try:
                return os.read(self._file, _CHUNK)
            except BlockingIOError:
                return None
            except OSError:
                return b""
        data, self._ahead = self._ahead, None
        return data

    def take_soon(self) -> bytes | None:
        """Return what arrives within a millisecond, as `take`. Blocks."""
        if self._file is not None:
            self._poll.poll(_SOON)
        return self.take()

    async def send(self, data: bytes) -> None:
        """Send all of it. Raises BrokenResourceError where the connection is lost."""
        if self._file is not None:
            try:
                data = data[os.write(self._file, data) :]
            except BlockingIOError:
                pass
            except OSError as error:
                raise trio.BrokenResourceError from error
        if data:
            await self._stream.send_all(data)

    @property
    def unread(self) -> int:
        """The bytes that were sent and wait for the client; 0 where that cannot be known."""
        return unread_by_peer(self._stream)
