"""A module's functions by PC: where each begins, where its first op is, where it ends.

Cheap to make for a whole module: it reads the declarations of locals, never the ops; the boundaries
of a function's ops come from the debugger, one function at a time.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from gdbstub.objfile.leb import read_uleb
from gdbstub.views.common.flow import Flow
from jit.debug.debugger import Debugger, RegisteredModule

_CALL = 0x10
_CALL_INDIRECT = 0x11


@dataclass(frozen=True, slots=True)
class FunctionCode:
    """A defined function; `start`, `first_op` and `end` are PCs, parameters are locals too."""

    defined_index: int
    index: int
    start: int
    first_op: int
    end: int
    num_params: int
    num_locals: int


class ModuleCode:
    """The code of one registered module."""

    def __init__(self, debugger: Debugger, module: RegisteredModule) -> None:
        self._debugger = debugger
        self.module = module
        self._flows: dict[int, Flow] = {}

    @cached_property
    def functions(self) -> tuple[FunctionCode, ...]:
        """The defined functions, by ascending PC."""
        info = self.module.info
        found = []
        for defined, body in enumerate(info.bodies):
            index = info.num_imported_funcs + defined
            params = len(info.func_type(index).params)
            groups, at = read_uleb(info.data, body.start)
            total = params
            for _ in range(groups):
                count, at = read_uleb(info.data, at)
                total += count
                at += 1
            found.append(FunctionCode(defined, index, body.start, at, body.end, params, total))
        return tuple(found)

    @cached_property
    def _starts(self) -> list[int]:
        return [function.start for function in self.functions]

    @cached_property
    def entries(self) -> dict[int, FunctionCode]:
        """The functions by the PC of their first op."""
        return {function.first_op: function for function in self.functions}

    @cached_property
    def ends(self) -> dict[int, FunctionCode]:
        """The functions by the PC behind their last op."""
        return {function.end: function for function in self.functions}

    def function_at(self, pc: int) -> FunctionCode | None:
        """Return the function whose body holds a PC, declarations of locals included."""
        at = bisect_right(self._starts, pc) - 1
        if at < 0 or pc >= self.functions[at].end:
            return None
        return self.functions[at]

    def function_after(self, pc: int) -> FunctionCode | None:
        """Return the first function that begins past a PC."""
        at = bisect_right(self._starts, pc)
        return self.functions[at] if at < len(self.functions) else None

    def boundaries(self, function: FunctionCode) -> Sequence[int]:
        """Return the PCs of a function's ops, ascending."""
        return self._debugger.boundaries(self.module.index, function.defined_index)

    def flow(self, function: FunctionCode) -> Flow:
        """Return the control flow of a function; WasmtimeError where its body is invalid."""
        flow = self._flows.get(function.index)
        if flow is None:
            flow = Flow(self.module.info.data, self.boundaries(function))
            self._flows[function.index] = flow
        return flow

    def returned_types(self, pc: int) -> tuple[int, ...]:
        """Return the result types of the call that the op just before `pc` is; () if it is none."""
        function = self.function_at(pc)
        if function is None:
            return ()
        boundaries = self.boundaries(function)
        at = bisect_left(boundaries, pc) - 1
        if at < 0:
            return ()
        info = self.module.info
        opcode = info.data[boundaries[at]]
        if opcode not in (_CALL, _CALL_INDIRECT):
            return ()
        index, _ = read_uleb(info.data, boundaries[at] + 1)
        type_ = info.func_type(index) if opcode == _CALL else info.types[index]
        return type_.results
