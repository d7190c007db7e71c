"""LEB128: the examples of the standard (DWARF 5, 7.6), and numbers longer than they need to be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdbstub.objfile.leb import read_sleb, read_uleb, skip_leb, sleb, uleb

UNSIGNED = [(2, "02"), (127, "7f"), (128, "8001"), (129, "8101"), (12857, "b964")]
SIGNED = [(2, "02"), (-2, "7e"), (127, "ff00"), (-127, "817f"), (128, "8001"), (-129, "ff7e")]


@pytest.mark.parametrize(("value", "encoded"), UNSIGNED)
def test_unsigned_examples(value: int, encoded: str) -> None:
    assert uleb(value).hex() == encoded
    assert read_uleb(bytes.fromhex(encoded), 0) == (value, len(encoded) // 2)


@pytest.mark.parametrize(("value", "encoded"), SIGNED)
def test_signed_examples(value: int, encoded: str) -> None:
    assert sleb(value).hex() == encoded
    assert read_sleb(bytes.fromhex(encoded), 0) == (value, len(encoded) // 2)


@given(st.integers(-(2**40), 2**40), st.integers(1, 12))
def test_a_number_keeps_its_value_at_any_length(value: int, length: int) -> None:
    signed = sleb(value, length)
    assert len(signed) == max(length, len(sleb(value)))
    assert read_sleb(signed + b"\xaa", 0) == (value, len(signed))
    unsigned = uleb(abs(value), length)
    assert len(unsigned) == max(length, len(uleb(abs(value))))
    assert read_uleb(unsigned + b"\xaa", 0) == (abs(value), len(unsigned))
    assert skip_leb(unsigned, 0) == len(unsigned)


@pytest.mark.parametrize("length", [1002, 300_000])
def test_a_number_of_more_than_a_thousand_bytes_is_none(length: int) -> None:
    for read in (read_uleb, read_sleb, skip_leb):
        read(uleb(5, 1001), 0)
        with pytest.raises(IndexError):
            read(uleb(5, length), 0)
