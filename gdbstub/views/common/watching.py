"""The watchpoints a client inserted, and what it is told of their hits; the same in every view."""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from typing import TypeAlias

from gdbstub.target import Address, BreakpointKind, TargetError, Watched
from jit.debug.debugger import Debugger
from jit.debug.errors import DebugError
from jit.debug.watchpoints import Access, Hit, Watchpoint

_ACCESSES = {
    BreakpointKind.WRITE: Access.WRITE,
    BreakpointKind.READ: Access.READ,
    BreakpointKind.ACCESS: Access.ANY,
}

Made: TypeAlias = tuple[int, Watchpoint]
"""The address that something watched starts at, and its watchpoint."""

_Key: TypeAlias = tuple[BreakpointKind, int, int]


class Watching:
    """What is watched for the client."""

    def __init__(
        self, debugger: Debugger, watch: Callable[[Access, int, int], Sequence[Made]]
    ) -> None:
        """`watch` makes what it takes for a stretch of addresses, or raises TargetError or DebugError."""
        self._debugger = debugger
        self._watch = watch
        self._inserted: dict[_Key, Sequence[Made]] = {}

    def insert(self, kind: BreakpointKind, address: int, length: int) -> None:
        """Insert one; twice is once. `TargetError` for what cannot be watched."""
        key = kind, address, length
        if key in self._inserted:
            return
        if length <= 0:
            raise TargetError(errno.EINVAL, "a watchpoint of no bytes")
        try:
            self._inserted[key] = self._watch(_ACCESSES[kind], address, length)
        except DebugError as error:
            raise TargetError(errno.EFAULT, str(error)) from error

    def remove(self, kind: BreakpointKind, address: int, length: int) -> None:
        """Remove one; none is no error."""
        for _, watchpoint in self._inserted.pop((kind, address, length), ()):
            self._debugger.unwatch(watchpoint)

    def clear(self) -> None:
        """Remove all."""
        for key in tuple(self._inserted):
            self.remove(*key)

    def reason(self, hits: Sequence[Hit]) -> Watched | None:
        """Say which watchpoint was hit, and where in it; None if it is gone."""
        offsets = {id(hit.watchpoint): hit.offset for hit in hits}
        for (kind, address, _), made in self._inserted.items():
            for start, watchpoint in made:
                offset = offsets.get(id(watchpoint))
                if offset is not None:
                    return Watched(kind, Address(max(address, start + offset)))
        return None
