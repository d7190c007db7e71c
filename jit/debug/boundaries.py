"""Where a function's ops begin: what a PC is, and where a breakpoint asked for there would stand."""

from array import array
from bisect import bisect_left, bisect_right
from enum import Enum

from jit.runtime.errors import InvalidFunction
from jit.wasm.errors import WasmError
from jit.wasm.structure import ModuleInfo
from jit.wasm.validate import validate_body


class BoundaryKind(Enum):
    """What lies at an offset within a function's bytes."""

    OP = "op"
    """An op that can be reached."""
    DEAD = "dead"
    """An op in statically unreachable code: a breakpoint there never fires."""
    LOCALS = "locals"
    """From the body's start up to its first op: the declarations of locals."""
    INSIDE = "inside"
    """Within an op, past its first byte."""


class FunctionBoundaries:
    """The op boundaries of one function, ascending; `pcs` holds those of dead code too."""

    __slots__ = ("_dead", "end", "first_op", "pcs", "start")

    def __init__(self, info: ModuleInfo, defined_index: int) -> None:
        """Raise a WasmError for an invalid body."""
        body = validate_body(info, defined_index)
        self.start: int = body.start
        self.end: int = body.end
        self.first_op: int = body.first_op
        self._dead = frozenset(body.dead_pcs)
        self.pcs = array("L", sorted({*body.pcs, *body.dead_pcs}))

    def next(self, pc: int) -> int:
        """Return the first boundary at or after a PC of this function; its last op is one byte."""
        return self.pcs[bisect_left(self.pcs, pc)]

    def kind(self, pc: int) -> BoundaryKind:
        """Say what lies at a PC of this function."""
        if pc < self.first_op:
            return BoundaryKind.LOCALS
        if self.next(pc) != pc:
            return BoundaryKind.INSIDE
        return BoundaryKind.DEAD if pc in self._dead else BoundaryKind.OP


class ModuleBoundaries:
    """The functions of a module by PC; a function's boundaries are found when first asked for."""

    def __init__(self, info: ModuleInfo) -> None:
        self._info = info
        self._starts = array("L", (body.start for body in info.bodies))
        self._functions: dict[int, FunctionBoundaries] = {}

    def function_at(self, pc: int) -> int | None:
        """Return the defined index of the function whose bytes hold a PC."""
        index = bisect_right(self._starts, pc) - 1
        if index < 0 or pc >= self._info.bodies[index].end:
            return None
        return index

    def of(self, defined_index: int) -> FunctionBoundaries:
        """Return a function's boundaries.  Raise InvalidFunction for one whose body is invalid."""
        known = self._functions.get(defined_index)
        if known is None:
            try:
                known = FunctionBoundaries(self._info, defined_index)
            except WasmError as error:
                name = self._info.func_name(self._info.num_imported_funcs + defined_index)
                raise InvalidFunction(name, error.message, error.offset) from error
            self._functions[defined_index] = known
        return known
