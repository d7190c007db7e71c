"""What a store offers a debugger (names: Wasmtime's), to be a base of the embedding interface's store."""

from collections.abc import Callable, Sequence

from jit.debug.breakpoints import BreakpointInfo, Owner
from jit.debug.core import BreakpointEdit, DebugCore
from jit.debug.cursor import DebugFrameCursor
from jit.debug.entities import all_instances, all_modules, core_of
from jit.debug.events import DebugEvent
from jit.debug.frames import FrameHandle
from jit.runtime.instance import Instance
from jit.runtime.module import Module
from jit.runtime.store import Store

DebugHandler = Callable[[Store, DebugEvent], object]


def attach(store: Store) -> DebugCore:
    """Return a store's debugger, made if there is none yet; DebugError without guest debugging."""
    return core_of(store) or DebugCore(store)


class DebuggableStore(Store):
    """A store with the debug interface.

    Without guest debugging it is empty: no frames, no edit sessions, no events.
    """

    def debug_exit_frames(self) -> Sequence[FrameHandle]:
        """Return the innermost frame of each activation, the innermost activation first."""
        return tuple(attach(self).exit_frames()) if self.debuggable else ()

    def debug_frames(self) -> DebugFrameCursor | None:
        """Return a cursor at the innermost frame; None without guest debugging."""
        return DebugFrameCursor(attach(self)) if self.debuggable else None

    def edit_breakpoints(self, owner: Owner = None) -> BreakpointEdit | None:
        """Return an edit session, to be used in a `with`; None without guest debugging.

        Breakpoints of different owners do not know of each other.
        """
        return attach(self).edit(owner) if self.debuggable else None

    def breakpoints(self) -> Sequence[BreakpointInfo] | None:
        """Return all breakpoints; None without guest debugging."""
        return attach(self).all_breakpoints() if self.debuggable else None

    def is_single_step(self) -> bool:
        """Say whether every op is a stop."""
        core = core_of(self)
        return core is not None and core.single_step

    def set_debug_handler(self, handler: DebugHandler) -> None:
        """Let `handler(store, event)` be called at every event, on the thread that runs the guest.

        The guest goes on when it returns; what it raises unwinds the guest. DebugError without guest
        debugging.
        """
        attach(self).handler = lambda event: _ignore(handler(self, event))

    def clear_debug_handler(self) -> None:
        """Call no handler any more: the guest stops for nothing."""
        core = core_of(self)
        if core is not None:
            core.handler = None

    def debug_all_instances(self) -> Sequence[Instance]:
        """Return the store's instances; none without guest debugging."""
        return all_instances(self)

    def debug_all_modules(self) -> Sequence[Module]:
        """Return the modules instantiated in the store; none without guest debugging."""
        return all_modules(self)


def _ignore(_: object) -> None:
    """Take what a handler returns, which means nothing."""
