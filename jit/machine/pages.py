"""What native and emulated machines share: data in pages of this process, and access to it."""

import sys
from collections.abc import Callable

from jit.machine.host import (
    BYTES,
    HOST_PAGE,
    NO_ACCESS,
    READ,
    U32,
    U64,
    WRITE,
    ByteOrder,
    Region,
    Words,
    ffi,
    round_up,
    swap32,
    swap64,
    words_at,
)

CHUNK = 1 << 20
"""Bytes mapped at a time for small allocations."""

STACK_GUARD = 1 << 16

Publish = Callable[[Region, int], None]
"""Told of every region the guest may use, and of the bytes at its start that stay inaccessible."""


class Pages:
    """Data and stacks, kept until this object goes."""

    def __init__(self, byteorder: ByteOrder, publish: Publish) -> None:
        self.byteorder = byteorder
        self._same = byteorder == sys.byteorder
        self._publish = publish
        self._regions: list[Region] = []
        self._next = 0
        self._end = 0

    def keep(self, region: Region) -> None:
        """Keep a region mapped as long as this object lives."""
        self._regions.append(region)

    def allocate(self, size: int) -> int:
        """Return the address of `size` zeroed bytes, 64-aligned."""
        size = round_up(size, 64)
        if size > CHUNK // 4:
            return self._map(size).address
        if self._next + size > self._end:
            region = self._map(CHUNK)
            self._next = region.address
            self._end = region.address + region.size
        address = self._next
        self._next += size
        return address

    def _map(self, size: int) -> Region:
        region = Region(size, READ | WRITE)
        self.keep(region)
        self._publish(region, 0)
        return region

    def stack(self, size: int) -> tuple[int, int]:
        """Map a stack with an inaccessible guard below; return its lowest address and its end."""
        size = round_up(size, HOST_PAGE)
        region = Region(STACK_GUARD + size, READ | WRITE)
        region.protect(0, STACK_GUARD, NO_ACCESS)
        self.keep(region)
        self._publish(region, STACK_GUARD)
        return region.address + STACK_GUARD, region.address + STACK_GUARD + size

    def words(self, address: int, count: int) -> Words:
        """Return `count` words at an 8-aligned address."""
        return words_at(address, count, self.byteorder)

    def load_u64(self, address: int) -> int:
        value: int = ffi.cast(U64, address)[0]
        return value if self._same else swap64(value)

    def store_u64(self, address: int, value: int) -> None:
        ffi.cast(U64, address)[0] = value if self._same else swap64(value)

    def load_u32(self, address: int) -> int:
        value: int = ffi.cast(U32, address)[0]
        return value if self._same else swap32(value)

    def store_u32(self, address: int, value: int) -> None:
        ffi.cast(U32, address)[0] = value if self._same else swap32(value)

    def read(self, address: int, size: int) -> bytes:
        """Return bytes in address order."""
        data: bytes = ffi.unpack(ffi.cast("char *", address), size) if size else b""
        return data

    def write(self, address: int, data: bytes) -> None:
        """Store bytes in address order."""
        ffi.memmove(ffi.cast(BYTES, address), data, len(data))
