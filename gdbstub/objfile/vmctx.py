"""An instance's vmctx as debuggers see it: where its globals, tables and memories lie, and its type.

The vmctx is the view's own rendering, the same for every ISA; this is the one place that says what
lies where in it:

    0                     globals, 16 bytes each, by index
    then                  tables:   {u32 size; u32 address of the elements; 8 bytes of zeros}
    then                  memories: {u32 address; 4 bytes of zeros; u64 size in bytes}
    from the next page    elements of table 0, of table 1, ...: 4 bytes each, all with equal room

An element, like any function reference that a debugger is shown, is the address of the function's
code. Debuggers get all this as the type of a variable named `$vmctx`, which gdb looks for among
symbols when no register and no convenience variable has the name; beside it stand what else is
true of a frame (layout.py).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gdbstub.objfile import dw, layout
from gdbstub.objfile.dwarf_write import UnitWriter, Value, flag, located, refer, text
from gdbstub.objfile.expression import ADDR, BREG0
from gdbstub.objfile.leb import sleb
from gdbstub.objfile.wasm_types import FUNCREF, WasmTypes, c_name, unique_names

SIZE = 0x100000
"""The room of one instance's vmctx."""

GLOBAL_STRIDE = 16
DESCRIPTOR_SIZE = 16
TABLE_SIZE_OFFSET, TABLE_ELEMENTS_OFFSET = 0, 4
MEMORY_BASE_OFFSET, MEMORY_SIZE_OFFSET = 0, 8
ELEMENT_SIZE = 4
PAGE = 0x1000

PRODUCER = "wasm-gdbstub machine"
TYPE_NAME = "wasm_vmctx"


@dataclass(frozen=True, slots=True)
class VmctxLayout:
    """What a module's instances have: names (empty where there are none) and types, by index.

    `globals` are (name, type) pairs, `tables` (name, element type), `memories` names.
    """

    globals: Sequence[tuple[str, str]]
    tables: Sequence[tuple[str, str]]
    memories: Sequence[str]

    def global_offset(self, index: int) -> int:
        """Return where a global lies."""
        return GLOBAL_STRIDE * index

    def table_offset(self, index: int) -> int:
        """Return where a table's descriptor lies."""
        return self.global_offset(len(self.globals)) + DESCRIPTOR_SIZE * index

    def memory_offset(self, index: int) -> int:
        """Return where a memory's descriptor lies."""
        return self.table_offset(len(self.tables)) + DESCRIPTOR_SIZE * index

    @property
    def end(self) -> int:
        """Where the descriptors end."""
        return self.memory_offset(len(self.memories))

    @property
    def element_room(self) -> int:
        """How many elements of each table there is room for."""
        room = SIZE - self._first_element
        return max(room, 0) // max(len(self.tables), 1) // PAGE * PAGE // ELEMENT_SIZE

    @property
    def _first_element(self) -> int:
        return -(-self.end // PAGE) * PAGE

    def element_offset(self, table: int, index: int = 0) -> int:
        """Return where an element of a table lies, if there is room for it."""
        return self._first_element + ELEMENT_SIZE * (self.element_room * table + index)

    def element_at(self, offset: int) -> tuple[int, int] | None:
        """Return (table, index) of the element that holds the byte at an offset, None for none."""
        place = (offset - self._first_element) // ELEMENT_SIZE
        if place < 0 or not self.element_room:
            return None
        table, index = divmod(place, self.element_room)
        return (table, index) if table < len(self.tables) else None


def describe(vmctx: VmctxLayout, depth_address: int, library: str = "") -> UnitWriter:
    """Write the unit: the type of a module's vmctx, and the variables that tell of a frame.

    `depth_address` is where the number of frames on the stack is to be read. With the name of a
    `library` the unit is one beside the program's, and has the vmctx alone.
    """
    suffix = f"_{c_name(library)}" if library else ""
    unit = UnitWriter()
    unit.entry(
        dw.DW_TAG_compile_unit,
        text(dw.DW_AT_producer, PRODUCER),
        Value(dw.DW_AT_language, dw.DW_FORM_data2, dw.DW_LANG_C99),
        text(dw.DW_AT_name, "<wasm machine>"),
        children=True,
    )
    types = WasmTypes(unit)
    u32 = types.base("u32", dw.DW_ATE_unsigned, 4)
    u64 = types.base("u64", dw.DW_ATE_unsigned, 8)
    rows = _members(vmctx, types, u32, u64)
    struct = _struct(unit, TYPE_NAME + suffix, vmctx.end, rows)
    rbp = BREG0 + layout.ANCHOR_REGISTERS[0]
    pointer = types.pointer(struct)
    variables = (
        (f"$vmctx{suffix}", pointer, bytes((rbp,)) + sleb(layout.VMCTX_OFFSET)),
        ("$wasm_pc", u32, bytes((rbp,)) + sleb(layout.WASM_PC_OFFSET)),
        ("$wasm_func", u32, bytes((rbp,)) + sleb(layout.FUNCTION_OFFSET)),
        ("$wasm_depth", u32, bytes((ADDR,)) + depth_address.to_bytes(4, "little")),
    )
    for line, (name, type_, expression) in enumerate(variables[:1] if library else variables, 1):
        unit.entry(
            dw.DW_TAG_variable,
            text(dw.DW_AT_name, name),
            Value(dw.DW_AT_decl_line, dw.DW_FORM_data1, line),
            refer(dw.DW_AT_type, type_),
            flag(dw.DW_AT_external),
            located(expression),
        )
    unit.end()
    return unit


def _members(
    vmctx: VmctxLayout, types: WasmTypes, u32: int, u64: int
) -> list[tuple[str, int, int]]:
    """Return (name, type, offset) of each member, in order, no name twice."""
    unit = types.unit
    rows: list[tuple[str, int, int]] = []
    for index, (name, type_) in enumerate(vmctx.globals):
        rows.append((c_name(name) or f"global{index}", types.of(type_), vmctx.global_offset(index)))
    kinds: dict[str, int] = {}
    for index, (name, type_) in enumerate(vmctx.tables):
        if type_ not in kinds:
            elements = types.pointer(types.of(type_))
            kinds[type_] = _struct(
                unit,
                "wasm_table" if type_ == FUNCREF else f"wasm_{type_}_table",
                DESCRIPTOR_SIZE,
                [("size", u32, TABLE_SIZE_OFFSET), ("elements", elements, TABLE_ELEMENTS_OFFSET)],
            )
        rows.append((c_name(name) or f"table{index}", kinds[type_], vmctx.table_offset(index)))
    if vmctx.memories:
        base = types.pointer()
        memory = _struct(
            unit,
            "wasm_memory",
            DESCRIPTOR_SIZE,
            [("base", base, MEMORY_BASE_OFFSET), ("size", u64, MEMORY_SIZE_OFFSET)],
        )
        for index, name in enumerate(vmctx.memories):
            rows.append((c_name(name) or f"memory{index}", memory, vmctx.memory_offset(index)))
    names = unique_names(name for name, _, _ in rows)
    return [(name, *row[1:]) for name, row in zip(names, rows, strict=True)]


def _struct(unit: UnitWriter, name: str, size: int, members: Iterable[tuple[str, int, int]]) -> int:
    entry = unit.entry(
        dw.DW_TAG_structure_type,
        text(dw.DW_AT_name, name),
        Value(dw.DW_AT_byte_size, dw.DW_FORM_data4, size),
        children=True,
    )
    for member, type_, offset in members:
        unit.entry(
            dw.DW_TAG_member,
            text(dw.DW_AT_name, member),
            refer(dw.DW_AT_type, type_),
            Value(dw.DW_AT_data_member_location, dw.DW_FORM_data4, offset),
        )
    unit.end()
    return entry
