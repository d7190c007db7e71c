"""Loops as debuggers' lines have them: a breakpoint at a loop's op is hit by what comes back, too.

A branch to a loop goes behind its op (see `Flow`), where no line begins: a breakpoint on the line of
the loop would be hit once, and a step would be in the middle of a line.
"""

from __future__ import annotations

from collections.abc import Callable

from gdbstub.views.common.code import ModuleCode
from gdbstub.views.common.flow import LOOP
from jit.debug.debugger import Debugger

_Boundary = tuple[int, int, int]
_LONGEST = 6
"""Bytes of a loop's op: its type may be an index, of up to 5 bytes."""


class Loops:
    """Which way the guest has come to a loop: in from above, or back to it."""

    def __init__(
        self,
        debugger: Debugger,
        code: Callable[[int], ModuleCode],
        begins_line: Callable[[int, int, int], bool],
    ) -> None:
        """`code` gives a module's.

        `begins_line` says of a module, and of a loop's op and head in it, whether a line of the
        source begins at the op and goes on at the head.
        """
        self._debugger = debugger
        self._code = code
        self._begins_line = begins_line
        self._entered: _Boundary | None = None
        """The op of a loop that the guest has just come by, with its module and frame."""

    def head(self, module: int, pc: int) -> int | None:
        """Return the head of the loop whose op is at a PC, if a line begins there and goes on in it."""
        code = self._code(module)
        function = code.function_at(pc)
        if function is None or code.module.info.data[pc] != LOOP:
            return None
        head = code.flow(function).loops.get(pc)
        return head if head is not None and self._begins_line(module, pc, head) else None

    def _loop(self, module: int, pc: int) -> int | None:
        code = self._code(module)
        function = code.function_at(pc)
        loop = None if function is None else code.flow(function).heads.get(pc)
        return loop if loop is not None and self._begins_line(module, loop, pc) else None

    def come_back_to(self, module: int, pc: int) -> int | None:
        """Return the op of the loop at whose head the guest is, if it is back there.

        To be asked at every boundary that the guest comes to.
        """
        entered, self._entered = self._entered, None
        # It is asked at every op of a step, and hardly ever is there a loop.
        if LOOP not in self._code(module).module.info.data[pc - _LONGEST : pc + 1]:
            return None
        frame = self._debugger.frame(0)
        if frame is None:
            return None
        if self.head(module, pc) is not None:
            self._entered = (module, pc, frame.stack_offset)
            return None
        loop = self._loop(module, pc)
        return None if entered == (module, loop, frame.stack_offset) else loop
