"""Hits of a breakpoint that mean nothing: somebody else's function is asked at once, without an event."""

from collections.abc import Callable

from jit.abi.frame_table import Point
from jit.debug.sites import Site
from jit.runtime.driver import Activation
from jit.runtime.store import Store

Passes = Callable[[], bool]


class Passing:
    """The sites of one store whose hits may be passed over."""

    def __init__(self, store: Store, standing: dict[Activation, Point | None]) -> None:
        self.known: dict[int, tuple[Passes, Point]] = {}
        """By site: what says that its one breakpoint is to be passed over, asked before all else."""
        self.wanted: Passes | None = None
        """Such a thing that the handler has just given for the breakpoint it was told of."""
        self._store = store
        self._standing = standing

    def forget(self) -> None:
        """Pass over nothing any more."""
        self.wanted = None
        self.known.clear()

    def keep(self, site: Site, index: int, *, alone: bool) -> None:
        """Ask at the site from now on, where a hit of it could mean nothing but this breakpoint.

        `alone` says that nothing but breakpoints is looked for there.
        """
        wanted, self.wanted = self.wanted, None
        breakpoints = sum(event is not None for event in site.events)
        if wanted is not None and alone and breakpoints == 1 and site.events[index]:
            self.known[site.address] = wanted, site.points[index]

    def is_passed(self, activation: Activation, passes: Passes, point: Point) -> bool:
        """Ask whether a hit is to be passed over."""
        self._standing[activation] = point
        try:
            return passes()
        finally:
            del self._standing[activation]
            self._store.executions += 1
