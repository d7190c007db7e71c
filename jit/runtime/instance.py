"""Instances: a vmctx filled in, segments applied, the start function run (specification: Instantiation)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from jit.abi import records, vmctx
from jit.runtime.code import ModuleCode
from jit.runtime.errors import WasmtimeError
from jit.runtime.func import Func
from jit.runtime.global_ import Global
from jit.runtime.imports import Extern, check_import
from jit.runtime.memory import LinearMemory, Memory
from jit.runtime.module import Module
from jit.runtime.storelike import Storelike, store_of
from jit.runtime.table import Table, TableElements
from jit.wasm.constexpr import evaluate
from jit.wasm.module import ConstExpr, Import

if TYPE_CHECKING:
    from jit.runtime.store import Store


class Instance:
    """A module in a store, with its imports bound."""

    def __init__(self, store: Storelike, module: Module, imports: Sequence[Extern]) -> None:
        """Instantiate a module.

        Raise WasmtimeError for a wrong number of imports, LinkError for one of a wrong type, Trap for
        a segment that does not fit or a start function that traps: what had been written stays.
        """
        own = store_of(store)
        if not isinstance(module, Module):
            raise TypeError("expected a Module")
        if module.state not in (None, own.state):
            raise WasmtimeError("cross-`Engine` instantiation is not currently supported")
        self._bind(own, module)
        self._check(imports)
        self._link(imports)
        own.add_instance(self)
        self._apply_segments()
        start = module.info.start
        if start is not None:
            function = self.func(start)
            if function.host is not None:
                function.host.call_bits([], self)
            else:
                function.call_bits([])

    def _bind(self, store: "Store", module: Module) -> None:
        info = module.info
        self.store = store
        self.module = module
        self.code: ModuleCode = store.code.module(module)
        """The module's machine code in this store."""
        self.layout = vmctx.VMContextLayout(
            num_globals=len(info.globals),
            num_tables=len(info.tables),
            num_types=len(info.types),
            imported_functions=info.num_imported_funcs,
            defined_functions=len(info.bodies),
        )
        self.vmctx = 0
        """The address of its vmctx."""
        self.memories: list[Memory] = []
        """By index, imports first; so are tables and globals."""
        self.tables: list[Table] = []
        self.globals: list[Global] = []
        self.data_segments: list[bytes] = []
        """What `memory.init` copies from, empty once dropped."""
        self.element_segments: list[list[int]] = []
        """What `table.init` copies from, as references, empty once dropped."""
        self._exports: InstanceExports | None = None

    def _check(self, imports: Sequence[Extern]) -> None:
        wanted = self.module.info.imports
        if len(imports) != len(wanted):
            raise WasmtimeError(f"expected {len(wanted)} imports, found {len(imports)}")
        for item, import_ in zip(imports, wanted, strict=True):
            check_import(import_, item)
            if item.store is not self.store:
                raise WasmtimeError("cross-`Store` instantiation is not currently supported")

    def _link(self, imports: Sequence[Extern]) -> None:
        """Make the vmctx and everything it refers to."""
        store, info, layout = self.store, self.module.info, self.layout
        machine, store_u64 = store.machine, store.machine.store_u64
        store.limits.count(info)
        # All that can fail for want of memory comes before anything refers to the vmctx.
        memories = [
            LinearMemory(machine, store.limits, m)
            for m in info.memories[info.num_imported_memories :]
        ]
        tables = [
            TableElements(machine, store.limits, t) for t in info.tables[info.num_imported_tables :]
        ]
        self.vmctx = address = machine.allocate(layout.size)
        store.init_vmctx(address)
        funcs = 0
        for item in imports:
            if isinstance(item, Func):
                store_u64(address + layout.import_(funcs), item.record)
                funcs += 1
            elif isinstance(item, Memory):
                self.memories.append(item)
            elif isinstance(item, Table):
                self.tables.append(item)
            else:
                store_u64(address + layout.global_(len(self.globals)), item.address)
                self.globals.append(item)
        self.memories += [Memory.of(store, memory) for memory in memories]
        self.tables += [Table.of(store, table) for table in tables]
        if self.memories:
            self.memories[0].linear.add_user(address)
        for index, table in enumerate(self.tables):
            store_u64(address + layout.table(index), table.elements.address)
        for index, type_ in enumerate(info.types):
            store_u64(address + layout.type_(index), store.state.type_ids.of(type_))
        self._make_records()
        self._make_globals()

    def _make_records(self) -> None:
        info, layout = self.module.info, self.layout
        first = self.vmctx + layout.records
        entry, ids = self.code.entry, [self.store.state.type_ids.of(t) for t in info.types]
        types = info.func_types[info.num_imported_funcs :]
        words = [
            word
            for index, type_ in enumerate(types)
            for word in (entry(index), self.vmctx, ids[type_], index)
        ]
        order = self.store.machine.byteorder
        self.store.machine.write(first, b"".join(word.to_bytes(8, order) for word in words))
        self.code.add_instance(first)

    def _make_globals(self) -> None:
        info = self.module.info
        defined = info.globals[info.num_imported_globals :]
        for type_, init in zip(defined, info.global_inits, strict=True):
            cell = self.vmctx + self.layout.global_(len(self.globals))
            global_ = Global.of(self.store, type_, cell)
            global_.set_bits(self._evaluate(init))
            self.globals.append(global_)

    def _evaluate(self, expression: ConstExpr) -> int:
        """Return the bit pattern of a constant expression."""
        if expression.kind == "ref.func":
            return self.record(expression.value)
        return evaluate(expression, lambda index: self.globals[index].bits())

    def _apply_segments(self) -> None:
        info = self.module.info
        self.element_segments = [
            [self._evaluate(item) for item in segment.items]
            if segment.mode != "declarative"
            else []
            for segment in info.elements
        ]
        self.data_segments = [
            info.data[segment.start : segment.end] for segment in info.data_segments
        ]
        for index, element in enumerate(info.elements):
            if element.offset is not None:
                at = self._evaluate(element.offset)
                references = self.element_segments[index]
                self.tables[element.table].elements.initialize(at, references)
                self.element_segments[index] = []
        for index, data in enumerate(info.data_segments):
            if data.offset is not None:
                at = self._evaluate(data.offset)
                self.memories[data.memory].linear.initialize(at, self.data_segments[index])
                self.data_segments[index] = b""

    def record(self, index: int) -> int:
        """Return the address of the record of function `index`, imports counted."""
        imported = self.module.info.num_imported_funcs
        if index < imported:
            return self.store.machine.load_u64(self.vmctx + self.layout.import_(index))
        return self.vmctx + self.layout.record(index - imported)

    def record_code(self, defined_index: int) -> int:
        """Return the address that calls of a defined function go to now."""
        record = self.vmctx + self.layout.record(defined_index)
        return self.store.machine.load_u64(record + records.CODE)

    def func(self, index: int) -> Func:
        """Return function `index`, imports counted, exported or not."""
        func = self.store.func_at(self.record(index))
        assert func is not None
        return func

    def extern(self, kind: str, index: int) -> Extern:
        """Return an item by its kind and index, exported or not."""
        if kind == "func":
            return self.func(index)
        if kind == "memory":
            return self.memories[index]
        if kind == "table":
            return self.tables[index]
        return self.globals[index]

    def debug_function(self, store: Storelike, index: int) -> Func | None:
        """Return a function by its index, imports counted, exported or not.

        As its like, it is for debuggers: None out of range, and in a store without guest debugging.
        """
        count = len(self.module.info.func_types)
        return self.func(index) if self._shows(store, index, count) else None

    def debug_memory(self, store: Storelike, index: int) -> Memory | None:
        """Return a memory by its index; as `debug_function`."""
        return self.memories[index] if self._shows(store, index, len(self.memories)) else None

    def debug_table(self, store: Storelike, index: int) -> Table | None:
        """Return a table by its index; as `debug_function`."""
        return self.tables[index] if self._shows(store, index, len(self.tables)) else None

    def debug_global(self, store: Storelike, index: int) -> Global | None:
        """Return a global by its index; as `debug_function`."""
        return self.globals[index] if self._shows(store, index, len(self.globals)) else None

    def debug_shared_memory(self, store: Storelike, index: int) -> None:
        """Return None: no memory is shared, as there are no threads."""
        self._shows(store, index, 0)

    def debug_tag(self, store: Storelike, index: int) -> None:
        """Return None: there are no tags, as there are no exceptions."""
        self._shows(store, index, 0)

    @property
    def debug_index_in_store(self) -> int | None:
        """A number that no other instance of its store has; None without guest debugging."""
        return self.store.debug_index("instance", self.vmctx)

    def _shows(self, store: Storelike, index: int, count: int) -> bool:
        if store.context() is not self.store:
            raise WasmtimeError("instance used with the wrong store")
        return self.store.debuggable and 0 <= index < count

    def exports(self, store: Storelike) -> "InstanceExports":
        """Return the exports, by name."""
        if store.context() is not self.store:
            raise WasmtimeError("instance used with the wrong store")
        if self._exports is None:
            self._exports = InstanceExports(self)
        return self._exports


class InstanceExports(Mapping[str, Extern]):
    """The exports of an instance: a mapping in the module's order, and `by_index`."""

    def __init__(self, instance: Instance) -> None:
        self._items = {
            export.name: instance.extern(export.kind, export.index)
            for export in instance.module.info.exports
        }

    @property
    def by_index(self) -> Sequence[Extern]:
        return tuple(self._items.values())

    def __getitem__(self, name: str) -> Extern:
        return self._items[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)


def unknown_import(wanted: Import) -> str:
    """Return Wasmtime's words for an import nobody offers."""
    return f"unknown import: `{wanted.module}::{wanted.name}` has not been defined"
