"""Numbers and byte layouts of WASI preview 1 (the witx of `wasi_snapshot_preview1`)."""

import stat
from enum import IntEnum, IntFlag
from struct import Struct

CIOVEC = Struct("<II")
"""buf, len"""
FDSTAT = Struct("<BxH4xQQ")
"""filetype, flags, rights base, rights inheriting"""
FILESTAT = Struct("<QQB7xQQQQQ")
"""dev, ino, filetype, nlink, size, atim, mtim, ctim"""
PRESTAT = Struct("<B3xI")
"""tag (0: a folder), length of its name"""
DIRENT = Struct("<QQIB3x")
"""cookie of the next entry, ino, length of the name, filetype; the name follows"""
SUBSCRIPTION_SIZE = 48
SUBSCRIPTION = Struct("<QB7x")
"""userdata, tag; then one of"""
SUBSCRIPTION_CLOCK = Struct("<I4xQQH")
"""clock, timeout, precision, flags"""
SUBSCRIPTION_FD = Struct("<I")
EVENT = Struct("<QHB5xQH6x")
"""userdata, error, type, bytes available, flags"""


class FileType(IntEnum):
    UNKNOWN = 0
    BLOCK_DEVICE = 1
    CHARACTER_DEVICE = 2
    DIRECTORY = 3
    REGULAR_FILE = 4
    SOCKET_DGRAM = 5
    SOCKET_STREAM = 6
    SYMBOLIC_LINK = 7


_FILE_TYPES = {
    stat.S_IFBLK: FileType.BLOCK_DEVICE,
    stat.S_IFCHR: FileType.CHARACTER_DEVICE,
    stat.S_IFDIR: FileType.DIRECTORY,
    stat.S_IFREG: FileType.REGULAR_FILE,
    stat.S_IFSOCK: FileType.SOCKET_STREAM,
    stat.S_IFLNK: FileType.SYMBOLIC_LINK,
}


def file_type(mode: int) -> FileType:
    """Return the file type of a host `st_mode`; a pipe is UNKNOWN, for WASI has none."""
    return _FILE_TYPES.get(stat.S_IFMT(mode), FileType.UNKNOWN)


class Rights(IntFlag):
    NONE = 0
    FD_DATASYNC = 1 << 0
    FD_READ = 1 << 1
    FD_SEEK = 1 << 2
    FD_FDSTAT_SET_FLAGS = 1 << 3
    FD_SYNC = 1 << 4
    FD_TELL = 1 << 5
    FD_WRITE = 1 << 6
    FD_ADVISE = 1 << 7
    FD_ALLOCATE = 1 << 8
    PATH_CREATE_DIRECTORY = 1 << 9
    PATH_CREATE_FILE = 1 << 10
    PATH_LINK_SOURCE = 1 << 11
    PATH_LINK_TARGET = 1 << 12
    PATH_OPEN = 1 << 13
    FD_READDIR = 1 << 14
    PATH_READLINK = 1 << 15
    PATH_RENAME_SOURCE = 1 << 16
    PATH_RENAME_TARGET = 1 << 17
    PATH_FILESTAT_GET = 1 << 18
    PATH_FILESTAT_SET_SIZE = 1 << 19
    PATH_FILESTAT_SET_TIMES = 1 << 20
    FD_FILESTAT_GET = 1 << 21
    FD_FILESTAT_SET_SIZE = 1 << 22
    FD_FILESTAT_SET_TIMES = 1 << 23
    PATH_SYMLINK = 1 << 24
    PATH_REMOVE_DIRECTORY = 1 << 25
    PATH_UNLINK_FILE = 1 << 26
    POLL_FD_READWRITE = 1 << 27
    SOCK_SHUTDOWN = 1 << 28
    SOCK_ACCEPT = 1 << 29


WRITE_RIGHTS = Rights.FD_WRITE | Rights.FD_ALLOCATE | Rights.FD_FILESTAT_SET_SIZE
FILE_RIGHTS = (
    Rights.FD_DATASYNC
    | Rights.FD_READ
    | Rights.FD_SEEK
    | Rights.FD_FDSTAT_SET_FLAGS
    | Rights.FD_SYNC
    | Rights.FD_TELL
    | Rights.FD_WRITE
    | Rights.FD_ADVISE
    | Rights.FD_ALLOCATE
    | Rights.FD_FILESTAT_GET
    | Rights.FD_FILESTAT_SET_SIZE
    | Rights.FD_FILESTAT_SET_TIMES
    | Rights.POLL_FD_READWRITE
)
STREAM_RIGHTS = FILE_RIGHTS & ~(Rights.FD_SEEK | Rights.FD_TELL)
"""Without seek and tell, by which wasi-libc's `isatty` knows a terminal."""
DIRECTORY_RIGHTS = (
    Rights.FD_FDSTAT_SET_FLAGS
    | Rights.FD_SYNC
    | Rights.FD_ADVISE
    | Rights.PATH_CREATE_DIRECTORY
    | Rights.PATH_CREATE_FILE
    | Rights.PATH_LINK_SOURCE
    | Rights.PATH_LINK_TARGET
    | Rights.PATH_OPEN
    | Rights.FD_READDIR
    | Rights.PATH_READLINK
    | Rights.PATH_RENAME_SOURCE
    | Rights.PATH_RENAME_TARGET
    | Rights.PATH_FILESTAT_GET
    | Rights.PATH_FILESTAT_SET_SIZE
    | Rights.PATH_FILESTAT_SET_TIMES
    | Rights.FD_FILESTAT_GET
    | Rights.FD_FILESTAT_SET_TIMES
    | Rights.PATH_SYMLINK
    | Rights.PATH_REMOVE_DIRECTORY
    | Rights.PATH_UNLINK_FILE
)


class FdFlags(IntFlag):
    NONE = 0
    APPEND = 1
    DSYNC = 2
    NONBLOCK = 4
    RSYNC = 8
    SYNC = 16


class OFlags(IntFlag):
    NONE = 0
    CREAT = 1
    DIRECTORY = 2
    EXCL = 4
    TRUNC = 8


class FstFlags(IntFlag):
    ATIM = 1
    ATIM_NOW = 2
    MTIM = 4
    MTIM_NOW = 8


class Whence(IntEnum):
    SET = 0
    CUR = 1
    END = 2


class Clock(IntEnum):
    REALTIME = 0
    MONOTONIC = 1
    PROCESS_CPUTIME = 2
    THREAD_CPUTIME = 3


class EventType(IntEnum):
    CLOCK = 0
    FD_READ = 1
    FD_WRITE = 2


SYMLINK_FOLLOW = 1
"""In `lookupflags`."""
SUBSCRIPTION_CLOCK_ABSTIME = 1
FD_READWRITE_HANGUP = 1
