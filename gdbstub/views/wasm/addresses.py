"""lldb's addresses of a Wasm machine, 64 bits (lldb: `wasm_addr_t` in ProcessWasm.h).

    63..62 kind | 61..32 module or memory | 31..0 offset

Of kind CODE, the offset is one in the module's bytes.  Of kind MEMORY, memory 0 is the one that C
pointers mean: memory 0 of the innermost frame's instance; from 1 on they are all memories, in order.
"""

from __future__ import annotations

from enum import IntEnum

from gdbstub.target import Address

_KIND = 62
_NUMBER = 32
_NUMBER_MASK = (1 << (_KIND - _NUMBER)) - 1
_OFFSET_MASK = (1 << _NUMBER) - 1

SIZE = 1 << _NUMBER
"""Bytes that one module's or memory's addresses have room for."""


class Kind(IntEnum):
    """What an address lies in; the other two values of the two bits mean nothing."""

    MEMORY = 0
    CODE = 1


def encode(kind: Kind, number: int, offset: int) -> Address:
    """Return the address of an offset in a module or memory."""
    return Address(kind << _KIND | number << _NUMBER | offset)


def decode(address: int) -> tuple[int, int, int]:
    """Return (kind, number, offset); the kind may be one that is not in `Kind`."""
    return address >> _KIND & 3, address >> _NUMBER & _NUMBER_MASK, address & _OFFSET_MASK


OUTSIDE = Address(3 << _KIND)
"""Shown while no guest code is on the stack: lldb takes the kind 3 for no address at all."""

LAST = Address((1 << 64) - 1)
"""Where lldb's lists of regions end."""
