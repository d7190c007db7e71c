"""Linear memories at addresses of their own, for guests that have several: 64 MiB each.

    0xC0000000  the memory of the program's module
    0xC4000000  and so on: that of each further module that has one, in order of registration
    0xDC000000  and downwards: further memories of one module, and each memory of a module with
                several instances

A module's variables and frames are shown there, so they are what they are whatever function the guest
stands in. The memory of a module with several instances is that of the one looked at last.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gdbstub.objfile import MEMORY_ROOM
from gdbstub.target import TargetError
from gdbstub.views.common.memories import MemoryPlace, memory_size
from gdbstub.views.common.rendering import Stage
from gdbstub.views.common.watching import Made
from gdbstub.views.x32.attention import Attention
from jit import Instance, Module
from jit.debug.debugger import Debugger
from jit.debug.watchpoints import Access

MEMORIES_BASE = 0xC0000000
MEMORIES_END = 0xE0000000
_PLACES = (MEMORIES_END - MEMORIES_BASE) // MEMORY_ROOM


@dataclass(frozen=True, slots=True)
class _Own:
    """The memory that each instance of a module comes with: the first that is not imported."""

    module: object
    index: int


def own_memories(modules: Iterable[object]) -> list[_Own]:
    """List those of modules that have one, no module twice; what is no module has none."""
    return [
        _Own(module, module.info.num_imported_memories)
        for module in dict.fromkeys(modules)
        if isinstance(module, Module)
        and len(module.info.memories) > module.info.num_imported_memories
    ]


def several_memories(stage: Stage) -> bool:
    """Say whether a guest has several memories, or may get them."""
    return not stage.complete or len(own_memories(stage.paths)) > 1


@dataclass(frozen=True, slots=True)
class _Layout:
    """What is where: by place, and the base of each memory by its identity; good for `count` instances."""

    count: int
    places: dict[int, _Own | MemoryPlace]
    bases: dict[int, int]
    by_module: dict[object, int]


class MemoriesWindow:
    """The memories; none while the guest can have but one."""

    def __init__(
        self, debugger: Debugger, attention: Attention, known: Sequence[object] = ()
    ) -> None:
        """`known` are modules that will be registered, the program's first, and may be now."""
        self._debugger = debugger
        self._attention = attention
        self._known = known
        self._made = _Layout(-1, {}, {}, {})

    @property
    def several(self) -> bool:
        """Whether the guest has several memories, or may get them."""
        return self._attention.several

    # Where things are

    def _layout(self) -> _Layout:
        count = len(self._debugger.instances())
        if self._made.count != count:
            self._made = self._make_layout(count)
        return self._made

    def _make_layout(self, count: int) -> _Layout:
        registered = (known.module for known in self._debugger.modules())
        owned = own_memories((*self._known, *registered))
        places: dict[int, _Own | MemoryPlace] = dict(enumerate(owned[:_PLACES]))
        by_module = {own.module: _base(number) for number, own in enumerate(owned[:_PLACES])}
        bases: dict[int, int] = {}
        last = _PLACES
        for place in self._further():
            linear = id(self._debugger.memory(place.instance, place.index).linear)
            if linear not in bases and last > len(owned):
                last -= 1
                places[last] = place
                bases[linear] = _base(last)
        for instance in self._debugger.instances():
            base = by_module.get(instance.module)
            if base is not None:
                own = instance.memories[instance.module.info.num_imported_memories].linear
                bases.setdefault(id(own), base)
        return _Layout(count, places, bases, by_module)

    def _further(self) -> Iterator[MemoryPlace]:
        """Yield the memories that a module's own place does not show, in order of their coming."""
        owned: dict[object, MemoryPlace] = {}
        seen: set[int] = set()
        for instance in self._debugger.instances():
            module = instance.module
            first = module.info.num_imported_memories
            for index, memory in enumerate(instance.memories):
                if id(memory.linear) in seen:
                    continue
                seen.add(id(memory.linear))
                place = MemoryPlace(instance, index)
                if index != first:
                    yield place
                elif module in owned:
                    yield owned[module]
                    yield place
                else:
                    owned[module] = place

    def base(self, instance: Instance) -> int:
        """Return where memory 0 of an instance is: at 0 if it has none, or no room here."""
        return self.address_of(instance, 0) if instance.memories else 0

    def address_of(self, instance: Instance, index: int) -> int:
        """Return where a memory of an instance is: at 0 if there is but one, or no room here."""
        if not self._attention.several:
            return 0
        linear = self._debugger.memory(instance, index).linear
        return self._layout().bases.get(id(linear), 0)

    def base_of_module(self, module: object) -> int:
        """Return where a module's variables are, whichever of its instances is looked at."""
        if not self._attention.several:
            return 0
        layout = self._layout()
        base = layout.by_module.get(module, 0)
        own = layout.places.get((base - MEMORIES_BASE) // MEMORY_ROOM)
        if isinstance(own, _Own) and own.module is module and own.index == 0:
            return base
        instance = self._attention.of(module)
        return 0 if instance is None else self.base(instance)

    def own_pointer(self, instance: Instance, value: int) -> int:
        """Return what a module knows a place in its memory by: a pointer of its own counts from 0."""
        if self._attention.several and MEMORIES_BASE <= value < MEMORIES_END:
            for base in (self.base(instance), self.base_of_module(instance.module)):
                if base and base <= value < base + MEMORY_ROOM:
                    return value - base
        return value

    # Memory

    def _place(self, number: int) -> MemoryPlace | None:
        found = self._layout().places.get(number)
        if isinstance(found, _Own):
            instance = self._attention.of(found.module)
            return None if instance is None else MemoryPlace(instance, found.index)
        return found

    def _shown(self, place: MemoryPlace) -> int:
        return min(memory_size(self._debugger, place), MEMORY_ROOM)

    def spans(self) -> Iterator[tuple[int, int]]:
        """List where each memory starts and ends, by address."""
        if self._attention.several:
            for number in sorted(self._layout().places):
                place = self._place(number)
                if place is not None:
                    yield _base(number), _base(number) + self._shown(place)

    def _find(self, address: int, length: int) -> tuple[MemoryPlace, int]:
        """Return what lies at an address; `TargetError` if it has not so many bytes from there on."""
        number, offset = divmod(address - MEMORIES_BASE, MEMORY_ROOM)
        place = self._place(number) if self._attention.several else None
        if place is None or offset + length > self._shown(place):
            raise TargetError(errno.EFAULT, f"no memory at 0x{address:x}")
        return place, offset

    def owner(self, address: int, length: int) -> Instance | None:
        """Return the instance whose memory lies at an address, None for none."""
        place = self._place((address - MEMORIES_BASE) // MEMORY_ROOM)
        return None if place is None else place.instance

    def read(self, address: int, length: int) -> bytes:
        """Read one memory; see `Window`."""
        place, offset = self._find(address, 0)
        length = min(length, self._shown(place) - offset)
        return self._debugger.read_memory(place.instance, place.index, offset, length)

    def write(self, address: int, data: bytes) -> None:
        """Write one memory; see `Window`."""
        place, offset = self._find(address, len(data))
        self._debugger.write_memory(place.instance, place.index, offset, data)

    def watch(self, access: Access, address: int, length: int) -> list[Made]:
        """Watch bytes of one memory; see `Watching`."""
        place, offset = self._find(address, length)
        made = self._debugger.watch_memory(access, place.instance, place.index, offset, length)
        return [(address, made)]


def _base(number: int) -> int:
    return MEMORIES_BASE + number * MEMORY_ROOM
