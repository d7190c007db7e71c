"""Instructions in text, plain and folded, to bytes (specification: Text Format, Instructions)."""

from collections.abc import Callable

from jit.abi.leb import sleb, uleb
from jit.wasm import opcodes
from jit.wasm.opcodes import OPS, Imm, Op
from jit.wasm.types import FuncType
from jit.wat.literals import floating, integer
from jit.wat.scope import HEAP_TYPES, Cursor, Scope
from jit.wat.tree import Group, Word

_BY_MNEMONIC = {op.mnemonic: op for op in reversed(OPS.values())}
_BLOCKS = ("block", "loop", "if")
_EMPTY = 0x40
_ACCESSES = {Imm.MEM8: 0, Imm.MEM16: 1, Imm.MEM32: 2, Imm.MEM64: 3}

Piece = bytes | FuncType
"""Bytes, or a type in whose place its index will stand: types count in order of the instructions."""


class Body:
    """The instructions of a function, or of a constant expression."""

    def __init__(self, scope: Scope, locals_: dict[str, int] | None = None) -> None:
        self.code = bytearray()
        self.label_names: dict[int, str] = {}
        """By the number of the block."""
        self.uses_data = False
        """Whether an instruction names a data segment."""
        self._scope = scope
        self._locals = locals_ or {}
        self._labels: list[str | None] = []
        self._blocks = 0

    def expression(self, cursor: Cursor) -> None:
        """Take all instructions there are, and end."""
        while not cursor.done:
            self.instruction(cursor)
        if self._labels:
            cursor.fail("a block without an `end`")
        self.code.append(opcodes.END)

    def instruction(self, cursor: Cursor) -> None:
        """Take one instruction; of a plain block, what begins it."""
        item = cursor.take("an instruction")
        if isinstance(item, Group):
            self._folded(item, cursor)
        elif not isinstance(item, Word):
            cursor.fail("expected an instruction", item.at)
        elif item.text in _BLOCKS:
            self._begin(item.text, *self._block_head(cursor))
        elif item.text in ("else", "end"):
            self._else_or_end(item, cursor)
        else:
            self._emit(self._operation(item, cursor))

    def _else_or_end(self, word: Word, cursor: Cursor) -> None:
        if not self._labels:
            cursor.fail(f"`{word.text}` without a block", word.at)
        at, name = cursor.at, cursor.name()
        if name is not None and name != self._labels[-1]:
            cursor.fail(f"{name} is not the block's name", at)
        if word.text == "else":
            self.code.append(opcodes.ELSE)
        else:
            self._end()

    def _folded(self, group: Group, outer: Cursor) -> None:
        inner = outer.inside(group)
        if group.keyword == "if":
            self._folded_if(inner)
        elif group.keyword in _BLOCKS:
            self._begin(group.keyword, *self._block_head(inner))
            depth = len(self._labels)
            while not inner.done:
                self.instruction(inner)
            if len(self._labels) != depth:
                inner.fail("a block without an `end`")
            self._end()
        elif not group.keyword:
            outer.fail("expected an instruction", group.at)
        else:
            operation = self._operation(Word(group.keyword, group.at), inner)
            while not inner.done:
                item = inner.take()
                if not isinstance(item, Group):
                    inner.fail("expected a folded instruction", item.at)
                self._folded(item, inner)
            self._emit(operation)

    def _folded_if(self, cursor: Cursor) -> None:
        head = self._block_head(cursor)
        while (then := cursor.group("then")) is None:
            item = cursor.take("`(then ...)`")
            if not isinstance(item, Group):
                cursor.fail("expected `(then ...)`", item.at)
            self._folded(item, cursor)
        self._begin("if", *head)
        while not then.done:
            self.instruction(then)
        otherwise = cursor.group("else")
        if otherwise is not None:
            self.code.append(opcodes.ELSE)
            while not otherwise.done:
                self.instruction(otherwise)
        cursor.end()
        self._end()

    def _block_head(self, cursor: Cursor) -> tuple[str | None, FuncType, int | None]:
        name = cursor.name()
        index, (type_, _) = self._scope.type_use(cursor)
        return name, type_, index

    def _begin(self, keyword: str, name: str | None, type_: FuncType, index: int | None) -> None:
        self.code.append(_BY_MNEMONIC[keyword].code)
        if index is not None or type_.params or len(type_.results) > 1:
            self.code += sleb(self._scope.type_index(type_) if index is None else index)
        else:
            self.code += bytes(type_.results) or bytes([_EMPTY])
        if name is not None:
            self.label_names[self._blocks] = name[1:]
        self._blocks += 1
        self._labels.append(name)

    def _end(self) -> None:
        self._labels.pop()
        self.code.append(opcodes.END)

    def _emit(self, pieces: tuple[Piece, ...]) -> None:
        for piece in pieces:
            self.code += (
                uleb(self._scope.type_index(piece)) if isinstance(piece, FuncType) else piece
            )

    # Operations

    def _operation(self, word: Word, cursor: Cursor) -> tuple[Piece, ...]:
        """Take the immediates of an operator, and return it with them."""
        op = _BY_MNEMONIC.get(word.text)
        if op is None or word.text in (*_BLOCKS, "else", "end"):
            cursor.fail(f"unknown operator {word.text}", word.at)
        if word.text == "select":
            results = self._scope.results(cursor)
            if not results:
                return (bytes([opcodes.SELECT]),)
            return (bytes([opcodes.SELECT_T]) + uleb(len(results)) + bytes(results),)
        prefix, code = divmod(op.code, 0x100)
        opcode = bytes([prefix]) + uleb(code) if prefix else bytes([code])
        if op.immediates in _ACCESSES:
            return (opcode + self._access(_ACCESSES[op.immediates], cursor),)
        if op.immediates is Imm.CALL_INDIRECT:
            table = self._index("table", cursor)
            index, (type_, _) = self._scope.type_use(cursor)
            return (opcode, type_ if index is None else uleb(index), table)
        return (opcode + _IMMEDIATES[op.immediates](self, op, cursor),)

    def _access(self, natural: int, cursor: Cursor) -> bytes:
        if self._scope.optional_index("memory", cursor):
            cursor.fail("there is one memory only")
        offset = self._keyed("offset=", cursor)
        at, align = cursor.at, self._keyed("align=", cursor)
        if align is not None and align.bit_count() != 1:
            cursor.fail("an alignment is a power of two", at)
        return uleb(natural if align is None else align.bit_length() - 1) + uleb(offset or 0)

    def _keyed(self, key: str, cursor: Cursor) -> int | None:
        item = cursor.peek()
        if not isinstance(item, Word) or not item.text.startswith(key):
            return None
        cursor.take()
        value = integer(item.text.removeprefix(key), 32, signed=False)
        if value is None:
            cursor.fail("expected a number", item.at)
        return value

    def _index(self, kind: str, cursor: Cursor) -> bytes:
        """Take an index that may be left out, where it is 0."""
        return uleb(self._scope.optional_index(kind, cursor) or 0)

    def _pair(self, kind: str, cursor: Cursor) -> bytes:
        """Take two indices, or none."""
        first = self._scope.optional_index(kind, cursor)
        if first is None:
            return b"\0\0"
        return uleb(first) + uleb(self._scope.index(kind, cursor))

    def _segment(self, kind: str, of: str, cursor: Cursor) -> bytes:
        """Take the index of a segment, and before it, perhaps, that of the memory or table."""
        where = self._scope.index(of, cursor) if cursor.indices() > 1 else 0
        return uleb(self._scope.index(kind, cursor)) + uleb(where)

    def _data(self, cursor: Cursor) -> bytes:
        self.uses_data = True
        return self._segment("data", "memory", cursor)

    def _data_drop(self, cursor: Cursor) -> bytes:
        self.uses_data = True
        return uleb(self._scope.index("data", cursor))

    def _label(self, cursor: Cursor) -> bytes:
        at, name = cursor.at, cursor.name()
        depth = cursor.number() if name is None else None
        if name is not None and name in self._labels:
            depth = self._labels[::-1].index(name)
        if depth is None:
            cursor.fail("expected a label" if name is None else f"unknown label {name}", at)
        return uleb(depth)

    def _label_list(self, cursor: Cursor) -> bytes:
        labels = [self._label(cursor)]
        while cursor.indices():
            labels.append(self._label(cursor))
        return uleb(len(labels) - 1) + b"".join(labels)

    def _local(self, cursor: Cursor) -> bytes:
        at, name = cursor.at, cursor.name()
        index = cursor.number() if name is None else self._locals.get(name)
        if index is None:
            cursor.fail("expected a local" if name is None else f"unknown local {name}", at)
        return uleb(index)

    def _constant(self, op: Op, cursor: Cursor) -> bytes:
        item = cursor.take("a number")
        text = item.text if isinstance(item, Word) else ""
        bits = 32 if "32" in op.mnemonic else 64
        read = integer if op.immediates in (Imm.I32, Imm.I64) else floating
        value = read(text, bits)
        if value is None:
            cursor.fail(f"expected a number of {bits} bits", item.at)
        if read is integer:
            return sleb(value - (value >> (bits - 1) << bits))
        return value.to_bytes(bits // 8, "little")

    def _heap_type(self, cursor: Cursor) -> bytes:
        item = cursor.take("a heap type")
        code = HEAP_TYPES.get(item.text) if isinstance(item, Word) else None
        if code is None:
            cursor.fail("expected `func` or `extern`", item.at)
        return bytes([code])


_IMMEDIATES: dict[Imm, Callable[[Body, Op, Cursor], bytes]] = {
    Imm.NONE: lambda body, op, cursor: b"",
    Imm.LABEL: lambda body, op, cursor: body._label(cursor),
    Imm.LABELS: lambda body, op, cursor: body._label_list(cursor),
    Imm.FUNC: lambda body, op, cursor: uleb(body._scope.index("func", cursor)),
    Imm.LOCAL: lambda body, op, cursor: body._local(cursor),
    Imm.GLOBAL: lambda body, op, cursor: uleb(body._scope.index("global", cursor)),
    Imm.TABLE: lambda body, op, cursor: body._index("table", cursor),
    Imm.HEAP_TYPE: lambda body, op, cursor: body._heap_type(cursor),
    Imm.I32: Body._constant,
    Imm.I64: Body._constant,
    Imm.F32: Body._constant,
    Imm.F64: Body._constant,
    Imm.MEMORY: lambda body, op, cursor: body._index("memory", cursor),
    Imm.MEMORY_MEMORY: lambda body, op, cursor: body._pair("memory", cursor),
    Imm.DATA: lambda body, op, cursor: body._data_drop(cursor),
    Imm.DATA_MEMORY: lambda body, op, cursor: body._data(cursor),
    Imm.ELEM: lambda body, op, cursor: uleb(body._scope.index("elem", cursor)),
    Imm.ELEM_TABLE: lambda body, op, cursor: body._segment("elem", "table", cursor),
    Imm.TABLE_TABLE: lambda body, op, cursor: body._pair("table", cursor),
}
