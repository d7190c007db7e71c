"""What a store offers a debugger (names: Wasmtime's), to be a base of the embedding interface's store.

A host function's caller offers the same.  Handlers may be coroutine functions; what runs those is the
embedder's, so that no library for it is needed here.
"""

import inspect
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from jit.debug import resumption
from jit.debug.breakpoints import BreakpointInfo, Owner
from jit.debug.core import DebugCore
from jit.debug.cursor import DebugFrameCursor
from jit.debug.edits import BreakpointEdit
from jit.debug.entities import all_instances, all_modules, core_of
from jit.debug.errors import DebugError
from jit.debug.events import DebugEvent
from jit.debug.frames import FrameHandle
from jit.debug.innermost import exit_frames
from jit.debug.reports import Handler
from jit.runtime.func import Caller, Func
from jit.runtime.instance import Instance
from jit.runtime.module import Module
from jit.runtime.store import Store
from jit.runtime.val import Val

DebugHandler = Callable[[Store, DebugEvent], object]
"""A handler of events; a coroutine function too, if something runs it."""

AsyncRunner = Callable[[Callable[[], Awaitable[None]]], object]
"""Calls a coroutine function from the guest's thread, and returns when it is done."""


def attach(store: Store) -> DebugCore:
    """Return a store's debugger, made if there is none yet; DebugError without guest debugging."""
    return core_of(store) or DebugCore(store)


def _standing(store: Store) -> DebugCore:
    """Return the debugger of a store whose guest stands still.  Raise StoreInUse."""
    core = attach(store)
    core.reports.check_standing()
    return core


class DebugInterface:
    """What can be asked of anything that stands for a store.

    Without guest debugging it is empty: no frames, no edit sessions.
    """

    __slots__ = ()

    def context(self) -> Store:
        """Return the store."""
        raise TypeError(f"a {type(self).__name__} stands for no store")

    def debug_exit_frames(self) -> Sequence[FrameHandle]:
        """Return the innermost frame of each activation, the innermost activation first.

        StoreInUse while the guest runs: it is then on another thread.
        """
        store = self.context()
        return tuple(exit_frames(_standing(store))) if store.debuggable else ()

    def debug_frames(self) -> DebugFrameCursor | None:
        """Return a cursor at the innermost frame; None without guest debugging.  As `debug_exit_frames`."""
        store = self.context()
        return DebugFrameCursor(_standing(store)) if store.debuggable else None

    def edit_breakpoints(self, owner: Owner = None) -> BreakpointEdit | None:
        """Return an edit session, to be used in a `with`; None without guest debugging.

        Breakpoints of different owners do not know of each other.
        """
        store = self.context()
        return attach(store).edit(owner) if store.debuggable else None

    def breakpoints(self) -> Sequence[BreakpointInfo] | None:
        """Return all breakpoints; None without guest debugging."""
        store = self.context()
        return attach(store).all_breakpoints() if store.debuggable else None

    def is_single_step(self) -> bool:
        """Say whether every op is a stop."""
        core = core_of(self.context())
        return core is not None and core.single_step

    def debug_all_instances(self) -> Sequence[Instance]:
        """Return the store's instances; none without guest debugging."""
        return all_instances(self.context())

    def debug_all_modules(self) -> Sequence[Module]:
        """Return the modules instantiated in the store; none without guest debugging."""
        return all_modules(self.context())

    # Going on elsewhere: for a handler, to take effect when it returns; DebugError where it cannot be

    def enter_at(self, frame: FrameHandle, pc: int, stack: Sequence[Val]) -> None:
        """Go on in a frame of the innermost activation at the op at `pc`, with `stack` as its operands.

        The frames inside of it are gone, and every handle is stale. All else here stands on this.
        CannotDivert where the guest is not stopped between two ops, at no op that can be reached, and for
        another number of operands than the op finds; WrongType for operands of other types.
        """
        resumption.enter_with(attach(self.context()), frame, pc, stack)

    def jump_to(self, pc: int) -> None:
        """Go on at another op of the innermost frame's function, with the operands there are."""
        resumption.jump(attach(self.context()), pc)

    def return_from(self, frame: FrameHandle, values: Sequence[Val] = ()) -> None:
        """Return from a frame early, with these values: to its caller, or to the host that called it."""
        resumption.return_from(attach(self.context()), frame, values)

    def inject_call(self, function: Func, *params: object) -> None:
        """Call a function before the guest goes on; a CallReturned event tells its results.

        Its own events are nested. It may use the part of the stack that is kept for a debugger.
        Arguments that the function does not take are refused at once, as a call does.
        """
        attach(self.context()).reports.inject(function, params)

    def run_to(self, module: Module, pc: int) -> None:
        """Stop at a PC, as at a breakpoint, unless there is another event before or the run ends."""
        attach(self.context()).run_to(module, pc)


class DebuggableCaller(Caller, DebugInterface):
    """A caller of a host function, with the debug interface."""

    __slots__ = ()


class DebuggableStore(Store, DebugInterface):
    """A store with the debug interface."""

    caller_class = DebuggableCaller

    def set_debug_handler(self, handler: DebugHandler, run: AsyncRunner | None = None) -> None:
        """Let `handler(store, event)` be called at every event; the guest goes on when it returns.

        It is called on the thread that runs the guest; what it raises unwinds the guest.  A coroutine
        function is called where `run` does it: that has a function without arguments called and awaited,
        and returns when that is done.  Without it, it is `trio.from_thread.run`, for a guest in a thread
        of trio's.  DebugError for a coroutine function where there is no trio, and without guest debugging.
        """
        core = attach(self)
        if not _is_async(handler):
            core.reports.handler = partial(handler, self)
        else:
            core.reports.handler = _driven(self, handler, run or _trios())

    def clear_debug_handler(self) -> None:
        """Call no handler any more: the guest stops for nothing."""
        core = core_of(self)
        if core is not None:
            core.reports.handler = None


def _trios() -> AsyncRunner:
    """Return what runs a coroutine function in trio, which whoever has one has loaded; nothing here depends on it."""
    trio = sys.modules.get("trio")
    if trio is None:
        raise DebugError("a handler that is a coroutine function needs something that runs it")
    run: AsyncRunner = trio.from_thread.run
    return run


def _is_async(handler: DebugHandler) -> bool:
    return any(map(inspect.iscoroutinefunction, (handler, type(handler).__call__)))


def _driven(store: Store, handler: Callable[..., Any], run: AsyncRunner) -> Handler:
    """Return the plain handler that has a coroutine function run.

    The turn to run the guest is lent to its task: it may call the guest, from whatever thread.
    """

    def handle(event: DebugEvent) -> None:
        with store.exclusion.lend() as accept:

            async def task() -> None:
                accept()
                await handler(store, event)

            run(task)

    return handle
