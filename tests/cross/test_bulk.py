"""memory.copy and memory.fill are machine code on every machine: every size and overlap beside Python."""

import random
from typing import Any

import pytest

from tests.cross.lab import MACHINES, Lab

WAT = """(module (memory (export "memory") 1)
  (func (export "copy") (param i32 i32 i32)
    (memory.copy (local.get 0) (local.get 1) (local.get 2)))
  (func (export "fill") (param i32 i32 i32)
    (memory.fill (local.get 0) (local.get 1) (local.get 2))))"""
SIZE = 65536
SIZES = (*range(36), 47, 48, 63, 64, 65, 127, 128, 129, 200, 1023, 1024, 1025, 3000)


def memory_of(lab: Lab) -> tuple[bytearray, Any]:
    """Fill a guest's memory with noise; return a model of it, and the memory itself."""
    linear = lab.instance.memories[0].linear
    noise = bytearray(random.Random(1).randbytes(SIZE))
    linear.write(0, bytes(noise))
    return noise, linear


@pytest.mark.parametrize("machine", MACHINES)
def test_copies(machine: str) -> None:
    lab = Lab(machine, WAT, debug=False)
    model, linear = memory_of(lab)
    copy = lab.function("copy")
    for size in SIZES:
        for distance in (-SIZE // 4, -size, -65, -17, -1, 0, 1, 15, 64, size - 1, size, SIZE // 4):
            source = 20_000 + size % 7
            to = source + distance
            copy.call_bits([to, source, size])
            model[to : to + size] = model[source : source + size]
            assert linear.read(0, SIZE) == model, (size, distance)


@pytest.mark.parametrize("machine", MACHINES)
def test_fills(machine: str) -> None:
    lab = Lab(machine, WAT, debug=False)
    model, linear = memory_of(lab)
    fill = lab.function("fill")
    for size in SIZES:
        start = 1000 + size % 13
        fill.call_bits([start, 0xFFFF_FF00 | size & 0xFF, size])
        model[start : start + size] = bytes((size & 0xFF,)) * size
        assert linear.read(0, SIZE) == model, size


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("name", "arguments", "fits"),
    [
        ("copy", (SIZE, SIZE, 0), True),
        ("copy", (SIZE + 1, 0, 0), False),
        ("copy", (0, SIZE + 1, 0), False),
        ("copy", (SIZE - 8, 0, 8), True),
        ("copy", (SIZE - 8, 0, 9), False),
        ("copy", (0, SIZE - 8, 9), False),
        ("copy", (0xFFFF_FFFF, 0, 0xFFFF_FFFF), False),
        ("fill", (SIZE - 100, 1, 100), True),
        ("fill", (SIZE - 100, 1, 101), False),
        ("fill", (0xFFFF_FFFF, 1, 2), False),
    ],
)
def test_nothing_is_written_unless_all_fits(
    machine: str, name: str, arguments: tuple[int, ...], fits: bool
) -> None:
    lab = Lab(machine, WAT, debug=False)
    model, linear = memory_of(lab)
    outcome = lab.call(name, *arguments)
    assert (outcome.trap is None) == fits
    if not fits:
        assert linear.read(0, SIZE) == model
