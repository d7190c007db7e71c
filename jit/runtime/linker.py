"""The linker: names for items, and instantiation by them.  Semantics and messages are Wasmtime's."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from jit.runtime.errors import LinkError, WasmtimeError
from jit.runtime.func import Func, HostFunction
from jit.runtime.global_ import Global
from jit.runtime.imports import Extern
from jit.runtime.instance import Instance, unknown_import
from jit.runtime.memory import Memory
from jit.runtime.module import Module
from jit.runtime.storelike import Storelike, store_of
from jit.runtime.table import Table
from jit.runtime.types import FuncType, GlobalType, MemoryType, TableType, extern_type
from jit.runtime.val import Val
from jit.wasm import types as wasm

if TYPE_CHECKING:
    from jit.runtime.store import Store


class HostDefinition:
    """A host function that belongs to no store yet; each store gets its own."""

    def __init__(
        self, name: str, type_: wasm.FuncType, function: Callable[..., Any], caller: bool, raw: bool
    ) -> None:
        self._arguments = (name, type_, function, caller, raw)

    def func(self, store: "Store") -> Func:
        """Return the function in a store, always the same one."""
        made = store.linked.get(self)
        if made is None:
            name, type_, function, caller, raw = self._arguments
            host = HostFunction(store, type_, function, pass_caller=caller, raw=raw, name=name)
            made = store.linked[self] = Func.of_host(store, host)
        return made


class Linker:
    """Items by module and name."""

    def __init__(self) -> None:
        self.allow_shadowing = False
        """Whether a name may be defined again."""
        self._items: dict[tuple[str, str], Extern | HostDefinition] = {}

    def _insert(self, module: str, name: str, item: Extern | HostDefinition) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise TypeError("expected the names of a module and an item")
        if not self.allow_shadowing and (module, name) in self._items:
            raise LinkError(f"import of `{module}::{name}` defined twice")
        self._items[module, name] = item

    def define(self, store: Storelike, module: str, name: str, item: Extern) -> None:
        """Name an item.  Raise LinkError if the name is taken."""
        if not isinstance(item, Func | Table | Memory | Global):
            raise TypeError("expected a Func, Global, Memory, or Table")
        if item.store is not store_of(store):
            raise WasmtimeError("item used with the wrong store")
        self._insert(module, name, item)

    def define_func(
        self,
        module: str,
        name: str,
        ty: FuncType,
        func: Callable[..., Any],
        access_caller: bool = False,
    ) -> None:
        """Name a host function, for any store."""
        if not isinstance(ty, FuncType):
            raise TypeError("expected a FuncType")
        definition = HostDefinition(f"{module}.{name}", ty.wasm, func, access_caller, raw=False)
        self._insert(module, name, definition)

    def define_raw(
        self, module: str, name: str, type_: wasm.FuncType, function: Callable[..., Any]
    ) -> None:
        """Name a raw host function, for any store: it gets the `Caller` and bit patterns."""
        self._insert(
            module, name, HostDefinition(f"{module}.{name}", type_, function, True, raw=True)
        )

    def define_instance(self, store: Storelike, name: str, instance: Instance) -> None:
        """Name all exports of an instance, under its name."""
        if not isinstance(instance, Instance):
            raise TypeError("expected an `Instance`")
        for export, item in instance.exports(store).items():
            self._insert(name, export, item)

    def define_module(self, store: Storelike, name: str, module: Module) -> None:
        """Name a module's exports.

        A command (it exports `_start`) is instantiated anew for each call; anything else once, now,
        and its `_initialize` is called.
        """
        exports = {export.name: export.type for export in _checked(module).exports}
        own = store_of(store)
        if isinstance(exports.get("_start"), FuncType):
            for export, type_ in exports.items():
                if isinstance(type_, FuncType):
                    self._insert(name, export, Func(own, type_, self._command(own, module, export)))
            return
        instance = self.instantiate(own, module)
        initialize = instance.exports(own).get("_initialize")
        if isinstance(initialize, Func):
            initialize(own)
        for export, item in instance.exports(own).items():
            if export != "_initialize":
                self._insert(name, export, item)

    def _command(self, store: "Store", module: Module, export: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            func = self.instantiate(store, module).exports(store)[export]
            assert isinstance(func, Func)
            return func(store, *arguments)

        return call

    def _resolve(self, store: "Store", module: str, name: str) -> Extern | None:
        item = self._items.get((module, name))
        return item.func(store) if isinstance(item, HostDefinition) else item

    def instantiate_pre(self, module: Module) -> "InstancePre":
        """Resolve a module's imports once, for many instances.  Raise LinkError for one that is missing."""
        items = []
        for wanted in _checked(module).info.imports:
            item = self._items.get((wanted.module, wanted.name))
            if item is None:
                raise LinkError(unknown_import(wanted))
            items.append(item)
        return InstancePre(module, items)

    def instantiate(self, store: Storelike, module: Module) -> Instance:
        """Instantiate a module.  Raise LinkError for an import that is missing or does not fit."""
        own = store_of(store)
        imports: list[Extern] = []
        for wanted in _checked(module).info.imports:
            item = self._resolve(own, wanted.module, wanted.name)
            if item is None:
                raise LinkError(unknown_import(wanted))
            imports.append(item)
        return Instance(own, module, imports)

    def get(self, store: Storelike, module: str, name: str) -> Extern:
        """Return an item.  Raise WasmtimeError if there is none."""
        item = self._resolve(store.context(), module, name)
        if item is None:
            raise WasmtimeError("item not defined in linker")
        return item

    def get_default(self, store: Storelike, name: str) -> Func:
        """Return a module's default function: its export ``, else `_start`, else one that does nothing."""
        for export in ("", "_start"):
            item = self._resolve(store.context(), name, export)
            if isinstance(item, Func):
                return item
        return Func(store, FuncType([], []), lambda: None)

    def define_unknown_imports_as_traps(self, module: Module) -> None:
        """Name every import that has no name yet as a function that raises WasmtimeError."""
        for wanted in _checked(module).info.imports:
            if (wanted.module, wanted.name) in self._items:
                continue
            if not isinstance(wanted.type_, wasm.FuncType):
                raise LinkError(unknown_import(wanted))
            self.define_func(
                wanted.module,
                wanted.name,
                FuncType.of(wanted.type_),
                _failing(unknown_import(wanted)),
            )

    def define_unknown_imports_as_default_values(self, store: Storelike, module: Module) -> None:
        """Name every import that has no name yet as an item of zeros and nulls."""
        own = store_of(store)
        for wanted in _checked(module).info.imports:
            if (wanted.module, wanted.name) not in self._items:
                self._insert(wanted.module, wanted.name, _default(own, wanted.type_))


class InstancePre:
    """A module with its imports resolved; made by `Linker.instantiate_pre`."""

    def __init__(self, module: Module, items: Sequence[Extern | HostDefinition]) -> None:
        self._module = module
        self._items = tuple(items)

    @property
    def module(self) -> Module:
        """The module."""
        return self._module

    def instantiate(self, store: Storelike) -> Instance:
        """Instantiate it in a store.  Raise LinkError for an import that does not fit."""
        own = store_of(store)
        imports = [
            item.func(own) if isinstance(item, HostDefinition) else item for item in self._items
        ]
        return Instance(own, self._module, imports)


def _checked(module: Module) -> Module:
    """Return what is given as a module.  Raise TypeError for anything else."""
    if not isinstance(module, Module):
        raise TypeError("expected a `Module`")
    return module


def _failing(message: str) -> Callable[..., Any]:
    def fail(*_: Any) -> None:
        raise WasmtimeError(message)

    return fail


def _default(store: "Store", type_: wasm.ExternType) -> Extern:
    public = extern_type(type_)
    if isinstance(public, FuncType):
        zeros = [_zero(code) for code in public.wasm.results]
        result = None if not zeros else zeros[0] if len(zeros) == 1 else zeros
        return Func(store, public, lambda *_: result)
    if isinstance(public, MemoryType):
        return Memory(store, public)
    if isinstance(public, TableType):
        return Table(store, public, None)
    assert isinstance(public, GlobalType)
    return Global(store, public, _zero(public.content.code))


def _zero(code: int) -> Val:
    if code in wasm.REFERENCE_TYPES:
        return Val(code, None)
    return Val(code, 0.0 if code in (wasm.F32, wasm.F64) else 0)
