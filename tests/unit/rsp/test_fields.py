"""Fields of packets: what is read, and what is refused."""

import pytest

from gdbstub.rsp import (
    FieldError,
    decimal_number,
    from_hex,
    hex_number,
    text_from_hex,
    thread_id,
    to_hex,
)


@pytest.mark.parametrize(("field", "number"), [(b"0", 0), (b"fF", 255), (b"0" * 20 + b"1", 1)])
def test_hex_number(field: bytes, number: int) -> None:
    assert hex_number(field) == number


@pytest.mark.parametrize("field", [b"", b"-1", b"0x1", b"1_0", b" 1", b"1\n", b"1" * 33, b"\xff"])
def test_no_hex_number(field: bytes) -> None:
    with pytest.raises(FieldError, match="is no hexadecimal number"):
        hex_number(field)


def test_decimal_number() -> None:
    assert decimal_number(b"0012") == 12


@pytest.mark.parametrize("field", [b"", b"-1", b"a", b"1_0", b" 1", b"1\n", b"1" * 5000, b"\xb2"])
def test_no_decimal_number(field: bytes) -> None:
    with pytest.raises(FieldError, match="is no decimal number"):
        decimal_number(field)


def test_hex_bytes_and_text() -> None:
    assert from_hex(b"00ffA1") == b"\x00\xff\xa1"
    assert to_hex(b"\x00\xff\xa1") == b"00ffa1"
    assert text_from_hex(to_hex("naïve")) == "naïve"
    assert to_hex(text_from_hex(b"ff")) == b"ff"


@pytest.mark.parametrize("field", [b"0", b"zz", b"0 "])
def test_no_hex_bytes(field: bytes) -> None:
    with pytest.raises(FieldError, match="pairs of hexadecimal digits"):
        from_hex(field)


# fmt: off
THREADS = [
    (b"1", (0, 1)), (b"0", (0, 0)), (b"-1", (0, -1)), (b"1f", (0, 31)), (b"0001", (0, 1)),
    (b"p1.2", (1, 2)), (b"p1.-1", (1, -1)), (b"p1", (1, -1)), (b"p-1", (-1, -1)), (b"p0.0", (0, 0)),
]
# fmt: on


@pytest.mark.parametrize(("field", "thread"), THREADS)
def test_thread_id(field: bytes, thread: tuple[int, int]) -> None:
    assert thread_id(field) == thread


@pytest.mark.parametrize("field", [b"", b"x", b"-2", b"p1.", b"p1.x", b"p", b"px.1", b"p-2.1"])
def test_no_thread_id(field: bytes) -> None:
    with pytest.raises(FieldError, match="is no thread id"):
        thread_id(field)
