"""What code addresses mean: function, frame table, row, and the Wasm frames a machine frame there stands for.

Kept by address: a stop and a walk cost one look-up a machine frame.
"""

from dataclasses import dataclass

from jit.abi.frame_table import FrameTable, Position, Row, RowKind, WasmFrame
from jit.debug.errors import DebugError
from jit.runtime.code import CodeRange, StoreCode


@dataclass(frozen=True, slots=True)
class Location:
    """What a code address means."""

    range: CodeRange
    table: FrameTable
    row: Row
    frames: tuple[WasmFrame, ...]
    """The Wasm frames of a machine frame here, the innermost first; none if it shows none."""


class Locations:
    """The addresses of one store's code that have been asked about: those of contexts and return addresses."""

    def __init__(self, code: StoreCode) -> None:
        self._code = code
        self._known: dict[int, Location] = {}

    def at(self, address: int) -> Location:
        """Return what an address means."""
        return self._known.get(address) or self._find(address)

    def _find(self, address: int) -> Location:
        function = self._code.lookup(address)
        if function is None:
            raise DebugError(f"no guest code at address {address:#x}")
        table = function.table
        offset = address - function.start
        row = table.row(offset)
        if row is None:
            raise DebugError(f"no frame table row for code address {address:#x}")
        # A call has ended at its return address; of all others, the op is at its beginning.
        position = Position.POST if row.kind is RowKind.CALL else Position.PRE
        frames = table.find_program_point(offset, position) or ()
        location = self._known[address] = Location(function, table, row, frames)
        return location
