"""What lldb reads and writes by address: linear memories, and modules in code addresses."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence

from gdbstub.extensions import Region
from gdbstub.target import Address, TargetError, unreadable
from gdbstub.views.common.memories import MemoryPlace, all_memories, memory_size
from gdbstub.views.common.watching import Made
from gdbstub.views.wasm.addresses import LAST, Kind, decode, encode
from gdbstub.views.wasm.image import CodeImage
from jit.debug.debugger import Debugger
from jit.debug.errors import DebugError
from jit.debug.watchpoints import Access


class AddressSpace:
    """Reads and writes by address; an access never goes from one module or memory to another."""

    def __init__(self, debugger: Debugger, images: Sequence[CodeImage]) -> None:
        """`images` are the modules in registration order; it may grow."""
        self._debugger = debugger
        self._images = images

    # Linear memories

    def _current(self) -> MemoryPlace | None:
        """Return the memory that low addresses mean."""
        frame = self._debugger.frame(0)
        if frame is not None:
            return MemoryPlace(frame.instance(), 0)
        instances = self._debugger.instances()
        return MemoryPlace(instances[0], 0) if instances else None

    def _memory(self, number: int) -> MemoryPlace | None:
        if number == 0:
            return self._current()
        memories = all_memories(self._debugger)
        return memories[number - 1] if number <= len(memories) else None

    # By address

    def image_at(self, address: int) -> tuple[CodeImage, int] | None:
        """Return the module that a code address lies in, and the offset in it."""
        kind, number, offset = decode(address)
        if kind != Kind.CODE or number >= len(self._images):
            return None
        image = self._images[number]
        return (image, offset) if offset < image.size else None

    def read(self, address: int, length: int) -> bytes:
        """Return up to `length` bytes, fewer where they end; `TargetError` for none at all."""
        kind, number, offset = decode(address)
        data = b""
        if kind == Kind.CODE:
            found = self.image_at(address)
            if found is not None:
                data = found[0].read(offset, length)
        elif kind == Kind.MEMORY:
            place = self._memory(number)
            if place is not None and offset < memory_size(self._debugger, place):
                data = self._debugger.read_memory(place.instance, place.index, offset, length)
        if not data:
            raise unreadable(address, length)
        return data

    def write(self, address: int, data: bytes) -> None:
        """Write all of `data` into a memory, or nothing."""
        kind, number, offset = decode(address)
        if kind == Kind.CODE:
            raise TargetError(errno.EACCES, f"0x{address:x} cannot be written: code")
        place = self._memory(number) if kind == Kind.MEMORY else None
        if place is None:
            raise unreadable(address, len(data))
        try:
            self._debugger.write_memory(place.instance, place.index, offset, data)
        except DebugError as error:
            raise TargetError(errno.EFAULT, str(error)) from error

    def watch(self, access: Access, address: int, length: int) -> list[Made]:
        """Watch bytes of a memory; see `Watching`."""
        kind, number, offset = decode(address)
        place = self._memory(number) if kind == Kind.MEMORY else None
        if place is None:
            raise TargetError(errno.EFAULT, f"what lies at 0x{address:x} cannot be watched")
        made = self._debugger.watch_memory(access, place.instance, place.index, offset, length)
        return [(address, made)]

    def region(self, address: Address) -> Region:
        """Return the memory or module at an address, or the gap around it."""
        start = 0
        for region in self._regions():
            if address < region.start:
                return Region(Address(start), region.start - start, "")
            start = region.start + region.size
            if address < start:
                return region
        return Region(Address(start), LAST - start, "")

    def _regions(self) -> Iterator[Region]:
        """List what can be read, by ascending address; a memory that is the only one, once."""
        memories = all_memories(self._debugger)
        for number in range(len(memories) + 1 if len(memories) > 1 else 1):
            place = self._memory(number)
            size = 0 if place is None else memory_size(self._debugger, place)
            if size:
                yield Region(encode(Kind.MEMORY, number, 0), size, "rw")
        for number, image in enumerate(self._images):
            yield Region(encode(Kind.CODE, number, 0), image.size, "rx")
