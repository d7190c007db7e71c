"""All linear memories of a guest in one order, for views that show those of several modules."""

from __future__ import annotations

from dataclasses import dataclass

from jit import Instance
from jit.debug.debugger import Debugger
from jit.debug.errors import OutOfRange


@dataclass(frozen=True, slots=True)
class MemoryPlace:
    """A memory: the index that an instance knows it by."""

    instance: Instance
    index: int


def all_memories(debugger: Debugger) -> list[MemoryPlace]:
    """Return all memories, each once, in order of the instances that first have them."""
    found: dict[int, MemoryPlace] = {}
    for instance in debugger.instances():
        for index in range(len(instance.module.info.memories)):
            linear = debugger.memory(instance, index).linear
            found.setdefault(id(linear), MemoryPlace(instance, index))
    return list(found.values())


def memory_size(debugger: Debugger, place: MemoryPlace) -> int:
    """Return the bytes a memory has now; 0 if the instance has none of that index."""
    try:
        return debugger.memory(place.instance, place.index).linear.size
    except OutOfRange:
        return 0
