"""A validated function body as the compiler takes it: parallel lists of decoded ops, and blocks."""

from typing import Literal

from jit.wasm.structure import ModuleInfo
from jit.wasm.types import FuncType, WasmPc

BlockKind = Literal["func", "block", "loop", "if"]


class Block:
    """A structured instruction that is entered by live code, or the body itself.

    `start`, `else_` and `end` are indices in the body's ops, -1 where there is none.
    """

    __slots__ = (
        "else_",
        "end",
        "height",
        "kind",
        "label_types",
        "params",
        "results",
        "start",
        "targeted",
    )

    def __init__(
        self,
        kind: BlockKind,
        params: tuple[int, ...],
        results: tuple[int, ...],
        start: int,
        height: int,
    ) -> None:
        self.kind = kind
        self.params = params
        self.results = results
        self.label_types = params if kind == "loop" else results
        """What a branch to this block carries."""
        self.start = start
        self.end = -1
        self.else_ = -1
        self.height = height
        """Operands below the block's params."""
        self.targeted = False
        """Whether a live `br`, `br_if` or `br_table` names it (`return` does not count)."""

    def __repr__(self) -> str:
        return f"Block({self.kind}, start={self.start}, else={self.else_}, end={self.end})"


class Body:
    """One function's ops in order, the statically unreachable ones left out.

    `ops`, `imms` and `pcs` are parallel. What `imms` holds, by op: the unsigned bit pattern of a
    constant; an index for variables, calls, tables and segments; the static offset of a load or
    store; the `Block` of `block`, `loop`, `if`, `else`, `end`, `br`, `br_if`; a tuple of them for
    `br_table`, default last; (type, table) for `call_indirect`; the value type for `drop`,
    `select`, `ref.null`; (destination, source) for `table.copy`; (segment, table) for
    `table.init`; the segment for `memory.init`, `data.drop`, `elem.drop`; otherwise None.
    """

    __slots__ = (
        "dead_pcs",
        "defined_index",
        "end",
        "first_op",
        "func_index",
        "imms",
        "local_types",
        "max_stack",
        "module",
        "ops",
        "pcs",
        "start",
        "type",
    )

    def __init__(
        self,
        module: ModuleInfo,
        defined_index: int,
        local_types: list[int],
        first_op: WasmPc,
    ) -> None:
        self.module = module
        self.defined_index = defined_index
        self.func_index = module.num_imported_funcs + defined_index
        self.type: FuncType = module.func_type(self.func_index)
        self.local_types = local_types
        """Params, then locals."""
        self.start = module.bodies[defined_index].start
        self.end = module.bodies[defined_index].end
        self.first_op = first_op
        self.ops: list[int] = []
        self.imms: list[object] = []
        self.pcs: list[int] = []
        self.max_stack = 0
        """The greatest operand depth, in values."""
        self.dead_pcs: list[int] = []
        """Boundaries of the ops left out, ascending."""
