"""Functions as the embedder sees them: `Func`, host functions in Python, and the `Caller` those may get."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from jit.runtime.errors import WasmtimeError
from jit.runtime.signature import Signature, read_slots, write_slots
from jit.runtime.storelike import Storelike, store_of
from jit.runtime.types import FuncType
from jit.runtime.val import MASKS, NUMBER_DECODERS, Val, from_bits, to_bits
from jit.wasm import types as wasm

if TYPE_CHECKING:
    from jit.runtime.driver import Activation
    from jit.runtime.imports import Extern
    from jit.runtime.instance import Instance
    from jit.runtime.store import Store

HostCallable = Callable[..., Any]


class HostFunction:
    """A Python function that the guest can call; its record stands for it in the guest.

    A plain one takes and returns Python values.  A raw one takes bit patterns (unsigned) and returns
    one, a sequence of them, or None, and always gets the `Caller` first.
    """

    __slots__ = (
        "_decoders",
        "_encoders",
        "_pass_caller",
        "_store",
        "function",
        "name",
        "record",
        "run",
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
        self._decoders = [
            _decoder(store, code, slot.mask, raw)
            for slot, code in zip(self.signature.params, type_.params, strict=True)
        ]
        self._encoders = [_encoder(store, code, raw) for code in type_.results]
        slots = [*self.signature.params, *self.signature.results]
        simple = len(type_.results) <= 1 and not any(slot.overflow for slot in slots)
        self.run: Callable[[Activation], None] = self._shortcut() if simple else self._run
        """Carry out the call for which an activation has left the guest, results included.

        Whatever the function raises passes through; so do TypeError and WasmtimeError for wrong
        results.  May be called again if the function did nothing.
        """
        self.record: int = store.add_host_function(self)

    def _run(self, activation: "Activation") -> None:
        words, overflow = activation.context.words, self._store.overflow
        bits = read_slots(self.signature.params, words, overflow)
        results = self._call(activation, bits)
        write_slots(self.signature.results, words, overflow, results)

    def _shortcut(self) -> "Callable[[Activation], None]":
        """Return `_run` for one result or none, and all values in registers."""
        function, pass_caller, store = self.function, self._pass_caller, self._store
        make_caller = store.caller_class
        params = [
            (slot.index, decode)
            for slot, decode in zip(self.signature.params, self._decoders, strict=True)
        ]
        result = self.signature.results[0].index if self.signature.results else -1
        encode = self._encoders[0] if self._encoders else _no_result

        def run(activation: "Activation") -> None:
            words = activation.context.words
            arguments = [decode(words[index]) for index, decode in params]
            if pass_caller:
                caller = make_caller(store, activation)
                try:
                    value = function(caller, *arguments)
                finally:
                    caller.invalidate()
            else:
                value = function(*arguments)
            bits = encode(value)
            if result >= 0:
                words[result] = bits

        return run

    def _call(
        self,
        activation: "Activation | None",
        bits: Sequence[int],
        instance: "Instance | None" = None,
    ) -> list[int]:
        """Call the function with bit patterns and return those of its results."""
        arguments = [decode(word) for decode, word in zip(self._decoders, bits, strict=True)]
        if self._pass_caller:
            caller = self._store.caller_class(self._store, activation, instance)
            try:
                value = self.function(caller, *arguments)
            finally:
                caller.invalidate()
        else:
            value = self.function(*arguments)
        if not self._encoders:
            _no_result(value)
            return []
        values = [value] if len(self._encoders) == 1 else value
        if len(values) != len(self._encoders):
            raise WasmtimeError("callback produced wrong number of results")
        return [encode(value) for encode, value in zip(self._encoders, values, strict=True)]

    def call_bits(self, bits: Sequence[int], instance: "Instance | None" = None) -> list[int]:
        """Call the function from outside the guest, with bit patterns in and out.

        `instance`: what it is the start function of, and so its caller.
        """
        return self._call(None, bits, instance)


def _no_result(value: object) -> int:
    if value is not None:
        raise WasmtimeError("callback produced results when it shouldn't")
    return 0


def _decoder(store: "Store", code: int, mask: int, raw: bool) -> Callable[[int], Any]:
    """Return the function from a word to an argument."""
    if raw:
        return mask.__and__
    decode = NUMBER_DECODERS.get(code)
    return decode if decode is not None else lambda bits: from_bits(store, code, bits)


def _encoder(store: "Store", code: int, raw: bool) -> Callable[[Any], int]:
    """Return the function from a result to a word."""
    if raw:
        return int
    mask = MASKS[code]
    if code not in (wasm.I32, wasm.I64):
        return lambda value: to_bits(store, code, value)

    def encode(value: Any) -> int:
        return value & mask if value.__class__ is int else to_bits(store, code, value)

    return encode


class Caller:
    """Who calls a host function; of use until that returns, and as a store for other objects."""

    __slots__ = ("_activation", "_instance", "_store")

    def __init__(
        self,
        store: "Store",
        activation: "Activation | None",
        instance: "Instance | None" = None,
    ) -> None:
        self._store: Store | None = store
        self._activation = activation
        self._instance = instance

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
        store: Storelike,
        ty: FuncType,
        func: HostCallable,
        access_caller: bool = False,
    ) -> None:
        """Make a host function of type `ty`; with `access_caller` it gets a `Caller` first."""
        owner = store_of(store)
        if not isinstance(ty, FuncType):
            raise TypeError("expected a FuncType")
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
    def debug_index_in_store(self) -> int | None:
        """A number that no other function of its store has; None without guest debugging."""
        return self._store.debug_index("function", self.record)

    @property
    def wasm_type(self) -> wasm.FuncType:
        return self.signature.type

    def type(self, store: Storelike) -> FuncType:
        """Return its type."""
        return FuncType.of(self.signature.type)

    def __call__(self, store: Storelike, *params: Any) -> Any:
        """Call it with Python values or `Val`s.

        Return None, one value, or a list of them.  Raise Trap, ExitTrap, whatever a host function
        raised, WasmtimeError for a wrong number of arguments, TypeError for one of a wrong type.
        """
        own = self._store
        if store.context() is not own:
            raise WasmtimeError("function used with the wrong store")
        results = self.call_bits(self.arguments(params))
        types = self.signature.type.results
        values = [from_bits(own, code, bits) for code, bits in zip(types, results, strict=True)]
        if not values:
            return None
        return values[0] if len(values) == 1 else values

    def call_values(self, params: Sequence[Any]) -> tuple[Val, ...]:
        """Call it with Python values or `Val`s; return all results as `Val`s.  Raises as a call does."""
        own = self._store
        results = self.call_bits(self.arguments(params))
        types = self.signature.type.results
        return tuple(
            Val(code, from_bits(own, code, bits)) for code, bits in zip(types, results, strict=True)
        )

    def arguments(self, params: Sequence[Any]) -> list[int]:
        """Return the bit patterns of arguments.  Raise WasmtimeError for a wrong number, TypeError for a wrong type."""
        types = self.signature.type.params
        if len(params) != len(types):
            few = "many" if len(params) > len(types) else "few"
            raise WasmtimeError(
                f"too {few} parameters provided: given {len(params)}, expected {len(types)}"
            )
        own = self._store
        return [to_bits(own, code, value) for code, value in zip(types, params, strict=True)]

    def call_bits(self, bits: Sequence[int]) -> list[int]:
        """Call it with bit patterns; return those of its results."""
        if self.host is not None:
            return self.host.call_bits(bits)
        return self._store.invoke(self.record, self.signature, bits)
