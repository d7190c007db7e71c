"""What the stores of one engine share: numbers for function types, and the epoch counter."""

import itertools
import threading

from jit.machine.host import READ, WRITE, ByteOrder, Region, words_at
from jit.wasm.types import FuncType

_MAX_EPOCH = 0xFFFF_FFFF_FFFF_FFFF


class TypeIds:
    """Numbers for function types: two types have one number exactly if they are equal."""

    def __init__(self) -> None:
        self._ids: dict[FuncType, int] = {}
        self._lock = threading.Lock()

    def of(self, type_: FuncType) -> int:
        """Return a type's number, from 1."""
        known = self._ids.get(type_)
        if known is None:
            with self._lock:
                known = self._ids.setdefault(type_, len(self._ids) + 1)
        return known


class EpochCounter:
    """The counter that code with epoch interruption compares its deadline with."""

    def __init__(self, byteorder: ByteOrder) -> None:
        self.region = Region(8, READ | WRITE)
        self._words = words_at(self.region.address, 1, byteorder)
        self._lock = threading.Lock()

    @property
    def address(self) -> int:
        return self.region.address

    @property
    def value(self) -> int:
        return self._words[0]

    def increment(self) -> None:
        """Add one.  From any thread."""
        with self._lock:
            self._words[0] = min(self._words[0] + 1, _MAX_EPOCH)


class EngineState:
    """The shared part of an engine."""

    def __init__(self, byteorder: ByteOrder = "little") -> None:
        self.type_ids = TypeIds()
        self.epoch = EpochCounter(byteorder)
        self.module_numbers = itertools.count()
        """A number for each module made."""
