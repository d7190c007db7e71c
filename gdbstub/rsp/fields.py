"""Fields of packets: hexadecimal numbers, bytes and text, thread ids.

Every function raises `FieldError` on what it cannot read; a handler lets it pass.
"""

from __future__ import annotations

import re
from binascii import Error as HexError
from binascii import hexlify, unhexlify

_NUMBER = re.compile(rb"-?[0-9a-fA-F]{1,32}\Z")
_DECIMAL = re.compile(rb"[0-9]{1,32}\Z")


class FieldError(Exception):
    """A packet is not written as the protocol has it: the client's fault."""


def hex_number(field: bytes) -> int:
    """Read an unsigned hexadecimal number."""
    if not _NUMBER.match(field) or field[:1] == b"-":
        raise FieldError(f"{_shown(field)} is no hexadecimal number")
    return int(field, 16)


def decimal_number(field: bytes) -> int:
    """Read an unsigned decimal number."""
    if not _DECIMAL.match(field):
        raise FieldError(f"{_shown(field)} is no decimal number")
    return int(field)


def from_hex(field: bytes) -> bytes:
    """Read bytes written as pairs of hexadecimal digits."""
    try:
        return unhexlify(field)
    except HexError:
        raise FieldError(f"{_shown(field)} is not pairs of hexadecimal digits") from None


def text_from_hex(field: bytes) -> str:
    """Read text written as pairs of hexadecimal digits; what is not UTF-8 is kept as surrogates."""
    return from_hex(field).decode("utf-8", "surrogateescape")


def to_hex(data: bytes | str) -> bytes:
    """Write bytes or text as pairs of hexadecimal digits."""
    if isinstance(data, str):
        data = data.encode("utf-8", "surrogateescape")
    return hexlify(data)


def thread_id(field: bytes) -> tuple[int, int]:
    """Read a thread id, as (process, thread): positive, 0 for any, -1 for all.

    The process is 0 where the id names none.
    """
    process, thread = b"0", field
    if field[:1] == b"p":
        process, dot, thread = field[1:].partition(b".")
        if not dot:
            thread = b"-1"
    return _id(process, field), _id(thread, field)


def _id(digits: bytes, field: bytes) -> int:
    if _NUMBER.match(digits):
        number = int(digits, 16)
        if number >= -1:
            return number
    raise FieldError(f"{_shown(field)} is no thread id")


def _shown(field: bytes) -> str:
    text = field[:40].decode("ascii", "backslashreplace")
    return f'"{text}"'
