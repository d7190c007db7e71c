"""Between code that looks at accesses of memory and code that does not: which place is which.

The two have the same rows in the same order, but for those of what is looked at; and the same values in
the same registers at each (`jit.abi.frame_table`).
"""

from jit.abi.frame_table import Row, RowKind
from jit.runtime.code import CodeRange

_LOOKING = frozenset({RowKind.READ, RowKind.WRITE})


class Twins:
    """The places found so far of one store's code."""

    def __init__(self) -> None:
        self._offsets: dict[tuple[CodeRange, CodeRange], dict[int, int]] = {}

    def address(self, range_: CodeRange, other: CodeRange, row: Row) -> int:
        """Return the address of a row's place in the other code; after an access, that of the next site."""
        offsets = self._offsets.get((range_, other))
        if offsets is None:
            offsets = self._offsets[range_, other] = _pair(range_, other)
        return other.start + offsets[row.boundary if row.kind in _LOOKING else row.offset]


def _pair(range_: CodeRange, other: CodeRange) -> dict[int, int]:
    here, there = (
        [row for row in each.table.rows if row.kind not in _LOOKING] for each in (range_, other)
    )
    assert [row.kind for row in here] == [row.kind for row in there], "looking changes no row"
    return {one.offset: another.offset for one, another in zip(here, there, strict=True)}
