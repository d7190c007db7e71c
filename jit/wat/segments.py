"""Element and data segments in text to bytes (specification: Text Format, Element Segments, Data Segments)."""

from jit.abi.leb import uleb
from jit.wasm.types import FUNCREF
from jit.wat.body import Body
from jit.wat.scope import Cursor, Scope
from jit.wat.tree import Group, Item, Word

_AT_0 = b"\x41\0\x0b"
"""The offset `i32.const 0`."""

_ACTIVE, _PASSIVE, _ACTIVE_IN, _DECLARED, _EXPRESSIONS = 0, 1, 2, 3, 4
"""Kinds of element segments; the last is added where the elements are expressions."""

_FUNCTIONS = 0x00


def strings(cursor: Cursor) -> bytes:
    """Take strings, all there are, as one."""
    data = bytearray()
    while not cursor.done:
        data += cursor.string()
    return bytes(data)


def of_memory(index: int, data: bytes) -> bytes:
    """Return the segment of data that stands with its memory."""
    where = b"\2" + uleb(index) if index else b"\0"
    return where + _AT_0 + uleb(len(data)) + data


class Segments:
    """Takes the segments of a module."""

    def __init__(self, source: str, scope: Scope) -> None:
        self._source = source
        self._scope = scope

    def expression(self, cursor: Cursor) -> bytes:
        """Take all there is as a constant expression."""
        body = Body(self._scope)
        body.expression(cursor)
        return bytes(body.code)

    def data(self, cursor: Cursor) -> bytes:
        """Take a data segment."""
        memory, offset = self._place("memory", cursor)
        data = strings(cursor)
        kind = b"\1" if offset is None else b"\2" + uleb(memory) if memory else b"\0"
        return kind + (offset or b"") + uleb(len(data)) + data

    def elements(self, cursor: Cursor) -> bytes:
        """Take an element segment."""
        if cursor.word("declare"):
            return self._segment(cursor, None, None, None, _DECLARED)[1]
        table, offset = self._place("table", cursor)
        return self._segment(cursor, None, table, offset, _ACTIVE if offset else _PASSIVE)[1]

    def of_table(self, cursor: Cursor, element: int, index: int) -> tuple[int, bytes]:
        """Take the elements that stand with their table; return how many, and the segment."""
        return self._segment(cursor, element, index, _AT_0, _ACTIVE)

    def _place(self, kind: str, cursor: Cursor) -> tuple[int | None, bytes | None]:
        """Take where a segment goes: table or memory, if it is named, and offset; no offset for a passive one."""
        group = cursor.group(kind)
        where = None
        if group is not None:
            where = self._scope.index(kind, group)
            group.end()
        elif cursor.indices():  # as it was written once
            item = cursor.peek()
            is_place = isinstance(item, Word) and not item.text.startswith("$")
            where = self._scope.index(kind, cursor) if is_place else None
        offset = cursor.group("offset")
        if offset is not None:
            return where, self.expression(offset)
        item = cursor.peek()
        if isinstance(item, Group) and item.keyword != "ref":
            cursor.take()
            one: list[Item] = [item]
            return where, self.expression(Cursor(self._source, one, item.at))
        if where is not None:
            cursor.fail("expected an offset")
        return None, None

    def _segment(
        self,
        cursor: Cursor,
        element: int | None,
        table: int | None,
        offset: bytes | None,
        kind: int,
    ) -> tuple[int, bytes]:
        """Take the elements, of a type if it is known; return how many, and the segment."""
        functions = element is None and (cursor.word("func") or cursor.indices() or cursor.done)
        if element is None and not functions:
            element = cursor.reftype()
            if element is None:
                cursor.fail("expected elements")
        functions = functions or cursor.indices() > 0
        where = offset or b""
        if kind == _ACTIVE and (table is not None or not (functions or element == FUNCREF)):
            kind, where = _ACTIVE_IN, uleb(table or 0) + where
        items = self._indices(cursor) if functions else self._items(cursor)
        type_ = b"" if kind == _ACTIVE else bytes([_FUNCTIONS if functions else element or FUNCREF])
        count = uleb(len(items))
        kind |= 0 if functions else _EXPRESSIONS
        return len(items), bytes([kind]) + where + type_ + count + b"".join(items)

    def _indices(self, cursor: Cursor) -> list[bytes]:
        indices = []
        while not cursor.done:
            indices.append(uleb(self._scope.index("func", cursor)))
        return indices

    def _items(self, cursor: Cursor) -> list[bytes]:
        items = []
        while not cursor.done:
            group = cursor.group("item")
            if group is None:
                one = cursor.take()
                if not isinstance(one, Group):
                    cursor.fail("expected an expression", one.at)
                group = Cursor(self._source, [one], one.at)
            items.append(self.expression(group))
        return items
