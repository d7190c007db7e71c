"""The links window: what a frame returns to, as one rule of the object file finds it for every frame."""

import struct
from collections.abc import Sequence

import pytest

from gdbstub.objfile import layout
from gdbstub.target import TargetError
from gdbstub.views.x32.blocks import Blocks
from gdbstub.views.x32.links import LinksWindow, link_of
from gdbstub.views.x32.windows import FRAMES_BASE, FRAMES_END, LINKS_BASE, LINKS_END
from jit.abi.frame import LEAST_SIZE
from tests.unit.views.fakes import FakeDebugger, FakeFrame

CODE = 0xE0000000
HOST = 0xFFFF0008
SMALLEST = LEAST_SIZE + 16
"""What the smallest frame takes on the guest's stack, two words above its slots included."""


def window(frames: Sequence[FakeFrame]) -> tuple[LinksWindow, Blocks, FakeDebugger]:
    debugger = FakeDebugger(list(frames))
    blocks = Blocks(
        debugger,  # type: ignore[arg-type]
        lambda frame: CODE + frame.wasm_function_index_and_pc()[1],  # type: ignore[index]
        lambda frame: None,
        lambda frame: frame.locals[0],  # type: ignore[attr-defined]
        HOST,
    )
    return LinksWindow(blocks), blocks, debugger


def frames(count: int) -> list[FakeFrame]:
    """Give frames that differ in size, pc and frame base."""
    sizes = [SMALLEST, 0x50, 0x40, 0x1000]
    distances = [sum(sizes[n % 4] for n in range(outer + 1)) for outer in range(count)]
    return [FakeFrame(at, 0, n, [n * 7]) for n, at in reversed(list(enumerate(distances)))]


def word(shown: LinksWindow, address: int) -> int:
    return int.from_bytes(shown.read(address, 4), "little")


def place(blocks: Blocks, index: int) -> int:
    block = blocks.block(index)
    assert block is not None
    return block.address


def test_every_frame_is_unwound_by_the_same_offsets() -> None:
    shown, blocks, _ = window(frames(20))
    link = link_of(place(blocks, 0))
    for index in range(1, 20):
        kept = word(shown, link + layout.CALLER_BLOCK_OFFSET)
        assert kept == place(blocks, index)
        assert word(shown, link + layout.CALLER_SP_OFFSET) == ((19 - index) * 7 or kept)
        assert word(shown, link + layout.CALLER_PC_OFFSET) == CODE + 19 - index
        link = word(shown, link + layout.CALLER_CFA_OFFSET)
        assert link == link_of(kept)
    assert word(shown, link + layout.CALLER_PC_OFFSET) == HOST
    assert word(shown, link + layout.CALLER_CFA_OFFSET) == 0
    assert word(shown, link + layout.CALLER_BLOCK_OFFSET) == 0


@pytest.mark.parametrize("offset", [0, layout.BLOCKS_OFFSET])
def test_a_read_may_begin_and_end_within_a_link(offset: int) -> None:
    shown, blocks, _ = window(frames(9))
    start = link_of(place(blocks, 0)) - 16 + offset
    end = link_of(place(blocks, 8)) + 12 + offset
    whole = shown.read(start, end - start)
    assert len(whole) == end - start
    for length in (1, 5, 64):
        pieces = [shown.read(at, min(length, end - at)) for at in range(start, end, length)]
        assert b"".join(pieces) == whole


def test_links_of_the_smallest_frames_do_not_meet() -> None:
    smallest = [FakeFrame(n * SMALLEST, 0, n, [n]) for n in range(9, 0, -1)]
    shown, blocks, _ = window(smallest)
    data = shown.read(link_of(place(blocks, 0)), 8 * 12)
    links = list(struct.iter_unpack("<III", data))
    assert links == [(link_of(place(blocks, 9 - n)), CODE + n, n) for n in range(8, 0, -1)]


def test_a_frame_that_gdb_made_is_returned_to() -> None:
    shown, blocks, _ = window(
        [FakeFrame(0x90, 0, 1, [0], activation=1), FakeFrame(0x30, 0, 2, [0])]
    )
    blocks.link(1, 0xF7001000, 0xE0001234)
    link = link_of(place(blocks, 0))
    assert word(shown, link + layout.CALLER_PC_OFFSET) == 0xE0001234
    assert word(shown, link + layout.CALLER_BLOCK_OFFSET) == 0xF7001000
    assert word(shown, link + layout.CALLER_SP_OFFSET) == 0xF7001008


def test_it_ends_where_the_windows_do() -> None:
    shown, _, _ = window(frames(2))
    span = (FRAMES_END - FRAMES_BASE) // 8
    assert len(shown.read(LINKS_BASE, 8)) == 8
    assert len(shown.read(LINKS_BASE + span - 4, 64)) == 4
    assert len(shown.read(LINKS_END - 4, 64)) == 4


def test_links_are_not_written() -> None:
    shown, blocks, _ = window(frames(2))
    with pytest.raises(TargetError, match="links"):
        shown.write(link_of(place(blocks, 0)), bytes(4))


def test_a_stop_costs_no_walk_of_all_frames() -> None:
    shown, blocks, debugger = window(
        [FakeFrame(0x40 * n, 0, 0x13, [0]) for n in range(1000, 0, -1)]
    )
    shown.read(link_of(place(blocks, 0)) & -64, 64)
    assert debugger.asked < 12
