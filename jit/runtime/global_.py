"""Globals: a cell in the guest's memory, and the public `Global`."""

from typing import TYPE_CHECKING, Any

from jit.abi import vmctx
from jit.runtime.errors import WasmtimeError
from jit.runtime.storelike import Storelike, store_of
from jit.runtime.types import GlobalType
from jit.runtime.val import MASKS, Val, from_bits, to_bits
from jit.wasm import types as wasm

if TYPE_CHECKING:
    from jit.runtime.store import Store


class Global:
    """A global of a store, as the `wasmtime` package has it; `address` is its cell."""

    __slots__ = ("_store", "_type", "address")

    def __init__(self, store: Storelike, ty: GlobalType, val: Any) -> None:
        """Make a global with value `val`."""
        own = store_of(store)
        if not isinstance(ty, GlobalType):
            raise TypeError("expected a GlobalType")
        bits = to_bits(own, ty.content.code, val)
        self._bind(own, ty.wasm, own.machine.allocate(vmctx.GLOBAL_SIZE))
        self.set_bits(bits)

    def _bind(self, store: "Store", type_: wasm.GlobalType, address: int) -> None:
        self._store = store
        self._type = type_
        self.address = address
        if type_.valtype == wasm.EXTERNREF:
            store.extern_globals.add(address)

    @classmethod
    def of(cls, store: "Store", type_: wasm.GlobalType, address: int) -> "Global":
        """Return the global whose cell is at `address`."""
        made = cls.__new__(cls)
        made._bind(store, type_, address)
        return made

    @property
    def store(self) -> "Store":
        """The store it belongs to."""
        return self._store

    @property
    def debug_index_in_store(self) -> int | None:
        """A number that no other global of its store has; None without guest debugging."""
        return self._store.debug_index("global", self.address)

    @property
    def wasm_type(self) -> wasm.GlobalType:
        return self._type

    def type(self, store: Storelike) -> GlobalType:
        """Return its type."""
        return GlobalType.of(self._type)

    def bits(self) -> int:
        """Return its bit pattern."""
        return self._store.machine.load_u64(self.address) & MASKS[self._type.valtype]

    def set_bits(self, bits: int) -> None:
        """Change its bit pattern, mutable or not."""
        self._store.machine.store_u64(self.address, bits)

    def _check(self, store: Storelike) -> None:
        if store.context() is not self._store:
            raise WasmtimeError("global used with the wrong store")

    def value(self, store: Storelike) -> Any:
        """Return its value: a Python value, or a `Val` for a null reference."""
        self._check(store)
        code = self._type.valtype
        value = from_bits(self._store, code, self.bits())
        return Val(code, None) if value is None else value

    def set_value(self, store: Storelike, val: Any) -> None:
        """Change its value.  Raise WasmtimeError unless it is mutable."""
        self._check(store)
        bits = to_bits(self._store, self._type.valtype, val)
        if not self._type.mutable:
            raise WasmtimeError("immutable global cannot be set")
        self.set_bits(bits)
