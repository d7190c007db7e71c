"""Making a frame table while a function is compiled again: the only thing that tracks operand types.

The compiler's state says where operands are; their types follow from the ops alone and are kept here.
Points are interned: most of a function's boundaries share their stacks and copies with others.
"""

from collections.abc import Callable

from jit.abi.frame import FrameLayout
from jit.abi.frame_table import (
    EXACT,
    Copy,
    Fact,
    FrameTable,
    Operand,
    OperandKind,
    Point,
    Row,
    RowKind,
)
from jit.asm.places import ALIAS, CONST, FLAGS, FLOAT, SLOT
from jit.wasm import opcodes
from jit.wasm.opcodes import OPS
from jit.wasm.types import I32, FuncType
from jit.wasm.validate import Block, Body


class Recorder:
    """Collects the rows of one function."""

    def __init__(self) -> None:
        self._types: list[int] = []
        self._places: list[int] = []
        self._copies: tuple[Copy, ...] = ()
        self._facts: tuple[Fact, ...] = ()
        self._rows: list[Row] = []
        self._site: tuple[int, int] | None = None
        self._site_points: list[Point] = []
        self._site_of: dict[int, int] = {}
        self._watches: list[tuple[int, int, bool]] = []
        self._points: dict[int, Point] = {}
        self._trap_points: dict[int, Point] = {}
        self._operands: dict[tuple[int, int], Operand] = {}
        self._stacks: dict[tuple[tuple[int, ...], tuple[int, ...]], tuple[Operand, ...]] = {}
        self._copy_sets: dict[tuple[tuple[int, int], ...], tuple[Copy, ...]] = {}
        self._fact_sets: dict[tuple[tuple[int, int], ...], tuple[Fact, ...]] = {}

    def start(self, body: Body, layout: FrameLayout, base_to_frame_pointer: int) -> None:
        """Tell what is being compiled, before the first op."""
        self._body = body
        self._layout = layout
        self._base_to_frame_pointer = base_to_frame_pointer

    # Called by the compiler's loop, for each op

    def site(self, patch: int, offset: int) -> None:
        """A site was emitted at `patch`; it ends at `offset`."""
        self._close_site()
        self._site = (patch, offset)

    def boundary(
        self,
        index: int,
        stack: list[int],
        copies: dict[int, int],
        facts: dict[int, int],
        constants: dict[int, int],
    ) -> None:
        """The op at `index` comes next, in this state."""
        self._places = list(stack)
        self._copies = self._copy_set(tuple(sorted(copies.items())))
        facts = facts | dict.fromkeys(constants, EXACT)
        self._facts = self._fact_set(tuple(sorted(facts.items())))
        point = self._points[index] = self._point(index)
        if self._site is not None:
            self._site_points.append(point)
            self._site_of[index] = self._site[1]

    def done(self, index: int, op: int, imm: object, traps: bool) -> None:
        """The op was compiled; `traps`: it has trap exits."""
        if traps:
            self._trap_points[index] = self._point(index)
        self._apply(op, imm)

    # Called from within an op

    def spilled(self, depth: int) -> None:
        """The operand at `depth` has been stored in its slot."""
        if depth < len(self._places):
            self._places[depth] = SLOT

    def call(self, offset: int, index: int, taken: int = 0) -> None:
        """A call of the op at `index` returns to `offset`; `taken`: operands that were no arguments."""
        types = self._types[: len(self._types) - taken]
        stack = self._stack(tuple(types), (SLOT,) * len(types))
        point = Point(self._body.pcs[index + 1], stack, facts=self._facts)
        self._rows.append(Row(offset, RowKind.CALL, (point,)))

    def libcall(self, offset: int, index: int) -> None:
        """A libcall, or an unconditional trap, of the op at `index` returns to `offset`."""
        self._rows.append(Row(offset, RowKind.TRAP, (self._point(index),)))

    def watch(self, offset: int, index: int, writes: bool) -> None:
        """A watch exit just before the boundary of the op at `index` returns to `offset`."""
        self._watches.append((offset, index, writes))

    # Called after the last op

    def trap_exit(self, offset: int, index: int) -> None:
        """The trap exit of the op at `index` returns to `offset`."""
        self._rows.append(Row(offset, RowKind.TRAP, (self._trap_points[index],)))

    def prologue_trap(self, offset: int) -> None:
        """The trap exit for a frame that does not fit returns to `offset`."""
        point = Point(self._body.pcs[0], ())
        self._rows.append(Row(offset, RowKind.PROLOGUE, (point,)))

    def interrupt(self, offset: int, index: int) -> None:
        """An interrupt or epoch exit at the boundary of the op at `index` returns to `offset`."""
        site = self._site_of.get(index, -1)
        self._rows.append(Row(offset, RowKind.INTERRUPT, (self._points[index],), boundary=site))

    def table(self) -> FrameTable:
        """Return the frame table."""
        self._close_site()
        for offset, index, writes in self._watches:
            kind = RowKind.WRITE if writes else RowKind.READ
            points = (self._points[index],)
            self._rows.append(Row(offset, kind, points, boundary=self._site_of.get(index, -1)))
        rows = sorted(self._rows, key=lambda row: row.offset)
        return FrameTable(
            self._body.defined_index,
            self._layout,
            tuple(self._body.local_types),
            self._base_to_frame_pointer,
            tuple(rows),
        )

    def _close_site(self) -> None:
        if self._site is not None:
            patch, offset = self._site
            self._rows.append(Row(offset, RowKind.SITE, tuple(self._site_points), patch=patch))
            self._site_points = []

    # Shapes

    def _point(self, index: int) -> Point:
        stack = self._stack(tuple(self._types), tuple(self._places))
        return Point(self._body.pcs[index], stack, self._copies, facts=self._facts)

    def _stack(self, types: tuple[int, ...], places: tuple[int, ...]) -> tuple[Operand, ...]:
        key = (types, places)
        stack = self._stacks.get(key)
        if stack is None:
            stack = tuple(
                self._operand(type_, place) for type_, place in zip(types, places, strict=True)
            )
            self._stacks[key] = stack
        return stack

    def _operand(self, type_: int, place: int) -> Operand:
        operand = self._operands.get((type_, place))
        if operand is None:
            operand = self._operands[type_, place] = Operand(type_, *_kind(place))
        return operand

    def _copy_set(self, copies: tuple[tuple[int, int], ...]) -> tuple[Copy, ...]:
        interned = self._copy_sets.get(copies)
        if interned is None:
            interned = self._copy_sets[copies] = tuple(
                Copy(local, place >= FLOAT, place & 31) for local, place in copies
            )
        return interned

    def _fact_set(self, facts: tuple[tuple[int, int], ...]) -> tuple[Fact, ...]:
        interned = self._fact_sets.get(facts)
        if interned is None:
            interned = self._fact_sets[facts] = tuple(Fact(*fact) for fact in facts)
        return interned

    # Types

    def _apply(self, op: int, imm: object) -> None:
        """Let an op have its effect on the types of the stack."""
        types = self._types
        signature = OPS[op].signature
        if signature is not None:
            self._replace(signature)
        elif op in _EFFECTS:
            _EFFECTS[op](types, imm, self._body)
        elif op == opcodes.CALL:
            assert isinstance(imm, int)
            self._replace(self._body.module.func_type(imm))
        elif op == opcodes.CALL_INDIRECT:
            assert isinstance(imm, tuple)
            types.pop()
            self._replace(self._body.module.types[imm[0]])

    def _replace(self, signature: FuncType) -> None:
        if signature.params:
            del self._types[-len(signature.params) :]
        self._types += signature.results


def _kind(place: int) -> tuple[OperandKind, int]:
    if place < FLOAT:
        return OperandKind.GENERAL, place
    if place < ALIAS:
        return OperandKind.FLOAT, place - FLOAT
    if place < SLOT:
        return _kind(place - ALIAS)
    if place == SLOT:
        return OperandKind.SLOT, 0
    if place < CONST:
        return OperandKind.FLAGS, place - FLAGS
    return OperandKind.CONSTANT, place - CONST


Effect = Callable[[list[int], object, Body], None]


def _pop(types: list[int], _: object, __: Body) -> None:
    types.pop()


def _pop_two(types: list[int], _: object, __: Body) -> None:
    del types[-2:]


def _end(types: list[int], imm: object, _: Body) -> None:
    """Also after dead code, of which nothing was seen."""
    assert isinstance(imm, Block)
    types[imm.height :] = imm.results


def _else(types: list[int], imm: object, _: Body) -> None:
    assert isinstance(imm, Block)
    types[imm.height :] = imm.params


def _local_get(types: list[int], imm: object, body: Body) -> None:
    assert isinstance(imm, int)
    types.append(body.local_types[imm])


def _global_get(types: list[int], imm: object, body: Body) -> None:
    assert isinstance(imm, int)
    types.append(body.module.globals[imm].valtype)


def _table_get(types: list[int], imm: object, body: Body) -> None:
    assert isinstance(imm, int)
    types[-1] = body.module.tables[imm].element


def _ref_null(types: list[int], imm: object, _: Body) -> None:
    assert isinstance(imm, int)
    types.append(imm)


def _to_i32(types: list[int], _: object, __: Body) -> None:
    types[-1] = I32


def _table_grow(types: list[int], _: object, __: Body) -> None:
    types[-2:] = [I32]


def _table_fill(types: list[int], _: object, __: Body) -> None:
    del types[-3:]


_EFFECTS: dict[int, Effect] = {
    opcodes.IF: _pop,
    opcodes.ELSE: _else,
    opcodes.END: _end,
    opcodes.BR_IF: _pop,
    opcodes.DROP: _pop,
    opcodes.SELECT: _pop_two,
    opcodes.SELECT_T: _pop_two,
    opcodes.LOCAL_GET: _local_get,
    opcodes.LOCAL_SET: _pop,
    opcodes.GLOBAL_GET: _global_get,
    opcodes.GLOBAL_SET: _pop,
    opcodes.TABLE_GET: _table_get,
    opcodes.TABLE_SET: _pop_two,
    opcodes.REF_NULL: _ref_null,
    opcodes.REF_IS_NULL: _to_i32,
    opcodes.TABLE_GROW: _table_grow,
    opcodes.TABLE_FILL: _table_fill,
}
