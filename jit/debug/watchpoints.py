"""Watchpoints: what is watched, the values last seen, and which accesses are hits.

Memory is watched by code that looks at each of its accesses (`jit.abi.code.Watch`); it tells of those that
touch a watched range, and here it is decided. Globals and locals are watched by patch sites: an op that
accesses one is found by its immediate, and the boundary after it is where to look. A watchpoint for
writes is hit when the value has changed; the two others are hit by every access.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from jit.abi.code import Watch
from jit.debug.breakpoints import FunctionKey
from jit.runtime.driver import Activation
from jit.runtime.global_ import Global
from jit.runtime.memory import LinearMemory
from jit.runtime.module import Module
from jit.runtime.store import Store
from jit.wasm.opcodes import GLOBAL_GET, GLOBAL_SET, LOCAL_GET, LOCAL_SET, LOCAL_TEE
from jit.wasm.validate import validate_body


class Access(Enum):
    """What a watchpoint is hit by."""

    WRITE = "write"
    """A write that changes the value."""
    READ = "read"
    ANY = "any"
    """Every read and every write."""

    def includes(self, writes: bool) -> bool:
        """Say whether writes, or else reads, may hit it."""
        return self is Access.ANY or (self is Access.WRITE) is writes


@dataclass(frozen=True, slots=True, eq=False)
class MemoryWatchpoint:
    """Bytes of a memory."""

    access: Access
    memory: LinearMemory
    address: int
    length: int

    @property
    def end(self) -> int:
        """The address past the last byte."""
        return self.address + self.length

    def value(self) -> object:
        """Return what is there now, of bytes that the memory has grown to have."""
        return self.memory.read(self.address, self.length)


@dataclass(frozen=True, slots=True, eq=False)
class GlobalWatchpoint:
    """A global, whatever instance and index it is accessed by."""

    access: Access
    cell: Global

    def value(self) -> object:
        """Return what is there now."""
        return self.cell.bits()


@dataclass(frozen=True, slots=True, eq=False)
class LocalWatchpoint:
    """A local of one frame, at `address` on the guest's stack."""

    access: Access
    store: Store
    function: FunctionKey
    activation: Activation
    frame_pointer: int
    index: int
    address: int

    def value(self) -> object:
        """Return what is there now."""
        return self.store.machine.load_u64(self.address)


Watchpoint = MemoryWatchpoint | GlobalWatchpoint | LocalWatchpoint


@dataclass(frozen=True, slots=True)
class Hit:
    """A watchpoint that was hit; `offset` is that of the first byte accessed, from the watched start."""

    watchpoint: Watchpoint
    offset: int = 0


_Use = tuple[int, bool]
"""Where to look after an access, as a PC; whether it is a write."""

_LOCAL = {LOCAL_GET: False, LOCAL_SET: True, LOCAL_TEE: True}
_GLOBAL = {GLOBAL_GET: False, GLOBAL_SET: True}


class Watchpoints:
    """The watchpoints of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._values: dict[Watchpoint, object] = {}
        self._uses: dict[tuple[FunctionKey, bool, int], tuple[_Use, ...]] = {}
        self._marks: dict[FunctionKey, dict[int, list[tuple[Watchpoint, bool]]]] = {}
        self.changed_since = False
        """Whether some came or went since code was last brought up to date with them."""
        self.slots = False
        """Whether any global or local is watched."""

    def __bool__(self) -> bool:
        return bool(self._values)

    def add(self, watchpoint: Watchpoint) -> None:
        """Add one."""
        self._values[watchpoint] = watchpoint.value()
        self._changed()

    def remove(self, watchpoint: Watchpoint) -> None:
        """Remove one; none is no error."""
        if watchpoint in self._values:
            del self._values[watchpoint]
            self._changed()

    def _changed(self) -> None:
        self.changed_since = True
        self._marks.clear()
        self.slots = any(not isinstance(known, MemoryWatchpoint) for known in self._values)

    def instances_changed(self) -> None:
        """Take note that there are other instances, which may share globals with those known."""
        self._marks.clear()

    def refresh(self) -> None:
        """Take the values that are there now for those last seen: the debugger itself has written."""
        for watchpoint in self._values:
            self._values[watchpoint] = watchpoint.value()

    # Memory

    @property
    def watch(self) -> Watch:
        """What code must look at."""
        memory = [known for known in self._values if isinstance(known, MemoryWatchpoint)]
        if any(known.access is not Access.WRITE for known in memory):
            return Watch.ALL
        return Watch.WRITES if memory else Watch.NOTHING

    def ranges(self, memory: LinearMemory) -> tuple[tuple[int, int], ...]:
        """Return what is watched of a memory, each as (first, end)."""
        ranges = {
            (known.address, known.end)
            for known in self._values
            if isinstance(known, MemoryWatchpoint) and known.memory is memory
        }
        return tuple(sorted(ranges))

    def accessed(
        self, memory: LinearMemory, first: int, last: int, writes: bool
    ) -> tuple[Hit, ...]:
        """Return what an access of a memory hits: the bytes from `first` to `last`."""
        return tuple(
            Hit(known, max(first - known.address, 0))
            for known in self._values
            if isinstance(known, MemoryWatchpoint)
            and known.memory is memory
            and first < known.end
            and known.address <= last
            and first <= last
            and known.access.includes(writes)
            and self._is_hit(known, writes)
        )

    def _is_hit(self, watchpoint: Watchpoint, writes: bool) -> bool:
        if not writes:
            return True
        before, now = self._values[watchpoint], watchpoint.value()
        self._values[watchpoint] = now
        return watchpoint.access is Access.ANY or now != before

    def changed(self) -> tuple[Hit, ...]:
        """Return what has changed unseen: a host function wrote to it."""
        hits = []
        for watchpoint, before in self._values.items():
            now = watchpoint.value()
            if now != before and watchpoint.access.includes(True):
                hits.append(Hit(watchpoint))
                self._values[watchpoint] = now
        return tuple(hits)

    # Globals and locals

    def pcs(self, function: FunctionKey) -> Iterator[int]:
        """Yield the PCs of a function at which to look at globals or locals."""
        return iter(self._marks_of(function) if self.slots else ())

    def at(
        self, function: FunctionKey, pc: int, activation: Activation, frame_pointer: int
    ) -> tuple[Hit, ...]:
        """Return what was hit by the op before the boundary at `pc`, in a frame."""
        hits = []
        for watchpoint, writes in self._marks_of(function).get(pc, ()):
            if isinstance(watchpoint, LocalWatchpoint) and (
                watchpoint.activation is not activation or watchpoint.frame_pointer != frame_pointer
            ):
                continue
            if self._is_hit(watchpoint, writes):
                hits.append(Hit(watchpoint))
        return tuple(hits)

    def _marks_of(self, function: FunctionKey) -> dict[int, list[tuple[Watchpoint, bool]]]:
        marks = self._marks.get(function)
        if marks is None:
            marks = self._marks[function] = {}
            for watchpoint in self._values:
                for is_global, index in self._names(watchpoint, function):
                    for pc, writes in self._uses_of(function, is_global, index):
                        if watchpoint.access.includes(writes):
                            marks.setdefault(pc, []).append((watchpoint, writes))
        return marks

    def _names(self, watchpoint: Watchpoint, function: FunctionKey) -> set[tuple[bool, int]]:
        """Return how a function names what is watched: (whether it is a global, its index)."""
        if isinstance(watchpoint, LocalWatchpoint):
            return {(False, watchpoint.index)} if watchpoint.function == function else set()
        if isinstance(watchpoint, MemoryWatchpoint):
            return set()
        return {
            (True, index)
            for instance in self._store.instances
            if instance.module is function[0]
            for index, global_ in enumerate(instance.globals)
            if global_.address == watchpoint.cell.address
        }

    def _uses_of(self, function: FunctionKey, is_global: bool, index: int) -> tuple[_Use, ...]:
        """Return where a function, whose body is known to be valid, accesses a global or a local."""
        key = function, is_global, index
        uses = self._uses.get(key)
        if uses is None:
            uses = self._uses[key] = _find_uses(*function, _GLOBAL if is_global else _LOCAL, index)
        return uses


def _find_uses(
    module: Module, defined_index: int, writes: dict[int, bool], index: int
) -> tuple[_Use, ...]:
    info = module.info
    bytes_ = info.bodies[defined_index]
    text = info.data[bytes_.start : bytes_.end]
    if not any(bytes((op,)) + form in text for op in writes for form in _forms(index)):
        return ()
    body = validate_body(info, defined_index)
    return tuple(
        (body.pcs[at + 1], writes[op])
        for at, (op, imm) in enumerate(zip(body.ops, body.imms, strict=True))
        if op in writes and imm == index
    )


def _forms(index: int) -> Iterator[bytes]:
    """Yield the forms an index may have in a module: LEB128, padded to up to 5 bytes."""
    groups = [index >> shift & 0x7F for shift in range(0, 35, 7)]
    for length in range(max((index.bit_length() + 6) // 7, 1), 6):
        yield bytes(group | 0x80 for group in groups[: length - 1]) + bytes((groups[length - 1],))
