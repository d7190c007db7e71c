"""Checksum, escapes and run-length encoding against the manual's examples and plain definitions."""

import random

import pytest

from gdbstub.rsp import checksum, compress, escape, escape_within, expand, frame, unescape

# fmt: off
ESCAPES = [
    (b"",            b""),
    (b"plain",       b"plain"),
    (b"}",           b"}\x5d"),        # the manual's example: 0x7d 0x5d
    (b"#$*",         b"}\x03}\x04}\x0a"),
    (b"a}#b",        b"a}]}\x03b"),
]

RUNS = [
    (b"0000",        b"0* "),          # the manual's example: "0* " is four zeros
    (b"000",         b"000"),
    (b"0" * 7,       b"0*\"0"),       # "#" (6 repeats) is skipped
    (b"0" * 8,       b"0*\"00"),      # "$" (7 repeats) as well
    (b"0" * 9,       b"0*%"),
    (b"0" * 98,      b"0*~"),
    (b"0" * 99,      b"0*~0"),
    (b"0" * 102,     b"0*~0* "),
    (b"}\x03\x03\x03\x03\x03", b"}\x03\x03* "),  # never from the second byte of an escape
    (b"}\n\n\n",     b"}\n\n\n"),
]
# fmt: on


@pytest.mark.parametrize(("plain", "escaped"), ESCAPES)
def test_escape(plain: bytes, escaped: bytes) -> None:
    assert escape(plain) == escaped
    assert unescape(escaped) == plain


@pytest.mark.parametrize(("plain", "short"), RUNS)
def test_run_length(plain: bytes, short: bytes) -> None:
    assert compress(plain) == short
    assert expand(short) == plain


def test_frame_has_the_sum_of_its_contents() -> None:
    assert frame(b"OK") == b"$OK#9a"


def test_everything_comes_back() -> None:
    source = random.Random(5)
    for _ in range(200):
        data = bytes(source.choice(b"\x00\x03#$*}]0") for _ in range(source.randrange(400)))
        assert unescape(expand(compress(escape(data)))) == data


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 100_001])
def test_checksum_of_any_size(size: int) -> None:
    data = random.Random(size).randbytes(size)
    assert checksum(data) == sum(data) % 256


@pytest.mark.parametrize(
    ("data", "limit"), [(b"abc", 10), (b"}" * 100, 51), (b"a" * 50 + b"}" * 50, 80)]
)
def test_escape_within(data: bytes, limit: int) -> None:
    escaped, count = escape_within(data, limit)
    assert len(escaped) <= limit
    assert unescape(escaped) == data[:count]
    assert count > 0
