"""How far a step of gdb's over a stretch of code may run without a stop.

gdb (13) steps through one row of the line table, and if it then is in the same line still, through the
next: a loop in one line costs it as many resumes as there are rows in all its turns. So a step that
starts in a line goes on through all of the line in its function, which is what gdb would say in the end.

Not where the function was called by itself: the return to the outer frame, which gdb must hear of, would
be a jump within the line.
"""

from __future__ import annotations

from collections.abc import Callable

from gdbstub.views.x32.program import ServedProgram
from gdbstub.views.x32.windows import CodeWindow
from jit.debug.debugger import Debugger
from jit.debug.frames import FrameHandle

Quiet = tuple[int, tuple[range, ...]]
"""A module, and ranges of its PCs."""


class LineSteps:
    """Range steps of the innermost frame."""

    def __init__(
        self, debugger: Debugger, program: ServedProgram, window: Callable[[int], CodeWindow]
    ) -> None:
        """`window` gives the code window of a module."""
        self._debugger = debugger
        self._program = program
        self._window = window

    def quiet(self, low: int, high: int) -> Quiet | None:
        """Return where the guest may run in a step over [low, high); None where no frame is."""
        frame = self._debugger.frame(0)
        place = None if frame is None else frame.wasm_function_index_and_pc()
        if frame is None or place is None:
            return None
        module, pc = self._debugger.module_of(frame).index, place[1]
        window = self._window(module)
        asked = range(low - window.base, high - window.base)
        function = window.code.function_at(pc)
        if pc not in asked or function is None or _called_by_itself(frame, place[0]):
            return module, (asked,)
        line = self._program.same_line(module, pc)
        further = tuple(
            part for part in line if function.first_op < part.start and part.stop <= function.end
        )
        return module, (asked, *further)


def _called_by_itself(frame: FrameHandle, function: int) -> bool:
    parent = frame.parent()
    if parent is None or parent.module() is not frame.module():
        return False
    place = parent.wasm_function_index_and_pc()
    return place is not None and place[0] == function
