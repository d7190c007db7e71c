"""Breakpoints as they were asked for: who wants which PC, and where each of them stands.

A breakpoint is the pair (owner, requested PC) in a module.  It stands at the first op boundary at or
after that PC, within the function.  Nothing here knows machine code; `jit.debug.patches` does.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from jit.debug.boundaries import ModuleBoundaries
from jit.debug.errors import NoCode
from jit.runtime.module import Module

Owner = object


@dataclass(frozen=True, slots=True)
class BreakpointInfo:
    """A breakpoint: where it stands, where it was asked for, by whom."""

    module: Module
    pc: int
    requested_pc: int
    owner: Owner


class FunctionBreakpoints:
    """The breakpoints of one function: {PC it stands at: {requested PC: owners}}."""

    __slots__ = ("_by_pc",)

    def __init__(self) -> None:
        self._by_pc: dict[int, dict[int, set[Owner]]] = {}

    def __bool__(self) -> bool:
        return bool(self._by_pc)

    def pcs(self) -> Iterator[int]:
        """Yield where breakpoints stand."""
        return iter(self._by_pc)

    def requested(self, pc: int) -> tuple[int, ...]:
        """Return the PCs, ascending, that breakpoints standing at `pc` were asked for at."""
        return tuple(sorted(self._by_pc.get(pc, ())))

    def items(self) -> Iterator[tuple[int, int, Owner]]:
        """Yield (PC, requested PC, owner) of each."""
        for pc, requests in self._by_pc.items():
            for requested, owners in requests.items():
                for owner in owners:
                    yield pc, requested, owner

    def add(self, pc: int, requested: int, owner: Owner) -> bool:
        """Add one; say whether it was new."""
        owners = self._by_pc.setdefault(pc, {}).setdefault(requested, set())
        if owner in owners:
            return False
        owners.add(owner)
        return True

    def remove(self, pc: int, requested: int, owner: Owner) -> bool:
        """Remove one; say whether it was there."""
        requests = self._by_pc.get(pc, {})
        owners = requests.get(requested)
        if owners is None or owner not in owners:
            return False
        owners.remove(owner)
        if not owners:
            del requests[requested]
        if not requests:
            del self._by_pc[pc]
        return True


FunctionKey = tuple[Module, int]
"""A function: its module and its defined index."""

_NONE = FunctionBreakpoints()


class BreakpointTable:
    """All breakpoints of a store."""

    def __init__(self) -> None:
        self.version = 0
        """Counts the changes."""
        self._functions: dict[FunctionKey, FunctionBreakpoints] = {}
        self._boundaries: dict[Module, ModuleBoundaries] = {}

    def boundaries(self, module: Module) -> ModuleBoundaries:
        """Return a module's functions and op boundaries."""
        known = self._boundaries.get(module)
        if known is None:
            known = self._boundaries[module] = ModuleBoundaries(module.info)
        return known

    def locate(self, module: Module, pc: int) -> tuple[FunctionKey, int]:
        """Return the function that a PC lies in, and where a breakpoint asked for there stands.

        Raise NoCode outside every function, InvalidFunction for one that is invalid.
        """
        boundaries = self.boundaries(module)
        index = boundaries.function_at(pc)
        if index is None:
            raise NoCode(pc)
        return (module, index), boundaries.of(index).next(pc)

    def add(self, module: Module, pc: int, owner: Owner) -> FunctionKey | None:
        """Add a breakpoint; return its function, None if it was there.  Raises as `locate`."""
        key, actual = self.locate(module, pc)
        if not self._functions.setdefault(key, FunctionBreakpoints()).add(actual, pc, owner):
            return None
        self.version += 1
        return key

    def remove(self, module: Module, pc: int, owner: Owner) -> FunctionKey | None:
        """Remove a breakpoint; return its function, None if it was not there."""
        index = self.boundaries(module).function_at(pc)
        if index is None:
            return None
        breakpoints = self._functions.get((module, index))
        if breakpoints is None:
            return None
        actual = self.boundaries(module).of(index).next(pc)
        if not breakpoints.remove(actual, pc, owner):
            return None
        if not breakpoints:
            del self._functions[module, index]
        self.version += 1
        return module, index

    def of(self, key: FunctionKey) -> FunctionBreakpoints:
        """Return a function's breakpoints, to look at."""
        return self._functions.get(key, _NONE)

    def __iter__(self) -> Iterator[BreakpointInfo]:
        for (module, _), breakpoints in self._functions.items():
            for pc, requested, owner in breakpoints.items():
                yield BreakpointInfo(module, pc, requested, owner)
