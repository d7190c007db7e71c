"""How ops are shown: the same number of bytes, of which the first op has fewer than 16."""

from __future__ import annotations

import pytest

from gdbstub.views.wasm.ops import shown

NOPS = b"\1" * 40


@pytest.mark.parametrize(
    ("op", "short"),
    [
        ("1007", None),
        ("108780808000", "1007"),
        ("1081818080 00", "108101"),
        ("11838080800000", "110300"),
        ("0f", None),
        ("0e0100 01", None),
        # br_table of 12 labels and a default is the longest that fits.
        ("0e0c 000102030405060708090a0b 0c", None),
        ("0e0d 000102030405060708090a0b0c 0d", "0e0c 000102030405060708090a0b0c"),
        ("0e14" + "00" * 21, "0e0c" + "00" * 13),
        # Labels of two bytes each.
        ("0e08" + "8001" * 9, "0e05" + "8001" * 6),
        ("fd0c" + "00" * 16, ""),
    ],
)
def test_an_op(op: str, short: str | None) -> None:
    data = bytes.fromhex(op)
    expected = None if short is None else (bytes.fromhex(short) + NOPS)[: len(data)]
    assert shown(data) == expected
