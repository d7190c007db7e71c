"""Traps: why the guest was ended, and its backtrace with function names.

A backtrace holds code locations; what they mean in the module is worked out when somebody looks.
Text follows Wasmtime's.
"""

from bisect import bisect_left
from collections.abc import Sequence
from typing import TYPE_CHECKING

from jit.abi.frame_table import RowKind
from jit.abi.traps import TrapCode
from jit.wasm.validate import validate_body

if TYPE_CHECKING:
    from jit.runtime.code import CodeRange

MAX_BACKTRACE = 20
"""Frames of a backtrace, the innermost; Wasmtime's default."""


class Frame:
    """One frame of a backtrace."""

    __slots__ = ("_offset", "_range")

    def __init__(self, range_: "CodeRange", code_offset: int) -> None:
        self._range = range_
        self._offset = code_offset

    @property
    def func_index(self) -> int:
        """The function's index in its module, imports counted."""
        return self._range.code.info.num_imported_funcs + self._range.defined_index

    @property
    def func_name(self) -> str | None:
        """Its name, if the module's name section has one."""
        return self._range.code.info.names.functions.get(self.func_index)

    @property
    def module_name(self) -> str | None:
        """The module's name, if its name section has one."""
        return self._range.code.info.names.module

    @property
    def module_offset(self) -> int:
        """The offset in the module's bytes of the op: one that trapped, or a call."""
        table = self._range.table
        row = table.row(self._offset)
        if row is None:
            return self._range.code.info.bodies[self._range.defined_index].start
        pc = row.points[0].pc
        if row.kind is not RowKind.CALL:
            return pc
        pcs = validate_body(self._range.code.info, self._range.defined_index).pcs
        return pcs[bisect_left(pcs, pc) - 1]

    @property
    def func_offset(self) -> int:
        """The same, from the start of the function's body."""
        body = self._range.code.info.bodies[self._range.defined_index]
        return self.module_offset - body.start

    def __str__(self) -> str:
        name = self.func_name or f"<wasm function {self.func_index}>"
        return f"{self.module_offset:#8x} - {self.module_name or '<unknown>'}!{name}"


class Trap(Exception):
    """The guest was ended; `trap_code` is None for one made by a host function."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.reason = message
        """Why, without the backtrace."""
        self.trap_code: TrapCode | None = None
        self.frames: list[Frame] = []
        """The backtrace, innermost first, from activation to activation."""

    @classmethod
    def of(cls, code: TrapCode, frames: Sequence[Frame] = ()) -> "Trap":
        """Return the trap of a code."""
        trap = cls(code.message)
        trap.trap_code = code
        trap.frames = list(frames)
        return trap

    @property
    def message(self) -> str:
        """The whole text: backtrace, then reason."""
        reason = f"wasm trap: {self.reason}" if self.trap_code is not None else self.reason
        if not self.frames:
            return reason
        lines = [f"{at:5}: {frame}" for at, frame in enumerate(self.frames)]
        backtrace = "\n".join(lines)
        return (
            f"error while executing at wasm backtrace:\n{backtrace}\n\nCaused by:\n    {reason}\n"
        )

    def __str__(self) -> str:
        return self.message
