"""Which functions move the shadow stack pointer, of what clang makes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gdbstub.objfile import moves_stack_pointer
from tests.unit.objfile.conftest import image_of


@pytest.mark.parametrize("opt", ["O0", "O1", "O2"])
def test_functions_that_move_it(compiled: Callable[..., Path], opt: str) -> None:
    image = image_of(compiled("moves.c", opt, 4, "-fno-inline"))
    moving = {
        function.name: moves_stack_pointer(image.data, function.first_op, function.end, 0)
        for function in image.functions
    }
    assert {name for name in moving if name.startswith("moving_")} == {
        "moving_array",
        "moving_alloca",
        "moving_forever",
    }
    for name, moves in moving.items():
        if name.startswith(("moving_", "still")):
            assert moves == name.startswith("moving_"), name
