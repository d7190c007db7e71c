"""Every linear memory at an address of its own, for guests that have several.

Low addresses mean memory 0 of the innermost frame's instance, so another instance's is found here
alone, and what is found here stays where it is whatever function the guest stands in.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator

from gdbstub.target import TargetError
from gdbstub.views.common.memories import MemoryPlace, all_memories, memory_size
from gdbstub.views.common.watching import Made
from jit import Instance
from jit.debug.debugger import Debugger
from jit.debug.watchpoints import Access

MEMORIES_BASE = 0xC0000000
MEMORIES_END = 0xE0000000
MEMORY_STRIDE = 0x4000000
"""Of a larger memory, the start is shown; of more than eight, the first eight."""


class MemoriesWindow:
    """The memories in order of the instances that first have them; none while there is only one."""

    def __init__(self, debugger: Debugger) -> None:
        self._debugger = debugger

    def _places(self) -> list[MemoryPlace]:
        places = all_memories(self._debugger)
        return places if len(places) > 1 else []

    def _shown(self, place: MemoryPlace) -> int:
        return min(memory_size(self._debugger, place), MEMORY_STRIDE)

    def spans(self) -> Iterator[tuple[int, int]]:
        """List where each memory starts and ends."""
        for number, place in enumerate(self._places()):
            base = MEMORIES_BASE + number * MEMORY_STRIDE
            if base < MEMORIES_END:
                yield base, base + self._shown(place)

    def address_of(self, instance: Instance, index: int) -> int:
        """Return where a memory of an instance is: at 0 if it is the only one, or has no room here."""
        linear = self._debugger.memory(instance, index).linear
        for number, place in enumerate(self._places()):
            if self._debugger.memory(place.instance, place.index).linear is linear:
                base = MEMORIES_BASE + number * MEMORY_STRIDE
                return base if base < MEMORIES_END else 0
        return 0

    def _find(self, address: int) -> tuple[MemoryPlace, int]:
        number, offset = divmod(address - MEMORIES_BASE, MEMORY_STRIDE)
        places = self._places()
        if number >= len(places):
            raise TargetError(errno.EFAULT, f"no memory at 0x{address:x}")
        return places[number], offset

    def _find_all(self, address: int, length: int) -> tuple[MemoryPlace, int]:
        place, offset = self._find(address)
        if offset + length > self._shown(place):
            raise TargetError(errno.EFAULT, f"no memory at 0x{address:x}")
        return place, offset

    def read(self, address: int, length: int) -> bytes:
        """Read one memory; see `Window`."""
        place, offset = self._find(address)
        length = min(length, self._shown(place) - offset)
        if length <= 0:
            return b""
        return self._debugger.read_memory(place.instance, place.index, offset, length)

    def write(self, address: int, data: bytes) -> None:
        """Write one memory; see `Window`."""
        place, offset = self._find_all(address, len(data))
        self._debugger.write_memory(place.instance, place.index, offset, data)

    def watch(self, access: Access, address: int, length: int) -> list[Made]:
        """Watch bytes of one memory; see `Watching`."""
        place, offset = self._find_all(address, length)
        made = self._debugger.watch_memory(access, place.instance, place.index, offset, length)
        return [(address, made)]
