"""path_*: things named by a path in an open folder."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from jit.wasi.context import Wasi
from jit.wasi.descriptors import Directory, opened
from jit.wasi.errors import Errno, WasiError
from jit.wasi.fd_calls import new_times, pack_filestat
from jit.wasi.layout import SYMLINK_FOLLOW, WRITE_RIGHTS, FdFlags, OFlags, Rights
from jit.wasi.memory import Guest
from jit.wasi.paths import Place, resolve

_FLAGS = {
    FdFlags.APPEND: os.O_APPEND,
    FdFlags.DSYNC: os.O_DSYNC,
    FdFlags.RSYNC: os.O_RSYNC,
    FdFlags.SYNC: os.O_SYNC,
}
_ALWAYS = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
"""O_NONBLOCK: no open waits for a pipe's other end; reads and writes wait by themselves."""

_EXCLUSIVE = OFlags.CREAT | OFlags.EXCL
_NEW_FILE = 0o666
_NEW_FOLDER = 0o777


def _mutable(wasi: Wasi, fd: int) -> Directory:
    folder = wasi.descriptors.folder(fd)
    if not folder.mutable:
        raise WasiError(Errno.PERM)
    return folder


@contextmanager
def _place(folder: Directory, path: bytes, *, follow: bool = False) -> Iterator[Place]:
    with resolve(folder.fd, path, follow=follow) as place:
        yield place


def path_create_directory(wasi: Wasi, guest: Guest, fd: int, path: int, length: int) -> None:
    name = guest.path(path, length)
    with _place(_mutable(wasi, fd), name.rstrip(b"/") or name) as place:
        if place.name == b".":
            raise WasiError(Errno.EXIST)
        os.mkdir(place.name, _NEW_FOLDER, dir_fd=place.folder)


def path_filestat_get(
    wasi: Wasi, guest: Guest, fd: int, flags: int, path: int, length: int, result: int
) -> None:
    folder = wasi.descriptors.folder(fd)
    follow = bool(flags & SYMLINK_FOLLOW)
    with _place(folder, guest.path(path, length), follow=follow) as place:
        guest.write(result, pack_filestat(_status(place)))


def _status(place: Place) -> os.stat_result:
    status = os.stat(place.name, dir_fd=place.folder, follow_symlinks=False)
    if place.folder_wanted and not stat.S_ISDIR(status.st_mode):
        raise WasiError(Errno.NOTDIR)
    return status


def path_filestat_set_times(
    wasi: Wasi,
    guest: Guest,
    fd: int,
    flags: int,
    path: int,
    length: int,
    atim: int,
    mtim: int,
    fst_flags: int,
) -> None:
    follow = bool(flags & SYMLINK_FOLLOW)
    with _place(_mutable(wasi, fd), guest.path(path, length), follow=follow) as place:
        times = new_times(_status(place), atim, mtim, fst_flags)
        os.utime(place.name, ns=times, dir_fd=place.folder, follow_symlinks=False)


def path_link(
    wasi: Wasi,
    guest: Guest,
    old_fd: int,
    old_flags: int,
    old_path: int,
    old_length: int,
    new_fd: int,
    new_path: int,
    new_length: int,
) -> None:
    if old_flags & SYMLINK_FOLLOW:
        raise WasiError(Errno.INVAL)
    source = _mutable(wasi, old_fd)
    target = _mutable(wasi, new_fd)
    with _place(source, guest.path(old_path, old_length)) as old:
        if old.folder_wanted:
            _status(old)
        with _place(target, guest.path(new_path, new_length)) as new:
            _refuse_folder_name(new)
            _link(old, new)


def _link(old: Place, new: Place) -> None:
    os.link(
        old.name,
        new.name,
        src_dir_fd=old.folder,
        dst_dir_fd=new.folder,
        follow_symlinks=False,
    )


def _refuse_folder_name(place: Place) -> None:
    """Refuse a name that ends with a slash for what is to be no folder."""
    if place.folder_wanted:
        _status(place)
        raise WasiError(Errno.EXIST)


def path_open(
    wasi: Wasi,
    guest: Guest,
    fd: int,
    lookup: int,
    path: int,
    length: int,
    oflags: int,
    rights: int,
    inheriting: int,
    fdflags: int,
    result: int,
) -> None:
    folder = wasi.descriptors.folder(fd)
    name = guest.path(path, length)
    guest.check(result, 4)
    wanted = Rights(rights & ((1 << 30) - 1))
    flags = FdFlags(fdflags & 31)
    how = OFlags(oflags & 15)
    writes = bool(wanted & WRITE_RIGHTS)
    if not folder.mutable and (writes or how & (OFlags.CREAT | OFlags.TRUNC)):
        raise WasiError(Errno.PERM)
    if how & OFlags.CREAT and name.endswith(b"/"):
        raise WasiError(Errno.ISDIR)
    follow = bool(lookup & SYMLINK_FOLLOW) and how & _EXCLUSIVE != _EXCLUSIVE
    with _place(folder, name, follow=follow) as place:
        host = _open(place, how, flags, reads=bool(wanted & Rights.FD_READ), writes=writes)
    descriptor = opened(host, wanted, flags, mutable=folder.mutable)
    guest.write_u32(result, wasi.descriptors.add(descriptor))


def _open(place: Place, how: OFlags, flags: FdFlags, *, reads: bool, writes: bool) -> int:
    """Open what is at a place; NOTDIR, ISDIR, LOOP... as the host has it."""
    host = _ALWAYS
    for flag, value in _FLAGS.items():
        if flags & flag:
            host |= value
    if how & OFlags.DIRECTORY:
        if how & (OFlags.CREAT | OFlags.EXCL | OFlags.TRUNC):
            raise WasiError(Errno.INVAL)
        return os.open(place.name, host | os.O_DIRECTORY | os.O_RDONLY, dir_fd=place.folder)
    if how & OFlags.CREAT:
        if place.name == b".":
            raise WasiError(Errno.EXIST if how & OFlags.EXCL else Errno.ISDIR)
        host |= os.O_CREAT
    if how & OFlags.EXCL:
        host |= os.O_EXCL
    if how & OFlags.TRUNC:
        host |= os.O_TRUNC
    if place.folder_wanted:
        host |= os.O_DIRECTORY
    access = os.O_RDWR if reads and writes else os.O_WRONLY if writes else os.O_RDONLY
    return os.open(place.name, host | access, _NEW_FILE, dir_fd=place.folder)


def path_readlink(
    wasi: Wasi,
    guest: Guest,
    fd: int,
    path: int,
    length: int,
    buffer: int,
    size: int,
    result: int,
) -> None:
    folder = wasi.descriptors.folder(fd)
    with _place(folder, guest.path(path, length)) as place:
        if place.folder_wanted:
            _status(place)
        target = os.readlink(place.name, dir_fd=place.folder)
    if target.startswith(b"/"):
        raise WasiError(Errno.PERM)
    shown = target[:size]
    guest.write(buffer, shown)
    guest.write_u32(result, len(shown))


def path_remove_directory(wasi: Wasi, guest: Guest, fd: int, path: int, length: int) -> None:
    name = guest.path(path, length)
    with _place(_mutable(wasi, fd), name.rstrip(b"/") or name) as place:
        if place.name == b".":
            raise WasiError(Errno.INVAL)
        os.rmdir(place.name, dir_fd=place.folder)


def path_rename(
    wasi: Wasi,
    guest: Guest,
    fd: int,
    old_path: int,
    old_length: int,
    new_fd: int,
    new_path: int,
    new_length: int,
) -> None:
    source = _mutable(wasi, fd)
    target = _mutable(wasi, new_fd)
    with (
        _place(source, guest.path(old_path, old_length)) as old,
        _place(target, guest.path(new_path, new_length)) as new,
    ):
        if (old.folder_wanted or new.folder_wanted) and not stat.S_ISDIR(_lstat_mode(old)):
            raise WasiError(Errno.NOTDIR)
        os.rename(old.name, new.name, src_dir_fd=old.folder, dst_dir_fd=new.folder)


def _lstat_mode(place: Place) -> int:
    return os.stat(place.name, dir_fd=place.folder, follow_symlinks=False).st_mode


def path_symlink(
    wasi: Wasi,
    guest: Guest,
    old_path: int,
    old_length: int,
    fd: int,
    new_path: int,
    new_length: int,
) -> None:
    folder = _mutable(wasi, fd)
    target = guest.path(old_path, old_length)
    if target.startswith(b"/"):
        raise WasiError(Errno.PERM)
    with _place(folder, guest.path(new_path, new_length)) as place:
        _refuse_folder_name(place)
        os.symlink(target, place.name, dir_fd=place.folder)


def path_unlink_file(wasi: Wasi, guest: Guest, fd: int, path: int, length: int) -> None:
    with _place(_mutable(wasi, fd), guest.path(path, length)) as place:
        if place.folder_wanted:
            if stat.S_ISDIR(_lstat_mode(place)):
                raise WasiError(Errno.ISDIR)
            raise WasiError(Errno.NOTDIR)
        os.unlink(place.name, dir_fd=place.folder)
