"""Steps of lldb's over one op: where they end, when lldb cannot find out by itself.

Into a call: lldb takes a function that was just called for one that was returned to, and so stops before a
prologue, where parameters have no values yet, and in functions without source lines.  Instead such a
step coasts, the guest running at full speed: to the end of the prologue, or out of a function without
lines again.  Breakpoints on the way are hit.

By a branch: when it goes into the middle of another line's ops, lldb (22) forgets what it knows of
their branches and calls, and goes on op by op.  Such a step is shown where those ops begin.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

from gdbstub.views.common.code import FunctionCode
from gdbstub.views.common.flow import CALLS
from gdbstub.views.wasm.breakpoints import Breakpoints
from gdbstub.views.wasm.image import CodeImage
from gdbstub.views.wasm.lines import Lines, Row
from jit.debug.debugger import Debugger
from jit.debug.frames import FrameHandle


@dataclass(frozen=True, slots=True)
class _Call:
    """A call op about to run, by its PC and frame, and where it returns to."""

    module: int
    pc: int
    returns: int
    depth: int


@dataclass(frozen=True, slots=True)
class _Origin:
    """The op that a step is over, with its row of source lines, and the op after it."""

    module: int
    row: Row | None
    following: int
    depth: int


@dataclass(frozen=True, slots=True)
class _Goal:
    """Where a coasting guest stops: at a PC, in the frame at a depth or outside it."""

    module: int
    pc: int
    depth: int


class Steps:
    """The step under way. Depths are stack offsets of frames: larger for inner ones."""

    def __init__(
        self,
        debugger: Debugger,
        breakpoints: Breakpoints,
        image: Callable[[int], CodeImage],
        interrupted: Callable[[], bool],
    ) -> None:
        """`image` gives a module; while `interrupted()`, no step goes on."""
        self._debugger = debugger
        self._breakpoints = breakpoints
        self._image = image
        self._interrupted = interrupted
        self._origin: _Origin | None = None
        self._call: _Call | None = None
        self._goal: _Goal | None = None

    @property
    def coasting(self) -> bool:
        """Whether a goal has been set and not been reached."""
        return self._goal is not None

    def begin(self) -> None:
        """A step begins that is part of a step over or into lines."""
        frame = self._debugger.frame(0)
        place = None if frame is None else self._place(frame)
        if frame is None or place is None:
            return
        module, pc = place
        image = self._image(module)
        function = image.code.function_at(pc)
        if function is None or not image.lines.has(function):
            return  # where there are no lines, lldb steps by instructions
        pcs = image.code.boundaries(function)
        following = pcs[min(bisect_right(pcs, pc), len(pcs) - 1)]
        self._origin = _Origin(module, image.row(pc), following, frame.stack_offset)
        if image.code.module.info.data[pc] in CALLS:
            self._call = _Call(module, pc, following, frame.stack_offset)

    def end(self) -> None:
        """The guest stopped."""
        self._origin = self._call = None
        goal, self._goal = self._goal, None
        if goal is not None:
            self._breakpoints.clear_goal(goal.module, goal.pc)

    def shown(self, module: int, pc: int) -> int:
        """Return the PC at which a step shows the boundary that it has come to."""
        origin, frame = self._origin, self._debugger.frame(0)
        if (
            origin is None
            or frame is None
            or (origin.module, origin.depth) != (module, frame.stack_offset)
            or pc == origin.following
        ):
            return pc
        row = self._image(module).row(pc)
        return pc if row is None or row.line == 0 or row == origin.row else row.start

    def coasts(self, module: int, pc: int) -> bool:
        """Say whether the step goes on from a boundary that it has come to."""
        call, frame = self._call, self._debugger.frame(0)
        if call is None or frame is None:
            return False
        if (call.module, call.pc, call.depth) == (module, pc, frame.stack_offset):
            return False  # the call has not been made yet
        self._call = None
        if self._interrupted():
            return False
        function = self._image(module).code.entries.get(pc)
        if function is None or frame.stack_offset <= call.depth:
            return False
        self._goal = self._goal_in(module, function, frame, call)
        if self._goal is None:
            return False
        self._breakpoints.set_goal(self._goal.module, self._goal.pc)
        return True

    def _goal_in(
        self, module: int, function: FunctionCode, frame: FrameHandle, call: _Call
    ) -> _Goal | None:
        lines = self._lines(module)
        if not lines.has(function):
            return _Goal(call.module, call.returns, call.depth)
        end = lines.prologue_end(function)
        if end is None or end <= function.first_op:
            return None
        return _Goal(module, end, frame.stack_offset)

    def arrives(self, module: int, pc: int) -> bool:
        """Say whether a boundary is where a coasting guest stops."""
        goal = self._goal
        if goal is None or (goal.module, goal.pc) != (module, pc):
            return False
        frame = self._debugger.frame(0)
        return frame is not None and frame.stack_offset <= goal.depth

    def _place(self, frame: FrameHandle) -> tuple[int, int] | None:
        place = frame.wasm_function_index_and_pc()
        return None if place is None else (self._debugger.module_of(frame).index, place[1])

    def _lines(self, module: int) -> Lines:
        return self._image(module).lines
