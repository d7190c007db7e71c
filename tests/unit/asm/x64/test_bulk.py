"""memory.copy and memory.fill beside Python's own, at every length and overlap that takes another path."""

import random

import pytest

from jit.runtime.memory import Memory
from tests.unit.compile.running import call, instantiate, outcome

PAGE = 65536
WAT = """(module (memory (export "memory") 1)
  (func (export "copy") (param i32 i32 i32)
    (memory.copy (local.get 0) (local.get 1) (local.get 2)))
  (func (export "fill") (param i32 i32 i32)
    (memory.fill (local.get 0) (local.get 1) (local.get 2))))"""
LENGTHS = [*range(70), 95, 127, 128, 129, 191, 192, 193, 255, 257, 1000, 1023, 1024, 1025, 5000]
DISTANCES = [0, 1, -1, 2, -3, 7, -8, 15, 16, -16, 31, -33, 63, -63, 64, -64, 65, 200, -200, 2000]


class Guest:
    """An instance of WAT with random bytes in its memory, and a copy of those."""

    def __init__(self) -> None:
        self.instance = instantiate(WAT)
        memory = self.instance.exports(self.instance.store)["memory"]
        assert isinstance(memory, Memory)
        self._memory = memory
        self.expected = bytearray(random.Random(7).randbytes(PAGE))
        memory.write(self.instance.store, bytes(self.expected), 0)

    def check(self) -> None:
        """Compare all of the memory."""
        assert self._memory.read(self.instance.store, 0, PAGE) == self.expected


@pytest.mark.parametrize("length", LENGTHS)
def test_copies_overlap_rightly(length: int) -> None:
    guest = Guest()
    source = 8192
    for distance in DISTANCES:
        to = source + distance
        call(guest.instance, "copy", to, source, length)
        guest.expected[to : to + length] = guest.expected[source : source + length]
        guest.check()


@pytest.mark.parametrize("length", LENGTHS)
def test_fills_fill(length: int) -> None:
    guest = Guest()
    for value in (0, 0xAB, 0x1FF):
        call(guest.instance, "fill", 777, value, length)
        guest.expected[777 : 777 + length] = bytes([value & 0xFF]) * length
        guest.check()


@pytest.mark.parametrize(
    ("name", "arguments", "traps"),
    [
        ("copy", (PAGE - 100, 0, 100), False),
        ("copy", (PAGE - 100, 0, 101), True),
        ("copy", (0, PAGE - 100, 101), True),
        ("copy", (PAGE, PAGE, 0), False),
        ("copy", (PAGE + 1, 0, 0), True),
        ("copy", (0, PAGE + 1, 0), True),
        ("copy", (0xFFFF_FFFF, 0, 0xFFFF_FFFF), True),
        ("fill", (PAGE - 100, 1, 100), False),
        ("fill", (PAGE - 100, 1, 101), True),
        ("fill", (PAGE, 1, 0), False),
        ("fill", (PAGE + 1, 1, 0), True),
        ("fill", (0xFFFF_FFFF, 1, 0xFFFF_FFFF), True),
    ],
)
def test_nothing_is_written_out_of_bounds(
    name: str, arguments: tuple[int, ...], traps: bool
) -> None:
    guest = Guest()
    found = outcome(guest.instance, name, arguments)
    assert found == ("MEMORY_OUT_OF_BOUNDS" if traps else [])
    if traps:
        guest.check()
