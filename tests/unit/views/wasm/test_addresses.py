"""lldb's addresses, by its own examples."""

import pytest

from gdbstub.views.wasm.addresses import OUTSIDE, Kind, decode, encode


@pytest.mark.parametrize(
    ("kind", "number", "offset", "address"),
    [
        (Kind.MEMORY, 0, 0x10A28, 0x10A28),
        (Kind.MEMORY, 2, 0xFFFF_FFFF, 0x2_FFFF_FFFF),
        (Kind.CODE, 0, 0x43E, 0x4000_0000_0000_043E),
        (Kind.CODE, 1, 0x43E, 0x4000_0001_0000_043E),
        (Kind.CODE, 0xFF_FFFF, 0, 0x40FF_FFFF_0000_0000),
    ],
)
def test_both_ways(kind: Kind, number: int, offset: int, address: int) -> None:
    assert encode(kind, number, offset) == address
    assert decode(address) == (kind, number, offset)


def test_what_is_outside_is_of_no_kind() -> None:
    assert decode(OUTSIDE)[0] not in set(Kind)
