"""Where a breakpoint may stand, and at which addresses a boundary is shown."""

import pytest

from gdbstub.target import BreakpointKind, TargetError
from gdbstub.views.common.code import FunctionCode, ModuleCode
from gdbstub.views.common.loops import Loops
from gdbstub.views.x32.breakpoints import Breakpoints
from gdbstub.views.x32.windows import CodeWindow
from tests.unit.views.fakes import FakeDebugger

BASE = 0xE0000000
SOFTWARE, HARDWARE = BreakpointKind.SOFTWARE, BreakpointKind.HARDWARE


def table(entry_stops: bool = False) -> tuple[Breakpoints, FakeDebugger]:
    debugger = FakeDebugger()
    window = CodeWindow(ModuleCode(debugger, debugger.registered[0]), BASE)  # type: ignore[arg-type]

    def code_at(address: int) -> CodeWindow | None:
        return window if BASE <= address < window.end else None

    def entry_stop(module: int, function: FunctionCode) -> bool:
        return entry_stops

    loops = Loops(debugger, lambda module: window.code, lambda module, loop, head: False)  # type: ignore[arg-type]
    breakpoints = Breakpoints(
        debugger,  # type: ignore[arg-type]
        code_at,
        lambda module: window,
        entry_stop,
        loops,
    )
    return breakpoints, debugger


def shown(breakpoints: Breakpoints, pc: int) -> list[tuple[int, bool]]:
    return [(point.address - BASE, point.hit) for point in breakpoints.points(0, pc)]


@pytest.mark.parametrize("pc", [0x10, 0x11, 0x13, 0x15, 0x1A])
def test_op_boundaries_and_declarations_take_one(pc: int) -> None:
    breakpoints, debugger = table()
    breakpoints.insert(SOFTWARE, BASE + pc)
    assert debugger.breakpoints == {(0, pc)}


@pytest.mark.parametrize("pc", [0x14, 0x18, 0x0, 0xF])
def test_other_code_does_not(pc: int) -> None:
    breakpoints, debugger = table()
    with pytest.raises(TargetError) as refusal:
        breakpoints.insert(SOFTWARE, BASE + pc)
    assert refusal.value.code == 1 and not debugger.breakpoints


def test_the_host_takes_one_that_never_fires() -> None:
    breakpoints, debugger = table()
    breakpoints.insert(SOFTWARE, 0xFFFF0008)
    breakpoints.remove(SOFTWARE, 0xFFFF0008)
    assert not debugger.breakpoints


def test_kinds_are_kept_apart() -> None:
    breakpoints, debugger = table()
    breakpoints.insert(SOFTWARE, BASE + 0x15)
    breakpoints.insert(SOFTWARE, BASE + 0x15)
    breakpoints.insert(HARDWARE, BASE + 0x15)
    breakpoints.remove(SOFTWARE, BASE + 0x15)
    assert debugger.breakpoints == {(0, 0x15)}
    assert breakpoints.kind(BASE + 0x15) is HARDWARE
    breakpoints.remove(HARDWARE, BASE + 0x15)
    assert not debugger.breakpoints


def test_an_op_is_shown_at_its_own_address() -> None:
    breakpoints, _ = table(entry_stops=True)
    assert shown(breakpoints, 0x15) == [(0x15, False)]
    breakpoints.insert(SOFTWARE, BASE + 0x15)
    assert shown(breakpoints, 0x15) == [(0x15, True)]


def test_an_entry_is_two_stops_where_the_line_table_has_a_row() -> None:
    breakpoints, _ = table(entry_stops=True)
    assert shown(breakpoints, 0x13) == [(0x10, False), (0x13, False)]


def test_an_entry_is_one_stop_elsewhere() -> None:
    breakpoints, _ = table(entry_stops=False)
    assert shown(breakpoints, 0x13) == [(0x13, False)]


def test_breakpoints_up_to_the_first_op_are_shown_where_they_were_asked_for() -> None:
    breakpoints, _ = table()
    breakpoints.insert(SOFTWARE, BASE + 0x10)
    breakpoints.insert(SOFTWARE, BASE + 0x13)
    assert shown(breakpoints, 0x13) == [(0x10, True), (0x13, True)]


def test_clearing_removes_all() -> None:
    breakpoints, debugger = table()
    breakpoints.insert(SOFTWARE, BASE + 0x15)
    breakpoints.clear()
    assert not debugger.breakpoints
    assert shown(breakpoints, 0x15) == [(0x15, False)]


def test_one_is_new_until_the_guest_goes_on() -> None:
    breakpoints, _ = table()
    breakpoints.insert(SOFTWARE, BASE + 0x15)
    assert breakpoints.is_new(BASE + 0x15)
    breakpoints.resumed()
    breakpoints.insert(HARDWARE, BASE + 0x15)
    assert not breakpoints.is_new(BASE + 0x15)
    breakpoints.remove(HARDWARE, BASE + 0x15)
    breakpoints.remove(SOFTWARE, BASE + 0x15)
    breakpoints.insert(SOFTWARE, BASE + 0x15)
    assert breakpoints.is_new(BASE + 0x15)
