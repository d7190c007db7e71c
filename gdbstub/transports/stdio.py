"""Standard input and output as a connection: what `target remote | ssh host gdbstub - prog.wasm` gives.

The program cannot have them as well: as with gdbserver, its input is empty and its output goes to
standard error.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from gdbstub.transports.listener import Stream


class StandardStreams:
    """The one client that standard input and output lead to."""

    address = None

    def __init__(self, stream: Stream) -> None:
        self._stream: Stream | None = stream

    async def accept(self) -> Stream:
        """Return the client; wait for ever for another."""
        stream, self._stream = self._stream, None
        if stream is None:
            await trio.sleep_forever()
        return stream


@asynccontextmanager
async def standard_streams() -> AsyncIterator[StandardStreams]:
    """Take standard input and output for a client, and give them back at the end."""
    kept = [os.dup(number) for number in (0, 1)]
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    try:
        stream = trio.StapledStream(
            trio.lowlevel.FdStream(os.dup(kept[1])), trio.lowlevel.FdStream(os.dup(kept[0]))
        )
        try:
            yield StandardStreams(stream)
        finally:
            await trio.aclose_forcefully(stream)
    finally:
        for number, copy in enumerate(kept):
            os.dup2(copy, number)
            os.close(copy)
