"""Which patch sites are enabled: those of breakpoints and watchpoints, and in single-step mode many more.

Then they are all those of the functions where the guest may be next: each function entered or returned to
is added on the way, so that the cost of a step depends neither on the module's size nor on the stack's depth.
"""

from collections.abc import Iterable, Iterator

from jit.debug.breakpoints import BreakpointTable, FunctionKey
from jit.debug.demand import SiteDemand
from jit.debug.patches import Patches
from jit.debug.sites import Site
from jit.debug.watchpoints import Watchpoints
from jit.runtime.code import CodeRange
from jit.runtime.context import GENERAL
from jit.runtime.module import Module
from jit.runtime.store import Store

Quiet = tuple[Module, tuple[range, ...]]
"""PCs of a module at which steps are of no interest."""


class Enabling:
    """The enabled sites of one store."""

    def __init__(
        self,
        store: Store,
        breakpoints: BreakpointTable,
        watchpoints: Watchpoints,
        demand: SiteDemand,
    ) -> None:
        self.patches = Patches(store.code)
        self.stepping = False
        """Whether every boundary is a stop."""
        self._store = store
        self._breakpoints = breakpoints
        self._watchpoints = watchpoints
        self._demand = demand
        self._stepped: set[CodeRange] = set()
        self._pending: set[FunctionKey] = set()
        self._unapplied: set[CodeRange] = set()
        """What is still to be patched since the machine refused."""
        self._quiet: Quiet | None = None
        self._last_frame: tuple[CodeRange, int] | None = None
        self._marked: set[FunctionKey] = set()
        """The functions with sites for watchpoints."""
        self._frame_pointer = GENERAL + store.isa.convention.frame_pointer

    # Single-step mode

    def is_as_wanted(self, on: bool, quiet: Quiet | None) -> bool:
        """Say whether single-step mode need not be switched."""
        return on == self.stepping and quiet == self._quiet

    def step(self, on: bool, quiet: Quiet | None) -> None:
        """Switch single-step mode. The boundaries in `quiet` are no stops."""
        before, self._quiet = self._quiet, quiet
        if on == self.stepping:
            for function in self._stepped:
                if _overlap(function, before) or _overlap(function, quiet):
                    self._enable_stepped(function)
            return
        self.stepping = on
        self._last_frame = None
        self._store.entry_stops = on
        if on:
            for activation in self._store.activations:
                innermost = self._demand.innermost(activation)
                if innermost is not None:
                    self._add_with_caller(innermost, activation.context.words[self._frame_pointer])
            return
        stepped, self._stepped = self._stepped, set()
        self._apply_all(stepped)

    def is_quiet(self, site: Site, index: int) -> bool:
        """Say whether a point of a site lies where steps are of no interest."""
        quiet = self._quiet
        if quiet is None or site.range.code.module is not quiet[0]:
            return False
        pc = site.points[index].pc
        return any(pc in pcs for pcs in quiet[1])

    def follow(self, function: CodeRange, frame_pointer: int) -> None:
        """The guest, which is stepped, stopped in a frame of a function: go on stepping there."""
        if self._last_frame != (function, frame_pointer):
            self._last_frame = (function, frame_pointer)
            self._add_with_caller(function, frame_pointer)

    def _add_with_caller(self, function: CodeRange, frame_pointer: int) -> None:
        """Let every boundary of a frame's function and of its caller be a stop."""
        self.add_stepped(function)
        caller = self._demand.caller(frame_pointer)
        if caller is not None:
            self.add_stepped(caller)

    def add_stepped(self, function: CodeRange) -> None:
        """Let every boundary of a function be a stop."""
        if function not in self._stepped:
            self._enable_stepped(function)
            self._stepped.add(function)

    def _enable_stepped(self, function: CodeRange) -> None:
        if self._quiet is not None and _overlap(function, self._quiet):
            self.patches.enable_outside(function, self._quiet[1], self._pcs(function))
        else:
            self.patches.enable_all(function)

    # Breakpoints and watchpoints

    def is_enabled(self, site: Site) -> bool:
        """Say whether a site is enabled."""
        return self.patches.is_enabled(site.range, site.patch)

    def enter(self, function: CodeRange) -> None:
        """The guest is taken to code of a function where it has not been: enable what is needed there."""
        if self.stepping:
            self.add_stepped(function)
        else:
            self._apply(function)

    def take_over(self, function: CodeRange, other: CodeRange) -> None:
        """Enable in code of a function what is enabled in other code of the same."""
        if function in self._stepped:
            self.add_stepped(other)
        else:
            self._apply(other)

    def compiled(self, function: CodeRange) -> None:
        """Enable what new code needs."""
        if any(self._pcs(function)):
            self._apply(self._demand.function(function))

    def _apply(self, function: CodeRange) -> None:
        """Enable the sites of a function that its breakpoints need, or all of them in step mode."""
        if not function.variant.sites:
            return
        if function in self._stepped:
            self._enable_stepped(function)
        else:
            self.patches.enable_only(function, self._pcs(function))

    def _pcs(self, function: CodeRange) -> Iterator[int]:
        """Yield the PCs at which a function must be stopped, for breakpoints or watchpoints."""
        return self._pcs_of((function.code.module, function.defined_index))

    def _pcs_of(self, key: FunctionKey) -> Iterator[int]:
        yield from self._breakpoints.of(key).pcs()
        yield from self._watchpoints.pcs(key)

    def note(self, functions: set[FunctionKey]) -> None:
        """Remember functions whose breakpoints have changed."""
        self._pending |= functions

    def apply(self) -> None:
        """Bring the code of the functions that were noted up to date with their breakpoints, where it exists."""
        self._demand.all_frames({key for key in self._pending if any(self._pcs_of(key))})
        wanted, self._pending = self._pending, set()
        self._apply_all(
            function
            for code in self._store.code.modules()
            for module, defined_index in wanted
            if module is code.module
            for function in code.variants(defined_index)
            if function.variant.sites
        )

    def apply_watchpoints(self) -> None:
        """Bring the functions that access watched globals or locals up to date, or once did."""
        marked = set()
        if self._watchpoints.slots:
            for code in self._store.code.modules():
                for function in code.functions():
                    key = code.module, function.defined_index
                    if any(self._watchpoints.pcs(key)):
                        marked.add(key)
        self._marked, before = marked, self._marked
        self.note(marked | before)
        self.apply()

    def _apply_all(self, functions: Iterable[CodeRange]) -> None:
        """Bring code up to date, and what could not be patched before."""
        waiting = self._unapplied
        waiting.update(functions)
        while waiting:
            function = next(iter(waiting))
            self._apply(function)
            waiting.discard(function)


def _overlap(function: CodeRange, quiet: Quiet | None) -> bool:
    """Say whether a function has quiet boundaries."""
    if quiet is None or function.code.module is not quiet[0] or not function.table.boundaries:
        return False
    first, last = function.table.boundaries[0].pc, function.table.boundaries[-1].pc
    return any(first < pcs.stop and last >= pcs.start for pcs in quiet[1])
