"""Tables: definition and elements in the guest's memory, and the public `Table`.

An element is a 64-bit word: a function's record or an externref's handle, 0 for null.
"""

from typing import TYPE_CHECKING, Any

from jit.abi import vmctx
from jit.abi.traps import TrapCode
from jit.machine.protocol import Machine
from jit.runtime.errors import WasmtimeError
from jit.runtime.limits import ResourceLimits
from jit.runtime.storelike import Storelike, store_of
from jit.runtime.trap import Trap
from jit.runtime.types import Limits, TableType, ValType
from jit.runtime.val import Val, from_bits, to_bits
from jit.wasm import types as wasm

if TYPE_CHECKING:
    from jit.runtime.store import Store

MAX_ELEMENTS = 10_000_000
"""The limit of the JavaScript API, which engines share."""


class TableElements:
    """The elements of one table; `address` is its definition, which every user of it refers to."""

    __slots__ = (
        "_capacity",
        "_limits",
        "_machine",
        "_maximum",
        "_storage",
        "address",
        "size",
        "type",
    )

    def __init__(
        self, machine: Machine, limits: ResourceLimits, type_: wasm.TableType, init: int = 0
    ) -> None:
        """Raise WasmtimeError if the minimum is too large."""
        limits.check_table(type_.limits.min)
        self._machine = machine
        self._limits = limits
        self.type = type_
        declared = type_.limits.max
        self._maximum = MAX_ELEMENTS if declared is None else min(declared, MAX_ELEMENTS)
        if type_.limits.min > MAX_ELEMENTS:
            raise WasmtimeError(f"a table of {type_.limits.min} elements is too large")
        self.address = machine.allocate(vmctx.TABLE_DEFINITION_SIZE)
        self.size = 0
        self._capacity = 0
        self._storage = 0
        self.grow(type_.limits.min, init)

    def get(self, index: int) -> int:
        """Return an element that exists."""
        return self._machine.load_u64(self._storage + 8 * index)

    def set(self, index: int, bits: int) -> None:
        """Change an element that exists."""
        self._machine.store_u64(self._storage + 8 * index, bits)

    def grow(self, delta: int, init: int) -> int:
        """Add elements; return the old size, -1 if that is not possible."""
        old, new = self.size, self.size + delta
        if new > self._maximum or not self._limits.table_fits(new):
            return -1
        if new > self._capacity:
            self._capacity = min(max(new, 2 * self._capacity), self._maximum)
            storage = self._machine.allocate(8 * self._capacity)
            self._machine.write(storage, self._machine.read(self._storage, 8 * old))
            self._storage = storage
            self._machine.store_u64(self.address + vmctx.TABLE_BASE, storage)
        self.size = new
        self._machine.store_u64(self.address + vmctx.TABLE_LENGTH, new)
        if init:
            self.fill(old, init, delta)
        return old

    def add(self, bits: int) -> int:
        """Add one element, past the declared maximum if need be: for a debugger.  As `grow`."""
        self._maximum = max(self._maximum, self.size + 1)
        return self.grow(1, bits)

    def fill(self, start: int, bits: int, length: int) -> None:
        """Set a run of elements.  Raise Trap, having changed nothing, if it does not fit."""
        self._check(start, length)
        word = bits.to_bytes(8, self._machine.byteorder)
        self._machine.write(self._storage + 8 * start, word * length)

    def copy_from(self, source: "TableElements", to: int, start: int, length: int) -> None:
        """Copy elements of a table, this one perhaps.  Raise Trap as `fill` does."""
        source._check(start, length)
        self._check(to, length)
        data = self._machine.read(source._storage + 8 * start, 8 * length)
        self._machine.write(self._storage + 8 * to, data)

    def initialize(self, start: int, references: list[int]) -> None:
        """Set elements one by one.  Raise Trap as `fill` does."""
        self._check(start, len(references))
        for at, bits in enumerate(references, start):
            self.set(at, bits)

    def _check(self, start: int, length: int) -> None:
        if start + length > self.size:
            raise Trap.of(TrapCode.TABLE_OUT_OF_BOUNDS)


class Table:
    """A table of a store, as the `wasmtime` package has it."""

    __slots__ = ("_store", "elements")

    def __init__(self, store: Storelike, ty: TableType, init: Any) -> None:
        """Make a table whose elements are all `init`."""
        own = store_of(store)
        if not isinstance(ty, TableType):
            raise TypeError("expected a TableType")
        bits = to_bits(own, ty.element.code, init)
        self._bind(own, TableElements(own.machine, own.limits, ty.wasm, bits))

    def _bind(self, store: "Store", elements: TableElements) -> None:
        self._store = store
        self.elements = elements
        """The elements themselves."""
        if elements.type.element == wasm.EXTERNREF:
            store.extern_tables.add(elements)

    @classmethod
    def of(cls, store: "Store", elements: TableElements) -> "Table":
        table = cls.__new__(cls)
        table._bind(store, elements)
        return table

    @property
    def store(self) -> "Store":
        """The store it belongs to."""
        return self._store

    @property
    def debug_index_in_store(self) -> int | None:
        """A number that no other table of its store has; None without guest debugging."""
        return self._store.debug_index("table", self.elements)

    def _of(self, store: Storelike) -> TableElements:
        if store.context() is not self._store:
            raise WasmtimeError("table used with the wrong store")
        return self.elements

    @property
    def wasm_type(self) -> wasm.TableType:
        """Its type with the size it has now as the minimum, as importing it is checked."""
        type_ = self.elements.type
        return wasm.TableType(type_.element, wasm.Limits(self.elements.size, type_.limits.max))

    def type(self, store: Storelike) -> TableType:
        """Return the type it was made with."""
        type_ = self._of(store).type
        return TableType(ValType.of(type_.element), Limits.of(type_.limits))

    def size(self, store: Storelike) -> int:
        """Return the number of elements."""
        return self._of(store).size

    def grow(self, store: Storelike, amt: int, init: Any) -> int:
        """Add elements and return the old size.  Raise WasmtimeError if that is not possible."""
        elements = self._of(store)
        old = (
            elements.grow(amt, to_bits(self._store, elements.type.element, init))
            if amt >= 0
            else -1
        )
        if old < 0:
            raise WasmtimeError(f"failed to grow table by `{amt}`")
        return old

    def get(self, store: Storelike, idx: int) -> Any:
        """Return an element: a `Func`, an object, a null `Val`; None past the end."""
        elements = self._of(store)
        if not 0 <= idx < elements.size:
            return None
        code = elements.type.element
        value = from_bits(self._store, code, elements.get(idx))
        return Val(code, None) if value is None else value

    def set(self, store: Storelike, idx: int, val: Any) -> None:
        """Change an element.  Raise WasmtimeError past the end."""
        elements = self._of(store)
        bits = to_bits(self._store, elements.type.element, val)
        if not 0 <= idx < elements.size:
            raise WasmtimeError(f"wasm trap: {TrapCode.TABLE_OUT_OF_BOUNDS.message}")
        elements.set(idx, bits)
