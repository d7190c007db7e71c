"""Sizes of vtables, from memory as clang lays it out."""

import struct

import pytest

from gdbstub.objfile.image import ModuleImage
from gdbstub.objfile.vtables import LEAST, Vtables

BASE = 0x10000
NAME, INFO = BASE + 0x200, BASE + 0x100
MINUS_8 = 0xFFFFFFF8


def image(words: list[int]) -> ModuleImage:
    """Return a module whose memory begins with a vtable, the type's information and its name."""
    data = struct.pack(f"<{len(words)}I", *words).ljust(INFO - BASE, b"\0")
    data += struct.pack("<II", 0x11000, NAME)
    data = data.ljust(NAME - BASE, b"\0") + b"4Both\0"
    segments = ((BASE, 0, len(data)),)
    return ModuleImage("x", data, (), 0, {}, 0, dict.fromkeys((1, 9), "f"), segments=segments)


@pytest.mark.parametrize(
    ("words", "size"),
    [
        ([0, INFO, 1, 2], 16),
        ([0, INFO, 1, 2, 3, 4], 24),
        ([0, INFO, 1, 0, 7], 16),
        ([0, INFO, 1, 2, MINUS_8, INFO, 3, 0x11000], 28),
        ([20, 0, INFO, 1, 4, MINUS_8, INFO, 9], 32),
        ([0, INFO, 1, 0x12345, INFO, 2], 16),
        ([0, 0x11000, 1, 2, 3, 4, 5], LEAST),
        ([], LEAST),
    ],
    ids=["one", "more", "zero", "two-bases", "virtual-base", "other-data", "no-name", "nothing"],
)
def test_sizes(words: list[int], size: int) -> None:
    assert Vtables(image(words)).size(b"_ZTV4Both", BASE) == size


def test_what_lies_outside_memory_has_the_least_size() -> None:
    assert Vtables(image([0, INFO])).size(b"_ZTV4Both", 0x7000) == LEAST
