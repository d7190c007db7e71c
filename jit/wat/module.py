"""A module's fields in text to the sections of the binary format (specification: Text Format, Modules)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from jit.abi.leb import uleb
from jit.wasm.types import PAGE_SIZE, FuncType
from jit.wat.body import Body
from jit.wat.errors import TextError
from jit.wat.names import FunctionNames, name_section, string
from jit.wat.scope import Cursor, Scope
from jit.wat.segments import Segments, of_memory, strings
from jit.wat.tree import Group, read

MAGIC = b"\0asm\1\0\0\0"

_EXPORTED = {"func": 0, "table": 1, "memory": 2, "global": 3}
_FUNCTION_TYPE = 0x60


def assemble(source: str) -> bytes:
    """Return the binary format of a module's text.  Raise TextError.

    Whether the module is valid is not looked at.
    """
    items = read(source)
    if not items:
        raise TextError("expected a module", source, len(source))
    name = None
    cursor = Cursor(source, items, len(source))
    whole = cursor.group("module")
    if whole is not None:
        cursor.end()
        cursor, name = whole, whole.name()
        if cursor.word("binary"):
            return strings(cursor)
    return _Assembly(source, name).module(cursor)


@dataclass(slots=True)
class _Section:
    """The entries of one section."""

    entries: list[bytes] = field(default_factory=list)

    def written(self, number: int) -> bytes:
        if not self.entries:
            return b""
        return _section(number, uleb(len(self.entries)) + b"".join(self.entries))


def _section(number: int, contents: bytes) -> bytes:
    return bytes([number]) + uleb(len(contents)) + contents


class _Assembly:
    """One module."""

    def __init__(self, source: str, name: str | None) -> None:
        self._source = source
        self._name = name
        self._scope = Scope()
        self._segments = Segments(source, self._scope)
        self._imports: list[Callable[[], bytes]] = []
        self._later: list[Callable[[], None]] = []
        """What is to be written when all names are known, in the fields' order."""
        self._functions, self._tables, self._memories = _Section(), _Section(), _Section()
        self._globals, self._exports, self._elements = _Section(), _Section(), _Section()
        self._code, self._data = _Section(), _Section()
        self._start = b""
        self._has_start = False
        self._names: dict[int, FunctionNames] = {}
        self._uses_data = False
        self._defined = ""
        """The last kind of item that was defined: no import may follow."""

    def module(self, cursor: Cursor) -> bytes:
        """Return the whole module."""
        while not cursor.done:
            item = cursor.take("a field")
            keyword = item.keyword if isinstance(item, Group) else ""
            declare = _FIELDS.get(keyword)
            if declare is None or not isinstance(item, Group):
                cursor.fail(f"unknown field {keyword or 'of a module'}", item.at)
            declare(self, cursor.inside(item))
        imports = [write() for write in self._imports]
        for define in self._later:
            define()
        types = [_function_type(type_) for type_ in self._scope.types]
        count = uleb(len(self._data.entries))
        names = name_section(self._name, self._scope.spaces, self._names)
        return b"".join(
            (
                MAGIC,
                _Section(types).written(1),
                _Section(imports).written(2),
                self._functions.written(3),
                self._tables.written(4),
                self._memories.written(5),
                self._globals.written(6),
                self._exports.written(7),
                _section(8, self._start) if self._start else b"",
                self._elements.written(9),
                _section(12, count) if self._uses_data else b"",
                self._code.written(10),
                self._data.written(11),
                _section(0, string("name") + names) if names else b"",
            )
        )

    # Fields

    def type(self, cursor: Cursor) -> None:
        self._scope.declare("type", cursor.name(), cursor)
        function = cursor.group("func")
        if function is None:
            cursor.fail("expected `(func ...)`")
        type_, _ = self._scope.signature(function)
        function.end()
        cursor.end()
        self._scope.add_type(type_)

    def import_(self, cursor: Cursor) -> None:
        module, name = cursor.text(), cursor.text()
        item = cursor.take("what is imported")
        keyword = item.keyword if isinstance(item, Group) else ""
        if keyword not in _EXPORTED or not isinstance(item, Group):
            cursor.fail("expected a function, a table, a memory or a global", item.at)
        inner = cursor.inside(item)
        index = self._scope.declare(keyword, inner.name(), inner)
        self._import(keyword, string(module) + string(name), index, inner)
        cursor.end()

    def _import(self, kind: str, names: bytes, index: int, cursor: Cursor) -> None:
        if self._defined:
            cursor.fail(f"an import behind a {self._defined} that is no import")
        describe = _DESCRIPTIONS[kind]
        self._imports.append(lambda: names + describe(self, cursor, index))

    def _head(self, kind: str, cursor: Cursor) -> bool:
        """Take name, exports and import of an item; say whether it was imported."""
        index = self._scope.declare(kind, cursor.name(), cursor)
        while (group := cursor.group("export")) is not None:
            self._export(group.text(), kind, index)
            group.end()
        group = cursor.group("import")
        if group is None:
            self._defined = kind
            return False
        module, name = group.text(), group.text()
        group.end()
        self._import(kind, string(module) + string(name), index, cursor)
        return True

    def _export(self, name: str, kind: str, index: int) -> None:
        self._exports.entries.append(string(name) + bytes([_EXPORTED[kind]]) + uleb(index))

    def func(self, cursor: Cursor) -> None:
        index = self._scope.spaces["func"].count
        if not self._head("func", cursor):
            self._later.append(lambda: self._function(index, cursor))

    def _function(self, index: int, cursor: Cursor) -> None:
        at = cursor.at
        known, (type_, names) = self._scope.type_use(cursor)
        self._functions.entries.append(uleb(self._type_index(known, type_)))
        types = list(type_.params)
        while (group := cursor.group("local")) is not None:
            name = group.name()
            while not group.done:
                types.append(group.valtype())
                names.append(name)
                if name is not None:
                    group.end()
        by_name = {name: at for at, name in enumerate(names) if name is not None}
        if len(by_name) != sum(name is not None for name in names):
            cursor.fail("two locals of one name", at)
        body = Body(self._scope, by_name)
        body.expression(cursor)
        self._uses_data |= body.uses_data
        self._names[index] = FunctionNames(
            {at: name[1:] for name, at in by_name.items()}, body.label_names
        )
        code = _locals(types[len(type_.params) :]) + bytes(body.code)
        self._code.entries.append(uleb(len(code)) + code)

    def _type_index(self, known: int | None, type_: FuncType) -> int:
        return self._scope.type_index(type_) if known is None else known

    def table(self, cursor: Cursor) -> None:
        index = self._scope.spaces["table"].count
        if self._head("table", cursor):
            return
        element = cursor.reftype()
        if element is None:
            self._tables.entries.append(self._table_type(cursor))
            return
        group = cursor.group("elem")
        if group is None:
            cursor.fail("expected `(elem ...)`")
        cursor.end()
        self._scope.declare("elem", None, cursor)
        place = len(self._tables.entries)
        self._tables.entries.append(b"")

        def write() -> None:
            count, segment = self._segments.of_table(group, element, index)
            limits = b"\1" + 2 * uleb(count)
            self._tables.entries[place] = bytes([element]) + limits
            self._elements.entries.append(segment)

        self._later.append(write)

    def _table_type(self, cursor: Cursor) -> bytes:
        limits, element = self._limits(cursor), cursor.reftype()
        if element is None:
            cursor.fail("expected a reference type")
        cursor.end()
        return bytes([element]) + limits

    def _limits(self, cursor: Cursor) -> bytes:
        at, least, most = cursor.at, cursor.number(), cursor.number()
        if least is None:
            cursor.fail("expected a number", at)
        return b"\0" + uleb(least) if most is None else b"\1" + uleb(least) + uleb(most)

    def memory(self, cursor: Cursor) -> None:
        index = self._scope.spaces["memory"].count
        if self._head("memory", cursor):
            return
        group = cursor.group("data")
        if group is None:
            self._memories.entries.append(self._memory_type(cursor))
            return
        cursor.end()
        data = strings(group)
        pages = uleb(-(-len(data) // PAGE_SIZE))
        self._memories.entries.append(b"\1" + pages + pages)
        self._scope.declare("data", None, cursor)
        entry = of_memory(index, data)
        self._later.append(lambda: self._data.entries.append(entry))

    def _memory_type(self, cursor: Cursor) -> bytes:
        limits = self._limits(cursor)
        cursor.end()
        return limits

    def global_(self, cursor: Cursor) -> None:
        if not self._head("global", cursor):
            type_ = _global_type(cursor)
            self._later.append(
                lambda: self._globals.entries.append(type_ + self._segments.expression(cursor))
            )

    def export(self, cursor: Cursor) -> None:
        name, item = cursor.text(), cursor.take("what is exported")
        kind = item.keyword if isinstance(item, Group) else ""
        if kind not in _EXPORTED or not isinstance(item, Group):
            cursor.fail("expected a function, a table, a memory or a global", item.at)
        cursor.end()
        place = len(self._exports.entries)
        self._exports.entries.append(b"")

        def write() -> None:
            inner = cursor.inside(item)
            index = self._scope.index(kind, inner)
            inner.end()
            self._exports.entries[place] = string(name) + bytes([_EXPORTED[kind]]) + uleb(index)

        self._later.append(write)

    def start(self, cursor: Cursor) -> None:
        if self._has_start:
            cursor.fail("a second start function")
        self._has_start = True

        def write() -> None:
            self._start = uleb(self._scope.index("func", cursor))
            cursor.end()

        self._later.append(write)

    def elem(self, cursor: Cursor) -> None:
        self._scope.declare("elem", cursor.name(), cursor)
        self._later.append(lambda: self._elements.entries.append(self._segments.elements(cursor)))

    def data(self, cursor: Cursor) -> None:
        self._scope.declare("data", cursor.name(), cursor)
        self._later.append(lambda: self._data.entries.append(self._segments.data(cursor)))

    # What is imported

    def describe_func(self, cursor: Cursor, index: int) -> bytes:
        known, (type_, names) = self._scope.type_use(cursor)
        cursor.end()
        named = {at: name[1:] for at, name in enumerate(names) if name is not None}
        self._names[index] = FunctionNames(named, {})
        return b"\0" + uleb(self._type_index(known, type_))

    def describe_table(self, cursor: Cursor, index: int) -> bytes:
        return b"\1" + self._table_type(cursor)

    def describe_memory(self, cursor: Cursor, index: int) -> bytes:
        return b"\2" + self._memory_type(cursor)

    def describe_global(self, cursor: Cursor, index: int) -> bytes:
        data = b"\3" + _global_type(cursor)
        cursor.end()
        return data


def _global_type(cursor: Cursor) -> bytes:
    mutable = cursor.group("mut")
    if mutable is None:
        return bytes([cursor.valtype(), 0])
    code = mutable.valtype()
    mutable.end()
    return bytes([code, 1])


def _function_type(type_: FuncType) -> bytes:
    params, results = type_.params, type_.results
    return b"".join(
        (
            bytes([_FUNCTION_TYPE]),
            *(uleb(len(params)), bytes(params)),
            *(uleb(len(results)), bytes(results)),
        )
    )


def _locals(types: Sequence[int]) -> bytes:
    """Return the declarations of locals, one for each run of a type."""
    runs: list[tuple[int, int]] = []
    for type_ in types:
        if runs and runs[-1][1] == type_:
            runs[-1] = runs[-1][0] + 1, type_
        else:
            runs.append((1, type_))
    return uleb(len(runs)) + b"".join(uleb(count) + bytes([type_]) for count, type_ in runs)


_FIELDS: dict[str, Callable[[_Assembly, Cursor], None]] = {
    "type": _Assembly.type,
    "import": _Assembly.import_,
    "func": _Assembly.func,
    "table": _Assembly.table,
    "memory": _Assembly.memory,
    "global": _Assembly.global_,
    "export": _Assembly.export,
    "start": _Assembly.start,
    "elem": _Assembly.elem,
    "data": _Assembly.data,
}
_DESCRIPTIONS: dict[str, Callable[[_Assembly, Cursor, int], bytes]] = {
    "func": _Assembly.describe_func,
    "table": _Assembly.describe_table,
    "memory": _Assembly.describe_memory,
    "global": _Assembly.describe_global,
}
