"""The guest's memory as WASI functions use it: every pointer checked, a bad one is FAULT."""

from struct import Struct
from typing import Protocol

from jit.wasi.errors import Errno, WasiError
from jit.wasi.layout import CIOVEC

U32 = Struct("<I")
U64 = Struct("<Q")

MAX_PATH = 4096
"""Bytes in a path, as PATH_MAX has it; a longer one is NAMETOOLONG."""
MAX_IOVECS = 1024
"""As IOV_MAX has it; a longer vector is INVAL."""


class LinearMemory(Protocol):
    """What a memory must offer; addresses and lengths given to it are in range."""

    @property
    def size(self) -> int:
        """Bytes in it now."""
        ...

    def read(self, address: int, length: int) -> bytes: ...

    def write(self, address: int, data: bytes) -> None: ...


class Guest:
    """A memory, with bounds checks and little-endian values."""

    __slots__ = ("_memory",)

    def __init__(self, memory: LinearMemory) -> None:
        self._memory = memory

    def check(self, address: int, length: int) -> None:
        """Raise FAULT unless the range lies in the memory."""
        if address + length > self._memory.size:
            raise WasiError(Errno.FAULT)

    def read(self, address: int, length: int) -> bytes:
        self.check(address, length)
        return self._memory.read(address, length)

    def write(self, address: int, data: bytes) -> None:
        self.check(address, len(data))
        self._memory.write(address, data)

    def write_u32(self, address: int, value: int) -> None:
        self.write(address, U32.pack(value))

    def write_u64(self, address: int, value: int) -> None:
        self.write(address, U64.pack(value & 0xFFFF_FFFF_FFFF_FFFF))

    def path(self, address: int, length: int) -> bytes:
        """Read a path: ILSEQ unless UTF-8, INVAL with a null character in it.

        It stays bytes, for the host's locale may have another encoding.
        """
        self.check(address, length)
        if length >= MAX_PATH:
            raise WasiError(Errno.NAMETOOLONG)
        path = self._memory.read(address, length)
        try:
            path.decode()
        except UnicodeDecodeError:
            raise WasiError(Errno.ILSEQ) from None
        if b"\0" in path:
            raise WasiError(Errno.INVAL)
        return path

    def iovecs(self, address: int, count: int) -> list[tuple[int, int]]:
        """Read a vector of buffers, all of them checked, empty ones left out."""
        if count > MAX_IOVECS:
            raise WasiError(Errno.INVAL)
        vector = self.read(address, CIOVEC.size * count)
        buffers = [(start, length) for start, length in CIOVEC.iter_unpack(vector) if length]
        for start, length in buffers:
            self.check(start, length)
        return buffers

    def gather(self, buffers: list[tuple[int, int]], limit: int) -> bytes:
        """Return what the buffers hold, one after the other, at most `limit` bytes."""
        parts = []
        for start, length in buffers:
            parts.append(self._memory.read(start, min(length, limit)))
            limit -= len(parts[-1])
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def scatter(self, buffers: list[tuple[int, int]], data: bytes) -> None:
        """Fill the buffers in order."""
        at = 0
        for start, length in buffers:
            part = data[at : at + length]
            if not part:
                return
            self._memory.write(start, part)
            at += len(part)
