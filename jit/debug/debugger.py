"""The facade a debugger's views stand on: one guest, its stops, and everything they may ask for.

All but `interrupt` and `kill` is called while the guest stands still: from the handler that `run` was
given, or from another thread while that handler waits for it, or when nothing runs.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from jit.debug import quiet_calls, resumption
from jit.debug.backtrace import Backtrace
from jit.debug.boundaries import BoundaryKind
from jit.debug.errors import ForeignStore, Killed, OutOfRange
from jit.debug.events import DebugEvent
from jit.debug.frames import FrameHandle, checked_bits
from jit.debug.innermost import exit_frame
from jit.debug.interface import attach
from jit.debug.references import function_of
from jit.debug.reports import Handler
from jit.debug.watchpoints import Access, GlobalWatchpoint, MemoryWatchpoint, Watchpoint
from jit.runtime.func import Func
from jit.runtime.global_ import Global
from jit.runtime.instance import Instance
from jit.runtime.memory import Memory
from jit.runtime.module import Module
from jit.runtime.store import Store
from jit.runtime.table import TableElements
from jit.wasm.structure import ModuleInfo
from jit.wasm.types import GlobalType

Result = TypeVar("Result")

OWNER = "debugger"
"""The owner of the facade's breakpoints; an embedder's own are not touched by it."""


@dataclass(frozen=True, slots=True)
class RegisteredModule:
    """A module of the store; `index` counts in registration order and never changes."""

    index: int
    module: Module
    info: ModuleInfo


class Debugger:
    """One store under a debugger.

    `module` arguments are indices in registration order, `pc` offsets in that module's bytes; an
    index that does not exist is OutOfRange. What asks for the ops of a function whose body is invalid,
    which a module that was not checked when it was loaded may have, raises InvalidFunction.
    """

    def __init__(self, store: Store) -> None:
        """Attach to a store whose engine has guest debugging on; DebugError otherwise."""
        self.store = store
        self._core = core = attach(store)
        self._backtrace = Backtrace(core)
        self._modules: list[RegisteredModule] = []
        self._indices: dict[Module, int] = {}
        self._handler: Handler | None = None
        self._event: DebugEvent | None = None
        self._killed = False

    # Running

    def run(self, call: Callable[[], Result], handler: Handler) -> Result:
        """Call `call`, which runs guest code in the store, on this thread; return what it returns.

        `handler` gets every event; the guest goes on when it returns. What `handler` raises unwinds
        the guest. `Killed` passes through; so do the guest's Trap and ExitTrap.
        """
        self._core.update_watch()
        outer, outer_core = self._handler, self._core.reports.handler
        self._handler, self._core.reports.handler = handler, self._on_event
        if outer is None:
            self._killed = False
        try:
            return call()
        finally:
            self._handler, self._core.reports.handler = outer, outer_core

    def call(self, function: Func, arguments: Sequence[int], distance: int = 0) -> list[int]:
        """Call a function from within the handler, on its thread, with bit patterns in and out.

        It may use the stack kept for a debugger, and starts `distance` bytes from the stack's far end
        or farther. Its own events come to the handler, nested. All frame handles are stale
        afterwards. Raise Trap, or what a host function raised: what called the handler is not
        touched by it.
        """
        self._core.update_watch()
        with self.store.debugger_call(distance):
            return function.call_bits(arguments)

    def call_quietly(
        self, instance: Instance, index: int, arguments: Sequence[int], seconds: float
    ) -> list[int]:
        """Call a function of an instance while the handler waits, without any stop inside.

        Bit patterns in and out; on any thread. It may use the stack kept for a debugger, and LLVM's
        shadow stack is set back afterwards. All frame handles are stale then. Raise Trap, an
        interrupt's when it takes longer than `seconds`; what a host function raised; DebugError where
        no guest code is on the stack.
        """
        function = instance.func(index)
        return quiet_calls.call(self._core, instance, function, arguments, seconds)

    def pass_while(self, passes: Callable[[], bool]) -> None:
        """For the handler of a breakpoint: pass over its next hits while `passes` says so, unreported.

        `passes` is called where the handler would be, may look but not touch, and is forgotten when
        breakpoints or watchpoints change, and by `pass_nothing`. Steps are reported in any case.
        """
        self._core.passing.wanted = passes

    def pass_nothing(self) -> None:
        """Report every hit again."""
        self._core.passing.forget()

    def jump(self, pc: int, stepping: bool) -> None:
        """Let the innermost frame go on at another op of its function when the handler returns.

        A breakpoint there is hit, unless the op is stepped. CannotDivert where the guest is not
        stopped at a boundary, or the op finds other operands on the stack.
        """
        resumption.jump(self._core, pc, silently=stepping)

    def return_to(
        self, frame: FrameHandle, types: Sequence[int], bits: Sequence[int], stepping: bool
    ) -> None:
        """Let the call that an outer frame is in return, with values of these types.

        It takes effect when the handler returns. CannotDivert for a frame of another activation.
        """
        resumption.return_to(self._core, frame, types, bits, silently=stepping)

    def _on_event(self, event: DebugEvent) -> None:
        if self._killed:
            raise Killed
        assert self._handler is not None
        outer = self._event
        self._event = event
        try:
            self._handler(event)
        finally:
            self._event = outer
        if self._killed:
            raise Killed

    @property
    def event(self) -> DebugEvent | None:
        """The event the guest stands at; None while it runs and when nothing runs."""
        return self._event

    def step(self, on: bool, quiet: tuple[int, Sequence[range]] | None = None) -> None:
        """Switch single-step mode: a Breakpoint event at every boundary, function entries included.

        Within `quiet`, PCs of a module, there are none but for breakpoints: the guest runs at full speed.
        """
        within = None if quiet is None else (self._module(quiet[0]), tuple(quiet[1]))
        self._core.set_single_step(on, within)

    @property
    def stepping(self) -> bool:
        """Whether single-step mode is on."""
        return self._core.single_step

    def interrupt(self) -> None:
        """Make a running guest stop with an Interrupt event. From any thread.

        When nothing runs, the next run stops at its first boundary.
        """
        self.store.interrupt()

    def kill(self) -> None:
        """Make the guest end instead of going on: `run` raises Killed when the handler returns.

        From any thread; a guest that runs is stopped first, without an event.
        """
        self._killed = True
        self.store.interrupt()

    # Modules

    def modules(self) -> Sequence[RegisteredModule]:
        """Return the store's modules in registration order; a list that only ever grows."""
        for code in self.store.code.modules()[len(self._modules) :]:
            module = code.module
            self._indices[module] = len(self._modules)
            self._modules.append(RegisteredModule(len(self._modules), module, module.info))
        return self._modules

    def module_of(self, frame: FrameHandle) -> RegisteredModule:
        """Return the module of a frame."""
        if frame.store is not self.store:
            raise ForeignStore
        module = frame.module()
        self.modules()
        assert module is not None, "every frame of the guest is in a module"
        return self._modules[self._indices[module]]

    def instances(self) -> Sequence[Instance]:
        """Return the store's instances, in order of creation."""
        return self.store.instances

    def _module(self, index: int) -> Module:
        modules = self.modules()
        if not 0 <= index < len(modules):
            raise OutOfRange("module", index, len(modules))
        return modules[index].module

    # Code

    def boundary_kind(self, module: int, pc: int) -> BoundaryKind | None:
        """Say what lies at a PC; None outside every function's code."""
        boundaries = self._core.breakpoints.boundaries(self._module(module))
        function = boundaries.function_at(pc)
        return None if function is None else boundaries.of(function).kind(pc)

    def boundary(self, module: int, pc: int) -> int | None:
        """Return the first op boundary at or after a PC within its function; None outside functions."""
        boundaries = self._core.breakpoints.boundaries(self._module(module))
        function = boundaries.function_at(pc)
        return None if function is None else boundaries.of(function).next(pc)

    def boundaries(self, module: int, defined_index: int) -> Sequence[int]:
        """Return the PCs of a function's ops, ascending, dead code included."""
        boundaries = self._core.breakpoints.boundaries(self._module(module))
        count = len(self._module(module).info.bodies)
        if not 0 <= defined_index < count:
            raise OutOfRange("function", defined_index, count)
        return boundaries.of(defined_index).pcs

    def function_at(self, module: int, pc: int) -> int | None:
        """Return the defined index of the function whose code holds a PC."""
        return self._core.breakpoints.boundaries(self._module(module)).function_at(pc)

    def set_breakpoint(self, module: int, pc: int) -> int:
        """Set a breakpoint and return where it stands: `pc`, or the next boundary of its function.

        Twice is once. NoCode outside every function.
        """
        with self._core.edit(OWNER) as edit:
            edit.add_breakpoint(self._module(module), pc)
        return self._core.breakpoints.locate(self._module(module), pc)[1]

    def clear_breakpoint(self, module: int, pc: int) -> None:
        """Remove the breakpoint that was asked for at `pc`; none is no error."""
        with self._core.edit(OWNER) as edit:
            edit.remove_breakpoint(self._module(module), pc)

    def clear_breakpoints(self) -> None:
        """Remove all breakpoints that were set here."""
        with self._core.edit(OWNER) as edit:
            for breakpoint_ in self._core.all_breakpoints():
                if breakpoint_.owner == OWNER:
                    edit.remove_breakpoint(breakpoint_.module, breakpoint_.requested_pc)

    def watch_host_calls(self, wanted: Callable[[str], bool] | None) -> None:
        """Make calls of host functions events, where `wanted` accepts the name; None for no calls."""
        self._core.host_calls.watch(wanted)

    # Watchpoints

    def watch_memory(
        self, access: Access, instance: Instance, index: int, address: int, length: int
    ) -> Watchpoint:
        """Watch bytes of a memory of an instance, those it may grow to have too; OutOfRange elsewhere."""
        linear = self.memory(instance, index).linear
        if not 0 <= address < address + length <= linear.maximum:
            raise OutOfRange("memory address", address, linear.maximum)
        return self._watch(MemoryWatchpoint(access, linear, address, length))

    def watch_global(self, access: Access, instance: Instance, index: int) -> Watchpoint:
        """Watch a global of an instance."""
        return self._watch(GlobalWatchpoint(access, self._global(instance, index)))

    def watch_local(self, access: Access, frame: FrameHandle, index: int) -> Watchpoint:
        """Watch a local of one frame, as long as it lives."""
        return self._watch(frame.watched_local(access, index))

    def _watch(self, watchpoint: Watchpoint) -> Watchpoint:
        self._core.passing.forget()
        self._core.watchpoints.add(watchpoint)
        return watchpoint

    def unwatch(self, watchpoint: Watchpoint) -> None:
        """Remove a watchpoint; it is no error if that was done."""
        self._core.passing.forget()
        self._core.watchpoints.remove(watchpoint)

    # Frames

    def frames(self) -> Iterator[FrameHandle]:
        """Walk the frames, innermost first, from activation to activation."""
        return iter(self._backtrace)

    def frame(self, index: int) -> FrameHandle | None:
        """Return frame `index`, 0 the innermost; None past the outermost.

        Costs the walk to the farthest frame asked for since the guest last ran, once, without an
        object a frame.
        """
        if index == 0 and self.store.activations:
            frame = exit_frame(self._core, self.store.activations[-1])
            if frame is not None:
                return frame
        return self._backtrace.frame(index)

    def called_frames(self, index: int, count: int) -> list[tuple[int, int]]:
        """Return the code addresses and frame pointers of up to `count` frames from `index` on.

        For those who need little of many frames: frames of one return address differ in their frame
        pointer alone. It ends before a frame that is in no call of its own: look at that one itself.
        """
        return self._backtrace.called(index, count)

    def slot(self, address: int) -> int:
        """Return the word in a slot of a frame that is in a call, by `FrameHandle.local_address`."""
        return self.store.machine.load_u64(address)

    def depth(self) -> int:
        """Count the frames. Costs the walk of them all."""
        return self._backtrace.depth()

    # State

    def memory(self, instance: Instance, index: int) -> Memory:
        """Return a memory by its index, imports first, exported or not; OutOfRange for none."""
        if not 0 <= index < len(instance.memories):
            raise OutOfRange("memory", index, len(instance.memories))
        return instance.memories[index]

    def read_memory(self, instance: Instance, index: int, address: int, length: int) -> bytes:
        """Read a memory of an instance: up to `length` bytes, fewer where the memory ends."""
        linear = self.memory(instance, index).linear
        if address < 0 or length < 0:
            raise OutOfRange("memory address", address, linear.size)
        return linear.read(address, max(min(length, linear.size - address), 0))

    def write_memory(self, instance: Instance, index: int, address: int, data: bytes) -> None:
        """Write all of `data`; OutOfRange, and nothing written, where it does not fit."""
        linear = self.memory(instance, index).linear
        if address < 0 or address + len(data) > linear.size:
            raise OutOfRange("memory address", address, linear.size)
        linear.write(address, data)
        self._core.watchpoints.refresh()

    def table_function(
        self, instance: Instance, table: int, slot: int
    ) -> tuple[Instance, int] | None:
        """Return the function in a table's slot, as its instance and its index; None for none there."""
        elements = self._elements(instance, table)
        found = function_of(self.store, elements.get(slot)) if 0 <= slot < elements.size else None
        if found is None:
            return None
        return found[0], found[0].module.info.num_imported_funcs + found[1]

    def slot_of(self, instance: Instance, table: int, function: int) -> int | None:
        """Return the first slot of a table that holds one of the instance's functions.

        A function that is in none is added at the end; None where that is not possible.
        """
        elements, record = self._elements(instance, table), instance.func(function).record
        for slot in range(elements.size):
            if elements.get(slot) == record:
                return slot
        slot = elements.add(record)
        return None if slot < 0 else slot

    def _elements(self, instance: Instance, table: int) -> TableElements:
        if not 0 <= table < len(instance.tables):
            raise OutOfRange("table", table, len(instance.tables))
        return instance.tables[table].elements

    def _global(self, instance: Instance, index: int) -> Global:
        if not 0 <= index < len(instance.globals):
            raise OutOfRange("global", index, len(instance.globals))
        return instance.globals[index]

    def global_type(self, instance: Instance, index: int) -> GlobalType:
        """Return a global's type; OutOfRange for none."""
        return self._global(instance, index).wasm_type

    def global_bits(self, instance: Instance, index: int) -> int:
        """Return the bit pattern of a global; of a reference, the word that stands for it."""
        return self._global(instance, index).bits()

    def set_global_bits(self, instance: Instance, index: int, bits: int) -> None:
        """Write the bit pattern of a number global, immutable ones too; WrongType for a reference."""
        global_ = self._global(instance, index)
        global_.set_bits(checked_bits(global_.wasm_type.valtype, bits))
        self._core.watchpoints.refresh()
