"""The text format: what is made of a text is what Wasmtime makes of it, byte for byte; what is none is told with its place.

`accepted.txt` and `refused.txt` hold a text a line.
"""

import ast
import random
import struct
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wasmtime import WasmtimeError, wat2wasm

from jit.wat.errors import TextError
from jit.wat.literals import floating, integer
from jit.wat.module import assemble
from tests.cross.guests import GUESTS
from tests.unit.debug.programs import random_program

FOLDER = Path(__file__).parent
TESTS = FOLDER.parents[1]
LENIENT = {"(module (func block))", "(module (func end))", "(module (func else))"} | {
    "(module (start 0) (start 0) (func))",
    "(module (func (nop nop)))",
}
"""What Wasmtime makes invalid modules of."""


def lines(name: str) -> list[str]:
    return (FOLDER / name).read_text().splitlines()


@pytest.mark.parametrize("text", lines("accepted.txt"))
def test_bytes_are_wasmtimes(text: str) -> None:
    assert assemble(text) == bytes(wat2wasm(text))


@pytest.mark.parametrize("text", lines("refused.txt"))
def test_what_is_no_module_is_refused(text: str) -> None:
    if text not in LENIENT:
        with pytest.raises(WasmtimeError):
            wat2wasm(text)
    with pytest.raises(TextError) as raised:
        assemble(text)
    assert raised.value.line == 1 <= raised.value.column <= len(text) + 1


def texts_in(path: Path) -> list[str]:
    """Return the modules' texts among a file's strings."""
    strings = (
        node.value
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant)
    )
    return [text for text in strings if isinstance(text, str) and text.startswith("(module")]


@pytest.mark.parametrize(
    "path", sorted(set(TESTS.rglob("*.py")) - {Path(__file__)}), ids=lambda path: path.stem
)
def test_the_texts_of_the_tests(path: Path) -> None:
    """A file's strings, those that are parts of texts left out."""
    for text in texts_in(path):
        try:
            wanted = bytes(wat2wasm(text))
        except WasmtimeError:
            continue
        assert assemble(text) == wanted, text


@pytest.mark.parametrize("guest", GUESTS)
def test_the_texts_of_all_operators(guest: str) -> None:
    assert assemble(GUESTS[guest].wat) == bytes(wat2wasm(GUESTS[guest].wat))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_random_texts(seed: int) -> None:
    text = random_program(seed)
    assert assemble(text) == bytes(wat2wasm(text))


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_damaged_text_is_a_module_or_a_text_error(seed: int) -> None:
    rng = random.Random(seed)
    text = rng.choice(lines("accepted.txt"))
    at = rng.randrange(len(text))
    damaged = (
        text[:at]
        + rng.choice(["", "(", ")", '"', "$", " x ", "0", "\\", "\n"])
        + text[at + rng.randrange(3) :]
    )
    with suppress(TextError):
        assemble(damaged)


def test_the_place_is_shown() -> None:
    with pytest.raises(TextError) as raised:
        assemble("(module\n  (func i32.frob))")
    assert (raised.value.line, raised.value.column) == (2, 9)
    assert str(raised.value) == (
        "unknown operator i32.frob\n"
        "     --> <anon>:2:9\n"
        "      |\n"
        "    2 |   (func i32.frob))\n"
        "      |         ^"
    )


@settings(max_examples=300, deadline=None)
@given(bits=st.integers(0, (1 << 64) - 1))
def test_floats_are_rounded_once(bits: int) -> None:
    """Python's own digits of every float give that float back; so do its hexadecimal ones."""
    (value,) = struct.unpack("<d", bits.to_bytes(8, "little"))
    if value != value or value in (float("inf"), float("-inf")):
        return
    assert floating(repr(value), 64) == bits
    assert floating(value.hex(), 64) == bits


@pytest.mark.parametrize(
    ("text", "bits"),
    [
        ("16777217", 0x4B800000),  # halfway: to even
        ("16777219", 0x4B800002),
        (
            "1.00000005960464477540",
            0x3F800001,
        ),  # just above halfway, where a detour over f64 is not
        ("1e-45", 1),
        ("7e-46", 0),
        ("-0x1p-149", 0x80000001),
        ("3.4028236e38", None),
        ("nan:0x0", None),
        ("inf", 0x7F800000),
    ],
)
def test_narrow_floats(text: str, bits: int | None) -> None:
    assert floating(text, 32) == bits


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("-1", 0xFF), ("255", 0xFF), ("+7", 7), ("0x_1", None), ("0xF_f", 0xFF)),
        *(("256", None), ("-129", None), ("-128", 0x80), ("1_000", None), ("", None)),
    ],
)
def test_integers(text: str, value: int | None) -> None:
    assert integer(text, 8) == value
