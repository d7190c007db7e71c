"""Numbers and names of the binary format: values, and errors with the offset of the wrong byte."""

import pytest

from jit.wasm.errors import MalformedModule, WasmError
from jit.wasm.reader import Reader, read_signed, read_u32


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("00", 0),
        ("7f", 127),
        ("8001", 128),
        ("8000", 0),
        ("8080808000", 0),
        ("e58e26", 624485),
        ("ffffffff0f", 0xFFFF_FFFF),
    ],
)
def test_unsigned(data: str, value: int) -> None:
    assert read_u32(bytes.fromhex(data), 0) == (value, len(data) // 2)


@pytest.mark.parametrize(
    ("data", "bits", "value"),
    [
        ("00", 32, 0),
        ("7f", 32, -1),
        ("40", 32, -64),
        ("c0bb78", 32, -123456),
        ("ffffffff07", 32, 0x7FFF_FFFF),
        ("8080808078", 32, -0x8000_0000),
        ("ffffffff7f", 32, -1),
        ("ffffffff0f", 33, 0xFFFF_FFFF),
        ("ffffffffffffffffff00", 64, 0x7FFF_FFFF_FFFF_FFFF),
        ("8080808080808080807f", 64, -0x8000_0000_0000_0000),
    ],
)
def test_signed(data: str, bits: int, value: int) -> None:
    assert read_signed(bytes.fromhex(data), 0, bits) == (value, len(data) // 2)


@pytest.mark.parametrize(
    ("data", "message", "offset"),
    [
        ("", "unexpected end", 0),
        ("8080", "unexpected end", 2),
        ("808080808000", "integer representation too long", 4),
        ("8080808010", "integer too large", 4),
    ],
)
def test_unsigned_errors(data: str, message: str, offset: int) -> None:
    with pytest.raises(MalformedModule) as caught:
        read_u32(bytes.fromhex(data), 0)
    assert (caught.value.message, caught.value.offset) == (message, offset)


@pytest.mark.parametrize(
    ("data", "bits", "message", "offset"),
    [
        ("ff", 32, "unexpected end", 1),
        ("808080808000", 32, "integer representation too long", 4),
        ("8080808008", 32, "integer too large", 4),
        ("8080808070", 32, "integer too large", 4),
        ("ffffffff6f", 32, "integer too large", 4),
        ("80808080808080808001", 64, "integer too large", 9),
        ("8080808080808080808000", 64, "integer representation too long", 9),
    ],
)
def test_signed_errors(data: str, bits: int, message: str, offset: int) -> None:
    with pytest.raises(MalformedModule) as caught:
        read_signed(bytes.fromhex(data), 0, bits)
    assert (caught.value.message, caught.value.offset) == (message, offset)


def test_a_reader_stops_at_its_end() -> None:
    reader = Reader(b"\x01\x02\x03", 0, 2)
    assert (reader.u8(), reader.u8()) == (1, 2)
    with pytest.raises(MalformedModule, match="unexpected end"):
        reader.u8()


def test_a_name_must_be_utf8() -> None:
    with pytest.raises(MalformedModule, match="malformed UTF-8 encoding") as caught:
        Reader(b"\x03ab\xff", 0, 4).name()
    assert caught.value.offset == 3


def test_an_error_says_where() -> None:
    assert str(WasmError("unexpected end", 0x1C)) == "unexpected end (at offset 0x1c)"
