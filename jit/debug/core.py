"""A store's debugger: what the driver's hooks do, and what is asked of them.

It reports each stop to one handler, walks the virtual stops of a site without resuming the guest, and
keeps single-step mode going: every boundary of the functions where the guest may be next is enabled,
and each function entered or returned to is added on the way, so that the cost of a step depends
neither on the module's size nor on the stack's depth.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from jit.abi.context import Exit
from jit.abi.frame_table import Point, RowKind
from jit.abi.traps import TrapCode
from jit.debug.breakpoints import BreakpointInfo, BreakpointTable, FunctionKey, Owner
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
from jit.debug.frames import IN_FRAME, FrameHandle, InnermostFrame, Location
from jit.debug.host_calls import HostCalls
from jit.debug.patches import Patches
from jit.debug.sites import Site
from jit.debug.transfer import Twins
from jit.debug.watchpoints import Watchpoints
from jit.runtime import trap
from jit.runtime.code import CodeRange, ModuleCode
from jit.runtime.context import GENERAL, PC
from jit.runtime.driver import Activation
from jit.runtime.errors import StoreInUse
from jit.runtime.frames import backtrace, walk
from jit.runtime.instance import Instance
from jit.runtime.module import Module
from jit.runtime.store import Store

Handler = Callable[[DebugEvent], None]
Found = TypeVar("Found")
Quiet = tuple[Module, tuple[range, ...]]
"""PCs of a module at which steps are of no interest."""

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
        self.handler: Handler | None = None
        """Gets the events; without one, the guest stops for nothing."""
        self.breakpoints = BreakpointTable()
        self.patches = Patches(store.code)
        self.host_calls = HostCalls(store, self._report)
        self.watchpoints = Watchpoints(store)
        self._twins = Twins()
        self._marked: set[FunctionKey] = set()
        """The functions with sites for watchpoints."""
        self._step = False
        self._stepped: set[CodeRange] = set()
        self._unapplied: set[CodeRange] = set()
        """What is still to be patched since the machine refused."""
        self._quiet: Quiet | None = None
        self._last_frame: tuple[CodeRange, int] | None = None
        self._locations: dict[int, Location] = {}
        self._sites: dict[int, Site] = {}
        self.standing: dict[Activation, Point | None] = {}
        """Activations whose stop is being handled; the point, where it is not the first at its address."""
        self._moved: dict[Activation, tuple[Site, int]] = {}
        """Activations that went to canonical code at this stop: the site and the point they are at now."""
        self._reported: dict[int, tuple[Activation, int]] = {}
        """By depth: an activation that was stopped at the interrupt check before an enabled site."""
        self._passing: dict[int, tuple[Callable[[], bool], Point]] = {}
        """By site: what says that its one breakpoint is to be passed over, asked before all else."""
        self._passes: Callable[[], bool] | None = None
        """Such a thing that the handler has just given for the breakpoint it was told of."""
        self._frame_pointer = GENERAL + store.isa.convention.frame_pointer
        store.hooks = self

    # Hooks

    def on_breakpoint(self, activation: Activation) -> None:
        address = activation.context.words[PC]
        if self._reported and self._take_reported(activation) == address:
            return
        known = self._passing.get(address)
        if known is not None and not self._step and self._is_passed(activation, *known):
            return
        site = self._sites.get(address)
        if site is None:
            site = self.site(self.locate(address).range, address)
        if self._step:
            self._follow(activation, site.range)
        self._visit(activation, site)

    def on_interrupt(self, activation: Activation, requested: bool) -> None:
        if requested and self.handler is None:
            raise trap.Trap.of(TrapCode.INTERRUPT, backtrace(self.store))
        if activation.host is not None:
            self._report(activation, _INTERRUPT_IN_HOST_CALL)
            return
        address = activation.context.words[PC]
        location = self.locate(address)
        function = location.range
        site = self.site(function, function.start + location.row.boundary)
        if self._step:
            self._follow(activation, function)
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
        function = location.range
        site = self.site(function, function.start + location.row.boundary)
        if self._step:
            self._follow(activation, function)
        self._visit(activation, site, Watched(hits))
        if context.words[PC] == address:
            self._expect(activation, site)

    def _after_host_call(self, activation: Activation) -> None:
        hits = self.watchpoints.changed()
        if hits:
            self._report(activation, Watched(hits, in_host_call=True))

    def on_trap(self, activation: Activation, trap: trap.Trap) -> None:
        self._report(activation, Trap(trap.trap_code, trap.reason))

    def on_epoch(self, activation: Activation) -> None:
        self._report(activation, _EPOCH_YIELD)
        words = activation.context.words
        words[PC] = self._twin(words[PC])
        address = self._take_reported(activation)
        if address is not None:
            self._expect(activation, self._sites[address])

    def on_hostcall_error(self, activation: Activation, error: Exception) -> None:
        self._report(activation, HostcallError(error))

    def on_compiled(self, code: ModuleCode, defined_index: int) -> None:
        function = code.function(defined_index)
        if function is not None and any(self._pcs(function)):
            self._apply(function)

    def on_instance(self, instance: Instance) -> None:
        """Look at the host functions it came with; its code's sites are enabled as it is compiled."""
        self.host_calls.update()
        self.watchpoints.instances_changed()
        first = all(other.module is not instance.module for other in self.store.instances[:-1])
        if first and self.handler is not None:
            self.handler(ModuleRegistered(instance.module))
            self.store.executions += 1

    def extern_roots(self) -> set[int]:
        """Return the words of all locals and operands that are externrefs."""
        roots: set[int] = set()
        for exit_frame in self.exit_frames():
            frame: FrameHandle | None = exit_frame
            while frame is not None:
                roots.update(frame.extern_bits())
                frame = frame.parent()
        return roots

    # Stops

    def _visit(
        self, activation: Activation, site: Site, first: Interrupt | Watched | None = None
    ) -> None:
        """Stop at the points of a site that have a breakpoint, or at all of them in step mode.

        `first` is the event of the first point if there is one in any case.
        """
        index = 0
        while index < len(site.points):
            site.update(self.breakpoints)
            event: DebugEvent | None
            if first is not None and index == 0:
                event = first
            else:
                steps = self._step and not self._is_quiet(site, index)
                event = site.step_event(index) if steps else site.events[index]
            if self.watchpoints.slots:
                event = self._watched(activation, site, index, event)
            if event is not None:
                self._report(activation, event, site.points[index])
                if self._passes is not None:
                    self._keep_passing(site, index)
                if self._moved:
                    site, index = self._moved.pop(activation, (site, index))
                if site.range.watch is not self.store.code.watch:
                    site = self._transfer(activation, site)
            index += 1

    def pass_while(self, passes: Callable[[], bool]) -> None:
        """See `Debugger.pass_while`."""
        self._passes = passes

    def pass_nothing(self) -> None:
        """Forget what was given to `pass_while`."""
        self._passes = None
        self._passing.clear()

    def _keep_passing(self, site: Site, index: int) -> None:
        """Ask at the site from now on, where a hit of it could mean nothing but this breakpoint."""
        passes, self._passes = self._passes, None
        alone = sum(event is not None for event in site.events) == 1
        if passes is not None and alone and site.events[index] and not self.watchpoints.slots:
            self._passing[site.address] = passes, site.points[index]

    def _is_passed(self, activation: Activation, passes: Callable[[], bool], point: Point) -> bool:
        self.standing[activation] = point
        try:
            return passes()
        finally:
            del self.standing[activation]
            self.store.executions += 1

    def _is_quiet(self, site: Site, index: int) -> bool:
        """Say whether a point lies where steps are of no interest."""
        quiet = self._quiet
        if quiet is None or site.range.code.module is not quiet[0]:
            return False
        pc = site.points[index].pc
        return any(pc in pcs for pcs in quiet[1])

    def _watched(
        self, activation: Activation, site: Site, index: int, event: DebugEvent | None
    ) -> DebugEvent | None:
        """Return the event of a point, where globals or locals may have been accessed."""
        function = site.range.code.module, site.range.defined_index
        frame_pointer = activation.context.words[self._frame_pointer]
        hits = self.watchpoints.at(function, site.points[index].pc, activation, frame_pointer)
        if isinstance(event, Watched):
            hits = event.hits + hits
        return Watched(hits) if hits else event

    def _expect(self, activation: Activation, site: Site) -> None:
        """The stop of a site is over before the site is reached: it shall not be reported again."""
        if self.patches.is_enabled(site.range, site.patch):
            self._reported[activation.depth] = activation, site.address

    def _take_reported(self, activation: Activation) -> int | None:
        """Return the site whose stop an activation has had already, and forget it."""
        known, address = self._reported.pop(activation.depth, (None, 0))
        return address if known is activation else None

    def _report(
        self, activation: Activation, event: DebugEvent, point: Point | None = None
    ) -> None:
        handler = self.handler
        if handler is None:
            return
        self.standing[activation] = point
        try:
            handler(event)
        except BaseException as error:
            self._moved.pop(activation, None)
            if isinstance(error, RecursionError) and activation.depth:
                # Events nested without end exhaust Python's stack before the guest's.
                raise trap.Trap.of(TrapCode.STACK_OVERFLOW, backtrace(self.store)) from None
            raise
        finally:
            del self.standing[activation]
        self.update_watch()
        # What was learnt of the guest at a virtual stop is out of date at the next.
        self.store.executions += 1

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

        It is stopped at a boundary and goes on past it. The epoch's exits, which come before their
        boundary's stop, never need it: at entries and labels every operand is in its slot.
        """
        range_ = location.range
        canonical = range_.code.canonical(range_.defined_index, range_.watch)
        if self._step:
            self._add_stepped(canonical)
        else:
            self._apply(canonical)
        words = activation.context.words
        boundary = canonical.table.boundaries_at(pc)[0]
        site = self.site(canonical, canonical.start + boundary.offset)
        words[PC] = site.address
        self.move(activation, site, boundary.index)

    # Watching code

    def update_watch(self) -> None:
        """Bring code and frames up to date with the watchpoints; cheap if none came or went."""
        watchpoints, code = self.watchpoints, self.store.code
        if not watchpoints.changed_since:
            return
        watchpoints.changed_since = False
        for instance in self.store.instances:
            for memory in instance.memories:
                memory.linear.watch(watchpoints.ranges(memory.linear))
        self.host_calls.look_after(self._after_host_call if watchpoints else None)
        if watchpoints.watch is not code.watch:
            code.set_watch(watchpoints.watch)
            self._transfer_callers()
        marked = set()
        if watchpoints.slots:
            for module_code in code.modules():
                for range_ in module_code.functions():
                    if any(watchpoints.pcs((module_code.module, range_.defined_index))):
                        marked.add((module_code.module, range_.defined_index))
        self._marked, before = marked, self._marked
        self.apply(marked | before)

    def _transfer_callers(self) -> None:
        """Let all frames that are inside a call return to code that looks at what is watched now.

        Those that stand at a boundary follow when their stop is over.
        """
        machine, isa, done = self.store.machine, self.store.isa, self.store.code.done
        for activation in self.store.activations:
            if activation.exit not in IN_FRAME:
                continue
            words = activation.context.words
            if activation.exit == Exit.HOST:
                words[PC] = self._twin(words[PC])
            frame_pointer = words[self._frame_pointer]
            while True:
                pointer_word, return_word = isa.caller(frame_pointer)
                address = machine.load_u64(return_word)
                if address == done:
                    break
                other = self._twin(address)
                if other != address:
                    machine.store_u64(return_word, other)
                frame_pointer = machine.load_u64(pointer_word)

    def _twin(self, address: int) -> int:
        """Return what a code address is in code that looks at what is watched now."""
        location = self.locate(address)
        range_, watch = location.range, self.store.code.watch
        if range_.watch is watch:
            return address
        other = range_.code.variant(range_, watch)
        if range_ in self._stepped:
            self._add_stepped(other)
        else:
            self._apply(other)
        return self._twins.address(range_, other, location.row)

    def _transfer(self, activation: Activation, site: Site) -> Site:
        """Let an activation that stands at a point of a site go on in code that looks at what is watched.

        Return the site there.
        """
        words = activation.context.words
        address = self._twin(site.address)
        other = self.site(self.locate(address).range, address)
        at_call = self.locate(words[PC]).row.kind is RowKind.CALL
        words[PC] = self._twin(words[PC]) if at_call else address
        if self._reported.get(activation.depth) == (activation, site.address):
            self._reported[activation.depth] = activation, address
        return other

    def move(self, activation: Activation, site: Site, index: int) -> None:
        """Let an activation, which is stopped, have been at a point of a site; it goes on at the next."""
        self._moved[activation] = site, index
        if 0 <= index < len(site.points):
            self.standing[activation] = site.points[index]

    def expect_step(self, activation: Activation, site: Site) -> None:
        """An activation that is stepped goes on just before a site, which shall be no stop."""
        self.set_single_step(True)
        self._add_stepped(site.range)
        self._expect(activation, site)

    def check_standing(self) -> None:
        """Raise StoreInUse while the guest runs, on another thread then."""
        activations = self.store.activations
        if activations and activations[-1].host is None and activations[-1] not in self.standing:
            raise StoreInUse

    # Where the guest is

    def locate(self, address: int) -> Location:
        """Return what a code address means: one that a context or a return address shows."""
        location = self._locations.get(address)
        if location is None:
            function = self.store.code.lookup(address)
            if function is None:
                raise DebugError(f"no guest code at address {address:#x}")
            table = function.table
            row = table.row(address - function.start)
            if row is None:
                raise DebugError(f"no frame table row for code address {address:#x}")
            location = self._locations[address] = Location(function, table, row)
        return location

    def caller(self, frame_pointer: int) -> tuple[int, int] | None:
        """Return the caller's (code address, frame pointer); None for an activation's outermost frame."""
        load = self.store.machine.load_u64
        pointer_word, return_word = self.store.isa.caller(frame_pointer)
        address = load(return_word)
        if address == self.store.code.done:
            return None
        return address, load(pointer_word)

    def exit_frame(self, activation: Activation) -> FrameHandle | None:
        """Return the innermost frame of an activation; None while it has none."""
        if activation.exit in IN_FRAME:
            words = activation.context.words
            return InnermostFrame(self, activation, words[PC], words[self._frame_pointer])
        for frame in walk(activation):
            return InnermostFrame(self, activation, frame.address, frame.frame_pointer)
        return None

    def exit_frames(self) -> Iterator[FrameHandle]:
        """Yield the innermost frame of each activation, the innermost activation first."""
        for activation in reversed(self.store.activations):
            frame = self.exit_frame(activation)
            if frame is not None:
                yield frame

    # Breakpoints and single-step mode

    @property
    def single_step(self) -> bool:
        """Whether every boundary is a stop."""
        return self._step

    def set_single_step(self, on: bool, quiet: Quiet | None = None) -> None:
        """Switch single-step mode; nothing is done if it is as wanted.

        The boundaries in `quiet` are none.
        """
        if on == self._step and quiet == self._quiet:
            return
        self.check_standing()
        before, self._quiet = self._quiet, quiet
        if on == self._step:
            for function in self._stepped:
                if _overlap(function, before) or _overlap(function, quiet):
                    self._enable_stepped(function)
            return
        self._step = on
        self._last_frame = None
        self.store.entry_stops = on
        if on:
            for frame in self.exit_frames():
                self._enable_steps(frame)
            return
        stepped, self._stepped = self._stepped, set()
        self._apply_all(stepped)

    def _enable_steps(self, frame: FrameHandle) -> None:
        """Let every boundary of a frame's function and of its caller be a stop."""
        self._add_stepped(self.locate(frame.address).range)
        parent = frame.parent()
        if parent is not None:
            self._add_stepped(self.locate(parent.address).range)

    def _follow(self, activation: Activation, function: CodeRange) -> None:
        """The guest stopped in a function: go on stepping in it, and in its caller."""
        frame_pointer = activation.context.words[self._frame_pointer]
        if self._last_frame == (function, frame_pointer):
            return
        self._last_frame = (function, frame_pointer)
        self._add_stepped(function)
        caller = self.caller(frame_pointer)
        if caller is not None:
            self._add_stepped(self.locate(caller[0]).range)

    def _add_stepped(self, function: CodeRange) -> None:
        if function not in self._stepped:
            self._enable_stepped(function)
            self._stepped.add(function)

    def _enable_stepped(self, function: CodeRange) -> None:
        if self._quiet is not None and _overlap(function, self._quiet):
            self.patches.enable_outside(function, self._quiet[1], self._pcs(function))
        else:
            self.patches.enable_all(function)

    def _apply(self, function: CodeRange) -> None:
        """Enable the sites of a function that its breakpoints need, or all of them in step mode."""
        if function in self._stepped:
            self._enable_stepped(function)
            return
        self.patches.enable_only(function, self._pcs(function))

    def _pcs(self, function: CodeRange) -> Iterator[int]:
        """Yield the PCs at which a function must be stopped, for breakpoints or watchpoints."""
        key = function.code.module, function.defined_index
        yield from self.breakpoints.of(key).pcs()
        yield from self.watchpoints.pcs(key)

    def edit(self, owner: Owner = None) -> "BreakpointEdit":
        """Return an edit session, to be used in a `with`.  Raise StoreInUse while the guest runs."""
        self.check_standing()
        self.pass_nothing()
        return BreakpointEdit(self, owner)

    def apply(self, functions: set[FunctionKey]) -> None:
        """Bring the code of functions up to date with their breakpoints, where it exists."""
        self._apply_all(
            function
            for code in self.store.code.modules()
            for module, defined_index in functions
            if module is code.module
            for function in code.variants(defined_index)
        )

    def _apply_all(self, functions: Iterable[CodeRange]) -> None:
        """Bring code up to date, and what could not be patched before."""
        waiting = self._unapplied
        waiting.update(functions)
        while waiting:
            function = next(iter(waiting))
            self._apply(function)
            waiting.discard(function)

    def all_breakpoints(self) -> Sequence[BreakpointInfo]:
        """Return every breakpoint, by module and where it stands."""
        return list(self.breakpoints)


def _overlap(function: CodeRange, quiet: Quiet | None) -> bool:
    """Say whether a function has quiet boundaries."""
    if quiet is None or function.code.module is not quiet[0] or not function.table.boundaries:
        return False
    first, last = function.table.boundaries[0].pc, function.table.boundaries[-1].pc
    return any(first < pcs.stop and last >= pcs.start for pcs in quiet[1])


class BreakpointEdit:
    """A batch of changes: the code is patched when the `with` ends, each function once.

    What has been edited stays so if the `with` is left by an exception.
    """

    def __init__(self, core: DebugCore, owner: Owner) -> None:
        self._core = core
        self._owner = owner
        self._functions: set[FunctionKey] = set()
        self._step: bool | None = None

    def __enter__(self) -> "BreakpointEdit":
        return self

    def __exit__(self, *_: object) -> None:
        self._core.apply(self._functions)
        if self._step is not None:
            self._core.set_single_step(self._step)

    def add_breakpoint(self, module: Module, pc: int) -> None:
        """Set a breakpoint at the first op boundary at or after `pc`; no effect if it is there.

        NoCode outside every function's code, InvalidFunction in a function that is invalid.
        """
        self._note(self._core.breakpoints.add(module, pc, self._owner))

    def remove_breakpoint(self, module: Module, pc: int) -> None:
        """Remove the breakpoint that this owner asked for at `pc`; no effect if there is none."""
        self._note(self._core.breakpoints.remove(module, pc, self._owner))

    def _note(self, function: FunctionKey | None) -> None:
        if function is not None:
            self._functions.add(function)

    def single_step(self, on: bool) -> None:
        """Switch single-step mode: a Breakpoint event at every op."""
        self._step = on
