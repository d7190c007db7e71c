"""Loops as lldb's lines have them: a breakpoint at a loop's op is hit by what comes back, too.

A branch to a loop goes behind its op (see `Flow`), where no line begins: a breakpoint on the line of
the loop would be hit once.
"""

from __future__ import annotations

from collections.abc import Callable

from gdbstub.views.wasm.image import CodeImage
from jit.debug.debugger import Debugger

_Boundary = tuple[int, int, int]


class Loops:
    """Which way the guest has come to a loop: in from above, or back to it."""

    def __init__(self, debugger: Debugger, image: Callable[[int], CodeImage]) -> None:
        """`image` gives a module."""
        self._debugger = debugger
        self._image = image
        self._entered: _Boundary | None = None
        """The op of a loop that the guest has just come by, with its module and frame."""

    def head(self, module: int, pc: int) -> int | None:
        """Return the head of the loop whose op is at a PC, if a line begins there and goes on in it."""
        return self._image(module).head_of(pc)

    def come_back(self, module: int, pc: int) -> bool:
        """Say whether the guest is back at the head of a loop, not in from above.

        To be asked at every boundary that the guest comes to.
        """
        entered, self._entered = self._entered, None
        image = self._image(module)
        if not image.near_loop(pc):
            return False
        frame = self._debugger.frame(0)
        if frame is None:
            return False
        if image.head_of(pc) is not None:
            self._entered = (module, pc, frame.stack_offset)
            return False
        loop = image.loop_of(pc)
        return loop is not None and entered != (module, loop, frame.stack_offset)
