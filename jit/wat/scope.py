"""Reading a list item by item, and what of a module's names and types is known on the way."""

from dataclasses import dataclass, field
from typing import NoReturn

from jit.wasm.types import EXTERNREF, FUNCREF, NUMBER_TYPES, VALTYPE_NAMES, FuncType
from jit.wat.errors import TextError
from jit.wat.literals import integer
from jit.wat.names import KINDS, Space
from jit.wat.tree import Group, Item, Text, Word

VALTYPES = {VALTYPE_NAMES[code]: code for code in (*NUMBER_TYPES, FUNCREF, EXTERNREF)}
HEAP_TYPES = {"func": FUNCREF, "extern": EXTERNREF}

Signature = tuple[FuncType, list[str | None]]
"""A function's type, and the names of its parameters."""


class Cursor:
    """Takes the items of a list one after the other."""

    def __init__(self, source: str, items: list[Item], end: int) -> None:
        self.source = source
        self._items = items
        self._next = 0
        self._end = end

    def fail(self, message: str, at: int | None = None) -> NoReturn:
        """Raise a TextError, at the next item unless told otherwise."""
        raise TextError(message, self.source, self.at if at is None else at)

    @property
    def at(self) -> int:
        """Where the next item is."""
        return self._end if self.done else self._items[self._next].at

    @property
    def done(self) -> bool:
        """Whether there is none left."""
        return self._next == len(self._items)

    def peek(self) -> Item | None:
        """Return the next item, to look at."""
        return None if self.done else self._items[self._next]

    def inside(self, group: Group) -> "Cursor":
        """Return a cursor behind the keyword of a group."""
        return Cursor(self.source, group.items[1:], group.at)

    def take(self, what: str = "more") -> Item:
        """Take the next item."""
        if self.done:
            self.fail(f"expected {what}")
        self._next += 1
        return self._items[self._next - 1]

    def group(self, keyword: str) -> "Cursor | None":
        """Take a list that begins with a keyword, if that is next."""
        item = self.peek()
        if isinstance(item, Group) and item.keyword == keyword:
            self._next += 1
            return self.inside(item)
        return None

    def word(self, text: str) -> bool:
        """Take a word if it is next."""
        item = self.peek()
        found = isinstance(item, Word) and item.text == text
        self._next += found
        return found

    def name(self) -> str | None:
        """Take a name if one is next."""
        item = self.peek()
        if isinstance(item, Word) and item.text.startswith("$"):
            self._next += 1
            return item.text
        return None

    def number(self, bits: int = 32) -> int | None:
        """Take an unsigned number if one is next."""
        item = self.peek()
        value = integer(item.text, bits, signed=False) if isinstance(item, Word) else None
        self._next += value is not None
        return value

    def indices(self) -> int:
        """Count the names and numbers that are next."""
        count = 0
        for item in self._items[self._next :]:
            if not isinstance(item, Word) or not (item.text[0] == "$" or item.text[0].isdigit()):
                break
            count += 1
        return count

    def string(self) -> bytes:
        """Take a string."""
        item = self.take("a string")
        if not isinstance(item, Text):
            self.fail("expected a string", item.at)
        return item.data

    def text(self) -> str:
        """Take a string that is a name, in UTF-8."""
        at = self.at
        try:
            return self.string().decode()
        except UnicodeDecodeError:
            self.fail("a name that is not UTF-8", at)

    def valtype(self) -> int:
        """Take a value type."""
        item = self.take("a value type")
        code = VALTYPES.get(item.text) if isinstance(item, Word) else _reference(item)
        if code is None:
            self.fail("expected a value type", item.at)
        return code

    def reftype(self) -> int | None:
        """Take a reference type if one is next."""
        item = self.peek()
        code = VALTYPES.get(item.text) if isinstance(item, Word) else _reference(item)
        if code in (FUNCREF, EXTERNREF):
            self._next += 1
            return code
        return None

    def end(self) -> None:
        """Fail unless all has been taken."""
        if not self.done:
            self.fail("unexpected item")


def _reference(item: Item | None) -> int | None:
    """Return the code of `(ref null func)` and its like."""
    if isinstance(item, Group) and item.keyword == "ref":
        words = [part.text for part in item.items if isinstance(part, Word)]
        if len(words) == len(item.items) == 3 and words[1] == "null":
            return HEAP_TYPES.get(words[2])
    return None


@dataclass(slots=True)
class Scope:
    """What a module has, by kind and index, and its function types."""

    spaces: dict[str, Space] = field(default_factory=lambda: {kind: Space() for kind in KINDS})
    types: list[FuncType] = field(default_factory=list)
    by_type: dict[FuncType, int] = field(default_factory=dict)

    def declare(self, kind: str, name: str | None, at: Cursor) -> int:
        """Give the next item of a kind its index."""
        index = self.spaces[kind].add(name)
        if index is None:
            at.fail(f"{kind} {name} is there already")
        return index

    def add_type(self, type_: FuncType) -> int:
        """Add a function type at the end."""
        index = len(self.types)
        self.types.append(type_)
        self.by_type.setdefault(type_, index)
        return index

    def type_index(self, type_: FuncType) -> int:
        """Return the index of a function type, the first; it is added if there is none."""
        known = self.by_type.get(type_)
        if known is not None:
            return known
        self.spaces["type"].add(None)
        return self.add_type(type_)

    def index(self, kind: str, cursor: Cursor) -> int:
        """Take an index or a name of an item."""
        index = self.optional_index(kind, cursor)
        if index is None:
            cursor.fail(f"expected the index of a {kind}")
        return index

    def optional_index(self, kind: str, cursor: Cursor) -> int | None:
        """Take an index or a name of an item if one is next."""
        at, name = cursor.at, cursor.name()
        if name is None:
            return cursor.number()
        index = self.spaces[kind].names.get(name)
        if index is None:
            cursor.fail(f"unknown {kind} {name}", at)
        return index

    def signature(self, cursor: Cursor) -> Signature:
        """Take `(param ...)` and `(result ...)`."""
        params: list[int] = []
        names: list[str | None] = []
        while (group := cursor.group("param")) is not None:
            name = group.name()
            if name is not None:
                params.append(group.valtype())
                names.append(name)
                group.end()
            while not group.done:
                params.append(group.valtype())
                names.append(None)
        return FuncType(tuple(params), self.results(cursor)), names

    def results(self, cursor: Cursor) -> tuple[int, ...]:
        """Take `(result ...)`, as often as there is one."""
        results: list[int] = []
        while (group := cursor.group("result")) is not None:
            while not group.done:
                results.append(group.valtype())
        return tuple(results)

    def type_use(self, cursor: Cursor) -> tuple[int | None, Signature]:
        """Take `(type ...)`, parameters and results; return the index if one is named, and the type."""
        at, index = cursor.at, None
        group = cursor.group("type")
        if group is not None:
            index = self.index("type", group)
            group.end()
        type_, names = self.signature(cursor)
        if index is None:
            return None, (type_, names)
        if index >= len(self.types):
            cursor.fail(f"unknown type {index}", at)
        known = self.types[index]
        if (type_.params or type_.results) and type_ != known:
            cursor.fail("parameters and results are not those of the type", at)
        return index, (known, names if names else [None] * len(known.params))
