"""LEB128 numbers of DWARF: read, written, and written at a given length.

A number may be written with more bytes than it needs (trailing groups of sign or zero bits), which
is how something shorter takes the place of something longer without moving what follows. One of more
than a thousand bytes is none: `IndexError`, as where the data ends within it.
"""

_MOST_BYTES = 1000
_MOST_BITS = 7 * _MOST_BYTES


def read_uleb(data: bytes | bytearray, position: int) -> tuple[int, int]:
    """Read an unsigned number: (value, position after it). IndexError past the end of `data`."""
    byte = data[position]
    position += 1
    if byte < 0x80:
        return byte, position
    value = byte & 0x7F
    shift = 7
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
        if shift > _MOST_BITS:
            raise IndexError


def read_sleb(data: bytes | bytearray, position: int) -> tuple[int, int]:
    """Read a signed number: (value, position after it). IndexError past the end of `data`."""
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
        if shift > _MOST_BITS:
            raise IndexError
    if byte & 0x40:
        value -= 1 << shift
    return value, position


def skip_leb(data: bytes | bytearray, position: int) -> int:
    """Return the position after the number, signed or not, at `position`."""
    start = position
    while data[position] >= 0x80:
        position += 1
    if position - start > _MOST_BYTES:
        raise IndexError
    return position + 1


def uleb(value: int, length: int = 1) -> bytes:
    """Encode `value` >= 0 in `length` bytes, or in as few as it needs where that is more."""
    out = bytearray()
    while True:
        byte = value & 0x7F
        value >>= 7
        if not value and len(out) + 1 >= length:
            out.append(byte)
            return bytes(out)
        out.append(byte | 0x80)


def sleb(value: int, length: int = 1) -> bytes:
    """Encode `value` in `length` bytes, or in as few as it needs where that is more."""
    out = bytearray()
    while True:
        byte = value & 0x7F
        value >>= 7
        if value == (-1 if byte & 0x40 else 0) and len(out) + 1 >= length:
            out.append(byte)
            return bytes(out)
        out.append(byte | 0x80)
