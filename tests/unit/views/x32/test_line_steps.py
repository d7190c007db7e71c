"""Which ops a step over a stretch of gdb's goes through without a stop."""

from types import SimpleNamespace
from typing import Any

import pytest

from gdbstub.views.x32.line_steps import LineSteps

BASE = 0xE0000000
FUNCTION = SimpleNamespace(start=0x10, first_op=0x13, end=0x40)
LINE = (range(0x10, 0x14), range(0x18, 0x1C), range(0x20, 0x24), range(0x3C, 0x48))
MODULE, OTHER = object(), object()


class Frame:
    """A frame of function `index` at `pc`."""

    def __init__(self, pc: int, index: int = 0, parent: Any = None, module: Any = MODULE) -> None:
        self.place = index, pc
        self._parent = parent
        self._module = module

    def wasm_function_index_and_pc(self) -> tuple[int, int]:
        return self.place

    def parent(self) -> Any:
        return self._parent

    def module(self) -> Any:
        return self._module


def steps(frame: Frame | None) -> LineSteps:
    code = SimpleNamespace(function_at=lambda pc: FUNCTION if 0x10 <= pc < 0x40 else None)
    debugger = SimpleNamespace(
        frame=lambda index: frame, module_of=lambda frame: SimpleNamespace(index=0)
    )
    program = SimpleNamespace(same_line=lambda module, pc: LINE)
    window = SimpleNamespace(base=BASE, code=code)
    return LineSteps(debugger, program, lambda module: window)  # type: ignore[arg-type, return-value]


ASKED = range(0x20, 0x24)
WHOLE = (0, (ASKED, range(0x18, 0x1C), range(0x20, 0x24)))
ALONE = (0, (ASKED,))

# fmt: off
FRAMES = [
    # no further than the function, and not over its entry
    (Frame(0x22), WHOLE),
    (Frame(0x22, parent=Frame(0x50, 1)), WHOLE),
    # a step that does not begin where it says, or in code of no function
    (Frame(0x30), ALONE), (Frame(0x50), ALONE),
    # called by itself, or by a function of that number in another module
    (Frame(0x22, parent=Frame(0x30, 0)), ALONE),
    (Frame(0x22, parent=Frame(0x30, 0, module=OTHER)), WHOLE),
    (None, None),
]
# fmt: on


@pytest.mark.parametrize(("frame", "quiet"), FRAMES)
def test_where_a_step_is_quiet(frame: Frame | None, quiet: object) -> None:
    assert steps(frame).quiet(BASE + 0x20, BASE + 0x24) == quiet
