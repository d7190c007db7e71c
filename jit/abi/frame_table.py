"""The frame table of a function: what its machine code means at every place it can be stopped at.

A row belongs to a code offset and lists the program points there, in execution order.  Only a site can
have several: ops that emitted no bytes share the site of the next op that did, and a debugger visits
them one after the other without the guest moving.  A point tells where each operand is; locals are
always in their slots, and a point also lists the registers that hold a copy of one, which a write to
the local must update.

Code may rely on the value of a local: a point lists its `Fact`s.  They hold for outer frames too, whose
code goes on with them.  A write that breaks one makes the frame go on in the canonical variant, which
relies on none.

An operand's register may be a copy of a local too (its value was pushed from there), or another
operand's.  Writing one of them means writing all, so a debugger goes to the canonical variant instead
(`jit.abi.code.CodeSource.compile`), as for constants and flags.

Rows are keyed by the offset that a stopped context or a return address shows:

    SITE       just past the patchable no-op (`patch` is the no-op's own offset)
    CALL       the return address of a call; the point is the op after the call, its operands those of the
               call, still on the stack
    TRAP       the return address of the call to the trap stub or of a libcall; the point is the op itself
    INTERRUPT  the return address of the call to the interrupt or epoch stub; the point is that of the
               boundary it belongs to, and `boundary` is the key of that boundary's SITE row
    PROLOGUE   as TRAP, but the frame does not exist yet: the trap is shown in the caller
    READ       the return address of the call to the watch stub after a load; otherwise as INTERRUPT
    WRITE      the same after a store

Watching code (`jit.abi.code.Watch`) has the same rows as other code, in the same order, beside those of the
last two kinds: a frame is moved from one to the other by its row's place among those of its kind.
"""

from bisect import bisect_left
from dataclasses import dataclass, field
from enum import Enum, IntEnum

from jit.abi.frame import FrameLayout

FRAME_TYPES = {
    0x7F: "i32",
    0x7E: "i64",
    0x7D: "f32",
    0x7C: "f64",
    0x7B: "v128",
    0x70: "funcref",
    0x6F: "externref",
    0x6E: "anyref",
    0x69: "exnref",
    0x68: "contref",
}
"""The types that a local or an operand can have, as the binary format numbers and the text format names them."""


class OperandKind(IntEnum):
    """Where an operand is."""

    SLOT = 0
    """In its own operand slot."""
    GENERAL = 1
    """In general register `value`."""
    FLOAT = 2
    """In float register `value`."""
    CONSTANT = 3
    """Nowhere: it is `value`, a bit pattern."""
    FLAGS = 4
    """In the condition flags: 1 if ISA condition `value` holds, else 0."""


@dataclass(frozen=True, slots=True)
class Operand:
    """One entry of the operand stack: its value type and where it is."""

    type: int
    kind: OperandKind
    value: int = 0


@dataclass(frozen=True, slots=True)
class Copy:
    """A register that holds the current value of a local."""

    local: int
    float: bool
    register: int


@dataclass(frozen=True, slots=True)
class Fact:
    """Something the code relies on: a local's value + `extent` is at most the length of memory 0.

    With the extent EXACT, that the local has the value it has, which no other keeps.
    """

    local: int
    extent: int


EXACT = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class CallerPoint:
    """The state of a function that another was inlined in: it is inside that call, its operands in slots."""

    pc: int
    stack: tuple[Operand, ...]
    shape: int = 0


@dataclass(frozen=True, slots=True)
class Point:
    """The state before the op at `pc` (an offset in the module's bytes), operands bottom first.

    With inlining (no compiler here does it), it is that of the innermost function, whose shape is
    number `shape`, and `callers` are those it was inlined in, outward: the last one has shape 0.
    """

    pc: int
    stack: tuple[Operand, ...]
    copies: tuple[Copy, ...] = ()
    shape: int = 0
    callers: tuple[CallerPoint, ...] = ()
    facts: tuple[Fact, ...] = ()


class RowKind(IntEnum):
    SITE = 0
    CALL = 1
    TRAP = 2
    INTERRUPT = 3
    PROLOGUE = 4
    READ = 5
    WRITE = 6


BOUNDARY_KINDS = frozenset({RowKind.INTERRUPT, RowKind.READ, RowKind.WRITE})
"""Kinds of rows that belong to a boundary's site."""


class Position(Enum):
    """Which op a code offset stands for."""

    PRE = "pre"
    """The op that begins there: the guest stands at it."""
    POST = "post"
    """The op that ends there: the guest is inside it, a call."""


@dataclass(frozen=True, slots=True)
class Row:
    offset: int
    kind: RowKind
    points: tuple[Point, ...]
    patch: int = -1
    """SITE: offset of the no-op."""
    boundary: int = -1
    """INTERRUPT, READ, WRITE: offset of the SITE row of its boundary, -1 in code without sites."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """A place a breakpoint can stand: the op at `pc`, virtual stop `index` of the site row at `offset`."""

    pc: int
    offset: int
    index: int


@dataclass(frozen=True, slots=True)
class FrameShape:
    """A function's frame: its locals, and where its slots are."""

    defined_index: int
    layout: FrameLayout
    local_types: tuple[int, ...]
    base_to_frame_pointer: int


@dataclass(frozen=True, slots=True)
class WasmFrame:
    """One of the Wasm frames that a machine frame stands for."""

    shape: FrameShape
    pc: int
    stack: tuple[Operand, ...]


@dataclass(frozen=True)
class FrameTable:
    """Rows of one function, by offset; boundaries by Wasm PC.

    An op emitted twice is two boundaries with one PC.
    """

    defined_index: int
    layout: FrameLayout
    local_types: tuple[int, ...]
    base_to_frame_pointer: int
    """Bytes from the slot base to the frame pointer."""
    rows: tuple[Row, ...]
    inlined: tuple[FrameShape, ...] = ()
    """The shapes, from number 1, of functions that are inlined; 0 is the table's own function's."""
    shapes: tuple[FrameShape, ...] = field(init=False, repr=False, compare=False)
    """All shapes, by number."""
    by_offset: dict[int, Row] = field(init=False, repr=False)
    boundaries: tuple[Boundary, ...] = field(init=False, repr=False)
    _pcs: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        boundaries = sorted(
            (
                Boundary(point.pc, row.offset, index)
                for row in self.rows
                if row.kind is RowKind.SITE
                for index, point in enumerate(row.points)
            ),
            key=lambda boundary: (boundary.pc, boundary.offset),
        )
        own = FrameShape(
            self.defined_index, self.layout, self.local_types, self.base_to_frame_pointer
        )
        object.__setattr__(self, "shapes", (own, *self.inlined))
        object.__setattr__(self, "by_offset", {row.offset: row for row in self.rows})
        object.__setattr__(self, "boundaries", tuple(boundaries))
        object.__setattr__(self, "_pcs", tuple(boundary.pc for boundary in boundaries))

    def row(self, offset: int) -> Row | None:
        """Return the row keyed by a code offset."""
        return self.by_offset.get(offset)

    def boundaries_at(self, pc: int) -> tuple[Boundary, ...]:
        """Return the boundaries of the op at exactly this Wasm PC."""
        start = bisect_left(self._pcs, pc)
        end = start
        while end < len(self._pcs) and self._pcs[end] == pc:
            end += 1
        return self.boundaries[start:end]

    def find_program_point(self, offset: int, position: Position) -> tuple[WasmFrame, ...] | None:
        """Return the Wasm frames of a machine frame at a code offset, the innermost first.

        None where no row of that position is; nothing for a frame that shows none and is passed over.
        """
        row = self.by_offset.get(offset)
        if row is None or (row.kind is RowKind.CALL) is not (position is Position.POST):
            return None
        if row.kind is RowKind.PROLOGUE or not row.points:
            return ()
        return self.frames_of(row.points[0])

    def frames_of(self, point: Point) -> tuple[WasmFrame, ...]:
        """Return the Wasm frames of a machine frame at one of the table's points, the innermost first."""
        shapes = self.shapes
        innermost = WasmFrame(shapes[point.shape], point.pc, point.stack)
        return (innermost, *(WasmFrame(shapes[c.shape], c.pc, c.stack) for c in point.callers))

    def patches_at(self, pc: int) -> tuple[int, ...]:
        """Return the offset of every site at which the op at exactly this Wasm PC can be stopped."""
        return tuple(self.by_offset[at.offset].patch for at in self.boundaries_at(pc))

    def nearest_breakpoint(self, pc: int) -> int | None:
        """Return the first op boundary at or after a Wasm PC, None past the last."""
        at = bisect_left(self._pcs, pc)
        return self._pcs[at] if at < len(self._pcs) else None
