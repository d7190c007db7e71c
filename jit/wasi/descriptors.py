"""What a guest's file descriptors stand for, and the table that numbers them."""

import os
import resource
import stat
from collections.abc import Callable
from dataclasses import dataclass, field

from jit.wasi.errors import Errno, WasiError
from jit.wasi.layout import (
    DIRECTORY_RIGHTS,
    FILE_RIGHTS,
    STREAM_RIGHTS,
    WRITE_RIGHTS,
    FdFlags,
    FileType,
    Rights,
    file_type,
)

MAX_DESCRIPTORS = 1 << 16
FEWEST_DESCRIPTORS = 16
KEPT_DESCRIPTORS = 64
"""So many of those that the host lets a process have are none of the guest's, unless it has fewest."""


@dataclass(slots=True)
class Descriptor:
    """One open thing. Closing it closes the host's descriptor if it is `owned`."""

    rights: Rights
    inheriting: Rights
    flags: FdFlags
    type: FileType

    def close(self) -> None:
        """Give up what the host holds for it."""


@dataclass(slots=True)
class HostDescriptor(Descriptor):
    """A descriptor of the host's behind it: a file, or a stream that reads and writes can block on."""

    fd: int
    owned: bool

    @property
    def seekable(self) -> bool:
        return self.type is FileType.REGULAR_FILE

    @property
    def blocks(self) -> bool:
        """Whether reads and writes may have to wait."""
        return self.type is not FileType.REGULAR_FILE

    def close(self) -> None:
        if self.owned:
            os.close(self.fd)


@dataclass(slots=True)
class Directory(Descriptor):
    """An open folder. `guest_path` is the name of a preopened one."""

    fd: int
    mutable: bool
    guest_path: str | None = None
    listing: list[tuple[str, int, FileType]] = field(default_factory=list)
    """The entries as they were when they were last asked for from the start."""

    def close(self) -> None:
        os.close(self.fd)


@dataclass(slots=True)
class Nothing(Descriptor):
    """A stream without a host descriptor: reads find the end; writes go to `sink` or nowhere."""

    sink: Callable[[bytes], int | None] | None = None


def stream(fd: int, *, owned: bool, rights: Rights) -> HostDescriptor:
    """Make a descriptor of a host stream: one of the process's own, or a file opened for it."""
    type_ = file_type(os.fstat(fd).st_mode)
    base = FILE_RIGHTS if type_ is FileType.REGULAR_FILE else STREAM_RIGHTS
    denied = (Rights.FD_READ | WRITE_RIGHTS) & ~rights
    return HostDescriptor(base & ~denied, Rights.NONE, FdFlags.NONE, type_, fd, owned)


def nothing(rights: Rights, sink: Callable[[bytes], int | None] | None = None) -> Nothing:
    """Make a stream with nothing behind it, or a function."""
    return Nothing(rights, Rights.NONE, FdFlags.NONE, FileType.UNKNOWN, sink)


def directory(fd: int, *, mutable: bool, guest_path: str | None = None) -> Directory:
    """Make a folder's descriptor, which will own `fd`."""
    return Directory(
        DIRECTORY_RIGHTS,
        DIRECTORY_RIGHTS | FILE_RIGHTS,
        FdFlags.NONE,
        FileType.DIRECTORY,
        fd,
        mutable,
        guest_path,
    )


def opened(fd: int, rights: Rights, flags: FdFlags, *, mutable: bool) -> Descriptor:
    """Make a descriptor of what was opened by a path; it will own `fd`."""
    mode = os.fstat(fd).st_mode
    if stat.S_ISDIR(mode):
        return directory(fd, mutable=mutable)
    type_ = file_type(mode)
    base = FILE_RIGHTS if type_ is FileType.REGULAR_FILE else STREAM_RIGHTS
    denied = (Rights.FD_READ | WRITE_RIGHTS) & ~rights
    return HostDescriptor(base & ~denied, Rights.NONE, flags, type_, fd, True)


def _limit() -> int:
    """Return how many descriptors a guest may have."""
    host, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if host == resource.RLIM_INFINITY:
        return MAX_DESCRIPTORS
    return min(MAX_DESCRIPTORS, max(host - KEPT_DESCRIPTORS, FEWEST_DESCRIPTORS))


class DescriptorTable:
    """Descriptors by number; a new one gets the lowest free number."""

    def __init__(self) -> None:
        self._entries: dict[int, Descriptor] = {}
        self._lowest = 0
        self._limit = _limit()

    def add(self, descriptor: Descriptor) -> int:
        """Number a descriptor; MFILE, and it is closed, when there are too many."""
        if len(self._entries) >= self._limit:
            descriptor.close()
            raise WasiError(Errno.MFILE)
        while self._lowest in self._entries:
            self._lowest += 1
        self._entries[self._lowest] = descriptor
        return self._lowest

    def get(self, number: int) -> Descriptor:
        """Return a descriptor; BADF for none."""
        try:
            return self._entries[number]
        except KeyError:
            raise WasiError(Errno.BADF) from None

    def host(self, number: int) -> HostDescriptor:
        """Return a file or stream; BADF for anything else."""
        descriptor = self.get(number)
        if not isinstance(descriptor, HostDescriptor):
            raise WasiError(Errno.BADF)
        return descriptor

    def file(self, number: int) -> HostDescriptor:
        """Return a regular file; BADF for anything else."""
        descriptor = self.host(number)
        if not descriptor.seekable:
            raise WasiError(Errno.BADF)
        return descriptor

    def folder(self, number: int) -> Directory:
        """Return a folder; NOTDIR for anything else that is open."""
        descriptor = self.get(number)
        if not isinstance(descriptor, Directory):
            raise WasiError(Errno.NOTDIR)
        return descriptor

    def remove(self, number: int) -> None:
        """Close a descriptor and free its number."""
        descriptor = self.get(number)
        del self._entries[number]
        self._lowest = min(self._lowest, number)
        descriptor.close()

    def renumber(self, source: int, target: int) -> None:
        """Move a descriptor to another number that is in use, closing what was there."""
        descriptor = self.get(source)
        replaced = self.get(target)
        if source == target:
            return
        del self._entries[source]
        self._lowest = min(self._lowest, source)
        self._entries[target] = descriptor
        replaced.close()

    def close(self) -> None:
        """Close everything."""
        for number in list(self._entries):
            self.remove(number)
