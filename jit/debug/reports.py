"""Telling a store's handler of events, one at a time an activation, and what it asked for when it returns.

While it is at work the guest stands still; it may let its activation go on elsewhere, and have calls made.
"""

from collections.abc import Callable

from jit.abi.context import Exit
from jit.abi.frame_table import Point
from jit.abi.traps import TrapCode
from jit.debug.errors import DebugError, ForeignStore
from jit.debug.events import CallReturned, DebugEvent
from jit.debug.sites import Site
from jit.debug.turns import EVENTS, Pace
from jit.debug.watchpoints import Watchpoints
from jit.runtime.driver import Activation
from jit.runtime.errors import StoreInUse
from jit.runtime.frames import backtrace
from jit.runtime.func import Func
from jit.runtime.store import Store
from jit.runtime.trap import Trap

Handler = Callable[[DebugEvent], object]
"""Is told of the events; what it returns means nothing."""

Move = tuple[Site, int]
"""A point of a site that an activation has been at: it goes on at the next."""


class Reports:
    """The handler of one store, and the activations whose events it is told of."""

    def __init__(
        self, store: Store, watchpoints: Watchpoints, update_watch: Callable[[], None]
    ) -> None:
        self.handler: Handler | None = None
        """Gets the events; without one, the guest stops for nothing."""
        self.standing: dict[Activation, Point | None] = {}
        """Activations whose stop is being handled; the point, where it is not the first at its address."""
        self.moved: dict[Activation, Move | None] = {}
        """Activations that went elsewhere at this stop: the point they have been at; None: returned."""
        self.before: Callable[[], None] | None = None
        """Is called once, before the next event is told or when the run is over."""
        self._store = store
        self._watchpoints = watchpoints
        self._update_watch = update_watch
        self._injected: dict[Activation, tuple[Func, tuple[object, ...]]] = {}
        """The calls to be made when the handler of an activation's event returns."""
        self._told_amid: Activation | None = None
        """Which is in the host call that brought a new module, while its handler is told of that."""
        self._events = 0
        self.pace = Pace(store)

    def report(self, activation: Activation, event: DebugEvent, point: Point | None = None) -> None:
        """Tell of an event of an activation, and do what the handler asked for.

        What the handler raises passes through.
        """
        handler = self.handler
        if handler is None:
            return
        self.standing[activation] = point
        self._events += 1
        if not self._events % EVENTS:
            self.pace.look()
        if self.before is not None:
            self._call_before()
        try:
            handler(event)
        except BaseException as error:
            self.moved.pop(activation, None)
            self._injected.pop(activation, None)
            if isinstance(error, RecursionError) and activation.depth:
                # Events nested without end exhaust Python's stack before the guest's.
                raise Trap.of(TrapCode.STACK_OVERFLOW, backtrace(self._store)) from None
            raise
        finally:
            point = self.standing.pop(activation)
        if self._watchpoints.changed_since:
            self._update_watch()
        # What was learnt of the guest at a virtual stop is out of date at the next.
        self._store.executions += 1
        if self._injected:
            self._call_injected(activation, point)

    def tell(self, event: DebugEvent) -> None:
        """Tell of an event that is of no activation: the guest does not run, or is in a host call."""
        if self.handler is None:
            return
        activations, before = self._store.activations, self._told_amid
        self._told_amid = activations[-1] if activations else None
        try:
            self.handler(event)
        finally:
            self._told_amid = before
            self._store.executions += 1

    def _call_before(self) -> None:
        before, self.before = self.before, None
        if before is not None:
            before()

    def over(self) -> None:
        """The run is over: undo what was for it alone."""
        self._call_before()
        self.pace.rest()

    def check_standing(self) -> None:
        """Raise StoreInUse while the guest runs on another thread, or is in a host call there, which may return."""
        activations = self._store.activations
        if (
            not activations
            or activations[-1] in self.standing
            or activations[-1] is self._told_amid
        ):
            return
        if activations[-1].host is None or not self._store.exclusion.held:
            raise StoreInUse

    # What a handler may ask for

    def move(
        self, activation: Activation, site: Site, index: int, *, silently: bool = True
    ) -> None:
        """Let an activation, which is stopped, be at a point of a site: that is a stop, unless `silently`."""
        self.moved[activation] = site, index - (not silently)
        self.standing[activation] = site.points[index]

    def leave(self, activation: Activation) -> None:
        """Let an activation, which is stopped, have returned from its outermost frame."""
        self.moved[activation] = None
        self.standing[activation] = None
        activation.exit = Exit.RETURN

    def inject(self, function: Func, params: tuple[object, ...]) -> None:
        """Have a function called when the handler returns.

        Raise DebugError where none is at work, ForeignStore for a function of another store, and what
        the call would raise for these arguments.
        """
        activation = self._store.activations[-1] if self._store.activations else None
        if activation not in self.standing:
            raise DebugError("no event is being handled")
        if not isinstance(function, Func):
            raise TypeError("expected a Func")
        if function.store is not self._store:
            raise ForeignStore("Function")
        function.arguments(params)
        self._injected[activation] = function, params

    def _call_injected(self, activation: Activation, point: Point | None) -> None:
        call = self._injected.pop(activation, None)
        if call is None:
            return
        function, params = call
        # Events of the call show this activation where it stands, and may move it.
        self.standing[activation] = point
        try:
            with self._store.debugger_call():
                ended = CallReturned(function, function.call_values(params))
        except Exception as error:
            ended = CallReturned(function, error=error)
        finally:
            point = self.standing.pop(activation)
        self.report(activation, ended, point)
