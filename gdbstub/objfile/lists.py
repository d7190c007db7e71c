"""Location lists and range lists, DWARF 4 and 5, patched where they lie.

Offsets relative to a unit's base stay as they are; base addresses and absolute addresses are
shifted. An expression that cannot be said loses its entry: the entries after it move up and the
list ends early. Lists are patched when an entry refers to them, once each.
"""

import struct

from gdbstub.objfile.addresses import AddressTables, CodeMap
from gdbstub.objfile.dies import DieReader, Unit
from gdbstub.objfile.expression import TOMBSTONES, Rewriters, Rewritten
from gdbstub.objfile.leb import read_uleb, uleb
from gdbstub.objfile.report import DwarfError, Tally
from gdbstub.objfile.sections import Sections

# Entry kinds, the same numbers for both lists up to offset_pair (DWARF 5, 7.7.3 and 7.25).
END, BASE_ADDRESSX, STARTX_ENDX, STARTX_LENGTH, OFFSET_PAIR = 0, 1, 2, 3, 4
RLE_BASE_ADDRESS, RLE_START_END, RLE_START_LENGTH = 5, 6, 7
LLE_DEFAULT, LLE_BASE_ADDRESS, LLE_START_END, LLE_START_LENGTH, LLE_GNU_VIEW_PAIR = 5, 6, 7, 8, 9

BASE_SELECTION = 0xFFFFFFFF


class ListPatcher:
    """Patches the lists of one module."""

    def __init__(
        self,
        sections: Sections,
        reader: DieReader,
        code: CodeMap,
        rewriters: Rewriters,
        addresses: AddressTables,
        tally: Tally,
    ) -> None:
        self._sections = sections
        self._reader = reader
        self._code = code
        self._rewriters = rewriters
        self._addresses = addresses
        self._tally = tally
        self._done: set[tuple[str, int]] = set()
        self.in_pieces: list[tuple[bytearray, int, int, int]] = []
        """Locations in pieces, since it was cleared: where they lie, and how much they cover."""

    def locations(self, unit: Unit, offset: int, num_locals: int) -> None:
        """Patch the location list at `offset` of the section the unit's version uses."""
        section = ".debug_loclists" if unit.header.encoding.version >= 5 else ".debug_loc"
        if not self._claim(section, offset):
            return
        try:
            if section == ".debug_loc":
                self._locations_v4(unit, offset, num_locals)
            else:
                self._list_v5(unit, section, offset, num_locals)
        except (DwarfError, IndexError, struct.error) as error:
            self._fail(section, offset, error)

    def ranges(self, unit: Unit, offset: int) -> None:
        """Patch the range list at `offset` of the section the unit's version uses."""
        section = ".debug_rnglists" if unit.header.encoding.version >= 5 else ".debug_ranges"
        if not self._claim(section, offset):
            return
        try:
            if section == ".debug_ranges":
                self._ranges_v4(unit, offset)
            else:
                self._list_v5(unit, section, offset, None)
        except (DwarfError, IndexError, struct.error) as error:
            self._fail(section, offset, error)

    def indexed(self, unit: Unit, section: str, index: int) -> int:
        """Return the offset of list `index` of the unit. DwarfError when there is none."""
        base = unit.loclists_base if section == ".debug_loclists" else unit.rnglists_base
        size = unit.header.encoding.offset_size
        position = base + size * index
        entry = self._sections.read(section)[position : position + size]
        if len(entry) < size:
            raise DwarfError(f"list index {index} lies outside {section}")
        return base + int.from_bytes(entry, "little")

    def _claim(self, section: str, offset: int) -> bool:
        """Tell whether the list is still to be patched, and note that it is."""
        if (section, offset) in self._done:
            return False
        self._done.add((section, offset))
        return True

    def _fail(self, section: str, offset: int, error: Exception) -> None:
        """End a list that cannot be read where it starts; a section that is not there is told of once."""
        out = self._sections.patched.get(section)
        if out is None:
            self._tally.missing(section)
            return
        self._tally.issue(section, offset, f"list left out: {error or 'it is cut off'}")
        if offset < len(out):
            room = min(8 if section in (".debug_loc", ".debug_ranges") else 1, len(out) - offset)
            out[offset : offset + room] = bytes(room)

    def _shift(self, out: bytearray, position: int) -> None:
        """Shift the code address at `position`, unless it is that of dropped code."""
        (address,) = struct.unpack_from("<I", out, position)
        if address in TOMBSTONES:
            self._tally.dead_addresses += 1
            return
        struct.pack_into("<I", out, position, (address + self._code.delta) & 0xFFFFFFFF)
        self._tally.addresses += 1

    def _rewrite(self, unit: Unit, expression: bytes, num_locals: int) -> Rewritten | None:
        """Return an entry's new expression; None takes the entry out."""
        self._tally.list_entries += 1
        rewriter = self._rewriters.of(unit.header.encoding.version)
        try:
            result = rewriter.rewrite(expression, num_locals)
        except DwarfError as error:
            self._tally.list_entries_unfit += 1
            self._tally.issue(unit.header.section, unit.header.offset, f"in a list: {error}")
            return None
        if result.data_indices:
            self._addresses.note_data(unit.addr_base, result.data_indices)
        if result.data is None:
            self._tally.list_entries_unfit += 1
            return None
        if result.changed:
            self._tally.list_entries_patched += 1
        return result

    def _put(self, out: bytearray, start: int, stop: int, result: Rewritten) -> None:
        """Put an entry's new expression where the old one lay."""
        if result.changed and result.data is not None:
            out[start:stop] = result.data
            if result.covered:
                self.in_pieces.append((out, start, stop, result.covered))

    def _locations_v4(self, unit: Unit, offset: int, num_locals: int) -> None:
        data = self._sections.read(".debug_loc")
        out = self._sections.writable(".debug_loc")
        absolute = unit.low_pc is None
        dropped: list[tuple[int, int]] = []
        position = offset
        while True:
            begin, end = struct.unpack_from("<II", data, position)
            if begin == BASE_SELECTION:
                absolute = False
                self._shift(out, position + 4)
                position += 8
                continue
            if begin == 0 and end == 0:
                break
            (length,) = struct.unpack_from("<H", data, position + 8)
            start = position + 10
            stop = start + length
            if stop > len(data):
                raise DwarfError("location list runs past .debug_loc")
            if absolute:
                self._shift(out, position)
                self._shift(out, position + 4)
            expression = data[start:stop]
            result = self._rewrite(unit, expression, num_locals)
            if result is None:
                dropped.append((position, stop))
            else:
                self._put(out, start, stop, result)
            position = stop
        self._close_up(out, dropped, position + 8)

    def _close_up(self, out: bytearray, dropped: list[tuple[int, int]], end: int) -> None:
        """Take entries out of the list that ends at `end`; zeros fill up behind it."""
        if dropped:
            self.in_pieces.clear()  # they have moved
        for start, stop in reversed(dropped):
            out[start:end] = out[stop:end] + bytes(stop - start)

    def _ranges_v4(self, unit: Unit, offset: int) -> None:
        """Patch a range list; a range that starts where a B entry did starts at its new place."""
        data = self._sections.read(".debug_ranges")
        out = self._sections.writable(".debug_ranges")
        absolute, base = unit.low_pc is None, unit.low_pc or 0
        position = offset
        while True:
            begin, end = struct.unpack_from("<II", data, position)
            if begin == BASE_SELECTION:
                absolute, base = False, end
                self._shift(out, position + 4)
            elif begin == 0 and end == 0:
                return
            else:
                move = self._code.move(base + begin)
                if move and begin not in TOMBSTONES:
                    struct.pack_into("<I", out, position, min(begin + move, end))
                if absolute:
                    self._shift(out, position)
                    self._shift(out, position + 4)
            position += 8

    def _list_v5(self, unit: Unit, section: str, offset: int, num_locals: int | None) -> None:
        """Patch a DWARF 5 list: of locations when `num_locals` is given, else of ranges.

        A base that moved (an indexed one, of a B entry) takes its offsets back by as much.
        """
        data = self._sections.read(section)
        out = self._sections.writable(section)
        located = num_locals is not None
        absolute = unit.low_pc is None
        base_move = self._code.move(unit.low_pc or 0) if unit.low_pc_indexed else 0
        dropped: list[tuple[int, int]] = []
        position = offset
        while True:
            entry, kind = position, data[position]
            position += 1
            has_expression = located
            if kind == END:
                break
            if kind == BASE_ADDRESSX:
                index, position = read_uleb(data, position)
                base_move = self._code.move(self._reader.indexed_address(unit, index))
                absolute = has_expression = False
            elif kind == STARTX_ENDX:
                _, position = read_uleb(data, position)
                _, position = read_uleb(data, position)
            elif kind == STARTX_LENGTH:
                index, position = read_uleb(data, position)
                move = self._code.move(self._reader.indexed_address(unit, index))
                position = self._take_back(data, out, position, move)
            elif kind == OFFSET_PAIR:
                back = -self._code.delta if absolute else base_move
                position = self._take_back(data, out, position, back)
                position = self._take_back(data, out, position, back)
            elif located and kind == LLE_DEFAULT:
                pass
            elif kind == (LLE_BASE_ADDRESS if located else RLE_BASE_ADDRESS):
                self._shift(out, position)
                position += 4
                base_move, absolute, has_expression = 0, False, False
            elif kind == (LLE_START_END if located else RLE_START_END):
                self._shift(out, position)
                self._shift(out, position + 4)
                position += 8
            elif kind == (LLE_START_LENGTH if located else RLE_START_LENGTH):
                self._shift(out, position)
                _, position = read_uleb(data, position + 4)
            elif located and kind == LLE_GNU_VIEW_PAIR:
                _, position = read_uleb(data, position)
                _, position = read_uleb(data, position)
                has_expression = False
            else:
                raise DwarfError(f"unknown entry kind {kind} in a list")
            if has_expression and num_locals is not None:
                length, start = read_uleb(data, position)
                position = start + length
                if position > len(data):
                    raise DwarfError(f"list runs past {section}")
                expression = data[start:position]
                result = self._rewrite(unit, expression, num_locals)
                if result is None:
                    dropped.append((entry, position))
                else:
                    self._put(out, start, position, result)
        self._close_up(out, dropped, position)

    def _take_back(self, data: bytes, out: bytearray, position: int, back: int) -> int:
        """Make the number at `position` smaller by `back`, in as many bytes; return what follows it."""
        value, end = read_uleb(data, position)
        if back:
            encoded = uleb(max(value - back, 0), end - position)
            if len(encoded) > end - position:
                raise DwarfError(f"offset 0x{value:x} does not fit")
            out[position:end] = encoded
        return end
