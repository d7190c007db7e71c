"""Linear memories: the bytes, their growth in every instance that uses them, and the public `Memory`."""

from array import array
from typing import TYPE_CHECKING, Any

from jit.abi import vmctx
from jit.abi.traps import TrapCode
from jit.machine.errors import MachineError
from jit.machine.protocol import Machine
from jit.runtime.errors import WasmtimeError
from jit.runtime.limits import ResourceLimits
from jit.runtime.storelike import Storelike, store_of
from jit.runtime.trap import Trap
from jit.runtime.types import Limits, MemoryType
from jit.wasm import types as wasm

if TYPE_CHECKING:
    from jit.runtime.store import Store

PAGE_SIZE = wasm.PAGE_SIZE

_WATCH_ENTRY = 16


class LinearMemory:
    """The bytes of one memory, and the vmctxs that address it as memory 0."""

    __slots__ = (
        "_limits",
        "_machine",
        "_memory",
        "_users",
        "_view",
        "_watch",
        "_watched",
        "address",
        "maximum",
        "size",
        "type",
    )

    def __init__(self, machine: Machine, limits: ResourceLimits, type_: wasm.MemoryType) -> None:
        """Raise WasmtimeError if the minimum is more than the store or the host allows."""
        limits.check_memory(type_.limits.min)
        self._machine = machine
        self._limits = limits
        self.type = type_
        declared = type_.limits.max
        self.maximum = PAGE_SIZE * min(
            wasm.MAX_MEMORY_PAGES if declared is None else declared, wasm.MAX_MEMORY_PAGES
        )
        self._users: list[int] = []
        self._watched: tuple[tuple[int, int], ...] = ()
        self._watch = machine.allocate(_WATCH_ENTRY), 1
        """Address of the list of watched ranges, and how many it has room for, the end included."""
        self.size = 0
        """Bytes in it now."""
        try:
            self._memory = machine.linear_memory(self.maximum)
            self._memory.grow(0, PAGE_SIZE * type_.limits.min)
        except MachineError as error:
            raise WasmtimeError(f"cannot allocate a memory: {error}") from error
        self.address = self._memory.address
        self._resize(PAGE_SIZE * type_.limits.min)

    @property
    def view(self) -> memoryview:
        """All bytes, writable in place; of no use after growth."""
        return self._view

    def read(self, address: int, length: int) -> bytes:
        """Return bytes that the caller knows to be in range."""
        return self._view[address : address + length].tobytes()

    def write(self, address: int, data: bytes) -> None:
        """Store bytes that the caller knows to fit."""
        self._view[address : address + len(data)] = data

    def initialize(self, address: int, data: bytes) -> None:
        """Store bytes.  Raise Trap, having changed nothing, if they do not fit."""
        if address + len(data) > self.size:
            raise Trap.of(TrapCode.MEMORY_OUT_OF_BOUNDS)
        self.write(address, data)

    def grow(self, delta: int) -> int:
        """Add `delta` pages; return the old size in pages, -1 if that is not possible."""
        old = self.size
        new = old + PAGE_SIZE * delta
        if new > self.maximum or not self._limits.memory_fits(new):
            return -1
        try:
            self._memory.grow(old, new)
        except MachineError:
            return -1
        self._resize(new)
        return old // PAGE_SIZE

    def add_user(self, address: int) -> None:
        """Keep the memory words of a vmctx up to date from now on."""
        self._users.append(address)
        self._machine.store_u64(address + vmctx.MEMORY_BASE, self.address)
        self._publish([address])
        self._publish_watch([address])

    def watch(self, ranges: tuple[tuple[int, int], ...]) -> None:
        """Let watching code exit at accesses of these ranges, each (first, end), and no others."""
        if ranges == self._watched:
            return
        self._watched = ranges
        address, room = self._watch
        if len(ranges) >= room:
            room = 2 * (len(ranges) + 1)
            address = self._machine.allocate(_WATCH_ENTRY * room)
            self._watch = address, room
        words = [word for range_ in (*ranges, (0, 0)) for word in range_]
        for at, word in enumerate(words):
            self._machine.store_u64(address + 8 * at, word)
        self._publish_watch(self._users)

    def _publish_watch(self, users: list[int]) -> None:
        store_u64 = self._machine.store_u64
        low = min((first for first, _ in self._watched), default=0)
        high = max((end for _, end in self._watched), default=0)
        for address in users:
            store_u64(address + vmctx.WATCH_LIST, self._watch[0])
            store_u64(address + vmctx.WATCH_LOW, low)
            for size, at in vmctx.WATCH_SPANS.items():
                store_u64(address + at, high - low + size - 1 if self._watched else 0)

    def _resize(self, size: int) -> None:
        self.size = size
        self._view = self._memory.view(size)
        self._publish(self._users)

    def _publish(self, users: list[int]) -> None:
        if not users:
            return
        bounds = bounds_table(self.size, self._machine.byteorder)
        for address in users:
            self._machine.store_u64(address + vmctx.MEMORY_LENGTH, self.size)
            self._machine.write(address + vmctx.BOUNDS, bounds)


def bounds_table(size: int, byteorder: str) -> bytes:
    """Return a vmctx's bounds table for a memory of `size` bytes."""
    table = array("q", range(size, size - vmctx.BOUNDS_ENTRIES, -1))
    if byteorder == "big":
        table.byteswap()
    return table.tobytes()


class Memory:
    """A memory of a store, as the `wasmtime` package has it."""

    __slots__ = ("_store", "linear")

    def __init__(self, store: Storelike, ty: MemoryType) -> None:
        """Make a memory.  Raise WasmtimeError if there is no room for its minimum."""
        own = store_of(store)
        if not isinstance(ty, MemoryType):
            raise TypeError("expected a MemoryType")
        self._bind(own, LinearMemory(own.machine, own.limits, ty.wasm))

    def _bind(self, store: "Store", linear: LinearMemory) -> None:
        self._store = store
        self.linear = linear
        """The bytes themselves."""

    @classmethod
    def of(cls, store: "Store", linear: LinearMemory) -> "Memory":
        memory = cls.__new__(cls)
        memory._bind(store, linear)
        return memory

    @property
    def store(self) -> "Store":
        """The store it belongs to."""
        return self._store

    @property
    def debug_index_in_store(self) -> int | None:
        """A number that no other memory of its store has; None without guest debugging."""
        return self._store.debug_index("memory", self.linear)

    def _of(self, store: Storelike) -> LinearMemory:
        if store.context() is not self._store:
            raise WasmtimeError("memory used with the wrong store")
        return self.linear

    @property
    def wasm_type(self) -> wasm.MemoryType:
        """Its type with the size it has now as the minimum, as importing it is checked."""
        limits = self.linear.type.limits
        return wasm.MemoryType(wasm.Limits(self.linear.size // PAGE_SIZE, limits.max))

    def type(self, store: Storelike) -> MemoryType:
        """Return the type it was made with."""
        return MemoryType(Limits.of(self._of(store).type.limits))

    def grow(self, store: Storelike, delta: int) -> int:
        """Add pages and return the old size in pages.  Raise WasmtimeError if that is not possible."""
        if delta < 0:
            raise WasmtimeError("cannot grow by negative amount")
        old = self._of(store).grow(delta)
        if old < 0:
            raise WasmtimeError(f"failed to grow memory by `{delta}`")
        return old

    def size(self, store: Storelike) -> int:
        """Return its size in pages."""
        return self._of(store).size // PAGE_SIZE

    def data_len(self, store: Storelike) -> int:
        """Return its size in bytes."""
        return self._of(store).size

    def data_ptr(self, store: Storelike) -> Any:
        """Return a `ctypes` pointer to its first byte, good until it grows; nothing checks its use."""
        import ctypes  # noqa: PLC0415 - most runs do without

        return ctypes.cast(self._of(store).address, ctypes.POINTER(ctypes.c_ubyte))

    def get_buffer_ptr(self, store: Storelike, size: int | None = None, offset: int = 0) -> Any:
        """Return bytes of it as a `ctypes` array, for whoever takes a buffer; good until it grows."""
        import ctypes  # noqa: PLC0415 - most runs do without

        linear = self._of(store)
        count = linear.size if size is None else size
        return (ctypes.c_ubyte * count).from_address(linear.address + offset)

    def page_size(self, store: Storelike) -> int:
        return PAGE_SIZE

    def page_size_log2(self, store: Storelike) -> int:
        return 16

    def read(self, store: Storelike, start: int | None = 0, stop: int | None = None) -> bytearray:
        """Return a copy of `memory[start:stop]`, with a slice's rules."""
        return bytearray(self._of(store).view[start:stop])

    def write(self, store: Storelike, value: bytes | bytearray, start: int | None = None) -> int:
        """Store bytes at `start`, counted from the end if negative; return how many.

        Raise IndexError if they do not fit.
        """
        linear = self._of(store)
        at = slice(start, None).indices(linear.size)[0]
        if at >= linear.size or at + len(value) > linear.size:
            raise IndexError("index out of range")
        linear.view[at : at + len(value)] = value
        return len(value)
