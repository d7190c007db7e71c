"""Where a step of lldb's stops that leaves its line unseen (see `Flow`).

As long as lldb keeps a breakpoint for a step, the guest also stops wherever the step's frame may come
out of the ops up to that breakpoint; lldb takes such a stop for one of the step's own.  It would go on
from ops of the same line or of none, to a breakpoint that is no longer ahead: such ops are gone through
before it is told.  One that comes out in the middle of a line's ops is shown where these begin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gdbstub.views.common.flow import Exits
from gdbstub.views.wasm.breakpoints import Breakpoints
from gdbstub.views.wasm.image import CodeImage
from jit.debug.debugger import Debugger

_Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Guard:
    """A step's line and frame, by its stack offset; where it may come out in that, or in its caller."""

    line: int
    depth: int
    inside: frozenset[_Place]
    caller: _Place | None

    def places(self) -> Iterator[_Place]:
        yield from self.inside
        if self.caller is not None:
            yield self.caller


class Escapes:
    """The steps that are guarded, by the address of lldb's breakpoint."""

    def __init__(
        self, debugger: Debugger, breakpoints: Breakpoints, image: Callable[[int], CodeImage]
    ) -> None:
        """`image` gives a module."""
        self._debugger = debugger
        self._breakpoints = breakpoints
        self._image = image
        self._guards: dict[int, _Guard] = {}

    def guard(self, address: int, module: int, low: int, high: int) -> None:
        """Guard the innermost frame's step over [low, high) till there is no breakpoint at `address`."""
        if address in self._guards:
            return
        image = self._image(module)
        function = image.code.function_at(low)
        assert function is not None, "a frame stands in a function"
        row = image.row(low)
        exits = image.code.flow(function).exits(low, high, known=False)
        self._guard(address, module, exits, 0 if row is None else row.line)

    def _guard(self, address: int, module: int, exits: Exits, line: int) -> None:
        frame = self._debugger.frame(0)
        if frame is None or not (exits.pcs or exits.returns):
            return
        inside = frozenset((module, pc) for pc in exits.pcs)
        caller = self._caller() if exits.returns else None
        guard = self._guards[address] = _Guard(line, frame.stack_offset, inside, caller)
        for place in guard.places():
            self._breakpoints.set_goal(*place)

    def _caller(self) -> _Place | None:
        frame = self._debugger.frame(1)
        place = None if frame is None else frame.wasm_function_index_and_pc()
        if frame is None or place is None:
            return None
        return self._debugger.module_of(frame).index, place[1]

    def release(self, address: int) -> None:
        """Forget a step: its breakpoint is gone."""
        guard = self._guards.pop(address, None)
        if guard is not None:
            for place in guard.places():
                self._breakpoints.clear_goal(*place)

    def clear(self) -> None:
        """Forget all."""
        for address in tuple(self._guards):
            self.release(address)

    def shown(self, module: int, pc: int) -> int | None:
        """Return the PC at which a step is shown that has come out at a boundary, None for no stop."""
        frame = self._debugger.frame(0) if self._guards else None
        if frame is None:
            return None
        for address, guard in self._guards.items():
            if frame.stack_offset < guard.depth and guard.caller == (module, pc):
                return pc
            if frame.stack_offset == guard.depth and (module, pc) in guard.inside:
                return self._come_out(address, guard, module, pc)
        return None

    def _come_out(self, address: int, guard: _Guard, module: int, pc: int) -> int | None:
        image = self._image(module)
        row = image.row(pc)
        function = image.code.function_at(pc)
        if row is None or function is None:
            return pc
        if row.line not in (0, guard.line):
            return row.start
        exits = image.code.flow(function).exits(pc, row.end, known=True)
        self.release(address)
        exits = Exits(exits.pcs | ({row.end} - {function.end}), exits.returns)
        self._guard(address, module, exits, guard.line)
        return None
