"""lldb's steps in recursion, from the packets it sends for them (lldb 22), and the user's breakpoints."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gdbstub.target import (
    Address,
    BreakpointKind,
    Continue,
    Exited,
    FrameIndex,
    RegisterNumber,
    Step,
    Stepped,
    ThreadId,
    Verdict,
)
from tests.unit.views.wasm.driving import BASE, STEP, Session, session, with_lines

SOFTWARE = BreakpointKind.SOFTWARE
THREAD = ThreadId(1)

# Ops of $down: 0 local.get, 1 if, 2 local.get, 3 i32.const, 4 i32.sub, 5 call, 6 end, 7 nop, 8 end.
RECURSION = """(module
  (func $down (param i32)
    local.get 0
    if
      local.get 0
      i32.const 1
      i32.sub
      call $down
    end
    nop)
  (func (export "go")
    i32.const 3
    call $down
    nop))"""
AFTER_CALL, LAST = 6, 7


def op(run: Session, index: int) -> Address:
    """Give the address of an op of $down."""
    return Address(BASE + run.ops(0)[index])


def parameter(run: Session) -> int:
    """Give the parameter of the frame at hand, and show the stop as lldb does before it asks."""
    run.view.stop()
    return int.from_bytes(run.view.local(THREAD, FrameIndex(0), 0), "little")


def go(run: Session) -> Verdict:
    run.view.prepare_resume(Continue(THREAD))
    return Verdict(stepping=False, parked=True)


def step(run: Session) -> Verdict:
    run.view.prepare_resume(Step(THREAD))
    return STEP


def into_recursion(deep: int) -> list[Callable[[Session], Verdict]]:
    """Make acts that stop at the first op of $down, `deep` calls down, no breakpoint left."""

    def enter(run: Session) -> Verdict:
        run.view.insert_breakpoint(SOFTWARE, op(run, 0), 1)
        return go(run)

    return [enter, *[go] * (deep - 1)]


def insert_as_step(run: Session, address: Address) -> None:
    run.view.read_memory(THREAD, address, 0x10)
    run.view.insert_breakpoint(SOFTWARE, address, 1)


def insert_as_finish(run: Session, address: Address) -> None:
    run.view.region(address)
    run.view.insert_breakpoint(SOFTWARE, address, 1)


def insert_as_user(run: Session, address: Address) -> None:
    run.view.insert_breakpoint(SOFTWARE, address, 1)


@pytest.mark.parametrize(
    ("insert", "index", "found"),
    [
        (insert_as_step, LAST, 2),
        (insert_as_step, AFTER_CALL, 2),
        (insert_as_finish, AFTER_CALL, 3),
        (insert_as_user, LAST, 0),
        (insert_as_user, AFTER_CALL, 1),
    ],
)
def test_in_which_frame_a_breakpoint_is_hit(
    insert: Callable[[Session, Address], None], index: int, found: int
) -> None:
    run = session(RECURSION)

    def at_two(run: Session) -> Verdict:
        assert parameter(run) == 2
        run.view.remove_breakpoint(SOFTWARE, op(run, 0), 1)
        insert(run, op(run, index))
        return go(run)

    def hit(run: Session) -> Verdict:
        assert run.seen[-1] == ("breakpoint", run.ops(0)[index])
        assert parameter(run) == found
        run.view.remove_breakpoint(SOFTWARE, op(run, index), 1)
        return go(run)

    assert run.run(*into_recursion(2), at_two, hit) == Exited(0)
    assert len(run.seen) == 4


def test_once_hit_it_is_for_every_frame() -> None:
    run = session(RECURSION)
    found: list[int] = []

    def at_three(run: Session) -> Verdict:
        run.view.stop()
        run.view.remove_breakpoint(SOFTWARE, op(run, 0), 1)
        insert_as_step(run, op(run, 2))
        return go(run)

    def hit(run: Session) -> Verdict:
        found.append(parameter(run))
        return go(run)

    run.run(*into_recursion(1), at_three, hit, hit, hit)
    assert found == [3, 2, 1]


def test_one_that_is_stepped_off_stays_for_every_frame() -> None:
    run = session(RECURSION)
    found: list[int] = []

    def at_user(run: Session) -> Verdict:
        """Go on from a breakpoint, as lldb does it: off, a step, on again."""
        found.append(parameter(run))
        run.view.remove_breakpoint(SOFTWARE, op(run, 2), 1)
        return step(run)

    def stepped(run: Session) -> Verdict:
        run.view.call_stack(THREAD)
        run.view.insert_breakpoint(SOFTWARE, op(run, 2), 1)
        return go(run)

    def enter(run: Session) -> Verdict:
        run.view.insert_breakpoint(SOFTWARE, op(run, 2), 1)
        return go(run)

    run.run(enter, *[at_user, stepped] * 3)
    assert found == [3, 2, 1]


def at_call(run: Session) -> Verdict:
    run.view.insert_breakpoint(SOFTWARE, Address(BASE + run.ops(1)[1]), 1)
    return go(run)


def step_in(run: Session) -> Verdict:
    run.view.stop()
    run.view.read_memory(THREAD, Address(BASE + run.ops(1)[1]), 0x10)
    run.view.read_register(THREAD, run.view.stop().registers[0][0])
    run.view.read_memory(THREAD, Address(BASE + run.ops(1)[1]), 0x10)
    return step(run)


def test_a_step_into_a_function_without_lines_is_a_step_over_it() -> None:
    run = session(with_lines(RECURSION, 1))

    def over(run: Session) -> Verdict:
        assert run.view.stop().reason == Stepped()
        return go(run)

    assert run.run(at_call, step_in, over) == Exited(0)
    assert run.seen[2] == ("breakpoint", run.ops(1)[2])
    assert len(run.seen) == 3


def test_where_there_are_no_lines_a_step_is_one_by_instructions() -> None:
    run = session(RECURSION)
    run.run(at_call, step_in)
    assert run.seen[2] == ("step", run.ops(0)[0])


def test_an_instruction_step_after_disassembling_goes_in() -> None:
    run = session(with_lines(RECURSION, 1))

    def disassembled(run: Session) -> Verdict:
        pc = Address(BASE + run.ops(1)[1])
        run.view.stop()
        run.view.read_memory(THREAD, pc, 0x10)
        run.view.read_register(THREAD, RegisterNumber(0))
        return step(run)

    run.run(at_call, disassembled)
    assert run.seen[2] == ("step", run.ops(0)[0])


def test_an_instruction_step_goes_in() -> None:
    run = session(with_lines(RECURSION, 1))

    def si(run: Session) -> Verdict:
        run.view.stop()
        return step(run)

    run.run(at_call, si)
    assert run.seen[2] == ("step", run.ops(0)[0])


def test_a_breakpoint_on_the_way_is_hit_and_ends_the_step() -> None:
    run = session(with_lines(RECURSION, 1))

    def also(run: Session) -> Verdict:
        run.view.insert_breakpoint(SOFTWARE, op(run, LAST), 1)
        return step_in(run)

    def on_the_way(run: Session) -> Verdict:
        assert parameter(run) == 0
        run.view.remove_breakpoint(SOFTWARE, op(run, LAST), 1)
        return go(run)

    assert run.run(at_call, also, on_the_way) == Exited(0)
    assert run.seen[2:] == [("breakpoint", run.ops(0)[LAST])]


def test_an_interrupt_that_is_wanted_ends_the_step() -> None:
    run = session(with_lines(RECURSION, 1))

    def interrupted(run: Session) -> Verdict:
        verdict = step_in(run)
        run.guest.interrupt()
        return verdict

    run.run(at_call, interrupted)
    assert run.seen[2] == ("interrupt", run.ops(0)[0])
