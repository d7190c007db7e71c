"""A store's debugger: what the driver's hooks do, and what is asked of them.

It reports each stop to one handler, and walks the virtual stops of a site without resuming the guest.
"""

from collections.abc import Iterator, Sequence

from jit.abi.frame_table import RowKind
from jit.abi.traps import TrapCode
from jit.debug.breakpoints import BreakpointInfo, BreakpointTable, Owner
from jit.debug.demand import SiteDemand
from jit.debug.edits import BreakpointEdit
from jit.debug.enabling import Enabling, Quiet
from jit.debug.errors import DebugError
from jit.debug.events import (
    DebugEvent,
    EpochYield,
    HostcallError,
    Interrupt,
    ModuleRegistered,
    Trap,
    Watched,
)
from jit.debug.frames import FrameHandle
from jit.debug.host_calls import HostCalls
from jit.debug.innermost import IN_FRAME, exit_frames
from jit.debug.locations import Location, Locations
from jit.debug.passing import Passing
from jit.debug.reports import Reports
from jit.debug.sites import Site
from jit.debug.transfer import Twins
from jit.debug.watching import Watching
from jit.debug.watchpoints import Watchpoints
from jit.runtime import trap
from jit.runtime.code import CodeRange, ModuleCode
from jit.runtime.context import GENERAL, PC
from jit.runtime.driver import Activation
from jit.runtime.frames import backtrace
from jit.runtime.instance import Instance
from jit.runtime.module import Module
from jit.runtime.store import Store

_INTERRUPT = Interrupt()
_INTERRUPT_IN_HOST_CALL = Interrupt(in_host_call=True)
_EPOCH_YIELD = EpochYield()


class DebugCore:
    """The `DebugHooks` of one store."""

    def __init__(self, store: Store) -> None:
        """Become the debugger of a store; DebugError unless its code is debuggable."""
        if not store.debuggable:
            raise DebugError("the store's engine was made without guest debugging")
        self.store = store
        self.locate = Locations(store.code).at
        """What a code address means: one that a context or a return address shows."""
        self.breakpoints = BreakpointTable()
        self.watchpoints = Watchpoints(store)
        self.reports = Reports(store, self.watchpoints, self.update_watch)
        self.passing = Passing(store, self.reports.standing)
        self.host_calls = HostCalls(store, self.reports.report)
        self._twins = Twins()
        self._demand = SiteDemand(store, self.locate, self._twins)
        self.enabling = Enabling(store, self.breakpoints, self.watchpoints, self._demand)
        self._watching = Watching(
            *(store, self.locate, self.enabling, self.watchpoints, self.host_calls),
            *(self._twins, self._after_host_call),
        )
        self._sites: dict[int, Site] = {}
        self._reported: dict[int, tuple[Activation, int]] = {}
        """By depth: an activation that was stopped at the interrupt check before an enabled site."""
        self.frame_pointer = GENERAL + store.isa.convention.frame_pointer
        """The word of a context that holds the frame pointer."""
        store.hooks = self

    # Hooks

    def on_breakpoint(self, activation: Activation) -> None:
        address = activation.context.words[PC]
        if self._reported and self._take_reported(activation) == address:
            return
        known = self.passing.known.get(address)
        stepping = self.enabling.stepping
        if known is not None and not stepping and self.passing.is_passed(activation, *known):
            return
        site = self._sites.get(address)
        if site is None:
            site = self.site(self.locate(address).range, address)
        self._visit(activation, site)

    def on_interrupt(self, activation: Activation, requested: bool) -> None:
        if requested and self.reports.handler is None:
            raise trap.Trap.of(TrapCode.INTERRUPT, backtrace(self.store))
        if activation.host is not None:
            self.reports.report(activation, _INTERRUPT_IN_HOST_CALL)
            return
        if not requested and not self.store.entry_stops:
            self.reports.pace.beat()
            return
        self._demand.innermost(activation)
        address = activation.context.words[PC]
        location = self.locate(address)
        function = location.range
        site = self.site(function, function.start + location.row.boundary)
        self._visit(activation, site, _INTERRUPT if requested else None)
        if activation.context.words[PC] == address:
            self._expect(activation, site)

    def on_watch(self, activation: Activation) -> None:
        context = activation.context
        address = context.words[PC]
        location = self.locate(address)
        convention = self.store.isa.convention
        instance = self.store.instances_by_vmctx[context.general(convention.vmctx)]
        first, last = (context.general(register) for register in convention.watched)
        memory, writes = instance.memories[0].linear, location.row.kind is RowKind.WRITE
        hits = self.watchpoints.accessed(memory, first, last, writes)
        if not hits:
            return
        self._demand.innermost(activation)
        address = context.words[PC]
        location = self.locate(address)
        function = location.range
        site = self.site(function, function.start + location.row.boundary)
        self._visit(activation, site, Watched(hits))
        if context.words[PC] == address:
            self._expect(activation, site)

    def _after_host_call(self, activation: Activation) -> None:
        hits = self.watchpoints.changed()
        if hits:
            self.reports.report(activation, Watched(hits, in_host_call=True))

    def on_trap(self, activation: Activation, trap: trap.Trap) -> None:
        self.reports.report(activation, Trap(trap.trap_code, trap.reason))

    def on_epoch(self, activation: Activation) -> None:
        self.reports.report(activation, _EPOCH_YIELD)
        words = activation.context.words
        words[PC] = self._watching.twin(words[PC])
        if self._take_reported(activation) is not None:
            location = self.locate(words[PC])
            function = location.range
            self._expect(activation, self.site(function, function.start + location.row.boundary))

    def on_hostcall_error(self, activation: Activation, error: Exception) -> None:
        self.reports.report(activation, HostcallError(error))

    def on_compiled(self, code: ModuleCode, defined_index: int) -> None:
        function = code.function(defined_index)
        if function is not None:
            self.enabling.compiled(function)

    def on_instance(self, instance: Instance) -> None:
        """Look at the host functions it came with; its code's sites are enabled as it is compiled."""
        self.host_calls.update()
        self.watchpoints.instances_changed()
        first = all(other.module is not instance.module for other in self.store.instances[:-1])
        if first:
            self.reports.tell(ModuleRegistered(instance.module))

    def on_left(self) -> None:
        """Undo what was for one run."""
        self.reports.over()

    def extern_roots(self) -> set[int]:
        """Return the words in all slots of frames that keep host objects alive."""
        load = self.store.machine.load_u64
        return {load(address) for _, address in self.root_slots()}

    def root_slots(self) -> Iterator[tuple[int, int]]:
        """Yield the type and the address of each slot, of all frames, that keeps a host object alive."""
        for innermost in exit_frames(self):
            frame: FrameHandle | None = innermost
            while frame is not None:
                yield from frame.root_slots()
                frame = frame.parent()

    # Stops

    def _visit(
        self, activation: Activation, site: Site, first: Interrupt | Watched | None = None
    ) -> None:
        """Stop at the points of a site that have a breakpoint, or at all of them in step mode.

        `first` is the event of the first point if there is one in any case.
        """
        if self.enabling.stepping:
            self.enabling.follow(site.range, activation.context.words[self.frame_pointer])
        reports = self.reports
        index = 0
        while index < len(site.points):
            if site.version != self.breakpoints.version:
                site.update(self.breakpoints)
            event: DebugEvent | None
            if first is not None and index == 0:
                event = first
            else:
                steps = self.enabling.stepping and not self.enabling.is_quiet(site, index)
                event = site.step_event(index) if steps else site.events[index]
            if self.watchpoints.slots:
                event = self._watched(activation, site, index, event)
            if event is not None:
                reports.report(activation, event, site.points[index])
                if self.passing.wanted is not None:
                    self.passing.keep(site, index, alone=not self.watchpoints.slots)
                if activation in reports.moved:
                    moved = reports.moved.pop(activation)
                    if moved is None:
                        return
                    site, index = moved
                if site.range.variant.watch is not self.store.code.watch:
                    site = self._transfer(activation, site)
            index += 1

    def _watched(
        self, activation: Activation, site: Site, index: int, event: DebugEvent | None
    ) -> DebugEvent | None:
        """Return the event of a point, where globals or locals may have been accessed."""
        function = site.range.code.module, site.range.defined_index
        frame_pointer = activation.context.words[self.frame_pointer]
        hits = self.watchpoints.at(function, site.points[index].pc, activation, frame_pointer)
        if isinstance(event, Watched):
            hits = event.hits + hits
        return Watched(hits) if hits else event

    def _expect(self, activation: Activation, site: Site) -> None:
        """The stop of a site is over before the site is reached: it shall not be reported again."""
        if self.enabling.is_enabled(site):
            self._reported[activation.depth] = activation, site.address

    def _take_reported(self, activation: Activation) -> int | None:
        """Return the site whose stop an activation has had already, and forget it."""
        known, address = self._reported.pop(activation.depth, (None, 0))
        return address if known is activation else None

    def site(self, function: CodeRange, address: int) -> Site:
        """Return the site whose row is keyed by an address."""
        site = self._sites.get(address)
        if site is None:
            row = self.locate(address).row
            if row.kind is not RowKind.SITE:
                raise DebugError(f"no patch site at code address {address:#x}")
            site = self._sites[address] = Site(function, address, row.patch, row.points)
        return site

    def move_to_canonical(self, activation: Activation, location: Location, pc: int) -> None:
        """Let an activation go on at the same op in the canonical variant of its function.

        It is stopped at a boundary and goes on past it.
        """
        range_ = location.range
        canonical = range_.code.canonical(range_.defined_index, range_.variant.watch)
        self.enabling.enter(canonical)
        words = activation.context.words
        boundary = canonical.table.boundaries_at(pc)[0]
        site = self.site(canonical, canonical.start + boundary.offset)
        words[PC] = site.address
        self.reports.move(activation, site, boundary.index)

    def return_to_canonical(self, activation: Activation, frame_pointer: int) -> None:
        """Let a frame that is inside a call, or at an epoch's exit, go on in the canonical variant."""
        if activation.exit not in IN_FRAME:
            return
        words, machine, isa = activation.context.words, self.store.machine, self.store.isa
        callee = words[self.frame_pointer]
        if callee == frame_pointer:
            words[PC] = self._canonical_twin(words[PC])
            return
        pointer_word, return_word = isa.caller(callee)
        while (callee := machine.load_u64(pointer_word)) != frame_pointer:
            pointer_word, return_word = isa.caller(callee)
        machine.store_u64(return_word, self._canonical_twin(machine.load_u64(return_word)))

    def _canonical_twin(self, address: int) -> int:
        """Return what the address of a call or of an interrupt exit is in the canonical variant."""
        location = self.locate(address)
        range_ = location.range
        if range_.variant.canonical:
            return address
        canonical = range_.code.canonical(range_.defined_index, range_.variant.watch)
        self.enabling.take_over(range_, canonical)
        return self._twins.address(range_, canonical, location.row)

    def update_watch(self) -> None:
        """Bring code and frames up to date with the watchpoints; cheap if none came or went."""
        self._watching.update()

    def _transfer(self, activation: Activation, site: Site) -> Site:
        """Let an activation that stands at a point of a site go on in code that looks at what is watched.

        Return the site there.
        """
        words = activation.context.words
        address = self._watching.twin(site.address)
        other = self.site(self.locate(address).range, address)
        at_call = self.locate(words[PC]).row.kind is RowKind.CALL
        words[PC] = self._watching.twin(words[PC]) if at_call else address
        if self._reported.get(activation.depth) == (activation, site.address):
            self._reported[activation.depth] = activation, address
        return other

    def run_to(self, module: Module, pc: int) -> None:
        """Set a breakpoint that the next event of whatever kind removes, or the end of the run."""
        temporary = object()
        with self.edit(temporary) as edit:
            edit.add_breakpoint(module, pc)
        before = self.reports.before

        def remove() -> None:
            if before is not None:
                before()
            self.passing.forget()
            with BreakpointEdit(self, temporary) as edit:
                edit.remove_breakpoint(module, pc)

        self.reports.before = remove

    # Where the guest is

    def caller(self, frame_pointer: int) -> tuple[int, int] | None:
        """Return the caller's (code address, frame pointer); None for an activation's outermost frame."""
        load = self.store.machine.load_u64
        pointer_word, return_word = self.store.isa.caller(frame_pointer)
        address = load(return_word)
        if address == self.store.code.done:
            return None
        return address, load(pointer_word)

    def outer_frame(self, activation: Activation, frame_pointer: int) -> FrameHandle | None:
        """Return the frame that a frame was called from; None for an activation's outermost.

        Machine frames that stand for no Wasm frame are passed over.
        """
        while (caller := self.caller(frame_pointer)) is not None:
            address, frame_pointer = caller
            frames = self.locate(address).frames
            if frames:
                return FrameHandle(self, activation, address, frame_pointer, frames)
        return None

    # Breakpoints and single-step mode

    @property
    def single_step(self) -> bool:
        """Whether every boundary is a stop."""
        return self.enabling.stepping

    def set_single_step(self, on: bool, quiet: Quiet | None = None) -> None:
        """Switch single-step mode; nothing is done if it is as wanted.

        The boundaries in `quiet` are none.
        """
        if not self.enabling.is_as_wanted(on, quiet):
            self.reports.check_standing()
            self.enabling.step(on, quiet)

    def edit(self, owner: Owner = None) -> BreakpointEdit:
        """Return an edit session, to be used in a `with`.  Raise StoreInUse while the guest runs."""
        self.reports.check_standing()
        self.passing.forget()
        return BreakpointEdit(self, owner)

    def all_breakpoints(self) -> Sequence[BreakpointInfo]:
        """Return every breakpoint, by module and where it stands."""
        return list(self.breakpoints)
