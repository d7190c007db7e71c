"""The store: owner of a guest's machine, code, instances and references; one execution at a time."""

import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jit.abi import context as layout
from jit.abi import records, vmctx
from jit.abi.code import Isa
from jit.abi.libcalls import ROWS
from jit.machine.protocol import Machine
from jit.runtime.code import StoreCode
from jit.runtime.context import ContextBlock
from jit.runtime.driver import STACK_GAP, Activation
from jit.runtime.engine import EngineState
from jit.runtime.exclusion import Exclusion
from jit.runtime.func import Caller, Func, HostFunction
from jit.runtime.hooks import DebugHooks
from jit.runtime.interrupts import Interrupts
from jit.runtime.limits import ResourceLimits
from jit.runtime.references import ExternTable, FuncTable
from jit.runtime.signature import Signature
from jit.runtime.table import TableElements
from jit.wasm import types as wasm

if TYPE_CHECKING:
    from jit.runtime.instance import Instance

STACK_SIZE = 64 << 20
"""Bytes of the guest's stack, taken as they are used."""

DEBUGGER_RESERVE = 256 << 10
"""Bytes of it that only calls made by a debugger may use."""


class Store:
    """One guest: everything it consists of, and its execution."""

    caller_class: type[Caller] = Caller
    """What its host functions get that ask for a caller."""

    def __init__(
        self,
        engine: EngineState,
        machine: Machine,
        isa: Isa,
        *,
        stack_size: int = STACK_SIZE,
        debuggable: bool = False,
    ) -> None:
        self.state = engine
        self.machine = machine
        self.isa = isa
        self.debuggable = debuggable
        """Whether its modules' code has patch sites and full frame tables."""
        self.hooks: DebugHooks | None = None
        """The debugger, None without one."""
        self.code = StoreCode(machine, isa, sites_on_demand=debuggable)
        self.instances: list[Instance] = []
        """In order of creation."""
        self.instances_by_vmctx: dict[int, Instance] = {}
        self.host_functions: dict[int, HostFunction] = {}
        """By record."""
        self.activations: list[Activation] = []
        """The calls into the guest that have not returned, outermost first."""
        self.executions = 0
        """How many times the guest was resumed; what was learnt of it before is out of date."""
        self.epoch_callback: Callable[[], int] | None = None
        """Called at the epoch's deadline; returns the ticks from now to the next one.  None: trap."""
        self.linked: dict[object, Func] = {}
        """The functions made here for a linker's definitions, by definition."""
        self.wasi: object = None
        """The WASI program it runs, if any; `jit.wasi` knows what it is."""
        self.limits = ResourceLimits()
        self.extern_tables: set[TableElements] = set()
        """The tables, and the cells of globals, that hold externrefs."""
        self.extern_globals: set[int] = set()
        self._externs = ExternTable()
        self._funcs = FuncTable(self)
        self._signatures: dict[wasm.FuncType, Signature] = {}
        self._debug_indices: dict[str, dict[object, int]] = {}
        self.exclusion = Exclusion()
        """Who may run it."""
        machine.share(engine.epoch.region)
        self._epoch_deadline = 0
        low, self.stack_end = machine.stack(stack_size + layout.STACK_RESERVE + DEBUGGER_RESERVE)
        self._lowest_limit = low + layout.STACK_RESERVE
        self._interrupts = Interrupts(machine, self._lowest_limit + DEBUGGER_RESERVE)
        weakref.finalize(self, self._interrupts.close)
        self._block_address = machine.allocate(layout.STORE_BLOCK_SIZE)
        self._block = machine.words(self._block_address, layout.STORE_BLOCK_SIZE // 8)
        self._overflow_address = machine.allocate(layout.OVERFLOW_SIZE)
        self.overflow = machine.words(self._overflow_address, layout.OVERFLOW_SIZE // 8)
        self._contexts: list[ContextBlock] = []
        self._call_start = self.stack_end
        self.libcall_signatures = {
            int(row.libcall): self.signature(wasm.FuncType(row.params, row.results)) for row in ROWS
        }
        self._host_vmctx = machine.allocate(vmctx.GLOBALS)
        self.init_vmctx(self._host_vmctx)

    def context(self) -> "Store":
        """Return this store (`Storelike`)."""
        return self

    # What instances and host functions are made of

    def init_vmctx(self, address: int) -> None:
        """Fill in what every vmctx of this store has, and keep it up to date."""
        store_u64 = self.machine.store_u64
        store_u64(address + vmctx.STORE, self._block_address)
        store_u64(address + vmctx.OVERFLOW, self._overflow_address)
        store_u64(address + vmctx.EPOCH_COUNTER, self.state.epoch.address)
        store_u64(address + vmctx.EPOCH_DEADLINE, self._epoch_deadline)
        for stub, entry in self.code.stubs.items():
            store_u64(address + vmctx.STUBS + 8 * stub, entry)
        self._interrupts.add_user(address)

    def add_instance(self, instance: "Instance") -> None:
        """Make an instance known, before anything of it can run."""
        self.instances.append(instance)
        self.instances_by_vmctx[instance.vmctx] = instance
        if self.hooks is not None:
            self.hooks.on_instance(instance)

    def instance_at(self, address: int) -> "Instance | None":
        """Return the instance with a vmctx."""
        return self.instances_by_vmctx.get(address)

    def add_host_function(self, function: HostFunction) -> int:
        """Make a record for a host function and return its address."""
        record = self.machine.allocate(records.SIZE)
        store_u64 = self.machine.store_u64
        store_u64(record + records.CODE, self.code.host)
        store_u64(record + records.VMCTX, self._host_vmctx)
        store_u64(record + records.TYPE, self.state.type_ids.of(function.signature.type))
        store_u64(record + records.INDEX, len(self.host_functions))
        self.host_functions[record] = function
        return record

    def signature(self, type_: wasm.FuncType) -> Signature:
        """Return where a type's values travel."""
        known = self._signatures.get(type_)
        if known is None:
            known = self._signatures[type_] = Signature(self.isa.convention, type_)
        return known

    def set_limits(
        self,
        memory_size: int = -1,
        table_elements: int = -1,
        instances: int = -1,
        tables: int = -1,
        memories: int = -1,
    ) -> None:
        """Bound what the store may have from now on: bytes a memory, elements a table, and counts."""
        self.limits.set(memory_size, table_elements, instances, tables, memories)

    def debug_index(self, kind: str, entity: object) -> int | None:
        """Return a number that tells an entity from all others of its kind; None without debugging."""
        if not self.debuggable:
            return None
        known = self._debug_indices.setdefault(kind, {})
        return known.setdefault(entity, len(known))

    # References

    def gc(self) -> None:
        """Forget the host objects that the guest holds no externref of.

        Nothing is forgotten while it runs, unless its frames can be read: then theirs are kept too.
        """
        load = self.machine.load_u64
        used = {load(address) for address in self.extern_globals}
        if self.activations:
            if self.hooks is None:
                return
            used.update(self.hooks.extern_roots())
        for table in self.extern_tables:
            used.update(table.get(index) for index in range(table.size))
        for instance in self.instances:
            for segment, references in zip(
                instance.module.info.elements, instance.element_segments, strict=True
            ):
                if segment.element_type == wasm.EXTERNREF:
                    used.update(references)
        self._externs.retain(used)

    def extern_handle(self, value: object) -> int:
        """Return the handle of an object that is not None."""
        return self._externs.handle(value)

    def extern_object(self, handle: int) -> object:
        """Return the object of a handle; None for 0."""
        return self._externs.object(handle)

    def func_at(self, record: int) -> Func | None:
        """Return the function of a record; None for 0."""
        return self._funcs.at(record) if record else None

    def record_of(self, value: object) -> int | None:
        """Return the record of a function of this store; None for anything else."""
        return value.record if isinstance(value, Func) and value.store is self else None

    def add_func(self, func: Func) -> None:
        """Let a record have this `Func` as its only one."""
        self._funcs.add(func)

    def type_of_record(self, record: int) -> wasm.FuncType:
        """Return the type of a guest function.  Raise LookupError for what is the record of none."""
        for instance in self.instances:
            index, rest = divmod(record - instance.vmctx - instance.layout.records, records.SIZE)
            info = instance.module.info
            if 0 <= index < len(info.bodies) and not rest:
                return info.func_type(info.num_imported_funcs + index)
        raise LookupError(f"no function's record is at {record:#x}")

    # Execution

    def invoke(self, record: int, signature: Signature, arguments: Sequence[int]) -> list[int]:
        """Call a guest function with bit patterns; return those of its results.

        Raise Trap, what a host function or a hook raised, or StoreInUse.
        """
        entered = self.exclusion.enter()
        try:
            return self._invoke(record, signature, arguments)
        finally:
            if entered:
                self.exclusion.leave()

    def _invoke(self, record: int, signature: Signature, arguments: Sequence[int]) -> list[int]:
        outer = self.activations[-1] if self.activations else None
        depth = len(self.activations)
        if depth == len(self._contexts):
            self._contexts.append(ContextBlock(self.machine))
        context = self._contexts[depth]
        stack_pointer = self.stack_end
        overflow = b""
        if outer is not None:
            stack_pointer = outer.context.general(self.isa.convention.stack_pointer) - STACK_GAP
            stack_pointer = min(stack_pointer, self._call_start)
            overflow = self.machine.read(self._overflow_address, layout.OVERFLOW_SIZE)
        activation = Activation(self, context, record, signature)
        activation.enter(stack_pointer, arguments)
        self.activations.append(activation)
        self._block[layout.STORE_CONTEXT // 8] = context.address
        try:
            return activation.run()
        finally:
            self.activations.pop()
            if outer is not None:
                self._block[layout.STORE_CONTEXT // 8] = outer.context.address
                self.machine.write(self._overflow_address, overflow)
            elif self.hooks is not None:
                self.hooks.on_left()

    @contextmanager
    def debugger_call(self, distance: int = 0) -> Iterator[None]:
        """Let calls in the `with` block use the part of the stack that is kept for a debugger.

        They start `distance` bytes from the stack's far end, or farther if it is used up to there.
        """
        limit, start = self._interrupts.stack_limit, self._call_start
        self._interrupts.stack_limit = self._lowest_limit
        self._call_start = (self.stack_end - distance) & ~15
        try:
            yield
        finally:
            self._interrupts.stack_limit, self._call_start = limit, start

    # Interrupts

    @property
    def stack_limit(self) -> int:
        """The lowest stack pointer that a frame may have."""
        return self._interrupts.stack_limit

    def interrupt(self) -> None:
        """Ask the guest to stop: at a function entry, a loop head, or in a host call that waits.

        From any thread.  While nothing runs, the request waits for the next run.  Without a debugger
        the guest traps with `TrapCode.INTERRUPT`.
        """
        self._interrupts.request()

    def take_interrupt(self) -> bool:
        """Take back a request that has not stopped the guest yet; return whether there was one."""
        return self._interrupts.take()

    @property
    def entry_stops(self) -> bool:
        """Whether every function entry and loop head reports an interrupt, as single-stepping needs."""
        return self._interrupts.entry_stops

    @entry_stops.setter
    def entry_stops(self, value: bool) -> None:
        self._interrupts.entry_stops = value

    @property
    def wake_descriptor(self) -> int:
        """A descriptor that is readable while an interrupt is wanted, for host calls that wait."""
        return self._interrupts.wake_descriptor

    @property
    def keeps_interpreter(self) -> bool:
        """Whether the guest keeps the interpreter (CPython's GIL) while it runs.

        It then comes back every few milliseconds to give way, like any Python code.  Setting it is of no
        effect on a machine that cannot.
        """
        return self._interrupts.beat is not None

    @keeps_interpreter.setter
    def keeps_interpreter(self, value: bool) -> None:
        self._interrupts.beat = self.code.keep_interpreter(value)

    # Epochs

    def set_epoch_deadline(self, ticks_after_current: int) -> None:
        """Set the deadline, in ticks of the engine's counter from now."""
        self._epoch_deadline = min(
            self.state.epoch.value + ticks_after_current, 0xFFFF_FFFF_FFFF_FFFF
        )
        for address in self.instances_by_vmctx:
            self.machine.store_u64(address + vmctx.EPOCH_DEADLINE, self._epoch_deadline)

    def epoch_deadline_trap(self) -> None:
        """At the deadline, trap; this is the default."""
        self.epoch_callback = None

    def epoch_deadline_yield_and_update(self, delta: int) -> None:
        """At the deadline, yield to the debugger, then go on for `delta` more ticks."""
        self.epoch_callback = lambda: delta

    def epoch_deadline_callback(self, callback: Callable[[], int]) -> None:
        """At the deadline, call `callback`; go on for as many ticks as it returns."""
        self.epoch_callback = callback
