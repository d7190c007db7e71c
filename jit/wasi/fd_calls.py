"""fd_*: descriptors that are open. Arguments are unsigned; offsets that may be negative say so."""

import fcntl
import os
import time

from jit.wasi import waiting
from jit.wasi.context import Wasi
from jit.wasi.descriptors import Descriptor, Directory, HostDescriptor, Nothing
from jit.wasi.errors import Errno, WasiError
from jit.wasi.layout import (
    DIRENT,
    FDSTAT,
    FILESTAT,
    PRESTAT,
    FdFlags,
    FileType,
    FstFlags,
    Rights,
    Whence,
    file_type,
)
from jit.wasi.memory import Guest

MAX_TRANSFER = 1 << 26
"""Bytes that one read or write moves at most; the guest is told and asks again."""

_U64 = 1 << 64
_ADVICES = 6
_SETTABLE = FdFlags.APPEND | FdFlags.NONBLOCK
_OFFSET_LIMIT = 1 << 63


def fd_advise(wasi: Wasi, guest: Guest, fd: int, offset: int, length: int, advice: int) -> None:
    descriptor = wasi.descriptors.host(fd)
    if advice >= _ADVICES:
        raise WasiError(Errno.INVAL)
    if not descriptor.seekable:
        raise WasiError(Errno.SPIPE)


def fd_allocate(wasi: Wasi, guest: Guest, fd: int, offset: int, length: int) -> None:
    wasi.descriptors.file(fd)
    raise WasiError(Errno.NOTSUP)


def fd_close(wasi: Wasi, guest: Guest, fd: int) -> None:
    wasi.descriptors.remove(fd)


def fd_datasync(wasi: Wasi, guest: Guest, fd: int) -> None:
    os.fdatasync(_stored(wasi, fd))


def fd_sync(wasi: Wasi, guest: Guest, fd: int) -> None:
    os.fsync(_stored(wasi, fd))


def _stored(wasi: Wasi, fd: int) -> int:
    """Return the host descriptor of a file or folder."""
    descriptor = wasi.descriptors.get(fd)
    if not isinstance(descriptor, Directory):
        descriptor = wasi.descriptors.file(fd)
    return descriptor.fd


def fd_fdstat_get(wasi: Wasi, guest: Guest, fd: int, result: int) -> None:
    it = wasi.descriptors.get(fd)
    guest.write(result, FDSTAT.pack(it.type, it.flags, it.rights, it.inheriting))


def fd_fdstat_set_flags(wasi: Wasi, guest: Guest, fd: int, flags: int) -> None:
    descriptor = wasi.descriptors.get(fd)
    if flags & ~_SETTABLE:
        raise WasiError(Errno.INVAL)
    if not isinstance(descriptor, HostDescriptor):
        raise WasiError(Errno.BADF)
    if descriptor.owned:
        host = fcntl.fcntl(descriptor.fd, fcntl.F_GETFL) & ~os.O_APPEND
        append = os.O_APPEND if flags & FdFlags.APPEND else 0
        fcntl.fcntl(descriptor.fd, fcntl.F_SETFL, host | append)
    descriptor.flags = FdFlags(flags)


def fd_fdstat_set_rights(wasi: Wasi, guest: Guest, fd: int, base: int, inheriting: int) -> None:
    wasi.descriptors.get(fd)
    raise WasiError(Errno.NOTSUP)


def fd_filestat_get(wasi: Wasi, guest: Guest, fd: int, result: int) -> None:
    descriptor = wasi.descriptors.get(fd)
    if isinstance(descriptor, (HostDescriptor, Directory)):
        guest.write(result, pack_filestat(os.fstat(descriptor.fd)))
    else:
        guest.write(result, FILESTAT.pack(0, 0, descriptor.type, 0, 0, 0, 0, 0))


def pack_filestat(status: os.stat_result) -> bytes:
    """Lay a host `stat` out as the guest reads it."""
    return FILESTAT.pack(
        status.st_dev % _U64,
        status.st_ino,
        file_type(status.st_mode),
        status.st_nlink,
        status.st_size,
        max(status.st_atime_ns, 0),
        max(status.st_mtime_ns, 0),
        max(status.st_ctime_ns, 0),
    )


def fd_filestat_set_size(wasi: Wasi, guest: Guest, fd: int, size: int) -> None:
    descriptor = wasi.descriptors.file(fd)
    _need(descriptor, Rights.FD_WRITE)
    os.ftruncate(descriptor.fd, _offset(size))


def fd_filestat_set_times(
    wasi: Wasi, guest: Guest, fd: int, atim: int, mtim: int, flags: int
) -> None:
    descriptor = wasi.descriptors.get(fd)
    if isinstance(descriptor, Directory) and not descriptor.mutable:
        raise WasiError(Errno.PERM)
    if not isinstance(descriptor, (HostDescriptor, Directory)):
        raise WasiError(Errno.BADF)
    os.utime(descriptor.fd, ns=new_times(os.fstat(descriptor.fd), atim, mtim, flags))


def new_times(status: os.stat_result, atim: int, mtim: int, flags: int) -> tuple[int, int]:
    """Return the access and modification times that `fstflags` ask for; INVAL for contradictions."""
    now = time.time_ns()

    def one(set_: FstFlags, set_now: FstFlags, given: int, present: int) -> int:
        if flags & set_ and flags & set_now:
            raise WasiError(Errno.INVAL)
        return given if flags & set_ else now if flags & set_now else present

    return (
        one(FstFlags.ATIM, FstFlags.ATIM_NOW, atim, status.st_atime_ns),
        one(FstFlags.MTIM, FstFlags.MTIM_NOW, mtim, status.st_mtime_ns),
    )


def fd_read(wasi: Wasi, guest: Guest, fd: int, iovs: int, count: int, result: int) -> None:
    descriptor = wasi.descriptors.get(fd)
    buffers = guest.iovecs(iovs, count)
    guest.check(result, 4)
    data = _read(wasi, descriptor, min(sum(length for _, length in buffers), MAX_TRANSFER))
    guest.scatter(buffers, data)
    guest.write_u32(result, len(data))


def _read(wasi: Wasi, descriptor: Descriptor, size: int) -> bytes:
    _need(descriptor, Rights.FD_READ)
    if size == 0 or isinstance(descriptor, Nothing):
        return b""
    if not isinstance(descriptor, HostDescriptor):
        raise WasiError(Errno.BADF)
    if descriptor.blocks and descriptor.flags & FdFlags.NONBLOCK:
        return _read_now(wasi, descriptor, size)
    return waiting.read(wasi.waiter, descriptor.fd, size, blocks=descriptor.blocks)


def _read_now(wasi: Wasi, descriptor: HostDescriptor, size: int) -> bytes:
    if not wasi.waiter.wait([(descriptor.fd, waiting.READ)], 0):
        raise WasiError(Errno.AGAIN)
    return os.read(descriptor.fd, size)


def fd_write(wasi: Wasi, guest: Guest, fd: int, iovs: int, count: int, result: int) -> None:
    descriptor = wasi.descriptors.get(fd)
    buffers = guest.iovecs(iovs, count)
    guest.check(result, 4)
    guest.write_u32(result, _write(wasi, descriptor, guest.gather(buffers, MAX_TRANSFER)))


def _write(wasi: Wasi, descriptor: Descriptor, data: bytes) -> int:
    _need(descriptor, Rights.FD_WRITE)
    if isinstance(descriptor, Nothing):
        taken = descriptor.sink(data) if descriptor.sink and data else None
        return len(data) if taken is None else taken
    if not isinstance(descriptor, HostDescriptor):
        raise WasiError(Errno.BADF)
    if not data:
        return 0
    if descriptor.blocks and descriptor.flags & FdFlags.NONBLOCK:
        if not wasi.waiter.wait([(descriptor.fd, waiting.WRITE)], 0):
            raise WasiError(Errno.AGAIN)
        return os.write(descriptor.fd, data[: waiting.CHUNK])
    return waiting.write(wasi.waiter, descriptor.fd, data, blocks=descriptor.blocks)


def fd_pread(
    wasi: Wasi, guest: Guest, fd: int, iovs: int, count: int, offset: int, result: int
) -> None:
    descriptor = _positioned(wasi.descriptors.get(fd))
    _need(descriptor, Rights.FD_READ)
    buffers = guest.iovecs(iovs, count)
    guest.check(result, 4)
    size = min(sum(length for _, length in buffers), MAX_TRANSFER)
    data = os.pread(descriptor.fd, size, _offset(offset))
    guest.scatter(buffers, data)
    guest.write_u32(result, len(data))


def fd_pwrite(
    wasi: Wasi, guest: Guest, fd: int, iovs: int, count: int, offset: int, result: int
) -> None:
    descriptor = _positioned(wasi.descriptors.get(fd))
    _need(descriptor, Rights.FD_WRITE)
    buffers = guest.iovecs(iovs, count)
    guest.check(result, 4)
    data = guest.gather(buffers, MAX_TRANSFER)
    guest.write_u32(result, os.pwrite(descriptor.fd, data, _offset(offset)))


def _positioned(descriptor: Descriptor) -> HostDescriptor:
    if isinstance(descriptor, Directory):
        raise WasiError(Errno.BADF)
    if not isinstance(descriptor, HostDescriptor) or not descriptor.seekable:
        raise WasiError(Errno.SPIPE)
    return descriptor


def _offset(value: int) -> int:
    if value >= _OFFSET_LIMIT:
        raise WasiError(Errno.INVAL)
    return value


def _need(descriptor: Descriptor, right: Rights) -> None:
    """Refuse, as POSIX does, what the descriptor was not opened for."""
    if isinstance(descriptor, Directory) or not descriptor.rights & right:
        raise WasiError(Errno.BADF)


def fd_prestat_get(wasi: Wasi, guest: Guest, fd: int, result: int) -> None:
    guest.write(result, PRESTAT.pack(0, len(_preopened(wasi, fd))))


def fd_prestat_dir_name(wasi: Wasi, guest: Guest, fd: int, path: int, length: int) -> None:
    name = _preopened(wasi, fd)
    if len(name) > length:
        raise WasiError(Errno.NAMETOOLONG)
    guest.write(path, name)


def _preopened(wasi: Wasi, fd: int) -> bytes:
    descriptor = wasi.descriptors.get(fd)
    if not isinstance(descriptor, Directory) or descriptor.guest_path is None:
        raise WasiError(Errno.BADF)
    return descriptor.guest_path.encode(errors="surrogateescape")


def fd_readdir(
    wasi: Wasi, guest: Guest, fd: int, buffer: int, size: int, cookie: int, result: int
) -> None:
    folder = wasi.descriptors.get(fd)
    if not isinstance(folder, Directory):
        raise WasiError(Errno.BADF)
    guest.check(buffer, size)
    guest.check(result, 4)
    if cookie == 0:
        folder.listing = _list(folder.fd)
    out = bytearray()
    for index in range(min(cookie, len(folder.listing)), len(folder.listing)):
        name, inode, type_ = folder.listing[index]
        encoded = os.fsencode(name)
        out += DIRENT.pack(index + 1, inode, len(encoded), type_) + encoded
        if len(out) >= size:
            break
    guest.write(buffer, bytes(out[:size]))
    guest.write_u32(result, min(len(out), size))


def _list(fd: int) -> list[tuple[str, int, FileType]]:
    inode = os.fstat(fd).st_ino
    entries = [(".", inode, FileType.DIRECTORY), ("..", inode, FileType.DIRECTORY)]
    with os.scandir(fd) as found:
        entries.extend((entry.name, entry.inode(), _entry_type(entry)) for entry in found)
    return entries


def _entry_type(entry: os.DirEntry[str]) -> FileType:
    if entry.is_symlink():
        return FileType.SYMBOLIC_LINK
    if entry.is_dir(follow_symlinks=False):
        return FileType.DIRECTORY
    if entry.is_file(follow_symlinks=False):
        return FileType.REGULAR_FILE
    try:
        return file_type(entry.stat(follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return FileType.UNKNOWN


def fd_renumber(wasi: Wasi, guest: Guest, source: int, target: int) -> None:
    wasi.descriptors.renumber(source, target)


def fd_seek(wasi: Wasi, guest: Guest, fd: int, offset: int, whence: int, result: int) -> None:
    """`offset` is signed."""
    descriptor = _positioned(wasi.descriptors.get(fd))
    try:
        how = _HOST_WHENCE[Whence(whence)]
    except ValueError:
        raise WasiError(Errno.INVAL) from None
    guest.check(result, 8)
    guest.write_u64(result, os.lseek(descriptor.fd, offset, how))


_HOST_WHENCE = {Whence.SET: os.SEEK_SET, Whence.CUR: os.SEEK_CUR, Whence.END: os.SEEK_END}


def fd_tell(wasi: Wasi, guest: Guest, fd: int, result: int) -> None:
    descriptor = _positioned(wasi.descriptors.get(fd))
    guest.write_u64(result, os.lseek(descriptor.fd, 0, os.SEEK_CUR))
