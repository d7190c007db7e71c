"""DWARF that is made rather than patched: .debug_aranges (DWARF 5, 6.1.2).

gdb 13 takes the addresses of variables for code of their unit unless this section says which
addresses are code, so every unit has a set, an empty one too.
"""

import struct
from collections.abc import Iterable, Mapping


def debug_aranges(units: Iterable[int], ranges: Mapping[int, list[tuple[int, int]]]) -> bytes:
    """Return a set for each unit offset, with the unit's (address, size) pairs in order."""
    out = bytearray()
    for unit in units:
        pairs = sorted(set(ranges.get(unit, ())))
        # The header's 12 bytes are padded so that tuples start at a multiple of their size.
        body = struct.pack("<HIBB", 2, unit, 4, 0) + bytes(4)
        body += b"".join(struct.pack("<II", *pair) for pair in pairs) + bytes(8)
        out += struct.pack("<I", len(body)) + body
    return bytes(out)
