"""What the server asks of a transport: clients, one after another."""

from __future__ import annotations

from typing import Protocol, TypeAlias

import trio

Stream: TypeAlias = trio.abc.HalfCloseableStream


class Listener(Protocol):
    """Where clients come from; further ones wait until the present one has gone."""

    @property
    def address(self) -> tuple[str, int] | None:
        """The host and port as bound, None where clients do not come over a network."""

    async def accept(self) -> Stream:
        """Wait for the next client."""
