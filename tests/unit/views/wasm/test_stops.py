"""Stops as lldb is told of them, breakpoints where it asks for them."""

from __future__ import annotations

import pytest

from gdbstub.target import (
    Address,
    Breakpoint,
    BreakpointKind,
    Exited,
    Signal,
    Signalled,
    Stepped,
    TargetError,
    Terminated,
    ThreadId,
    Trapped,
    Verdict,
)
from tests.unit.views.wasm.driving import BASE, GO, STEP, Session, session

SOFTWARE = BreakpointKind.SOFTWARE
THREAD = ThreadId(1)

CALLS = """(module
  (func $callee (param i32) (result i32) (local i64)
    local.get 0
    i32.const 1
    i32.add)
  (func (export "go")
    i32.const 20
    call $callee
    drop))"""


def insert(pc: int) -> object:
    def act(run: Session) -> Verdict:
        run.view.insert_breakpoint(SOFTWARE, Address(BASE + pc), 1)
        return GO

    return act


def test_the_first_stop_is_a_step_at_the_first_op() -> None:
    run = session(CALLS)

    def first(run: Session) -> Verdict:
        stop = run.view.stop()
        pc = BASE + run.ops(1)[0]
        assert stop.reason == Stepped() and stop.pcs == (pc,)
        assert stop.registers == ((0, pc.to_bytes(8, "little")),)
        assert run.view.read_register(THREAD, stop.registers[0][0]) == pc.to_bytes(8, "little")
        return GO

    assert run.run(first) == Exited(0)
    assert run.seen == [("entry", run.ops(1)[0])]


@pytest.mark.parametrize("back", [0, 1, 2])
def test_before_the_first_op_a_breakpoint_is_reported_where_it_was_asked_for(back: int) -> None:
    """lldb finds it by the pc; the frame is at the first op, which has a line."""
    run = session(CALLS)
    first = 0

    def ask(run: Session) -> Verdict:
        nonlocal first
        first = run.ops(0)[0]
        assert run.start(0) == first - 3
        run.view.insert_breakpoint(SOFTWARE, Address(BASE + first - 1 - back), 1)
        return GO

    def hit(run: Session) -> Verdict:
        stop = run.view.stop()
        assert stop.reason == Breakpoint() and stop.pcs == (BASE + first - 1 - back,)
        assert run.view.call_stack(THREAD)[0] == BASE + first
        return STEP

    run.run(ask, hit)
    assert [kind for kind, _ in run.seen] == ["entry", "breakpoint", "step"]
    assert run.seen[2] == ("step", first)


def test_between_ops_it_slips_and_is_reported_where_it_was_asked_for() -> None:
    run = session(CALLS)

    def ask(run: Session) -> Verdict:
        run.view.insert_breakpoint(SOFTWARE, Address(BASE + run.ops(0)[1] + 1), 1)
        return GO

    run.run(ask)
    assert run.seen[1] == ("breakpoint", run.ops(0)[1] + 1)


@pytest.mark.parametrize("address", [0x10, BASE + 4, BASE + (1 << 32), 3 << 62])
def test_elsewhere_it_is_refused(address: int) -> None:
    run = session(CALLS)

    def ask(run: Session) -> Verdict:
        with pytest.raises(TargetError):
            run.view.insert_breakpoint(SOFTWARE, Address(address), 1)
        return GO

    run.run(ask)


def test_twice_is_once_and_removed_it_is_gone() -> None:
    run = session(CALLS)

    def ask(run: Session) -> Verdict:
        address = Address(BASE + run.ops(0)[0])
        for _ in range(2):
            run.view.insert_breakpoint(SOFTWARE, address, 1)
        run.view.remove_breakpoint(SOFTWARE, address, 1)
        run.view.remove_breakpoint(SOFTWARE, address, 1)
        return GO

    run.run(ask)
    assert run.seen == [("entry", run.ops(1)[0])]


def test_detaching_removes_all() -> None:
    run = session(CALLS)

    def ask(run: Session) -> Verdict:
        for pc in run.ops(0):
            run.view.insert_breakpoint(SOFTWARE, Address(BASE + pc), 1)
        run.view.detach()
        return GO

    run.run(ask)
    assert run.seen == [("entry", run.ops(1)[0])]


def test_a_step_is_one_op() -> None:
    run = session(CALLS)
    run.run(*[lambda run: STEP] * 3)
    outer, inner = run.ops(1), run.ops(0)
    assert run.seen[1:] == [("step", outer[1]), ("step", inner[0]), ("step", inner[1])]


def test_a_trap_is_an_exception_with_words() -> None:
    run = session('(module (func (export "go") i32.const 1 i32.const 0 i32.div_s drop))')

    def trapped(run: Session) -> Verdict:
        reason = run.view.stop().reason
        assert reason == Trapped(Signal.FPE, "wasm trap: integer divide by zero")
        assert run.view.call_stack(THREAD) == [BASE + run.ops(0)[2]]
        return GO

    assert run.run(lambda run: GO, trapped) == Terminated(Signal.FPE)


def test_an_interrupt_is_a_signal() -> None:
    run = session('(module (func (export "go") (loop br 0)))')

    def interrupt(run: Session) -> Verdict:
        run.guest.interrupt()
        return Verdict(stepping=False)

    def stopped(run: Session) -> Verdict:
        assert run.view.stop().reason == Signalled(Signal.INT)
        return Verdict(stepping=False, parked=True, signal=Signal.TERM)

    assert run.run(interrupt, stopped) == Terminated(Signal.TERM)


def test_the_pc_cannot_be_written() -> None:
    run = session(CALLS)

    def write(run: Session) -> Verdict:
        with pytest.raises(TargetError, match="cannot be written"):
            run.view.write_register(THREAD, run.view.stop().registers[0][0], bytes(8))
        return GO

    run.run(write)


def test_an_end_without_code_on_the_stack_has_a_stop() -> None:
    run = session(CALLS)
    run.run()
    stop = run.view.stop()
    assert run.view.call_stack(THREAD) == [3 << 62]
    assert stop.thread == THREAD
