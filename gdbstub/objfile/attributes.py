"""What is done to one attribute of .debug_info: addresses shifted, expressions rewritten in place.

`AttributePatcher` holds what the attributes of the entry at hand have said so far; the walk over
entries, and what is done when one is complete, is in info.py. A step takes the position of a value
and its form (or another number fixed by the abbreviation) and returns the position after it.
"""

import struct

from gdbstub.objfile import dw
from gdbstub.objfile.addresses import AddressTables, CodeMap
from gdbstub.objfile.dies import DieReader, Unit
from gdbstub.objfile.expression import (
    ADDR,
    ADDRX,
    NOP,
    STACK_VALUE,
    TOMBSTONES,
    WASM_LOCATION,
    Rewriters,
    frame_base,
    split,
)
from gdbstub.objfile.forms import ADDRX_FORMS, Shape, block_bounds, skip_shape
from gdbstub.objfile.image import FunctionImage
from gdbstub.objfile.leb import read_uleb, uleb
from gdbstub.objfile.lists import ListPatcher
from gdbstub.objfile.report import DwarfError, Tally
from gdbstub.objfile.sections import Sections

_VALUE = bytes((STACK_VALUE,))


class AttributePatcher:
    """The state of the unit and the entry being patched, and a method for each kind of attribute."""

    def __init__(
        self,
        sections: Sections,
        reader: DieReader,
        code: CodeMap,
        rewriters: Rewriters,
        addresses: AddressTables,
        lists: ListPatcher,
        tally: Tally,
    ) -> None:
        self._sections = sections
        self._reader = reader
        self._code = code
        self._rewriters = rewriters
        self._addresses = addresses
        self._lists = lists
        self._tally = tally
        self._data = b""
        self._out = bytearray()
        self._function: FunctionImage | None = None
        self._num_locals = 0
        self._begin_entry()

    def _open(self, unit: Unit) -> None:
        """Turn to another unit."""
        self._unit = unit
        self._data = self._sections.read(unit.header.section)
        self._out = self._sections.writable(unit.header.section)
        self._rewriter = self._rewriters.of(unit.header.encoding.version)
        self._enter(None)
        self._begin_entry()
        self._addresses.use(unit.addr_base)

    def _enter(self, function: FunctionImage | None) -> None:
        """Turn to the entries of another function, None outside of any."""
        self._function = function
        self._num_locals = 0 if function is None else function.num_locals

    def _begin_entry(self) -> None:
        self._low: int | None = None
        self._low_at: int | None = None
        self._high: tuple[int, int] | None = None
        self._frame: bytes = b""
        self._data_address: int | None = None
        self._constant_at: int | None = None
        """Where an address lies that is itself the value."""

    def _skip_leb(self, position: int, _: int) -> int:
        data = self._data
        while data[position] >= 0x80:
            position += 1
        return position + 1

    def _skip_shape(self, position: int, form: int) -> int:
        shape = self._unit.header.encoding.shape(form)
        assert isinstance(shape, Shape)
        return skip_shape(self._data, position, shape)

    def _low_pc(self, position: int, form: int) -> int:
        unit, end = self._unit, 0
        if form == dw.DW_FORM_addr:
            (self._low,) = struct.unpack_from("<I", self._data, position)
            self._low_at = position
            return position + 4
        index, end = self._index(position, form)
        self._low = self._reader.indexed_address(unit, index)
        return end

    def _index(self, position: int, form: int) -> tuple[int, int]:
        shape = self._unit.header.encoding.shape(form)
        if isinstance(shape, int):
            end = position + shape
            return int.from_bytes(self._data[position:end], "little"), end
        return read_uleb(self._data, position)

    def _high_pc(self, position: int, form: int) -> int:
        self._high = (position, form)
        if form in ADDRX_FORMS:
            return self._index(position, form)[1]
        shape = self._unit.header.encoding.shape(form)
        return position + shape if isinstance(shape, int) else self._skip_leb(position, 0)

    def _address(self, position: int, _: int) -> int:
        (address,) = struct.unpack_from("<I", self._data, position)
        if address in TOMBSTONES:
            self._tally.dead_addresses += 1
        else:
            self._write_address(position, address + self._code.move(address))
        return position + 4

    def _write_address(self, position: int, address: int) -> None:
        struct.pack_into("<I", self._out, position, (address + self._code.delta) & 0xFFFFFFFF)
        self._tally.addresses += 1

    def _expression(self, position: int, form: int) -> int:
        data = self._data
        length = data[position]
        start = position + 1
        if form != dw.DW_FORM_exprloc or length >= 0x80:
            start, end = self._block(position, form)
        else:
            end = start + length
        expression = data[start:end]
        self._data_address = None
        self._tally.expressions += 1
        if not expression:
            return end
        if expression[0] == ADDR and len(expression) == 5:
            (address,) = struct.unpack_from("<I", expression, 1)
            if address in TOMBSTONES:
                self._tally.dead_addresses += 1
                self._empty(position, start, end, form)
            else:
                self._data_address = address
                shown = self._code.shown_data(address)
                if shown != address:
                    struct.pack_into("<I", self._out, start + 1, shown)
                    self._tally.expressions_patched += 1
            return end
        if expression[0] == ADDR and expression[5:] == _VALUE:
            self._constant_at = start + 1
        try:
            result = self._rewriter.rewrite(expression, self._num_locals)
        except DwarfError as error:
            self._tally.expressions_unfit += 1
            self._tally.issue(self._unit.header.section, position, str(error))
            self._empty(position, start, end, form)
            return end
        if result.data_indices:
            self._note_indices(expression, result.data_indices)
        if self._is_dead(result.data_addresses, result.data_indices):
            self._tally.dead_addresses += 1
            self._empty(position, start, end, form)
        elif result.data is None:
            self._tally.expressions_unfit += 1
            self._empty(position, start, end, form)
        elif result.changed:
            self._tally.expressions_patched += 1
            self._out[start:end] = result.data
            if result.covered:
                self._lists.in_pieces.append((self._out, start, end, result.covered))
        return end

    def _block(self, position: int, form: int) -> tuple[int, int]:
        shape = self._unit.header.encoding.shape(form)
        assert isinstance(shape, Shape)
        return block_bounds(self._data, position, shape)

    def _note_indices(self, expression: bytes, indices: tuple[int, ...]) -> None:
        base = self._unit.addr_base
        self._addresses.note_data(base, indices)
        if expression[0] == ADDRX and read_uleb(expression, 1)[1] == len(expression):
            self._data_address = self._reader.indexed_address(self._unit, indices[0])

    def _is_dead(self, addresses: tuple[int, ...], indices: tuple[int, ...]) -> bool:
        base = self._unit.addr_base
        return any(address in TOMBSTONES for address in addresses) or any(
            self._addresses.is_dead(base, index) for index in indices
        )

    def _empty(self, position: int, start: int, end: int, form: int) -> None:
        """Make an expression an empty one of the same size: a length of 0 in as many bytes.

        A block with a length of fixed size becomes an empty piece instead.
        """
        self._data_address = None
        if form in (dw.DW_FORM_exprloc, dw.DW_FORM_block):
            self._out[position:end] = uleb(0, end - position)
        else:
            self._out[start:end] = bytes((NOP,)) * (end - start)

    def _frame_base(self, position: int, form: int) -> int:
        start, end = self._block(position, form)
        expression = self._data[start:end]
        self._frame = expression
        self._tally.expressions += 1
        if self._speaks_wasm(expression):
            # Read with each variable, a slot tells which of several memories a pointer there means.
            kept = self._code.several_memories or self._code.moves_stack_pointer(self._low)
            self._out[start:end] = frame_base(end - start, kept)
            self._tally.expressions_patched += 1
        return end

    @staticmethod
    def _speaks_wasm(expression: bytes) -> bool:
        try:
            operators = split(expression)
        except DwarfError:
            return False
        return any(operator.opcode == WASM_LOCATION for operator in operators)

    def _location_list(self, position: int, size: int) -> int:
        end = position + size
        offset = int.from_bytes(self._data[position:end], "little")
        self._data_address = None
        self._lists.locations(self._unit, offset, self._num_locals)
        return end

    def _location_index(self, position: int, _: int) -> int:
        index, end = read_uleb(self._data, position)
        self._data_address = None
        offset = self._lists.indexed(self._unit, ".debug_loclists", index)
        self._lists.locations(self._unit, offset, self._num_locals)
        return end

    def _range_list(self, position: int, size: int) -> int:
        end = position + size
        self._lists.ranges(self._unit, int.from_bytes(self._data[position:end], "little"))
        return end

    def _range_index(self, position: int, _: int) -> int:
        index, end = read_uleb(self._data, position)
        self._lists.ranges(self._unit, self._lists.indexed(self._unit, ".debug_rnglists", index))
        return end
