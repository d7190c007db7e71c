"""One end of a connection, without IO: bytes in, events out; packets in, bytes out.

It alone knows acknowledgements: `+` and `-`, resending, and the mode without them (GDB manual,
E.1 Overview and E.9 Packet Acknowledgment). Between packets, anything but those and an interrupt is
skipped; a `$` inside a packet starts it anew, since contents never hold a bare one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from gdbstub.rsp.codec import checksum, compress, expand, frame, unescape

PACKET_LIMIT = 0x100000  # bytes of one packet's contents as they travel
_COMPRESS_LIMIT = 0x4000  # file contents are sent as they are: finding runs takes 35 ns a byte

_START, _ACK, _NAK, _INTERRUPT = b"$+-\x03"
_TRAILER = 3  # "#" and two digits
_HEX_DIGITS = frozenset(b"0123456789abcdefABCDEF")


@dataclass(frozen=True, slots=True)
class Packet:
    """A whole packet's contents, escapes undone."""

    contents: bytes


@dataclass(frozen=True, slots=True)
class Interrupt:
    """The byte 0x03 between packets."""


@dataclass(frozen=True, slots=True)
class Overlong:
    """A packet of more than `limit` bytes was dropped; the peer waits for a reply to it."""

    limit: int


Event: TypeAlias = Packet | Interrupt | Overlong


class Link:
    """Framing and acknowledgements of one connection.

    `server` says which end this is: only a server's packets are run-length encoded.
    """

    def __init__(self, *, server: bool = True, limit: int = PACKET_LIMIT) -> None:
        self.acks = True
        self._server = server
        self._limit = limit
        self._input = bytearray()
        self._scanned = 0  # how far the packet at the start of _input has been searched for "#"
        self._dropping = False  # inside an overlong packet
        self._output: list[bytes] = []
        self._last = b""
        self._queued = False  # `_last` is in the output that is not taken yet

    def receive(self, data: bytes) -> list[Event]:
        """Take bytes that arrived and return what they complete."""
        self._input += data
        events: list[Event] = []
        while self._input:
            event = self._take_packet() if self._input[0] == _START else self._take_byte()
            if event is None:
                break
            if not isinstance(event, _Nothing):
                events.append(event)
        return events

    def send(self, contents: bytes) -> None:
        """Queue a packet; `contents` has its binary parts escaped."""
        if self._server and len(contents) <= _COMPRESS_LIMIT:
            contents = compress(contents)
        self._last = frame(contents)
        self._output.append(self._last)
        self._queued = True

    def take_output(self) -> bytes:
        """Return the bytes to be written, once."""
        data = b"".join(self._output)
        self._output.clear()
        self._queued = False
        return data

    def _take_byte(self) -> Event | _Nothing:
        byte = self._input[0]
        if byte in (_ACK, _NAK, _INTERRUPT):
            del self._input[0]
            if byte == _INTERRUPT:
                return Interrupt()
            if byte == _NAK and self.acks and self._last and not self._queued:
                self._output.append(self._last)
                self._queued = True
            return _NOTHING
        for index, byte in enumerate(self._input):
            if byte in (_START, _ACK, _NAK, _INTERRUPT):
                del self._input[:index]
                return _NOTHING
        self._input.clear()
        return _NOTHING

    def _take_packet(self) -> Event | _Nothing | None:
        end = self._input.find(b"#", max(self._scanned, 1))
        if end < 0:
            self._scanned = len(self._input)
            if self._scanned - 1 > self._limit:
                self._dropping = True
                del self._input[1:]
                self._scanned = 1
            return None
        if len(self._input) < end + _TRAILER:
            self._scanned = end
            return None
        self._scanned = 0
        start = self._input.rfind(b"$", 0, end)
        contents = bytes(self._input[start + 1 : end])
        digits = self._input[end + 1 : end + _TRAILER]
        dropped = (self._dropping and start == 0) or len(contents) > self._limit
        self._dropping = False
        del self._input[: end + _TRAILER]
        if not dropped and self.acks and not _matches(contents, digits):
            self._output.append(b"-")
            return _NOTHING
        if self.acks:
            self._output.append(b"+")
        if dropped:
            return Overlong(self._limit)
        return Packet(unescape(contents if self._server else expand(contents)))


class _Nothing:
    """Input was used up without an event."""


_NOTHING = _Nothing()


def _matches(contents: bytes, digits: bytearray) -> bool:
    return _HEX_DIGITS.issuperset(digits) and int(digits, 16) == checksum(contents)
