"""fd_* and path_*: what they do to files and folders."""

import os
import stat
from pathlib import Path

import pytest

from jit.wasi.errors import Errno
from jit.wasi.layout import (
    DIRENT,
    FDSTAT,
    FILESTAT,
    PRESTAT,
    FdFlags,
    FileType,
    FstFlags,
    OFlags,
    Rights,
    Whence,
)
from tests.unit.wasi.system import BUFFER, OTHER_PATH, RESULT, System

RW = Rights.FD_READ | Rights.FD_WRITE


def test_reads_scatter_over_several_buffers(sys_: System) -> None:
    fd = sys_.opened("file")
    assert sys_.call("fd_read", fd, *sys_.buffers(3, 0, 2, 100), RESULT) is Errno.SUCCESS
    assert sys_.u32() == 8
    assert sys_.memory.read(BUFFER, 8) == b"contents"


def test_writes_gather_from_several_buffers(sys_: System, root: Path) -> None:
    fd = sys_.opened("new", Rights.FD_WRITE, oflags=OFlags.CREAT)
    sys_.memory.write(BUFFER, b"one two")
    assert sys_.call("fd_write", fd, *sys_.buffers(3, 1, 3), RESULT) is Errno.SUCCESS
    assert (root / "new").read_bytes() == b"one two"


def test_seek_tell_and_positioned_access(sys_: System) -> None:
    fd = sys_.opened("file", RW)
    assert sys_.call("fd_seek", fd, -4, Whence.END, RESULT) is Errno.SUCCESS
    assert sys_.u64() == 4
    assert sys_.read(fd, 2) == b"en"
    assert sys_.call("fd_tell", fd, RESULT) is Errno.SUCCESS
    assert sys_.u64() == 6
    assert sys_.call("fd_pread", fd, *sys_.buffers(3), 1, RESULT) is Errno.SUCCESS
    assert sys_.memory.read(BUFFER, 3) == b"ont"
    sys_.memory.write(BUFFER, b"XY")
    assert sys_.call("fd_pwrite", fd, *sys_.buffers(2), 0, RESULT) is Errno.SUCCESS
    assert sys_.read(fd, 100) == b"ts"
    assert sys_.call("fd_seek", fd, -1, Whence.SET, RESULT) is Errno.INVAL
    assert sys_.call("fd_seek", fd, 0, 3, RESULT) is Errno.INVAL
    assert sys_.call("fd_pread", fd, *sys_.buffers(1), -1, RESULT) is Errno.INVAL


def test_a_file_does_only_what_it_was_opened_for(sys_: System) -> None:
    reader, writer = sys_.opened("file"), sys_.opened("file", Rights.FD_WRITE)
    assert sys_.write(reader, b"x") is Errno.BADF
    assert sys_.call("fd_read", writer, *sys_.buffers(1), RESULT) is Errno.BADF
    assert sys_.call("fd_filestat_set_size", reader, 0) is Errno.BADF
    assert sys_.call("fd_read", 3, *sys_.buffers(1), RESULT) is Errno.BADF


def test_append_and_truncation(sys_: System, root: Path) -> None:
    fd = sys_.opened("file", Rights.FD_WRITE, fdflags=FdFlags.APPEND)
    sys_.call("fd_seek", fd, 0, Whence.SET, RESULT)
    assert sys_.write(fd, b"!") is Errno.SUCCESS
    assert (root / "file").read_bytes() == b"contents!"
    assert sys_.call("fd_fdstat_set_flags", fd, 0) is Errno.SUCCESS
    sys_.call("fd_seek", fd, 0, Whence.SET, RESULT)
    sys_.write(fd, b"C")
    assert sys_.call("fd_filestat_set_size", fd, 4) is Errno.SUCCESS
    assert (root / "file").read_bytes() == b"Cont"
    sys_.opened("file", Rights.FD_WRITE, oflags=OFlags.TRUNC)
    assert (root / "file").read_bytes() == b""


def test_exclusive_creation(sys_: System) -> None:
    how = OFlags.CREAT | OFlags.EXCL
    assert sys_.open("file", RW, oflags=how)[0] is Errno.EXIST
    assert sys_.open("link", RW, oflags=how, follow=False)[0] is Errno.EXIST
    assert sys_.open("fresh", RW, oflags=how)[0] is Errno.SUCCESS


def test_folders_are_opened_as_folders(sys_: System) -> None:
    assert sys_.open("sub", oflags=OFlags.DIRECTORY)[0] is Errno.SUCCESS
    assert sys_.open("sub/")[0] is Errno.SUCCESS
    assert sys_.open("file", oflags=OFlags.DIRECTORY)[0] is Errno.NOTDIR
    assert sys_.open("sub", RW)[0] is Errno.ISDIR
    assert sys_.open("new/", oflags=OFlags.CREAT)[0] is Errno.ISDIR
    assert sys_.open("x", folder=sys_.opened("file"))[0] is Errno.NOTDIR
    assert sys_.open("x", folder=99)[0] is Errno.BADF


def test_status_of_descriptors(sys_: System) -> None:
    fd = sys_.opened("file", fdflags=FdFlags.APPEND)
    assert sys_.call("fd_fdstat_get", fd, RESULT) is Errno.SUCCESS
    type_, flags, rights, _ = FDSTAT.unpack(sys_.memory.read(RESULT, FDSTAT.size))
    assert (type_, flags) == (FileType.REGULAR_FILE, FdFlags.APPEND)
    assert rights & Rights.FD_READ and rights & Rights.FD_SEEK and not rights & Rights.FD_WRITE
    sys_.call("fd_fdstat_get", 3, RESULT)
    type_, _, rights, inheriting = FDSTAT.unpack(sys_.memory.read(RESULT, FDSTAT.size))
    assert type_ == FileType.DIRECTORY and rights & Rights.PATH_OPEN and inheriting & Rights.FD_READ


@pytest.mark.parametrize(("path", "follow"), [("file", True), ("link", True), ("link", False)])
def test_status_of_paths_is_the_hosts(sys_: System, root: Path, path: str, follow: bool) -> None:
    where = sys_.text(path)
    assert sys_.call("path_filestat_get", 3, int(follow), *where, RESULT) is Errno.SUCCESS
    it = os.stat(root / path, follow_symlinks=follow)
    type_ = FileType.SYMBOLIC_LINK if stat.S_ISLNK(it.st_mode) else FileType.REGULAR_FILE
    expected = (it.st_dev, it.st_ino, type_, it.st_nlink, it.st_size)
    times = (it.st_atime_ns, it.st_mtime_ns, it.st_ctime_ns)
    assert FILESTAT.unpack(sys_.memory.read(RESULT, FILESTAT.size)) == expected + times


def test_times(sys_: System, root: Path) -> None:
    both = FstFlags.ATIM | FstFlags.MTIM
    where = sys_.text("file")
    assert sys_.call("path_filestat_set_times", 3, 0, *where, 1000, 2000, both) is Errno.SUCCESS
    it = (root / "file").stat()
    assert (it.st_atime_ns, it.st_mtime_ns) == (1000, 2000)
    fd = sys_.opened("file", RW)
    assert sys_.call("fd_filestat_set_times", fd, 3000, 0, FstFlags.ATIM) is Errno.SUCCESS
    it = (root / "file").stat()
    assert (it.st_atime_ns, it.st_mtime_ns) == (3000, 2000)
    wrong = FstFlags.ATIM | FstFlags.ATIM_NOW
    assert sys_.call("fd_filestat_set_times", fd, 0, 0, wrong) is Errno.INVAL


def entries(sys_: System, fd: int, size: int) -> list[tuple[str, int]]:
    """Read a folder as wasi-libc does: again from the last cookie when an entry is cut off."""
    found: list[tuple[str, int]] = []
    cookie = 0
    while True:
        assert sys_.call("fd_readdir", fd, BUFFER, size, cookie, RESULT) is Errno.SUCCESS
        used, at = sys_.u32(), 0
        data = sys_.memory.read(BUFFER, used)
        while at + DIRENT.size <= used:
            following, _, length, type_ = DIRENT.unpack_from(data, at)
            name = data[at + DIRENT.size : at + DIRENT.size + length]
            if len(name) < length:
                break
            found.append((name.decode(), type_))
            cookie = following
            at += DIRENT.size + length
        if used < size:
            return found


@pytest.mark.parametrize("size", [40, 64, 200, 4096])
def test_folders_are_listed_whole_in_buffers_of_any_size(
    sys_: System, root: Path, size: int
) -> None:
    listed = entries(sys_, 3, size)
    assert listed[:2] == [(".", FileType.DIRECTORY), ("..", FileType.DIRECTORY)]
    assert sorted(name for name, _ in listed[2:]) == sorted(os.listdir(root))
    types = dict(listed)
    assert types["sub"] == FileType.DIRECTORY
    assert types["file"] == FileType.REGULAR_FILE
    assert types["link"] == types["dangling"] == FileType.SYMBOLIC_LINK


def test_folders_are_made_and_removed(sys_: System, root: Path) -> None:
    assert sys_.call("path_create_directory", 3, *sys_.text("new/")) is Errno.SUCCESS
    assert sys_.call("path_create_directory", 3, *sys_.text("new")) is Errno.EXIST
    assert sys_.call("path_create_directory", 3, *sys_.text(".")) is Errno.EXIST
    assert sys_.call("path_remove_directory", 3, *sys_.text("sub")) is Errno.NOTEMPTY
    assert sys_.call("path_remove_directory", 3, *sys_.text("file")) is Errno.NOTDIR
    assert sys_.call("path_remove_directory", 3, *sys_.text("new")) is Errno.SUCCESS
    assert not (root / "new").exists()


def test_files_are_linked_renamed_and_removed(sys_: System, root: Path) -> None:
    new = sys_.text("second", OTHER_PATH)
    assert sys_.call("path_link", 3, 0, *sys_.text("file"), 3, *new) is Errno.SUCCESS
    assert (root / "second").samefile(root / "file")
    assert sys_.call("path_link", 3, 1, *sys_.text("file"), 3, *new) is Errno.INVAL
    target = sys_.text("sub/moved", OTHER_PATH)
    assert sys_.call("path_rename", 3, *sys_.text("second"), 3, *target) is Errno.SUCCESS
    assert (root / "sub" / "moved").read_text() == "contents"
    assert sys_.call("path_unlink_file", 3, *sys_.text("sub")) is Errno.ISDIR
    assert sys_.call("path_unlink_file", 3, *sys_.text("file/")) is Errno.NOTDIR
    assert sys_.call("path_unlink_file", 3, *sys_.text("file")) is Errno.SUCCESS
    assert not (root / "file").exists()


def test_links_are_made_and_read(sys_: System, root: Path) -> None:
    target = sys_.text("sub/inner", OTHER_PATH)
    assert sys_.call("path_symlink", *target, 3, *sys_.text("new")) is Errno.SUCCESS
    assert os.readlink(root / "new") == "sub/inner"
    where = sys_.text("new")
    assert sys_.call("path_readlink", 3, *where, BUFFER, 5, RESULT) is Errno.SUCCESS
    assert sys_.memory.read(BUFFER, sys_.u32()) == b"sub/i"
    assert sys_.call("path_readlink", 3, *sys_.text("file"), BUFFER, 5, RESULT) is Errno.INVAL


def test_descriptors_are_numbered_from_the_lowest_free_one(sys_: System) -> None:
    first, second = sys_.opened("file"), sys_.opened("file")
    assert (first, second) == (4, 5)
    assert sys_.call("fd_close", first) is Errno.SUCCESS
    assert sys_.call("fd_close", first) is Errno.BADF
    assert sys_.opened("file") == first


def test_renumbering_replaces(sys_: System) -> None:
    first, second = sys_.opened("file"), sys_.opened("sub/inner")
    assert sys_.call("fd_renumber", second, first) is Errno.SUCCESS
    assert sys_.read(first, 100) == b"inner"
    assert sys_.call("fd_tell", second, RESULT) is Errno.BADF
    assert sys_.call("fd_renumber", first, 50) is Errno.BADF
    assert sys_.call("fd_renumber", first, first) is Errno.SUCCESS


def test_preopened_folders_tell_their_names(sys_: System) -> None:
    assert sys_.call("fd_prestat_get", 3, RESULT) is Errno.SUCCESS
    assert PRESTAT.unpack(sys_.memory.read(RESULT, PRESTAT.size)) == (0, 1)
    assert sys_.call("fd_prestat_dir_name", 3, BUFFER, 1) is Errno.SUCCESS
    assert sys_.memory.read(BUFFER, 1) == b"/"
    assert sys_.call("fd_prestat_dir_name", 3, BUFFER, 0) is Errno.NAMETOOLONG
    assert sys_.call("fd_prestat_get", sys_.opened("sub"), RESULT) is Errno.BADF


def test_what_is_not_supported_says_so(sys_: System) -> None:
    fd = sys_.opened("file", RW)
    assert sys_.call("fd_allocate", fd, 0, 10) is Errno.NOTSUP
    assert sys_.call("fd_fdstat_set_rights", fd, 0, 0) is Errno.NOTSUP
    assert sys_.call("fd_fdstat_set_flags", fd, FdFlags.SYNC) is Errno.INVAL
    assert sys_.call("fd_advise", fd, 0, 0, 6) is Errno.INVAL
    assert sys_.call("fd_advise", fd, 0, 0, 1) is Errno.SUCCESS
    assert sys_.call("fd_sync", fd) is sys_.call("fd_datasync", fd) is Errno.SUCCESS
    for name, rest in (
        ("sock_accept", 2),
        ("sock_recv", 5),
        ("sock_send", 4),
        ("sock_shutdown", 1),
    ):
        assert sys_.call(name, fd, *[0] * rest) is Errno.NOTSOCK
        assert sys_.call(name, 99, *[0] * rest) is Errno.BADF
