"""The frames window: blocks, their slots, and what may be written."""

import pytest

from gdbstub.objfile import layout
from gdbstub.target import TargetError
from gdbstub.views.x32.blocks import Blocks
from gdbstub.views.x32.frames import SCRATCH_SIZE, FramesWindow
from gdbstub.views.x32.windows import FRAMES_END
from tests.unit.views.fakes import I32, I64, FakeDebugger, FakeFrame

CODE = 0xE0000000
HOST = 0xFFFF0008


def blocks(*frames: FakeFrame) -> tuple[Blocks, FakeDebugger]:
    debugger = FakeDebugger(list(frames))
    found = Blocks(
        debugger,  # type: ignore[arg-type]
        lambda frame: CODE + frame.wasm_function_index_and_pc()[1],  # type: ignore[index]
        lambda frame: None,
        lambda frame: 0,
        HOST,
    )
    return found, debugger


def window(*frames: FakeFrame) -> tuple[FramesWindow, Blocks]:
    found, debugger = blocks(*frames)
    shown = FramesWindow(
        debugger,  # type: ignore[arg-type]
        found,
        lambda frame: 0xF8000000,
        lambda frame: (frame.function, frame.pc),  # type: ignore[attr-defined]
        lambda type_, bits: bits,
        lambda frame: 0xBA5E,
    )
    return shown, found


def place(found: Blocks, index: int) -> int:
    """Return where a block is."""
    block = found.block(index)
    assert block is not None
    return block.address


def inner() -> FakeFrame:
    return FakeFrame(0x90, 1, 0x1C, [7, 0xFFFF_FFFF_0000_0001], [21], [I32, I64])


def outer() -> FakeFrame:
    return FakeFrame(0x30, 0, 0x19, [5])


def word(shown: FramesWindow, address: int) -> int:
    return int.from_bytes(shown.read(address, 8), "little")


def test_blocks_lie_twice_as_far_from_the_end_as_the_frames() -> None:
    found, _ = blocks(inner(), outer())
    assert [place(found, 0), place(found, 1)] == [FRAMES_END - 2 * 0x90, FRAMES_END - 2 * 0x30]
    assert found.block(2) is None


@pytest.mark.parametrize("num_locals", range(6))
@pytest.mark.parametrize("max_stack", range(12))
def test_a_block_is_no_larger_than_twice_its_frame(num_locals: int, max_stack: int) -> None:
    vmctx_and_links = 8 + 16
    frame = vmctx_and_links + 8 * (num_locals + max_stack)
    assert layout.block_end(num_locals, max_stack) <= 2 * frame


def test_a_frame_returns_to_the_next_and_the_outermost_to_the_host() -> None:
    found, _ = blocks(inner(), outer())
    assert found.caller(0) == (1, place(found, 1), CODE + 0x19)
    assert found.caller(1) == (None, 0, HOST)


def test_an_activation_may_return_to_a_frame_that_gdb_made() -> None:
    inside = FakeFrame(0x90, 1, 0x1C, activation=1)
    found, _ = blocks(inside, outer())
    found.link(1, 0x1234, 0x5678)
    assert found.caller(0) == (None, 0x1234, 0x5678)
    assert found.caller(1) == (None, 0, HOST)
    found.unlink(1)
    assert found.caller(0) == (1, place(found, 1), CODE + 0x19)


def test_frames_are_found_by_what_they_return_to() -> None:
    found, _ = blocks(inner(), outer())
    assert list(found.returning_to(CODE + 0x19)) == []
    assert found.block(1) is not None
    [(returning, caller)] = found.returning_to(CODE + 0x19)
    assert (returning.index, caller.index) == (0, 1)


def test_fixed_slots_locals_and_operands_are_readable() -> None:
    frame = inner()
    shown, found = window(frame)
    block = place(found, 0)
    assert word(shown, block) & 0xFFFFFFFF == frame.pc
    assert word(shown, block) >> 32 == 0xBA5E
    assert word(shown, block + 8) & 0xFFFFFFFF == 0xF8000000
    assert word(shown, block + 8) >> 32 == frame.function
    assert word(shown, block + layout.local_offset(0)) == 7
    assert word(shown, block + layout.local_offset(1)) == 0xFFFF_FFFF_0000_0001
    assert word(shown, block + layout.stack_offset(0, 2)) == 21


def test_a_read_need_not_be_aligned() -> None:
    shown, found = window(inner())
    at = place(found, 0) + layout.local_offset(1)
    assert shown.read(at + 3, 3) == b"\x00\xff\xff"


def test_part_of_a_local_is_written() -> None:
    frame = inner()
    shown, found = window(frame)
    shown.write(place(found, 0) + layout.local_offset(1) + 1, b"\x34\x12")
    assert frame.locals[1] == 0xFFFF_FFFF_0012_3401


# fmt: off
EXTENDED = (
    # before      written     after
    (0xFFFFFFFC, b"\5\0",     0x00000005),
    (0xFFFFFFFA, b"\6",       0x00000006),
    (0xFFFFFFFC, b"\xf0\xff", 0xFFFFFFF0),
    (0x000000C8, b"\7",       0x00000007),
    (0xFFFF0001, b"\5\0",     0xFFFF0005),
    (0xFFFFFFFC, b"\1\0\0\0", 0x00000001),
)
# fmt: on


@pytest.mark.parametrize(("before", "written", "after"), EXTENDED)
def test_over_a_negative_char_or_short_no_sign_stays(
    before: int, written: bytes, after: int
) -> None:
    frame = inner()
    frame.locals[0] = before
    shown, found = window(frame)
    shown.write(place(found, 0) + layout.local_offset(0), written)
    assert frame.locals[0] == after


def test_a_local_of_an_outer_frame_is_written() -> None:
    frame = outer()
    shown, found = window(inner(), frame)
    shown.write(place(found, 1) + layout.local_offset(0), b"\x63\0\0\0")
    assert frame.locals == [0x63]


@pytest.mark.parametrize("offset", [0, 8])
def test_fixed_slots_are_refused(offset: int) -> None:
    shown, found = window(inner())
    with pytest.raises(TargetError, match="fixed slots"):
        shown.write(place(found, 0) + offset, b"\1\0\0\0\0\0\0\0")


def test_a_write_that_fails_in_part_changes_nothing() -> None:
    frame = inner()
    shown, found = window(frame)
    with pytest.raises(TargetError):
        shown.write(place(found, 0), bytes(layout.local_offset(1) + 8))
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
