"""lldb's addresses of a Wasm machine, 64 bits (lldb: `wasm_addr_t` in ProcessWasm.h).

    63..62 kind | 61..32 number | 31..0 offset

Of kind CODE the offset is one in the bytes of the module with this number, of kind MEMORY one in memory
0 of that module's instance, of kind GLOBAL the index of one of its globals, as lldb has it from version
23 on.  Modules count from 1 in order of registration: 0 is the innermost frame's, since C pointers are
addresses with nothing in front.  Memory m > 0 of an instance has m << 16 added to the number.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from gdbstub.target import Address

_KIND = 62
_NUMBER = 32
_INDEX = 16
_NUMBER_MASK = (1 << (_KIND - _NUMBER)) - 1
_OFFSET_MASK = (1 << _NUMBER) - 1

SIZE = 1 << _NUMBER
"""Bytes that one module's or memory's addresses have room for."""


class Kind(IntEnum):
    """What an address lies in; 3 means nothing."""

    MEMORY = 0
    CODE = 1
    GLOBAL = 2


@dataclass(frozen=True, slots=True)
class Place:
    """An address taken apart.

    `module` is a module's number of registration, None for the innermost frame's; `index` is a
    memory's.  The kind may be one that is not in `Kind`.
    """

    kind: int
    module: int | None
    index: int
    offset: int


def encode(kind: Kind, module: int | None, offset: int, index: int = 0) -> Address:
    """Return the address of an offset in a module, or in a memory of its instance."""
    number = index << _INDEX | (0 if module is None else module + 1)
    return Address(kind << _KIND | number << _NUMBER | offset)


def decode(address: int) -> Place:
    """Take an address apart."""
    index, number = divmod(address >> _NUMBER & _NUMBER_MASK, 1 << _INDEX)
    return Place(
        address >> _KIND & 3, number - 1 if number else None, index, address & _OFFSET_MASK
    )


def instance_named(number: int) -> int | None:
    """Return the module that lldb means by the number of an instance, None for the innermost frame's."""
    return number - 1 if number else None


OUTSIDE = Address(3 << _KIND)
"""Shown while no guest code is on the stack: lldb takes the kind 3 for no address at all."""

LAST = Address((1 << 64) - 1)
"""Where lldb's lists of regions end."""
