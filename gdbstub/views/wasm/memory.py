"""What lldb reads and writes by address: linear memories, globals, and modules in code addresses."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence

from gdbstub.extensions import Region
from gdbstub.target import Address, TargetError, unreadable
from gdbstub.views.common.memories import MemoryPlace, all_memories, memory_size
from gdbstub.views.common.watching import Made
from gdbstub.views.wasm.addresses import LAST, Kind, Place, decode, encode
from gdbstub.views.wasm.image import CodeImage
from gdbstub.views.wasm.values import Globals
from jit import Instance
from jit.debug.debugger import Debugger
from jit.debug.errors import DebugError
from jit.debug.watchpoints import Access


class AddressSpace:
    """Reads and writes by address; an access never goes from one module or memory to another."""

    def __init__(self, debugger: Debugger, images: Sequence[CodeImage]) -> None:
        """`images` are the modules in registration order; it may grow."""
        self._debugger = debugger
        self._images = images

    # What a module's number means

    def instance(self, module: int | None) -> Instance | None:
        """Return the instance of a module, or the innermost frame's; None if there is none.

        Of several of one module it is the innermost that runs, else the first.
        """
        if module is None:
            frame = self._debugger.frame(0)
            instances = self._debugger.instances()
            return frame.instance() if frame else instances[0] if instances else None
        if module >= len(self._images):
            return None
        wanted = self._images[module].code.module.module
        found = [one for one in self._debugger.instances() if one.module is wanted]
        if len(found) < 2:
            return found[0] if found else None
        running = (frame.instance() for frame in self._debugger.frames())
        return next((one for one in running if one.module is wanted), found[0])

    def _memory(self, place: Place) -> MemoryPlace | None:
        instance = self.instance(place.module) if place.kind == Kind.MEMORY else None
        return None if instance is None else MemoryPlace(instance, place.index)

    def _size(self, place: MemoryPlace | None) -> int:
        return 0 if place is None else memory_size(self._debugger, place)

    # By address

    def image_at(self, address: int) -> tuple[CodeImage, int] | None:
        """Return the module that a code address lies in, and the offset in it."""
        place = decode(address)
        if place.kind != Kind.CODE or place.module is None or place.index:
            return None
        if place.module >= len(self._images):
            return None
        image = self._images[place.module]
        return (image, place.offset) if place.offset < image.size else None

    def read(self, address: int, length: int) -> bytes:
        """Return up to `length` bytes, fewer where they end; `TargetError` for none at all."""
        place = decode(address)
        data = b""
        if place.kind == Kind.CODE:
            found = self.image_at(address)
            if found is not None:
                data = found[0].read(found[1], length)
        elif place.kind == Kind.GLOBAL:
            data = self.globals_of(place.module).read(place.offset)[:length]
        else:
            memory = self._memory(place)
            if memory is not None and place.offset < self._size(memory):
                data = self._debugger.read_memory(
                    memory.instance, memory.index, place.offset, length
                )
        if not data:
            raise unreadable(address, length)
        return data

    def write(self, address: int, data: bytes) -> None:
        """Write all of `data` into a memory or a global, or nothing."""
        place = decode(address)
        if place.kind == Kind.CODE:
            raise TargetError(errno.EACCES, f"0x{address:x} cannot be written: code")
        if place.kind == Kind.GLOBAL:
            self.globals_of(place.module).write(place.offset, data)
            return
        memory = self._memory(place)
        if memory is None:
            raise unreadable(address, len(data))
        try:
            self._debugger.write_memory(memory.instance, memory.index, place.offset, data)
        except DebugError as error:
            raise TargetError(errno.EFAULT, str(error)) from error

    def globals_of(self, module: int | None) -> Globals:
        """Return the globals of a module's instance, or the innermost frame's."""
        return Globals(self._debugger, self._named(module))

    def _named(self, module: int | None) -> Instance:
        instance = self.instance(module)
        if instance is None:
            raise TargetError(errno.ENOENT, "there is no such instance")
        return instance

    def watch(self, access: Access, address: int, length: int) -> list[Made]:
        """Watch bytes of a memory, or a global; see `Watching`."""
        place = decode(address)
        if place.kind == Kind.GLOBAL:
            instance = self._named(place.module)
            return [(address, self._debugger.watch_global(access, instance, place.offset))]
        memory = self._memory(place)
        if memory is None:
            raise TargetError(errno.EFAULT, f"what lies at 0x{address:x} cannot be watched")
        made = self._debugger.watch_memory(
            access, memory.instance, memory.index, place.offset, length
        )
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
        places = [Place(Kind.MEMORY, None, 0, 0)]
        if len(all_memories(self._debugger)) > 1:
            instances = [self.instance(module) for module in range(len(self._images))]
            places += sorted(
                (
                    Place(Kind.MEMORY, module, index, 0)
                    for module, instance in enumerate(instances)
                    for index in range(len(instance.module.info.memories) if instance else 0)
                ),
                key=lambda place: (place.index, place.module),
            )
        for place in places:
            size = self._size(self._memory(place))
            if size:
                address = encode(Kind.MEMORY, place.module, 0, place.index)
                yield Region(address, size, "rw")
        for number, image in enumerate(self._images):
            yield Region(encode(Kind.CODE, number, 0), image.size, "rx")
