"""A module as lldb reads it: its bytes, with `nop`s in two places where lldb (22) disassembles them.

    declarations of locals      lie between a function's address and its first op, and would be
                                taken for ops, out of step with those that follow
    a padded index of a call    is read as a short one and `nop`s: so a step over a call that ends
                                its line has ops to run past, and lldb sets a breakpoint behind them;
                                with none it would step into the call, as it does to step into it

Linkers pad the indices of calls wherever there is debug information.
"""

from __future__ import annotations

from functools import cached_property

from gdbstub.objfile.leb import read_uleb, uleb
from gdbstub.views.common.code import FunctionCode, ModuleCode
from gdbstub.views.wasm.lines import Lines
from jit import WasmtimeError

CALL, CALL_INDIRECT = 0x10, 0x11
_INDICES = {CALL: 1, CALL_INDIRECT: 2}
_NOP = b"\x01"


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
        text[: function.first_op - start] = _NOP * (function.first_op - start)
        try:
            pcs = self.code.boundaries(function)
        except WasmtimeError:
            return bytes(text)  # it cannot run either
        for pc in pcs:
            indices = _INDICES.get(data[pc])
            if indices is not None:
                short, end = _shortest(data, pc, indices)
                text[pc - start : end - start] = short.ljust(end - pc, _NOP)
        return bytes(text)


def _shortest(data: bytes, pc: int, indices: int) -> tuple[bytes, int]:
    """Return an op in as few bytes as it needs, and where the given one ends."""
    short = bytearray(data[pc : pc + 1])
    at = pc + 1
    for _ in range(indices):
        value, at = read_uleb(data, at)
        short += uleb(value)
    return bytes(short), at
