"""Between the variants of a function's code: which place is which.

Code with patch sites and code without have the same rows in the same order, but for those of the sites.
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
        """Return the address of a row's place in the other code.

        After an access, that is the next site's in code that does not look; otherwise it is of the same kind.
        Between usual and canonical code it must be a call's or an interrupt exit's.
        """
        offsets = self._offsets.get((range_, other))
        if offsets is None:
            offsets = self._offsets[range_, other] = _pair(range_, other)
        looked = row.kind in _LOOKING and range_.variant.watch is not other.variant.watch
        return other.start + offsets[row.boundary if looked else row.offset]


def _pair(range_: CodeRange, other: CodeRange) -> dict[int, int]:
    kinds = set(RowKind)
    if range_.variant.canonical is not other.variant.canonical:
        kinds &= _EVERYWHERE
    if range_.variant.watch is not other.variant.watch:
        kinds -= _LOOKING
    if range_.variant.sites is not other.variant.sites:
        kinds.discard(RowKind.SITE)
    here, there = (
        [row for row in each.table.rows if row.kind in kinds] for each in (range_, other)
    )
    assert [row.kind for row in here] == [row.kind for row in there], (
        "variants have these rows in common"
    )
    return {one.offset: another.offset for one, another in zip(here, there, strict=True)}
