"""Addresses of code: which function an address of the DWARF belongs to, and where it moves.

Debuggers are shown a function's entry where it can stop (x86 gdb takes a function's low_pc for its
first instruction):

- kind A, a line row stands at the body start (functions with a prologue): the entry is the body
  start, a stop point of its own before the first operator;
- kind B, the first row stands later: the entry is the first operator, so every low_pc that names
  the body start moves there.
"""

from bisect import bisect_right
from collections.abc import Iterable
from enum import Enum
from itertools import pairwise

from gdbstub.objfile.expression import TOMBSTONES
from gdbstub.objfile.image import FunctionImage, ModuleImage
from gdbstub.objfile.moves import moves_stack_pointer


class EntryKind(Enum):
    """Where a debugger enters a function."""

    BODY_START = "A"
    FIRST_OP = "B"


def is_dead(address: int) -> bool:
    """Tell whether a code address is that of code the linker dropped.

    0 is one too (what older linkers wrote): the payload starts with the number of functions.
    """
    return address in TOMBSTONES or address == 0


class CodeMap:
    """Functions by address, and the shift from DWARF addresses to the code window."""

    def __init__(self, image: ModuleImage) -> None:
        self.delta = image.code_delta
        self.shown_data = image.shown_address
        self.several_memories = image.memory_base != 0
        self._payload = image.code_section_payload
        self._data = image.data
        self._stack_pointer = image.stack_pointer
        ordered = sorted(image.functions, key=lambda function: function.body_start)
        self.by_start = {image.dwarf_address(f.body_start): f for f in ordered}
        self.first_ops = {image.dwarf_address(f.first_op) for f in ordered}
        self._starts = list(self.by_start)
        self.rows_at_start: set[int] = set()

    def add_rows(self, starts: Iterable[int]) -> None:
        """Note body starts (DWARF addresses) at which a line row stands."""
        self.rows_at_start.update(starts)

    def kind(self, function: FunctionImage) -> EntryKind:
        """Return how a function is entered."""
        if function.body_start - self._payload in self.rows_at_start:
            return EntryKind.BODY_START
        return EntryKind.FIRST_OP

    def moves_stack_pointer(self, address: int | None) -> bool:
        """Tell whether the function at a DWARF address may move the shadow stack pointer."""
        if address is None:
            return False
        function = self.by_start.get(address) or self.function_at(address)
        if function is None:
            return False
        start, end = function.first_op, function.end
        return moves_stack_pointer(self._data, start, end, self._stack_pointer)

    def entry(self, function: FunctionImage) -> int:
        """Return the Wasm PC of a function's entry."""
        if self.kind(function) is EntryKind.BODY_START:
            return function.body_start
        return function.first_op

    def move(self, address: int) -> int:
        """Return how far an address moves within the DWARF's own space: not at all but for a B entry."""
        function = self.by_start.get(address)
        if function is None or address in self.rows_at_start:
            return 0
        return function.first_op - function.body_start

    def shown(self, address: int) -> int:
        """Return where an address of live code is in the code window, entries moved."""
        return (address + self.delta + self.move(address)) & 0xFFFFFFFF

    def function_at(self, address: int) -> FunctionImage | None:
        """Return the function whose body holds a DWARF address."""
        index = bisect_right(self._starts, address) - 1
        if index < 0:
            return None
        function = self.by_start[self._starts[index]]
        return function if address + self._payload < function.end else None


class AddressTables:
    """.debug_addr: code addresses shifted, data addresses too where a guest has several memories."""

    def __init__(self, data: bytes, out: bytearray, code: CodeMap) -> None:
        self._data = data
        self._out = out
        self._code = code
        self._bases: dict[int, set[int]] = {}

    def use(self, base: int) -> None:
        """Note that a unit's part of the section starts at `base`; below 0: it has none."""
        if base >= 0:
            self._bases.setdefault(base, set())

    def note_data(self, base: int, indices: Iterable[int]) -> None:
        """Note entries that are addresses of data."""
        if base >= 0:
            self._bases[base].update(indices)

    def is_dead(self, base: int, index: int) -> bool:
        """Tell whether an entry is the address of something dropped, or none at all."""
        position = base + 4 * index
        address = self._data[position : position + 4]
        return base < 0 or len(address) < 4 or int.from_bytes(address, "little") in TOMBSTONES

    def patch(self) -> int:
        """Shift every address and return how many there were that are not where they were."""
        count = 0
        bases = sorted(self._bases)
        for base, following in pairwise([*bases, len(self._data) + 16]):
            data_indices = self._bases[base]
            end = min(self._end(base), len(self._data), following)
            for index, position in enumerate(range(base, end - 3, 4)):
                address = int.from_bytes(self._data[position : position + 4], "little")
                is_data = index in data_indices
                shown = self._code.shown_data(address) if is_data else self._code.shown(address)
                if address not in TOMBSTONES and not (is_data and shown == address):
                    self._out[position : position + 4] = shown.to_bytes(4, "little")
                    count += 1
        return count

    def _end(self, base: int) -> int:
        """Return where the part at `base` ends by its header; a part without one ends at the next."""
        header = self._data[max(base - 8, 0) : base]
        if len(header) == 8 and header[4:] == b"\x05\x00\x04\x00":
            return base - 4 + int.from_bytes(header[:4], "little")
        return len(self._data)
