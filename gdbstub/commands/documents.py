"""qXfer objects and vFile: what a client reads from its target in pieces."""

from __future__ import annotations

import errno
import itertools
import struct
from xml.sax.saxutils import quoteattr

from gdbstub.commands import procfs
from gdbstub.commands.outcome import Outcome, Refused, Reply
from gdbstub.commands.parse import split
from gdbstub.commands.state import Client, OpenFile
from gdbstub.extensions import (
    ExecFile,
    Features,
    Libraries,
    LoadedObjects,
    Process,
    ServedFiles,
)
from gdbstub.rsp import FieldError, escape_within, hex_number, text_from_hex
from gdbstub.target import TargetError

_ROOM = 0x20  # of a packet, for what is not data
_READ_ONLY = 0
_FIRST_FILE = 5
_MOST_FILES = 256  # gdb has two open at a time
_STAT = struct.Struct(">IIIIIIIQQQIII")  # GDB manual, E.13.10.2 struct stat
_MODE = 0o100555

# File-I/O has error numbers of its own (GDB manual, E.13.10.3).
_FILE_ERRORS = {
    errno.EPERM: 1,
    errno.ENOENT: 2,
    errno.EINTR: 4,
    errno.EBADF: 9,
    errno.EACCES: 13,
    errno.EFAULT: 14,
    errno.EINVAL: 22,
    errno.EMFILE: 24,
    errno.EROFS: 30,
}
_UNKNOWN_FILE_ERROR = 9999


def parse_piece(rest: bytes) -> tuple[str, int, int]:
    """Take `annex:offset,length`."""
    annex, _, piece = rest.rpartition(b":")
    offset, length = split(piece, b",")
    return annex.decode("utf-8", "surrogateescape"), hex_number(offset), hex_number(length)


def features(client: Client, wanted: tuple[str, int, int]) -> Outcome:
    """`qXfer:features:read`."""
    extension = client.target
    assert isinstance(extension, Features)
    annex, offset, length = wanted
    if offset == 0:
        client.documents[b"features"] = extension.features_xml(annex)
    return _piece(client, b"features", offset, length)


def exec_file(client: Client, wanted: tuple[str, int, int]) -> Outcome:
    """`qXfer:exec-file:read`; the annex is a process, and there is one."""
    extension = client.target
    assert isinstance(extension, ExecFile)
    _, offset, length = wanted
    client.documents[b"exec-file"] = extension.exec_file().encode("utf-8", "surrogateescape")
    return _piece(client, b"exec-file", offset, length)


def libraries(client: Client, wanted: tuple[str, int, int]) -> Outcome:
    """`qXfer:libraries:read`."""
    extension = client.target
    assert isinstance(extension, Libraries)
    _, offset, length = wanted
    if offset == 0:
        client.documents[b"libraries"] = extension.libraries_xml()
    return _piece(client, b"libraries", offset, length)


def loaded_objects(client: Client, wanted: tuple[str, int, int]) -> Outcome:
    """`qXfer:libraries-svr4:read`: what gdb reads for a machine with Linux on it."""
    extension = client.target
    assert isinstance(extension, LoadedObjects)
    _, offset, length = wanted
    if offset == 0:
        rows = "".join(
            f'<library name={quoteattr(found.path)} lm="0x{found.link_map:x}"'
            f' l_addr="0x{found.bias:x}" l_ld="0x0" lmid="0x0"/>\n'
            for found in extension.loaded_objects()
        )
        document = f'<library-list-svr4 version="1.0">\n{rows}</library-list-svr4>\n'
        client.documents[b"libraries-svr4"] = document.encode("utf-8", "surrogateescape")
    return _piece(client, b"libraries-svr4", offset, length)


def threads(client: Client, wanted: tuple[str, int, int]) -> Outcome:
    """`qXfer:threads:read`."""
    _, offset, length = wanted
    if offset == 0:
        rows = "".join(
            f'<thread id="{client.thread_text(thread.id)}" name={quoteattr(thread.name)}/>'
            for thread in client.target.threads()
        )
        # No declaration, no line ends: gdb asks for this at every stop.
        client.documents[b"threads"] = f"<threads>{rows}</threads>".encode("utf-8", "replace")
    return _piece(client, b"threads", offset, length)


def _piece(client: Client, name: bytes, offset: int, length: int) -> Outcome:
    document = client.documents.get(name, b"")
    if offset > len(document):
        raise Refused(errno.EINVAL, f"offset {offset} is past the end of {name.decode()}")
    data = document[offset : offset + length]
    contents, count = escape_within(data, client.packet_size - _ROOM)
    more = offset + count < len(document)
    return Reply((b"m" if more else b"l") + contents)


def set_filesystem(client: Client, _: int) -> Outcome:
    """`vFile:setfs`: every process sees the same files."""
    return Reply(b"F0")


def parse_open(rest: bytes) -> tuple[str, int]:
    """Take `path,flags,mode`."""
    fields = rest.split(b",")
    if len(fields) != 3:
        raise FieldError("a file is opened with path,flags,mode")
    return text_from_hex(fields[0]), hex_number(fields[1])


def open_file(client: Client, wanted: tuple[str, int]) -> Outcome:
    """`vFile:open`, for reading only."""
    extension = client.target
    assert isinstance(extension, ServedFiles)
    path, flags = wanted
    contents = procfs.contents(extension, path) if isinstance(extension, Process) else None
    if contents is None:
        try:
            contents = extension.served_file(path)
        except TargetError as error:
            return _file_error(error.code)
    if flags != _READ_ONLY:
        return _file_error(errno.EROFS)
    if len(client.files) == _MOST_FILES:
        return _file_error(errno.EMFILE)
    descriptor = next(n for n in itertools.count(_FIRST_FILE) if n not in client.files)
    client.files[descriptor] = OpenFile(contents)
    return Reply(b"F%x" % descriptor)


def parse_pread(rest: bytes) -> tuple[int, int, int]:
    """Take `descriptor,count,offset`."""
    fields = rest.split(b",")
    if len(fields) != 3:
        raise FieldError("a file is read with descriptor,count,offset")
    return hex_number(fields[0]), hex_number(fields[1]), hex_number(fields[2])


def read_file(client: Client, wanted: tuple[int, int, int]) -> Outcome:
    """`vFile:pread`; a short read is allowed."""
    descriptor, count, offset = wanted
    file = client.files.get(descriptor)
    if file is None:
        return _file_error(errno.EBADF)
    data, count = escape_within(file.read(offset, count), client.packet_size - _ROOM)
    return Reply(b"F%x;" % count + data)


def stat_file(client: Client, descriptor: int) -> Outcome:
    """`vFile:fstat`."""
    file = client.files.get(descriptor)
    if file is None:
        return _file_error(errno.EBADF)
    size = len(file.contents)
    fields = (0, descriptor, _MODE, 1, 0, 0, 0, size, 4096, (size + 511) // 512, 0, 0, 0)
    data, _ = escape_within(_STAT.pack(*fields), client.packet_size)
    return Reply(b"F%x;" % _STAT.size + data)


def read_link(client: Client, path: str) -> Outcome:
    """`vFile:readlink`."""
    extension = client.target
    assert isinstance(extension, Process)
    target = procfs.link(extension, path)
    if target is None:
        return _file_error(errno.ENOENT)
    data, count = escape_within(target, client.packet_size - _ROOM)
    return Reply(b"F%x;" % count + data)


def close_file(client: Client, descriptor: int) -> Outcome:
    """`vFile:close`."""
    if client.files.pop(descriptor, None) is None:
        return _file_error(errno.EBADF)
    return Reply(b"F0")


def _file_error(code: int) -> Reply:
    return Reply(b"F-1,%x" % _FILE_ERRORS.get(code, _UNKNOWN_FILE_ERROR))
