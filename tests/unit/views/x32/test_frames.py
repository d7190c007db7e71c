"""The frames window: blocks, their links and slots, and what may be written."""

import pytest

from gdbstub.objfile import layout
from gdbstub.target import TargetError
from gdbstub.views.x32.frames import SCRATCH_SIZE, FramesWindow
from gdbstub.views.x32.windows import FRAMES_END
from tests.unit.views.fakes import I32, I64, FakeDebugger, FakeFrame

CODE = 0xE0000000
HOST = 0xFFFF0008


def window(*frames: FakeFrame) -> tuple[FramesWindow, FakeDebugger]:
    debugger = FakeDebugger(list(frames))
    shown = FramesWindow(
        debugger,  # type: ignore[arg-type]
        lambda frame: CODE + frame.wasm_function_index_and_pc()[1],  # type: ignore[index]
        lambda frame: 0xF8000000,
        lambda frame: (frame.function, frame.pc),  # type: ignore[attr-defined]
        lambda type_, bits: bits,
        lambda frame: 0,
        lambda frame: 0xBA5E,
        HOST,
    )
    return shown, debugger


def inner() -> FakeFrame:
    return FakeFrame(0x90, 1, 0x1C, [7, 0xFFFF_FFFF_0000_0001], [21], [I32, I64])


def outer() -> FakeFrame:
    return FakeFrame(0x30, 0, 0x19, [5])


def word(shown: FramesWindow, address: int) -> int:
    return int.from_bytes(shown.read(address, 8), "little")


def test_blocks_lie_twice_as_far_from_the_end_as_the_frames() -> None:
    shown, _ = window(inner(), outer())
    assert [shown.block(0).cfa, shown.block(1).cfa] == [  # type: ignore[union-attr]
        FRAMES_END - 2 * 0x90 + 16,
        FRAMES_END - 2 * 0x30 + 16,
    ]
    assert shown.block(2) is None


@pytest.mark.parametrize("num_locals", range(6))
@pytest.mark.parametrize("max_stack", range(12))
def test_a_block_is_no_larger_than_twice_its_frame(num_locals: int, max_stack: int) -> None:
    vmctx_and_links = 8 + 16
    frame = vmctx_and_links + 8 * (num_locals + max_stack)
    assert layout.frame_size(num_locals, max_stack) <= 2 * frame


def test_link_words_lead_to_the_caller_and_end_at_the_host() -> None:
    shown, _ = window(inner(), outer())
    cfa, caller = shown.block(0).cfa, shown.block(1).cfa  # type: ignore[union-attr]
    assert word(shown, cfa - 16) == caller
    assert word(shown, cfa - 8) & 0xFFFFFFFF == CODE + 0x19
    assert word(shown, cfa - 8) >> 32 == caller - 16
    assert word(shown, caller - 16) == 0
    assert word(shown, caller - 8) == HOST


def test_fixed_slots_locals_and_operands_are_readable() -> None:
    frame = inner()
    shown, _ = window(frame)
    cfa = shown.block(0).cfa  # type: ignore[union-attr]
    assert word(shown, cfa) & 0xFFFFFFFF == frame.pc
    assert word(shown, cfa) >> 32 == 0xBA5E
    assert word(shown, cfa + 8) & 0xFFFFFFFF == 0xF8000000
    assert word(shown, cfa + 8) >> 32 == frame.function
    assert word(shown, cfa + layout.local_offset(0)) == 7
    assert word(shown, cfa + layout.local_offset(1)) == 0xFFFF_FFFF_0000_0001
    assert word(shown, cfa + layout.stack_offset(0, 2)) == 21


def test_a_read_need_not_be_aligned() -> None:
    shown, _ = window(inner())
    at = shown.block(0).cfa + layout.local_offset(1)  # type: ignore[union-attr]
    assert shown.read(at + 3, 3) == b"\x00\xff\xff"


def test_part_of_a_local_is_written() -> None:
    frame = inner()
    shown, _ = window(frame)
    shown.write(shown.block(0).cfa + layout.local_offset(1) + 1, b"\x34\x12")  # type: ignore[union-attr]
    assert frame.locals[1] == 0xFFFF_FFFF_0012_3401


def test_a_local_of_an_outer_frame_is_written() -> None:
    frame = outer()
    shown, _ = window(inner(), frame)
    shown.write(shown.block(1).cfa + layout.local_offset(0), b"\x63\0\0\0")  # type: ignore[union-attr]
    assert frame.locals == [0x63]


@pytest.mark.parametrize("offset", [-16, -8, 0, 8])
def test_links_and_fixed_slots_are_refused(offset: int) -> None:
    shown, _ = window(inner())
    with pytest.raises(TargetError, match="links"):
        shown.write(shown.block(0).cfa + offset, b"\1\0\0\0\0\0\0\0")  # type: ignore[union-attr]


def test_a_write_that_fails_in_part_changes_nothing() -> None:
    frame = inner()
    shown, _ = window(frame)
    with pytest.raises(TargetError):
        shown.write(shown.block(0).cfa, bytes(layout.local_offset(1) + 8))  # type: ignore[union-attr]
    assert frame.locals == [7, 0xFFFF_FFFF_0000_0001]


def test_scratch_below_the_frames_keeps_what_was_written() -> None:
    shown, _ = window(inner())
    low = shown.low()
    shown.write(low - 100, b"abc")
    assert shown.read(low - 100, 4) == b"abc\0"
    shown.drop_scratch()
    assert shown.read(low - 100, 4) == bytes(4)


def test_nothing_lies_below_the_scratch() -> None:
    shown, _ = window(inner())
    assert shown.read(shown.low() - SCRATCH_SIZE - 8, 4) == b""
    with pytest.raises(TargetError):
        shown.write(shown.low() - SCRATCH_SIZE - 8, b"abcd")


def test_a_stop_costs_no_walk_of_all_frames() -> None:
    shown, debugger = window(*(FakeFrame(0x40 * n, 0, 0x13) for n in range(1000, 0, -1)))
    shown.read(shown.block(0).cfa - 16, 64)  # type: ignore[union-attr]
    assert debugger.asked < 8
