"""What a handler returns or raises; the session sends it and changes its state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from gdbstub.commands.state import Client
from gdbstub.rsp import to_hex
from gdbstub.target import Launch, ResumeRequest


@dataclass(frozen=True, slots=True)
class Reply:
    """A packet back; its binary parts are escaped."""

    contents: bytes


@dataclass(frozen=True, slots=True)
class Text:
    """Show texts on the client's console as they come, then reply OK.

    What `TargetError` the iterator raises is told as text as well.
    """

    texts: Iterator[str]


@dataclass(frozen=True, slots=True)
class Go:
    """Resume the guest; the reply is its next stop."""

    request: ResumeRequest


@dataclass(frozen=True, slots=True)
class NoAcks:
    """Reply OK, and acknowledge nothing any more."""


@dataclass(frozen=True, slots=True)
class Detach:
    """Reply OK and let the guest go on without a client."""


@dataclass(frozen=True, slots=True)
class Kill:
    """Reply and end the guest."""

    reply: bytes


@dataclass(frozen=True, slots=True)
class Run:
    """End the guest there is, and start another; the reply is its first stop, if not `silent`."""

    launch: Launch
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Attach:
    """Stop the guest that was detached from; the reply is that stop."""


@dataclass(frozen=True, slots=True)
class Quit:
    """Reply OK, and end the guest and the server."""


Outcome: TypeAlias = Reply | Text | Go | NoAcks | Detach | Kill | Run | Attach | Quit

OK = Reply(b"OK")
EMPTY = Reply(b"")  # an unknown packet


class Refused(Exception):
    """A request that is understood and cannot be met: an error reply with this errno value."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def error_reply(client: Client | None, code: int, text: str) -> Reply:
    """Write an error as the client at the other end can read it.

    Text goes only to who asked for it: gdb 13 takes `E.` in a memory reply for hex digits.
    """
    if client is not None and client.error_message:
        plain = text.encode("ascii", "replace").translate(_UNFRAMED)
        return Reply(b"E." + plain)
    number = b"E%02x" % (code if 0 < code < 0x100 else 0xFF)
    if client is not None and client.error_strings:
        return Reply(number + b";" + to_hex(text))
    return Reply(number)


def console_packet(text: str) -> Reply:
    """Write the `O` packet that shows text to the user; it is no reply."""
    return Reply(b"O" + to_hex(text))


_UNFRAMED = bytes.maketrans(b"$#}*", b"....")
