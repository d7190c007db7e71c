"""A program's system over a memory of its own, for calling WASI functions one by one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jit.wasi.call import caller
from jit.wasi.config import WasiConfig
from jit.wasi.errors import Errno
from jit.wasi.layout import CIOVEC, SYMLINK_FOLLOW, Rights
from jit.wasi.table import BY_NAME

PATH = 0x1000
OTHER_PATH = 0x2000
VECTOR = 0x3000
RESULT = 0x4000
BUFFER = 0x5000


class Bytes:
    """One page of memory."""

    def __init__(self) -> None:
        self._bytes = bytearray(0x10000)

    @property
    def size(self) -> int:
        return len(self._bytes)

    def read(self, address: int, length: int) -> bytes:
        return bytes(self._bytes[address : address + length])

    def write(self, address: int, data: bytes) -> None:
        self._bytes[address : address + len(data)] = data


class System:
    """Calls functions by name; helpers put strings and vectors into the memory."""

    def __init__(self, config: WasiConfig, wake: int) -> None:
        self.memory = Bytes()
        self.wasi = config.start(wake)

    def call(self, name: str, *arguments: int) -> Errno:
        bits = tuple(value & 0xFFFF_FFFF_FFFF_FFFF for value in arguments)
        return Errno(caller(BY_NAME[name])(self.wasi, self.memory, bits))

    def text(self, text: str | bytes, at: int = PATH) -> tuple[int, int]:
        data = text if isinstance(text, bytes) else text.encode()
        self.memory.write(at, data)
        return at, len(data)

    def buffers(self, *lengths: int) -> tuple[int, int]:
        """Lay out buffers from BUFFER on, one after the other; return their vector."""
        start = BUFFER
        for index, length in enumerate(lengths):
            self.memory.write(VECTOR + 8 * index, CIOVEC.pack(start, length))
            start += length
        return VECTOR, len(lengths)

    def u32(self, at: int = RESULT) -> int:
        return int.from_bytes(self.memory.read(at, 4), "little")

    def u64(self, at: int = RESULT) -> int:
        return int.from_bytes(self.memory.read(at, 8), "little")

    def open(
        self,
        path: str,
        rights: Rights = Rights.FD_READ,
        *,
        oflags: int = 0,
        fdflags: int = 0,
        folder: int = 3,
        follow: bool = True,
    ) -> tuple[Errno, int]:
        lookup = SYMLINK_FOLLOW if follow else 0
        where = self.text(path)
        errno = self.call("path_open", folder, lookup, *where, oflags, rights, 0, fdflags, RESULT)
        return errno, self.u32()

    def opened(self, path: str, rights: Rights = Rights.FD_READ, **options: int) -> int:
        errno, fd = self.open(path, rights, **options)  # type: ignore[arg-type]
        assert errno is Errno.SUCCESS, path
        return fd

    def write(self, fd: int, data: bytes) -> Errno:
        self.memory.write(BUFFER, data)
        return self.call("fd_write", fd, *self.buffers(len(data)), RESULT)

    def read(self, fd: int, size: int) -> bytes:
        errno = self.call("fd_read", fd, *self.buffers(size), RESULT)
        assert errno is Errno.SUCCESS
        return self.memory.read(BUFFER, self.u32())


@contextmanager
def system(
    root: Path, *, mutable: bool = True, config: WasiConfig | None = None
) -> Iterator[System]:
    """Give a system whose descriptor 3 is the folder `root`, called `/` by the guest."""
    config = config or WasiConfig()
    config.preopen_dir(str(root), "/", mutable)
    wake, notify = os.pipe()
    made = System(config, wake)
    try:
        yield made
    finally:
        made.wasi.descriptors.close()
        os.close(wake)
        os.close(notify)
