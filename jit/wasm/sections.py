"""Decoding and checking a module's sections (specification: Binary Format and Validation, Modules).

One method a section, in the order of the format. Each checks all that can be known at that point,
so that what later sections read is already valid; bodies are only delimited.
"""

from collections.abc import Callable

from jit.wasm.constexpr import read_const_expr
from jit.wasm.errors import InvalidModule, MalformedModule, UnsupportedFeature
from jit.wasm.names import parse_names
from jit.wasm.reader import Reader
from jit.wasm.structure import (
    BodyRange,
    ConstExpr,
    CustomSection,
    DataSegment,
    ElementSegment,
    Export,
    ExternKind,
    Import,
    ModuleInfo,
    SegmentMode,
)
from jit.wasm.types import (
    FUNCREF,
    I32,
    MAX_MEMORY_PAGES,
    ExternType,
    FuncType,
    GlobalType,
    Limits,
    MemoryType,
    TableType,
)

_TYPE_FORMS = {
    0x4E: "gc",
    0x4F: "gc",
    0x50: "gc",
    0x5D: "stack switching",
    0x5E: "gc",
    0x5F: "gc",
}
_TAG_KIND = 4
_KINDS: tuple[ExternKind, ...] = ("func", "table", "memory", "global")


class SectionDecoder:
    """Fills one ModuleInfo from the sections of its bytes."""

    def __init__(self, data: bytes) -> None:
        self.module = ModuleInfo(data)
        self.export_names: set[str] = set()
        self.code_count = 0
        self.data_segment_count = 0

    def decode(self) -> ModuleInfo:
        """Decode the whole module; raise a WasmError where it is wrong."""
        data = self.module.data
        if data[:4] != b"\0asm":
            if b"\0asm".startswith(data[:4]):
                raise MalformedModule("unexpected end", len(data))
            raise MalformedModule("magic header not detected", 0)
        if data[4:8] != b"\1\0\0\0":
            if len(data) < 8:
                raise MalformedModule("unexpected end", len(data))
            if data[6:8] == b"\1\0":
                raise UnsupportedFeature("component model", 4)
            raise MalformedModule("unknown binary version", 4)
        reader = Reader(data, 8, len(data))
        last = 0
        while reader.pos < reader.end:
            last = self._section(reader, last)
        self._check_counts()
        return self.module

    def _section(self, reader: Reader, last: int) -> int:
        start = reader.pos
        section_id = reader.u8()
        size = reader.u32()
        payload_start = reader.skip(size)
        payload = Reader(reader.data, payload_start, reader.pos)
        if section_id == 0:
            self._custom(payload)
            return last
        if section_id not in _SECTIONS:
            if section_id == 13:
                raise UnsupportedFeature("exceptions", start, "tag section")
            raise MalformedModule(f"malformed section id {section_id}", start)
        order, decode = _SECTIONS[section_id]
        if order <= last:
            raise MalformedModule("unexpected content after last section", start)
        decode(self, payload)
        if payload.pos != payload.end:
            raise MalformedModule("section size mismatch", payload.pos)
        return order

    def _check_counts(self) -> None:
        module = self.module
        end = len(module.data)
        if len(module.func_types) - module.num_imported_funcs != self.code_count:
            raise MalformedModule("function and code section have inconsistent lengths", end)
        if module.data_count is not None and module.data_count != self.data_segment_count:
            raise MalformedModule("data count and data section have inconsistent lengths", end)

    def _custom(self, reader: Reader) -> None:
        name = reader.name()
        module = self.module
        if name == "name" and module.section("name") is None:
            module.names = parse_names(module.data, reader.pos, reader.end)
        module.customs.append(CustomSection(name, reader.pos, reader.end))

    # Types

    def _types(self, reader: Reader) -> None:
        for _ in range(reader.u32()):
            pc = reader.pos
            form = reader.u8()
            if form != 0x60:
                if form in _TYPE_FORMS:
                    raise UnsupportedFeature(_TYPE_FORMS[form], pc, f"type form {form:#x}")
                raise MalformedModule(f"malformed type form {form:#x}", pc)
            params = tuple(reader.valtype() for _ in range(reader.u32()))
            results = tuple(reader.valtype() for _ in range(reader.u32()))
            self.module.types.append(FuncType(params, results))

    def _type_index(self, reader: Reader) -> int:
        pc = reader.pos
        index = reader.u32()
        if index >= len(self.module.types):
            raise InvalidModule(f"unknown type {index}", pc)
        return index

    def _limits(self, reader: Reader, upper: int, too_large: str) -> Limits:
        pc = reader.pos
        flags = reader.u8()
        if flags > 1:
            if flags & 0x08:
                raise UnsupportedFeature("custom page sizes", pc)
            if flags & 0x04:
                raise UnsupportedFeature("memory64", pc)
            if flags & 0x02 and flags < 0x10:
                raise UnsupportedFeature("threads", pc, "shared memory")
            raise MalformedModule(f"malformed limits flags {flags:#x}", pc)
        minimum = reader.u32()
        maximum = reader.u32() if flags else None
        if minimum > upper or (maximum is not None and maximum > upper):
            raise InvalidModule(too_large, pc)
        if maximum is not None and minimum > maximum:
            raise InvalidModule("size minimum must not be greater than maximum", pc)
        return Limits(minimum, maximum)

    def _table_type(self, reader: Reader) -> TableType:
        element = reader.reftype()
        return TableType(element, self._limits(reader, 0xFFFF_FFFF, "table size"))

    def _memory_type(self, reader: Reader) -> MemoryType:
        if self.module.memories:
            raise UnsupportedFeature("multi-memory", reader.pos, "multiple memories")
        return MemoryType(
            self._limits(reader, MAX_MEMORY_PAGES, "memory size must be at most 65536 pages (4GiB)")
        )

    def _global_type(self, reader: Reader) -> GlobalType:
        valtype = reader.valtype()
        pc = reader.pos
        mutability = reader.u8()
        if mutability > 1:
            raise MalformedModule("malformed mutability", pc)
        return GlobalType(valtype, mutability == 1)

    # Imports and definitions

    def _imports(self, reader: Reader) -> None:
        module = self.module
        for _ in range(reader.u32()):
            start = reader.pos
            namespace = reader.name()
            name = reader.name()
            pc = reader.pos
            code = reader.u8()
            extern: ExternType
            if code == 0:
                index = self._type_index(reader)
                module.func_types.append(index)
                module.num_imported_funcs += 1
                extern = module.types[index]
            elif code == 1:
                extern = self._table_type(reader)
                module.tables.append(extern)
                module.num_imported_tables += 1
            elif code == 2:
                extern = self._memory_type(reader)
                module.memories.append(extern)
                module.num_imported_memories += 1
            elif code == 3:
                extern = self._global_type(reader)
                module.globals.append(extern)
                module.num_imported_globals += 1
            elif code == _TAG_KIND:
                raise UnsupportedFeature("exceptions", pc, "imported tag")
            else:
                raise MalformedModule(f"malformed import kind {code}", pc)
            module.imports.append(Import(namespace, name, _KINDS[code], extern, start))

    def _functions(self, reader: Reader) -> None:
        for _ in range(reader.u32()):
            self.module.func_types.append(self._type_index(reader))

    def _tables(self, reader: Reader) -> None:
        for _ in range(reader.u32()):
            if reader.pos < reader.end and reader.data[reader.pos] == 0x40:
                raise UnsupportedFeature("function references", reader.pos, "table initializer")
            self.module.tables.append(self._table_type(reader))

    def _memories(self, reader: Reader) -> None:
        for _ in range(reader.u32()):
            self.module.memories.append(self._memory_type(reader))

    def _globals(self, reader: Reader) -> None:
        module = self.module
        for _ in range(reader.u32()):
            type_ = self._global_type(reader)
            module.global_inits.append(read_const_expr(reader, module, type_.valtype))
            module.globals.append(type_)

    # Exports and start

    def _exports(self, reader: Reader) -> None:
        module = self.module
        counts = (
            len(module.func_types),
            len(module.tables),
            len(module.memories),
            len(module.globals),
        )
        for _ in range(reader.u32()):
            pc = reader.pos
            name = reader.name()
            code = reader.u8()
            index = reader.u32()
            if code == _TAG_KIND:
                raise UnsupportedFeature("exceptions", pc, "exported tag")
            if code >= len(_KINDS):
                raise MalformedModule(f"malformed export kind {code}", pc)
            kind = _KINDS[code]
            if index >= counts[code]:
                raise InvalidModule(f"unknown {'function' if kind == 'func' else kind} {index}", pc)
            if name in self.export_names:
                raise InvalidModule(f"duplicate export name {name!r}", pc)
            self.export_names.add(name)
            if kind == "func":
                module.declared_refs.add(index)
            module.exports.append(Export(name, kind, index))

    def _start(self, reader: Reader) -> None:
        pc = reader.pos
        index = self._func_index(reader)
        type_ = self.module.func_type(index)
        if type_.params or type_.results:
            raise InvalidModule(f"start function has type {type_}", pc)
        self.module.start = index

    def _func_index(self, reader: Reader) -> int:
        pc = reader.pos
        index = reader.u32()
        if index >= len(self.module.func_types):
            raise InvalidModule(f"unknown function {index}", pc)
        return index

    # Segments

    def _elements(self, reader: Reader) -> None:
        for _ in range(reader.u32()):
            self.module.elements.append(self._element_segment(reader))

    def _element_segment(self, reader: Reader) -> ElementSegment:
        # Flags: 1 passive or declarative, 2 explicit table or declarative, 4 expressions.
        module = self.module
        start = reader.pos
        flags = reader.u32()
        if flags > 7:
            raise MalformedModule(f"malformed elements segment kind {flags}", start)
        mode: SegmentMode = "active"
        table = 0
        offset: ConstExpr | None = None
        if flags & 1:
            mode = "declarative" if flags & 2 else "passive"
        else:
            table = reader.u32() if flags & 2 else 0
            if table >= len(module.tables):
                raise InvalidModule(f"unknown table {table}", start)
            offset = read_const_expr(reader, module, I32)
        element_type = FUNCREF
        if flags & 3:
            if flags & 4:
                element_type = reader.reftype()
            elif reader.u8() != 0:
                raise MalformedModule("malformed element kind", reader.pos - 1)
        if mode == "active" and module.tables[table].element != element_type:
            raise InvalidModule("type mismatch: element segment and table", start)
        items: list[ConstExpr] = []
        for _ in range(reader.u32()):
            if flags & 4:
                items.append(read_const_expr(reader, module, element_type))
            else:
                items.append(ConstExpr("ref.func", self._func_index(reader), FUNCREF))
        if not flags & 4:
            module.declared_refs.update(item.value for item in items)
        return ElementSegment(mode, table, offset, element_type, items)

    def _data_count(self, reader: Reader) -> None:
        self.module.data_count = reader.u32()

    def _data(self, reader: Reader) -> None:
        module = self.module
        for _ in range(reader.u32()):
            pc = reader.pos
            flags = reader.u32()
            if flags > 2:
                raise MalformedModule(f"malformed data segment kind {flags}", pc)
            offset: ConstExpr | None = None
            memory = 0
            if flags != 1:
                memory = reader.u32() if flags == 2 else 0
                if memory >= len(module.memories):
                    raise InvalidModule(f"unknown memory {memory}", pc)
                offset = read_const_expr(reader, module, I32)
            start = reader.skip(reader.u32())
            mode: SegmentMode = "passive" if flags == 1 else "active"
            module.data_segments.append(DataSegment(mode, memory, offset, start, reader.pos))
            self.data_segment_count += 1

    def _code(self, reader: Reader) -> None:
        module = self.module
        module.code_section = (reader.pos, reader.end)
        for _ in range(reader.u32()):
            start = reader.skip(size := reader.u32())
            module.bodies.append(BodyRange(start, start + size))
            self.code_count += 1


# Section id: place in the prescribed order, decoder.
_SECTIONS: dict[int, tuple[int, Callable[[SectionDecoder, Reader], None]]] = {
    1: (1, SectionDecoder._types),
    2: (2, SectionDecoder._imports),
    3: (3, SectionDecoder._functions),
    4: (4, SectionDecoder._tables),
    5: (5, SectionDecoder._memories),
    6: (6, SectionDecoder._globals),
    7: (7, SectionDecoder._exports),
    8: (8, SectionDecoder._start),
    9: (9, SectionDecoder._elements),
    12: (10, SectionDecoder._data_count),
    10: (11, SectionDecoder._code),
    11: (12, SectionDecoder._data),
}
