"""The one error a view raises at its client's fault or the guest's: a packet's error reply."""

from __future__ import annotations

import errno


class TargetError(Exception):
    """A request the target refuses; nothing of it has been done.

    `code` is an errno value (1..255) for the `E NN` reply, `text` says what and where in words, for
    clients that can take text.
    """

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def unreadable(address: int, length: int) -> TargetError:
    """Make the error for memory that is not there."""
    return TargetError(errno.EFAULT, f"no memory at 0x{address:x}, length {length}")
