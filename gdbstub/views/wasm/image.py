"""A module as lldb reads it: its bytes, but for ops that lldb cannot (see `ops`).

The declarations of locals, which lie between a function's address and its first op, are shown as
`nop`s: lldb (22) would disassemble them as ops, out of step with those that follow.
"""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise

from gdbstub.views.common.code import FunctionCode, ModuleCode
from gdbstub.views.wasm.lines import Lines, Row
from gdbstub.views.wasm.ops import NOP, shown
from jit import WasmtimeError


class CodeImage:
    """One module as its code addresses show it."""

    def __init__(self, code: ModuleCode) -> None:
        self.code = code
        self._data: bytes = code.module.info.data
        self._shown: dict[int, bytes] = {}

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

    def begins_line(self, loop: int, head: int) -> bool:
        """Say whether a row of source lines begins at a loop's op and goes on at its head."""
        row = self.row(head)
        return row is not None and row.start == loop

    def steps_to(self, low: int, high: int) -> bool:
        """Say whether lldb's step over or into the line of `low` may have a breakpoint at `high`."""
        function = self.code.function_at(low)
        if function is None or not low < high <= function.end:
            return False
        lines = self.lines
        return (
            not lines.has(function)
            or lines.is_line_end(function, low, high)
            or self.code.flow(function).is_next(low, high)
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
