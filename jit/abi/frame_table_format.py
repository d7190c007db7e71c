"""The bytes of a frame table: writer and reader, side by side.

docs/frame-tables.md has the layout.  Numbers are unsigned LEB128; operands, stacks, copies and facts
are written once and named by their place, a stack as its top operand and the stack below it.
"""

from collections.abc import Callable, Hashable, Sequence
from typing import NoReturn, TypeVar

from jit.abi.frame import FrameLayout
from jit.abi.frame_table import (
    BOUNDARY_KINDS,
    FRAME_TYPES,
    CallerPoint,
    Copy,
    Fact,
    FrameShape,
    FrameTable,
    Operand,
    OperandKind,
    Point,
    Row,
    RowKind,
)
from jit.abi.leb import uleb

MAGIC = b"wft\x02"

_FLOAT = 0x80
_Item = TypeVar("_Item", bound=Hashable)
_Read = TypeVar("_Read")


class MalformedFrameTable(ValueError):
    """Bytes that are no frame table; `offset` says where that shows."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(f"malformed frame table: {message} (at offset {offset:#x})")
        self.message = message
        self.offset = offset


def write_frame_table(table: FrameTable) -> bytes:
    """Return the bytes of a frame table."""
    return _Writer().table(table)


def read_frame_table(data: bytes) -> FrameTable:
    """Return the frame table of some bytes.  Raise MalformedFrameTable."""
    return _Reader(data).table()


class _Pool:
    """Things written once, in order of first use; `number` gives their places."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._entries: list[bytes] = []

    def number(self, item: _Item, entry: Callable[[_Item], bytes]) -> int:
        known = self._numbers.get(item)
        if known is None:
            data = entry(item)
            known = self._numbers[item] = len(self._entries)
            self._entries.append(data)
        return known

    def bytes(self) -> bytes:
        return uleb(len(self._entries)) + b"".join(self._entries)


class _Writer:
    """Writes one table."""

    def __init__(self) -> None:
        self._operands, self._stacks = _Pool(), _Pool()
        self._copies, self._facts = _Pool(), _Pool()

    def table(self, table: FrameTable) -> bytes:
        shapes = table.shapes
        rows, before = [], 0
        for row in table.rows:
            rows.append(self._row(row, before))
            before = row.offset
        return b"".join(
            (
                MAGIC,
                uleb(len(shapes)),
                *map(_shape, shapes),
                self._operands.bytes(),
                self._stacks.bytes(),
                self._copies.bytes(),
                self._facts.bytes(),
                uleb(len(rows)),
                *rows,
            )
        )

    def _row(self, row: Row, before: int) -> bytes:
        out = [uleb(row.offset - before), bytes([row.kind])]
        if row.kind is RowKind.SITE:
            out.append(uleb(row.offset - row.patch))
        elif row.kind in BOUNDARY_KINDS:
            out.append(uleb(row.boundary + 1))
        out.append(uleb(len(row.points)))
        return b"".join((*out, *map(self._point, row.points)))

    def _point(self, point: Point) -> bytes:
        numbers = [point.pc, self._stack(point.stack), self._copies.number(point.copies, _copies)]
        numbers += [self._facts.number(point.facts, _facts), point.shape, len(point.callers)]
        for caller in point.callers:
            numbers += [caller.pc, self._stack(caller.stack), caller.shape]
        return b"".join(map(uleb, numbers))

    def _stack(self, stack: tuple[Operand, ...]) -> int:
        """Return the place of a stack, counted from 1; 0 is the empty one."""
        place = 0
        for operand in stack:
            key = (place, self._operands.number(operand, _operand))
            place = 1 + self._stacks.number(key, lambda pair: uleb(pair[0]) + uleb(pair[1]))
        return place


def _shape(shape: FrameShape) -> bytes:
    layout = shape.layout
    numbers = (
        *(shape.defined_index, layout.num_locals, layout.max_stack, layout.slot_size),
        shape.base_to_frame_pointer,
    )
    return b"".join(map(uleb, numbers)) + bytes(shape.local_types)


def _operand(operand: Operand) -> bytes:
    return bytes([operand.type, operand.kind]) + uleb(operand.value)


def _copies(copies: tuple[Copy, ...]) -> bytes:
    entries = (uleb(c.local) + bytes([c.register | _FLOAT * c.float]) for c in copies)
    return uleb(len(copies)) + b"".join(entries)


def _facts(facts: tuple[Fact, ...]) -> bytes:
    entries = (uleb(fact.local) + uleb(fact.extent) for fact in facts)
    return uleb(len(facts)) + b"".join(entries)


class _Reader:
    """Reads one table."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def table(self) -> FrameTable:
        if self._data[: len(MAGIC)] != MAGIC:
            raise MalformedFrameTable("magic number expected", 0)
        self._at = len(MAGIC)
        shapes = self._many(self._shape)
        if not shapes:
            self._fail("no frame shape")
        self._shapes = shapes
        self._operands = self._many(self._operand)
        self._stacks: list[tuple[Operand, ...]] = [()]
        self._many(self._stack_entry)
        self._copies = self._many(lambda: tuple(self._many(self._copy)))
        self._facts = self._many(lambda: tuple(self._many(self._fact)))
        self._before = -1
        rows = self._many(self._row)
        if self._at != len(self._data):
            self._fail("bytes after the end")
        sites = {row.offset for row in rows if row.kind is RowKind.SITE}
        if any(row.boundary != -1 and row.boundary not in sites for row in rows):
            self._fail("a boundary that is no site")
        shape = shapes[0]
        return FrameTable(
            shape.defined_index,
            shape.layout,
            shape.local_types,
            shape.base_to_frame_pointer,
            tuple(rows),
            tuple(shapes[1:]),
        )

    # Shapes

    def _shape(self) -> FrameShape:
        index, num_locals, max_stack = self._number(), self._number(), self._number()
        slot_size, base = self._number(), self._number()
        if slot_size not in (8, 16):
            self._fail(f"slots of {slot_size} bytes")
        if num_locals > len(self._data) - self._at:
            self._fail("unexpected end")
        types = tuple(self._type() for _ in range(num_locals))
        return FrameShape(index, FrameLayout(num_locals, max_stack, slot_size), types, base)

    def _operand(self) -> Operand:
        type_, kind = self._type(), self._kind(OperandKind)
        return Operand(type_, kind, self._number(bits=128))

    def _stack_entry(self) -> None:
        below = self._pick(self._stacks)
        self._stacks.append((*below, self._pick(self._operands)))

    def _copy(self) -> Copy:
        local, register = self._number(), self._byte()
        return Copy(local, bool(register & _FLOAT), register & ~_FLOAT)

    def _fact(self) -> Fact:
        return Fact(self._number(), self._number(bits=64))

    # Rows

    def _row(self) -> Row:
        start = self._at
        delta = self._number()
        offset = delta if self._before < 0 else self._before + delta
        if offset <= self._before:
            raise MalformedFrameTable("rows out of order", start)
        self._before = offset
        kind = self._kind(RowKind)
        patch = boundary = -1
        if kind is RowKind.SITE:
            patch = offset - self._number()
            if not 0 <= patch < offset:
                self._fail("a site outside its function")
        elif kind in BOUNDARY_KINDS:
            boundary = self._number() - 1
        return Row(offset, kind, tuple(self._many(self._point)), patch, boundary)

    def _point(self) -> Point:
        pc, stack, copies = self._number(), self._pick(self._stacks), self._pick(self._copies)
        facts, shape = self._pick(self._facts), self._shape_number()
        return Point(pc, stack, copies, shape, tuple(self._many(self._caller)), facts)

    def _caller(self) -> CallerPoint:
        return CallerPoint(self._number(), self._pick(self._stacks), self._shape_number())

    def _shape_number(self) -> int:
        number = self._number()
        if number >= len(self._shapes):
            self._fail(f"no frame shape {number} among {len(self._shapes)}")
        return number

    # Bytes

    def _many(self, read: Callable[[], _Read]) -> list[_Read]:
        count = self._number()
        if count > len(self._data) - self._at:  # everything has a byte at least
            self._fail("unexpected end")
        return [read() for _ in range(count)]

    def _pick(self, pool: Sequence[_Read]) -> _Read:
        index = self._number()
        if index >= len(pool):
            self._fail(f"no entry {index} among {len(pool)}")
        return pool[index]

    def _type(self) -> int:
        type_ = self._byte()
        if type_ not in FRAME_TYPES:
            self._fail(f"no value type {type_:#x}")
        return type_

    def _kind(self, kinds: "Callable[[int], _Read]") -> _Read:
        code = self._byte()
        try:
            return kinds(code)
        except ValueError:
            self._fail(f"unknown kind {code}")

    def _byte(self) -> int:
        if self._at >= len(self._data):
            self._fail("unexpected end")
        self._at += 1
        return self._data[self._at - 1]

    def _number(self, bits: int = 32) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if value >> bits:
                self._fail("number too large")
            if not byte & 0x80:
                return value

    def _fail(self, message: str) -> NoReturn:
        raise MalformedFrameTable(message, self._at)
