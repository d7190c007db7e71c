"""The frame block: slots do not overlap, and anchors reach them."""

import pytest

from gdbstub.objfile import layout


@pytest.mark.parametrize(("num_locals", "max_stack"), [(0, 0), (3, 2), (5, 40), (200, 100)])
def test_slots_fill_the_block_without_gap_or_overlap(num_locals: int, max_stack: int) -> None:
    near = max(max_stack, layout.NEAR_STACK_SLOTS)
    places = [layout.WASM_PC_OFFSET, layout.VMCTX_OFFSET]
    places += [layout.local_offset(index) for index in range(num_locals)]
    places += [layout.stack_offset(index, num_locals) for index in range(near)]
    assert sorted(places) == list(range(0, layout.block_end(num_locals, max_stack), 8))


@pytest.mark.parametrize("offset", range(0, 1024 - 64, 8))
def test_an_anchor_is_within_one_byte_of_every_near_slot(offset: int) -> None:
    register, rest = layout.anchor(offset)
    index = layout.ANCHOR_REGISTERS.index(register)
    assert layout.ANCHOR_STRIDE * index + rest == offset
    assert -64 <= rest < 64


def test_far_slots_are_reached_from_the_last_anchor() -> None:
    assert layout.anchor(5000) == (15, 5000 - 7 * 128)
