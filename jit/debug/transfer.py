"""Between the variants of a function's code: which place is which.

Code that looks at accesses of memory and code that does not have the same rows in the same order, but for
those of what is looked at; and the same values in the same registers at each (`jit.abi.frame_table`).
The canonical variant and the usual code have the same calls and the same interrupt exits in common, at
which no operand is in a register.
"""

from jit.abi.frame_table import Row, RowKind
from jit.runtime.code import CodeRange

_LOOKING = frozenset({RowKind.READ, RowKind.WRITE})
_EVERYWHERE = frozenset({RowKind.CALL, RowKind.INTERRUPT})


class Twins:
    """The places found so far of one store's code."""

    def __init__(self) -> None:
        self._offsets: dict[tuple[CodeRange, CodeRange], dict[int, int]] = {}

    def address(self, range_: CodeRange, other: CodeRange, row: Row) -> int:
        """Return the address of a row's place in the other code; after an access, that of the next site.

        Between usual and canonical code it must be a call's or an interrupt exit's.
        """
        offsets = self._offsets.get((range_, other))
        if offsets is None:
            offsets = self._offsets[range_, other] = _pair(range_, other)
        return other.start + offsets[row.boundary if row.kind in _LOOKING else row.offset]


def _pair(range_: CodeRange, other: CodeRange) -> dict[int, int]:
    kinds = _EVERYWHERE if range_.canonical is not other.canonical else set(RowKind) - _LOOKING
    here, there = (
        [row for row in each.table.rows if row.kind in kinds] for each in (range_, other)
    )
    assert [row.kind for row in here] == [row.kind for row in there], (
        "variants have these rows in common"
    )
    return {one.offset: another.offset for one, another in zip(here, there, strict=True)}
