"""Functions as the embedder sees them: `Func`, host functions in Python, and the `Caller` those may get."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from jit.runtime.errors import WasmtimeError
from jit.runtime.signature import Signature
from jit.runtime.types import FuncType
from jit.runtime.val import NUMBER_DECODERS, Val, from_bits, to_bits
from jit.wasm import types as wasm

if TYPE_CHECKING:
    from jit.runtime.driver import Activation
    from jit.runtime.imports import Extern
    from jit.runtime.instance import Instance
    from jit.runtime.store import Store, Storelike

HostCallable = Callable[..., Any]


class HostFunction:
    """A Python function that the guest can call; its record stands for it in the guest.

    A plain one takes and returns Python values.  A raw one takes bit patterns (unsigned) and returns
    one, a sequence of them, or None, and always gets the `Caller` first.
    """

    __slots__ = (
        "_decoders",
        "_pass_caller",
        "_raw",
        "_store",
        "function",
        "name",
        "record",
        "signature",
    )

    def __init__(
        self,
        store: "Store",
        type_: wasm.FuncType,
        function: HostCallable,
        *,
        pass_caller: bool = False,
        raw: bool = False,
        name: str = "",
    ) -> None:
        self._store = store
        self.signature: Signature = store.signature(type_)
        self.function = function
        self.name = name
        """How messages and debuggers call it: `module.name` where it was defined in a linker."""
        self._pass_caller = pass_caller or raw
        self._raw = raw
        self._decoders = [
            (slot.overflow, slot.index, _decoder(store, code, slot.mask, raw))
            for slot, code in zip(self.signature.params, type_.params, strict=True)
        ]
        self.record: int = store.add_host_function(self)

    def arguments(self, activation: "Activation") -> list[Any]:
        """Return the arguments of a call that has just left the guest."""
        words = activation.context.words
        overflow = self._store.overflow
        return [decode((overflow if far else words)[at]) for far, at, decode in self._decoders]

    def call(self, activation: "Activation", arguments: list[Any]) -> None:
        """Call the function and put its results where the guest expects them.

        Whatever it raises passes through; so do TypeError and WasmtimeError for wrong results.
        """
        result = self._call(activation, arguments)
        slots = self.signature.results
        if not slots:
            if result is not None:
                raise WasmtimeError("callback produced results when it shouldn't")
            return
        words = activation.context.words
        overflow = self._store.overflow
        for slot, bits in zip(slots, self._result_bits(result), strict=True):
            (overflow if slot.overflow else words)[slot.index] = bits

    def _call(self, activation: "Activation | None", arguments: list[Any]) -> Any:
        if not self._pass_caller:
            return self.function(*arguments)
        caller = Caller(self._store, activation)
        try:
            return self.function(caller, *arguments)
        finally:
            caller.invalidate()

    def _result_bits(self, result: Any) -> list[int]:
        types = self.signature.type.results
        results = [result] if len(types) == 1 else result
        if len(results) != len(types):
            raise WasmtimeError("callback produced wrong number of results")
        if self._raw:
            return list(results)
        store = self._store
        return [to_bits(store, code, value) for code, value in zip(types, results, strict=True)]

    def call_bits(self, bits: Sequence[int]) -> list[int]:
        """Call the function from outside the guest, with bit patterns in and out."""
        decoders = (decode for _, _, decode in self._decoders)
        arguments = [decode(value) for decode, value in zip(decoders, bits, strict=True)]
        result = self._call(None, arguments)
        if self.signature.results:
            return self._result_bits(result)
        if result is not None:
            raise WasmtimeError("callback produced results when it shouldn't")
        return []


def _decoder(store: "Store", code: int, mask: int, raw: bool) -> Callable[[int], Any]:
    """Return the function from a word to an argument."""
    if raw:
        return mask.__and__
    decode = NUMBER_DECODERS.get(code)
    return decode if decode is not None else lambda bits: from_bits(store, code, bits)


class Caller:
    """Who calls a host function; of use until that returns, and as a store for other objects."""

    __slots__ = ("_activation", "_instance", "_store")

    def __init__(self, store: "Store", activation: "Activation | None") -> None:
        self._store: Store | None = store
        self._activation = activation
        self._instance: Instance | None = None

    def context(self) -> "Store":
        """Return the store.  Raise ValueError once the call has returned."""
        if self._store is None:
            raise ValueError("caller is no longer valid")
        return self._store

    @property
    def instance(self) -> "Instance | None":
        """The instance whose code calls; None for a call from outside the guest."""
        if self._instance is None and self._activation is not None:
            self._instance = self._activation.calling_instance()
        return self._instance

    def get(self, name: str) -> "Extern | None":
        """Return an export of the calling instance, None if there is none."""
        if self._store is None or self.instance is None:
            return None
        return self.instance.exports(self).get(name)

    def __getitem__(self, name: str) -> "Extern":
        found = self.get(name)
        if found is None:
            raise KeyError(f"failed to find export {name}")
        return found

    def invalidate(self) -> None:
        """End the caller's use."""
        self._store = None
        self._activation = None


class Func:
    """A function of a store, the guest's or the host's."""

    __slots__ = ("_store", "host", "record", "signature")

    def __init__(
        self,
        store: "Storelike",
        ty: FuncType,
        func: HostCallable,
        access_caller: bool = False,
    ) -> None:
        """Make a host function of type `ty`; with `access_caller` it gets a `Caller` first."""
        if not isinstance(ty, FuncType):
            raise TypeError("expected a FuncType")
        owner = store.context()
        self._bind(owner, HostFunction(owner, ty.wasm, func, pass_caller=access_caller))

    def _bind(self, store: "Store", host: HostFunction) -> None:
        self._store = store
        self.host: HostFunction | None = host
        self.record = host.record
        self.signature = host.signature
        store.add_func(self)

    @classmethod
    def of_host(cls, store: "Store", host: HostFunction) -> "Func":
        """Return a host function as a `Func`."""
        func = cls.__new__(cls)
        func._bind(store, host)
        return func

    @classmethod
    def of_record(cls, store: "Store", record: int, type_: wasm.FuncType) -> "Func":
        """Return the guest's function with a record."""
        func = cls.__new__(cls)
        func._store = store
        func.host = None
        func.record = record
        func.signature = store.signature(type_)
        return func

    @property
    def store(self) -> "Store":
        """The store it belongs to."""
        return self._store

    @property
    def wasm_type(self) -> wasm.FuncType:
        return self.signature.type

    def type(self, store: "Storelike") -> FuncType:
        """Return its type."""
        return FuncType.of(self.signature.type)

    def __call__(self, store: "Storelike", *params: Any) -> Any:
        """Call it with Python values or `Val`s.

        Return None, one value, or a list of them.  Raise Trap, ExitTrap, whatever a host function
        raised, WasmtimeError for a wrong number of arguments, TypeError for one of a wrong type.
        """
        own = self._store
        if store.context() is not own:
            raise WasmtimeError("function used with the wrong store")
        types = self.signature.type
        if len(params) != len(types.params):
            few = "many" if len(params) > len(types.params) else "few"
            raise WasmtimeError(
                f"too {few} parameters provided: given {len(params)}, expected {len(types.params)}"
            )
        bits = [to_bits(own, code, value) for code, value in zip(types.params, params, strict=True)]
        results = self.call_bits(bits)
        values = [
            from_bits(own, code, value) for code, value in zip(types.results, results, strict=True)
        ]
        if not values:
            return None
        return values[0] if len(values) == 1 else values

    def call_bits(self, bits: Sequence[int]) -> list[int]:
        """Call it with bit patterns; return those of its results."""
        if self.host is not None:
            return self.host.call_bits(bits)
        return self._store.invoke(self.record, self.signature, bits)


def as_val(code: int, value: Any) -> Any:
    """Return a value, or the `Val` of a null reference, which None would not tell from no result."""
    return Val(code, None) if value is None else value
