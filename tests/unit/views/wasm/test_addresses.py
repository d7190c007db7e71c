"""lldb's addresses, by its own examples."""

import pytest

from gdbstub.views.wasm.addresses import OUTSIDE, Kind, Place, decode, encode


@pytest.mark.parametrize(
    ("place", "address"),
    [
        (Place(Kind.MEMORY, None, 0, 0x10A28), 0x10A28),
        (Place(Kind.MEMORY, 1, 0, 0xFFFF_FFFF), 0x2_FFFF_FFFF),
        (Place(Kind.MEMORY, None, 3, 0x10), 0x3_0000_0000_0010),
        (Place(Kind.MEMORY, 1, 3, 0x10), 0x3_0002_0000_0010),
        (Place(Kind.CODE, 0, 0, 0x43E), 0x4000_0001_0000_043E),
        (Place(Kind.CODE, 1, 0, 0x43E), 0x4000_0002_0000_043E),
        (Place(Kind.CODE, 0xFFFE, 0xFF, 0), 0x40FF_FFFF_0000_0000),
        (Place(Kind.GLOBAL, 0, 0, 26), 0x8000_0001_0000_001A),
    ],
)
def test_both_ways(place: Place, address: int) -> None:
    assert encode(Kind(place.kind), place.module, place.offset, place.index) == address
    assert decode(address) == place


def test_what_is_outside_is_of_no_kind() -> None:
    assert decode(OUTSIDE).kind not in set(Kind)
