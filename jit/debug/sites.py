"""Stops at patch sites: the program points of a site, and the events they give, kept between hits.

A site is hit often and looked at rarely (a false condition), so what a hit needs is worked out once
for each set of breakpoints.
"""

from jit.abi.frame_table import Point
from jit.debug.breakpoints import BreakpointTable
from jit.debug.events import Breakpoint
from jit.runtime.code import CodeRange


class Site:
    """One patch site: `points` are its virtual stops, in order."""

    __slots__ = ("address", "events", "patch", "points", "range", "version")

    def __init__(
        self, function: CodeRange, address: int, patch: int, points: tuple[Point, ...]
    ) -> None:
        self.range = function
        self.address = address
        """What a context shows that was stopped here."""
        self.patch = patch
        """The site's offset in its function."""
        self.points = points
        self.events: tuple[Breakpoint | None, ...] = ()
        """For each point, the event of its breakpoints, None without any."""
        self.version = -1
        """Of the breakpoints that `events` are of."""

    def update(self, table: BreakpointTable) -> None:
        """Bring `events` up to date."""
        module = self.range.code.module
        breakpoints = table.of((module, self.range.defined_index))
        self.events = tuple(
            Breakpoint(module, point.pc, requested)
            if (requested := breakpoints.requested(point.pc))
            else None
            for point in self.points
        )
        self.version = table.version

    def step_event(self, index: int) -> Breakpoint:
        """Return the event of a point in single-step mode."""
        event = self.events[index]
        requested = event.requested if event is not None else ()
        return Breakpoint(self.range.code.module, self.points[index].pc, requested, step=True)
