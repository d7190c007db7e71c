"""Names that are made for symbols."""

import pytest

from gdbstub.objfile.symbols import readable


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("add", "add"),
        ("ns::twice<int>(int)", "ns::twice<int>(int)"),
        ("_ZN4core3fmt5write17h0123456789abcdefE", "core::fmt::write"),
        ("_ZNK2ns6Square4areaEv", "ns::Square::area"),
        ("_Z3addii", "add"),
        ("_ZSt9terminatev", "mangled._ZSt9terminatev"),
        ("_ZN9truncated", "truncated"),
        ("_RNvC6_123foo3bar", "mangled._RNvC6_123foo3bar"),
        ("_Z", "mangled._Z"),
    ],
)
def test_no_name_of_a_table_slot_is_mangled(name: str, shown: str) -> None:
    assert readable(name) == shown
