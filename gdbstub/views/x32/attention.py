"""Which memory an address below all windows means, where a guest has several.

A pointer is an offset in its own module's memory and does not tell which that is. gdb reads where a
pointer is kept before it reads what it points to, so the memory meant is that of what was read last:
a slot of a frame or of a vmctx, or bytes of a memory. At a stop it is that of the innermost frame.
A watchpoint stays with the memory in which gdb read what it watches.
"""

from __future__ import annotations

import struct
from collections import deque

from jit import Instance
from jit.debug.debugger import Debugger

_RECENT = 8
_NEAR = 0x1000
"""How far past what a pointer says things that it leads to may lie."""
_LOWEST_POINTER = 0x400
"""Linkers place nothing below it."""

_Stretch = tuple[int, int]
"""An address and a number of bytes."""


class Attention:
    """What the client looks at; `several` memories, or one that is always meant."""

    def __init__(self, debugger: Debugger, several: bool) -> None:
        self._debugger = debugger
        self.several = several
        self._instance: Instance | None = None
        self._upcoming: Instance | None = None
        self._latest: dict[object, Instance] = {}
        self._recent: deque[bytes] = deque(maxlen=_RECENT)
        self._read_from: dict[_Stretch, Instance] = {}
        self._watched: dict[_Stretch, Instance] = {}

    def reset(self) -> None:
        """Forget what was looked at: the guest has run."""
        if self.several:
            self._instance, self._upcoming = self._upcoming, None
            self._recent.clear()
            self._read_from.clear()

    def forget(self) -> None:
        """Forget what was watched as well: the client has gone."""
        self._watched.clear()
        self.reset()

    def expect(self, instance: Instance) -> None:
        """At the next stop, look at this instance first: a call in it has returned."""
        if instance.memories:
            self._upcoming = instance

    def look(self, instance: Instance, address: int, data: bytes) -> None:
        """Take note of bytes that were read from or written to an instance's memory or frames."""
        if instance.memories:
            self._instance = self._latest[instance.module] = instance
            self._recent.append(data)
            self._read_from[address, len(data)] = instance

    @property
    def instance(self) -> Instance | None:
        """The instance whose memory 0 is meant; None before there is one."""
        if self._instance is None:
            if not self.several:
                self._instance = self._first()
            elif (found := self._innermost()) is not None:
                self._instance = self._latest[found.module] = found
        return self._instance

    def _first(self) -> Instance | None:
        instances = self._debugger.instances()
        return next((instance for instance in instances if instance.memories), None)

    def _innermost(self) -> Instance | None:
        number = 0
        while (frame := self._debugger.frame(number)) is not None:
            instance = frame.instance()
            if instance.memories:
                return instance
            number += 1
        return self._first()

    def of(self, module: object) -> Instance | None:
        """Return the instance of a module that was looked at last, its first if none was."""
        frame = None if self.several else self._debugger.frame(0)
        instance = self.instance if frame is None else frame.instance()
        if instance is not None and instance.module is module:
            return instance
        instances = self._debugger.instances()
        first = next((instance for instance in instances if instance.module is module), None)
        return self._latest.get(module, first)

    def meant(self, address: int, length: int) -> Instance | None:
        """Return the instance in whose memory 0 these low addresses lie."""
        if self._watched:
            watched = self._watched.get((address, length))
            if watched is not None and not self._is_pointed_to(address):
                return watched
        return self.instance

    def watched(self, address: int, length: int) -> Instance | None:
        """Return the instance in whose memory 0 the client watches these low addresses."""
        instance = self._read_from.get((address, length)) or self.meant(address, length)
        if self.several and instance is not None:
            self._watched[address, length] = instance
        return instance

    def _is_pointed_to(self, address: int) -> bool:
        """Say whether what was read just before holds a pointer to here."""
        return any(
            _LOWEST_POINTER <= word <= address < word + _NEAR
            for data in self._recent
            for (word,) in struct.iter_unpack("<I", data[: len(data) & -4])
        )
