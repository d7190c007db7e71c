"""What an evaluated expression reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Reader(Protocol):
    """Registers by number, and memory by address and length, whatever types these numbers have.

    Errors of a reader pass through an evaluation as they are.
    """

    @property
    def register(self) -> Callable[..., int]:
        """Return a register as an unsigned number."""
        ...

    @property
    def memory(self) -> Callable[..., bytes]:
        """Return exactly as many bytes as asked for."""
        ...
