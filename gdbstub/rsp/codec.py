"""Checksum, escapes and run-length encoding of packet contents (GDB manual, E.1 Overview).

Packets of several 100 KB are common (file reads), so all of this runs at C speed.
"""

from __future__ import annotations

import re
import zlib

_ESCAPED = re.compile(rb"\}(.)", re.DOTALL)
_RUN = re.compile(rb"\}.|(.)\1{3,}", re.DOTALL)
_EXPAND = re.compile(rb"(.)\*(.)", re.DOTALL)
_COUNT_BASE = 29  # a repeat count n travels as the character n + 29
_LONGEST = 97  # "~" is the last printable character
_FRAME_COUNTS = {ord("#") - _COUNT_BASE, ord("$") - _COUNT_BASE}
_CHUNK = 256  # 256 * 255 < 65521, so Adler-32's first half is the plain sum


def checksum(data: bytes | bytearray | memoryview) -> int:
    """Sum all bytes modulo 256."""
    if len(data) < 2 * _CHUNK:
        return sum(data) & 0xFF
    view = memoryview(data)
    total = 0
    for start in range(0, len(view), _CHUNK):
        total += (zlib.adler32(view[start : start + _CHUNK]) & 0xFFFF) - 1
    return total & 0xFF


def escape(data: bytes) -> bytes:
    """Make binary data fit for a packet, sent in either direction."""
    data = data.replace(b"}", b"}]")
    data = data.replace(b"#", b"}\x03").replace(b"$", b"}\x04")
    return data.replace(b"*", b"}\x0a")


def escape_within(data: bytes, limit: int) -> tuple[bytes, int]:
    """Escape as much of `data` as fits into `limit` bytes; return it and how much that was."""
    count = min(len(data), limit)
    escaped = escape(data[:count])
    while len(escaped) > limit:
        count = max(count * limit // len(escaped) - 1, 1)
        escaped = escape(data[:count])
    return escaped, count


def unescape(data: bytes) -> bytes:
    """Undo `escape`."""
    if b"}" not in data:
        return data
    return _ESCAPED.sub(lambda match: bytes((match[1][0] ^ 0x20,)), data)


def compress(data: bytes) -> bytes:
    """Run-length encode escaped contents.

    A run never starts at the second byte of an escape: lldb repeats the unescaped character there,
    gdb the escaped one.
    """
    return _RUN.sub(_shorten, data)


def _shorten(match: re.Match[bytes]) -> bytes:
    character = match[1]
    if character is None:
        return match[0]
    left = len(match[0])
    pieces = []
    while left > 3:
        repeats = min(left - 1, _LONGEST)
        while repeats in _FRAME_COUNTS:
            repeats -= 1
        pieces.append(character + b"*" + bytes((repeats + _COUNT_BASE,)))
        left -= repeats + 1
    return b"".join(pieces) + character * left


def expand(data: bytes) -> bytes:
    """Undo `compress`."""
    return _EXPAND.sub(lambda match: match[1] * (match[2][0] - _COUNT_BASE + 1), data)


def frame(contents: bytes) -> bytes:
    """Wrap escaped contents into a packet."""
    return b"$%b#%02x" % (contents, checksum(contents))
