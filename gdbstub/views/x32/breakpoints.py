"""Breakpoints in the code window: where one may stand, and at which addresses a boundary is shown.

A function's entry is two stops where its line table has a row for the start of the body (kind A):
the body's start, before the declarations of locals, then the first op.  A breakpoint asked for
anywhere from the body's start to the first op is reported at the address asked for; between op
boundaries there is no other place to stop.  Everywhere else breakpoints are accepted that never fire:
gdb puts them where the outermost frame returns to, and on its stack, where its calls return to.

What comes back to a loop is shown at the loop's op first, where its line begins.
"""

from __future__ import annotations

from collections.abc import Callable

from gdbstub.target import Address, BreakpointKind, TargetError
from gdbstub.views.common.code import FunctionCode
from gdbstub.views.common.loops import Loops
from gdbstub.views.common.rendering import Point
from gdbstub.views.x32.windows import CodeWindow
from jit.debug.boundaries import BoundaryKind
from jit.debug.debugger import Debugger

_OPS = frozenset({BoundaryKind.OP, BoundaryKind.DEAD})


class Breakpoints:
    """What the client inserted, by address."""

    def __init__(
        self,
        debugger: Debugger,
        code_at: Callable[[int], CodeWindow | None],
        window: Callable[[int], CodeWindow],
        has_entry_stop: Callable[[int, FunctionCode], bool],
        loops: Loops,
    ) -> None:
        """`code_at` finds a code window by address, `window` by module.

        `has_entry_stop` says of which functions of a module the body's start is a stop of its own.
        """
        self._debugger = debugger
        self._code_at = code_at
        self._window = window
        self._has_entry_stop = has_entry_stop
        self._loops = loops
        self._heads: dict[int, tuple[int, int]] = {}
        """Of breakpoints at loops' ops, the module and PC of the head."""
        self._kinds: dict[int, set[BreakpointKind]] = {}
        self._points: dict[tuple[int, int], tuple[Point, ...]] = {}
        self._new: set[int] = set()
        """Where one was inserted since the guest stopped."""

    def insert(self, kind: BreakpointKind, address: int) -> None:
        """Insert one; twice is once. `TargetError` 1 between op boundaries."""
        window = self._code_at(address)
        if window is not None:
            pc = address - window.base
            if not self._is_stop(window, pc):
                raise TargetError(1, f"0x{address:x} is not the start of an instruction")
            module = window.code.module.index
            self._debugger.set_breakpoint(module, pc)
            head = self._loops.head(module, pc)
            if head is not None:
                self._heads[address] = module, head
                self._debugger.set_breakpoint(module, head)
        if address not in self._kinds:
            self._new.add(address)
        self._kinds.setdefault(address, set()).add(kind)
        self._points.clear()

    def _is_stop(self, window: CodeWindow, pc: int) -> bool:
        function = window.code.function_at(pc)
        if function is None:
            return False
        if pc <= function.first_op:
            return True
        return self._debugger.boundary_kind(window.code.module.index, pc) in _OPS

    def remove(self, kind: BreakpointKind, address: int) -> None:
        """Remove one; none is no error."""
        kinds = self._kinds.get(address)
        if kinds is None:
            return
        kinds.discard(kind)
        if not kinds:
            del self._kinds[address]
            self._new.discard(address)
            window = self._code_at(address)
            if window is not None:
                self._clear(window.code.module.index, address - window.base)
            head = self._heads.pop(address, None)
            if head is not None:
                self._clear(*head)
        self._points.clear()

    def _clear(self, module: int, pc: int) -> None:
        if self._window(module).base + pc in self._kinds or (module, pc) in self._heads.values():
            return
        self._debugger.clear_breakpoint(module, pc)

    def clear(self) -> None:
        """Remove all."""
        self._debugger.clear_breakpoints()
        self._kinds.clear()
        self._new.clear()
        self._heads.clear()
        self._points.clear()

    def is_new(self, address: int) -> bool:
        """Say whether one was inserted at an address since the guest stopped."""
        return address in self._new

    def resumed(self) -> None:
        """Take note that the guest goes on."""
        self._new.clear()

    def is_pad(self, address: int) -> bool:
        """Say whether a breakpoint stands at an address outside code: where gdb's calls return to."""
        return address in self._kinds and self._code_at(address) is None

    def kind(self, address: int) -> BreakpointKind:
        """Return the kind that a stop at `address` is reported as."""
        return min(self._kinds.get(address, {BreakpointKind.SOFTWARE}))

    def points(self, module: int, pc: int) -> tuple[Point, ...]:
        """Return the addresses a boundary is shown at; see `Rendering.points`."""
        points = self._points.get((module, pc))
        if points is None:
            points = self._points[module, pc] = self._make_points(module, pc)
        loop = self._loops.come_back_to(module, pc)
        if loop is None:
            return points
        address = self._window(module).base + loop
        return (Point(Address(address), address in self._kinds), *points)

    def _make_points(self, module: int, pc: int) -> tuple[Point, ...]:
        window = self._window(module)
        addresses = {window.base + pc}
        function = window.code.entries.get(pc)
        if function is not None:
            low = window.base + function.start
            addresses |= {at for at in self._kinds if low <= at <= window.base + pc}
            if self._has_entry_stop(module, function):
                addresses.add(low)
        return tuple(Point(Address(at), at in self._kinds) for at in sorted(addresses))
