"""Finding what a guest's path names without ever leaving a preopened folder.

A path is walked component by component with descriptors (openat, O_NOFOLLOW): `..` goes back to the
descriptor it came from, a symbolic link is read and its text walked in its folder, an absolute path
or a step above the folder started from is PERM.  Renames made meanwhile by others cannot lead
outside, because no descriptor above the start is ever opened.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from jit.wasi.errors import Errno, WasiError, from_os_error
from jit.wasi.memory import MAX_PATH

MAX_SYMLINKS = 40
_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path ends: `name` in the folder `folder`, whether or not there is anything.

    `name` is `.` for the folder itself. `folder_wanted`: the path ended with a slash.
    """

    folder: int
    name: bytes
    folder_wanted: bool


@contextmanager
def resolve(start: int, path: bytes, *, follow: bool) -> Iterator[Place]:
    """Walk `path` from the folder descriptor `start`; what is yielded holds inside the `with`.

    With `follow`, a symbolic link at the end is walked too, so that the place is never one.
    """
    walk = _Walk(start)
    try:
        yield walk.to(path, follow)
    except OSError as error:
        raise from_os_error(error) from None
    finally:
        walk.close()


class _Walk:
    """The folders from the start to the present one, and what is left to walk."""

    def __init__(self, start: int) -> None:
        self._folders = [start]
        self._pending: list[bytes] = []
        self._links = 0

    def close(self) -> None:
        while len(self._folders) > 1:
            os.close(self._folders.pop())

    def to(self, path: bytes, follow: bool) -> Place:
        if not path:
            raise WasiError(Errno.NOENT)
        self._push(path)
        folder_wanted = False
        while self._pending:
            name = self._pending.pop()
            last = not self._pending
            if name in (b"", b"."):
                folder_wanted = last
                if last:
                    return Place(self._folders[-1], b".", True)
            elif name == b"..":
                self._up()
                if last:
                    return Place(self._folders[-1], b".", True)
            elif last or self._only_slashes_left():
                folder_wanted = not last
                if not ((follow or folder_wanted) and self._expand(name)):
                    return Place(self._folders[-1], name, folder_wanted)
            else:
                self._down(name)
        return Place(self._folders[-1], b".", True)

    def _push(self, path: bytes) -> None:
        if path.startswith(b"/"):
            raise WasiError(Errno.PERM)
        if len(path) >= MAX_PATH:
            raise WasiError(Errno.NAMETOOLONG)
        self._pending.extend(reversed(path.split(b"/")))

    def _only_slashes_left(self) -> bool:
        return not any(self._pending)

    def _up(self) -> None:
        if len(self._folders) == 1:
            raise WasiError(Errno.PERM)
        os.close(self._folders.pop())

    def _down(self, name: bytes) -> None:
        try:
            self._folders.append(os.open(name, _FOLDER, dir_fd=self._folders[-1]))
        except NotADirectoryError:
            if not self._expand(name):
                raise

    def _expand(self, name: bytes) -> bool:
        """Replace a symbolic link by its text; say whether it is one."""
        try:
            target = os.readlink(name, dir_fd=self._folders[-1])
        except OSError:
            return False
        self._links += 1
        if self._links > MAX_SYMLINKS:
            raise WasiError(Errno.LOOP)
        if not target:
            raise WasiError(Errno.NOENT)
        self._push(target)
        return True
