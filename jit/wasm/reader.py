"""Reading the binary format's primitives (specification: Binary Format, Values).

The functions take and return positions in the module's bytes; `Reader` is a cursor with an end.
Every failure is a MalformedModule at the offending byte.
"""

from jit.wasm.errors import MalformedModule, UnsupportedFeature
from jit.wasm.types import REFERENCE_TYPES, V128, VALTYPE_NAMES

MASK32 = 0xFFFF_FFFF
MASK64 = 0xFFFF_FFFF_FFFF_FFFF

# Type codes of proposals that are not implemented.
_UNSUPPORTED_TYPES: dict[int, str] = {
    V128: "simd",
    0x63: "function references",
    0x64: "function references",
    0x65: "shared-everything threads",
    0x68: "stack switching",
    0x69: "exceptions",
    0x6A: "gc",
    0x6B: "gc",
    0x6C: "gc",
    0x6D: "gc",
    0x6E: "gc",
    0x71: "gc",
    0x72: "gc",
    0x73: "gc",
    0x74: "exceptions",
    0x75: "stack switching",
}


def read_u8(data: bytes, pos: int) -> tuple[int, int]:
    """Read one byte."""
    if pos >= len(data):
        raise MalformedModule("unexpected end", pos)
    return data[pos], pos + 1


def read_u32(data: bytes, pos: int) -> tuple[int, int]:
    """Read an unsigned LEB128 of at most 32 bits."""
    result = shift = 0
    size = len(data)
    while True:
        if pos >= size:
            raise MalformedModule("unexpected end", pos)
        byte = data[pos]
        if shift == 28 and byte > 0x0F:
            raise _leb_error(byte, pos)
        result |= (byte & 0x7F) << shift
        pos += 1
        if byte < 0x80:
            return result, pos
        shift += 7


def read_signed(data: bytes, pos: int, bits: int) -> tuple[int, int]:
    """Read a signed LEB128 of at most `bits` bits, 32 or more."""
    size = len(data)
    if pos + 1 < size:
        # Most numbers have one byte or two.
        result = data[pos]
        if result < 0x80:
            return (result - 0x80 if result & 0x40 else result), pos + 1
        byte = data[pos + 1]
        if byte < 0x80:
            result += (byte << 7) - 0x80
            return (result - 0x4000 if byte & 0x40 else result), pos + 2
    result = shift = 0
    last = (bits - 1) // 7 * 7
    while True:
        if pos >= size:
            raise MalformedModule("unexpected end", pos)
        byte = data[pos]
        if shift == last:
            # The bits above the value's must repeat its sign.
            spare = (byte & 0x7F) >> (bits - last - 1)
            if byte & 0x80 or spare not in (0, 0x7F >> (bits - last - 1)):
                raise _leb_error(byte, pos)
        result |= (byte & 0x7F) << shift
        shift += 7
        pos += 1
        if byte < 0x80:
            return (result - (1 << shift) if byte & 0x40 else result), pos


def _leb_error(byte: int, pos: int) -> MalformedModule:
    too_long = byte & 0x80
    message = "integer representation too long" if too_long else "integer too large"
    return MalformedModule(message, pos)


def check_valtype(code: int, pos: int) -> int:
    """Return `code`, the byte at `pos`, if it is a value type that we implement."""
    if code in VALTYPE_NAMES and code != V128:
        return code
    if code in _UNSUPPORTED_TYPES:
        raise UnsupportedFeature(_UNSUPPORTED_TYPES[code], pos, f"type {code:#x}")
    raise MalformedModule(f"malformed value type {code:#x}", pos)


def read_valtype(data: bytes, pos: int) -> tuple[int, int]:
    """Read a value type."""
    code, after = read_u8(data, pos)
    return check_valtype(code, pos), after


def read_reftype(data: bytes, pos: int) -> tuple[int, int]:
    """Read a reference type."""
    code, after = read_u8(data, pos)
    if check_valtype(code, pos) not in REFERENCE_TYPES:
        raise MalformedModule(f"malformed reference type {code:#x}", pos)
    return code, after


class Reader:
    """A cursor over `data[pos:end]`; nothing beyond `end` is ever read."""

    __slots__ = ("data", "end", "pos")

    def __init__(self, data: bytes, pos: int, end: int) -> None:
        self.data = data
        self.pos = pos
        self.end = end

    def _advance(self, after: int) -> None:
        if after > self.end:
            raise MalformedModule("unexpected end", self.end)
        self.pos = after

    def u8(self) -> int:
        """Read one byte."""
        start = self.pos
        self._advance(start + 1)
        return self.data[start]

    def u32(self) -> int:
        """Read an unsigned LEB128 of at most 32 bits."""
        value, after = read_u32(self.data, self.pos)
        self._advance(after)
        return value

    def valtype(self) -> int:
        """Read a value type."""
        value, after = read_valtype(self.data, self.pos)
        self._advance(after)
        return value

    def reftype(self) -> int:
        """Read a reference type."""
        value, after = read_reftype(self.data, self.pos)
        self._advance(after)
        return value

    def skip(self, size: int) -> int:
        """Pass over `size` bytes; return where they start."""
        start = self.pos
        if size > self.end - start:
            raise MalformedModule("length out of bounds", start)
        self.pos = start + size
        return start

    def name(self) -> str:
        """Read a UTF-8 string with its length."""
        start = self.skip(self.u32())
        try:
            return self.data[start : self.pos].decode("utf-8")
        except UnicodeDecodeError as error:
            raise MalformedModule("malformed UTF-8 encoding", start + error.start) from None
