"""C's printf formats for dprintf in agent style: integers, characters, pointers and strings."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gdbstub.agent.reader import Reader

_PIECE = re.compile(
    r"%(?P<flags>[-+ #0]*)(?P<width>\d*)(?:\.(?P<precision>\d*))?(?P<rest>.*)", re.S
)
_LENGTH = re.compile(r"(?P<length>hh|h|ll|l|j|z|t)?(?P<conversion>.)", re.S)
_BITS = {"hh": 8, "h": 16, None: 32, "ll": 64, "j": 64}  # l, z and t are as wide as an address
_ESCAPE = re.compile(r"\\(.?)", re.S)
_ESCAPED = {
    "\\": "\\",
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    '"': '"',
}
_LONGEST_STRING = 0x1000
_WIDTH_DIGITS = 4


class FormatError(Exception):
    """A format that is not served."""


def pieces(text: str) -> tuple[str | tuple[str, str | None, str], ...]:
    """Split a format into text and conversions (flags with width and precision, length, letter).

    gdb sends the format as the user wrote it, with backslashes. Raises `FormatError` for a
    conversion of floating-point numbers, an unknown one, and an unknown escape.
    """
    text = _ESCAPE.sub(_unescaped, text)
    out: list[str | tuple[str, str | None, str]] = []
    while text:
        plain, percent, text = text.partition("%")
        if plain:
            out.append(plain)
        if not percent:
            break
        match = _PIECE.match("%" + text)
        tail = _LENGTH.match(match["rest"]) if match else None
        if match is None or tail is None:
            raise FormatError("the format ends within a conversion")
        text = match["rest"][tail.end() :]
        letter = tail["conversion"]
        if letter == "%":
            out.append("%")
            continue
        if letter not in "diouxXcps":
            raise FormatError(f"the format has %{letter}; of conversions, diouxXcps are served")
        if max(len(match["width"]), len(match["precision"] or "")) > _WIDTH_DIGITS:
            raise FormatError("the format has a field of 10000 characters or more")
        flags = match["flags"] + match["width"]
        if match["precision"] is not None:
            flags += "." + (match["precision"] or "0")
        out.append((flags, tail["length"], letter))
    return tuple(out)


def _unescaped(match: re.Match[str]) -> str:
    if match[1] not in _ESCAPED:
        raise FormatError(f"the format has the unknown escape {match[0]}")
    return _ESCAPED[match[1]]


def render(
    parts: Sequence[str | tuple[str, str | None, str]],
    arguments: Sequence[int],
    reader: Reader,
    address_bits: int,
) -> str:
    """Print `arguments` as `parts` say; missing arguments are impossible, they were counted."""
    out = []
    values = iter(arguments)
    for part in parts:
        if isinstance(part, str):
            out.append(part)
            continue
        flags, length, letter = part
        bits = _BITS.get(length, address_bits)
        value = next(values)
        if letter in "di":
            value = ((value & ((1 << bits) - 1)) ^ (1 << (bits - 1))) - (1 << (bits - 1))
            out.append(f"%{flags}d" % value)
        elif letter == "u":
            out.append(f"%{flags}d" % (value & ((1 << bits) - 1)))
        elif letter == "o":
            out.append(_octal(flags, value & ((1 << bits) - 1)))
        elif letter in "xX":
            out.append(f"%{flags}{letter}" % (value & ((1 << bits) - 1)))
        elif letter == "c":
            out.append(f"%{flags}s" % chr(value & 0xFF))
        elif letter == "p":
            out.append(f"%{flags}s" % hex(value & ((1 << address_bits) - 1)))
        else:
            out.append(f"%{flags}s" % _string(reader, value & ((1 << address_bits) - 1)))
    return "".join(out)


def _octal(flags: str, value: int) -> str:
    text = f"%{flags}o" % value
    return text.replace("0o", "0", 1)


def _string(reader: Reader, address: int) -> str:
    data = bytearray()
    while len(data) < _LONGEST_STRING:
        byte = reader.memory(address + len(data), 1)
        if byte == b"\0":
            break
        data += byte
    return data.decode("utf-8", "replace")
