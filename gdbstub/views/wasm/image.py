"""A module as lldb reads it: its bytes, but for ops that lldb cannot (see `ops`).

The declarations of locals, which lie between a function's address and its first op, are shown as
`nop`s: lldb (22) would disassemble them as ops, out of step with those that follow.
"""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise

from gdbstub.views.common.code import FunctionCode, ModuleCode
from gdbstub.views.common.flow import LOOP, Flow
from gdbstub.views.wasm.lines import Lines, Row
from gdbstub.views.wasm.ops import NOP, shown
from jit import WasmtimeError

_LONGEST_LOOP = 6
"""A block's type may be an index, of up to 5 bytes."""


class CodeImage:
    """One module as its code addresses show it."""

    def __init__(self, code: ModuleCode) -> None:
        self.code = code
        self._data: bytes = code.module.info.data
        self._shown: dict[int, bytes] = {}
        self._flows: dict[int, Flow] = {}

    @property
    def size(self) -> int:
        """The size of the module."""
        return len(self._data)

    @cached_property
    def lines(self) -> Lines:
        """The lines of its functions."""
        info = self.code.module.info
        section = info.code_section
        return Lines(info.section(".debug_line") or b"", 0 if section is None else section[0])

    def flow(self, function: FunctionCode) -> Flow:
        """Return the control flow of a function that can run."""
        flow = self._flows.get(function.index)
        if flow is None:
            flow = self._flows[function.index] = Flow(self._data, self.code.boundaries(function))
        return flow

    def near_loop(self, pc: int) -> bool:
        """Say whether there may be a loop's op at a PC or just before it: it is cheap to ask."""
        return LOOP in self._data[pc - _LONGEST_LOOP : pc + 1]

    def head_of(self, loop: int) -> int | None:
        """Return the head of the loop whose op is at a PC, if a line begins there and goes on in it."""
        function = self.code.function_at(loop)
        head = None if function is None else self.flow(function).loops.get(loop)
        row = None if head is None else self.row(head)
        return head if row is not None and row.start == loop else None

    def loop_of(self, head: int) -> int | None:
        """Return the loop whose `head_of` is at a PC."""
        function = self.code.function_at(head)
        loop = None if function is None else self.flow(function).heads.get(head)
        return loop if loop is not None and self.head_of(loop) == head else None

    def steps_to(self, low: int, high: int) -> bool:
        """Say whether lldb's step over or into the line of `low` may have a breakpoint at `high`."""
        function = self.code.function_at(low)
        if function is None or not low < high <= function.end:
            return False
        lines = self.lines
        return (
            not lines.has(function)
            or lines.is_line_end(function, low, high)
            or self.flow(function).is_next(low, high)
        )

    def row(self, pc: int) -> Row | None:
        """Return the row of source lines that a PC belongs to."""
        function = self.code.function_at(pc)
        return None if function is None else self.lines.row(function, pc)

    def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from an offset on."""
        end = min(offset + length, self.size)
        parts = []
        while offset < end:
            function = self.code.function_at(offset)
            if function is None:
                following = self.code.function_after(offset)
                until = end if following is None else min(end, following.start)
                parts.append(self._data[offset:until])
            else:
                until = min(end, function.end)
                text = self._function(function)
                parts.append(text[offset - function.start : until - function.start])
            offset = until
        return b"".join(parts)

    def _function(self, function: FunctionCode) -> bytes:
        text = self._shown.get(function.index)
        if text is None:
            text = self._shown[function.index] = self._make(function)
        return text

    def _make(self, function: FunctionCode) -> bytes:
        data, start = self._data, function.start
        text = bytearray(data[start : function.end])
        text[: function.first_op - start] = NOP * (function.first_op - start)
        try:
            pcs = self.code.boundaries(function)
        except WasmtimeError:
            return bytes(text)  # it cannot run either
        for pc, end in pairwise(pcs):
            changed = shown(data[pc:end])
            if changed is not None:
                text[pc - start : end - start] = changed
        return bytes(text)
