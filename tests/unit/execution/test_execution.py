"""The worker thread: handing over, interrupting, killing, failing."""

import errno
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import trio

from gdbstub.agent import compile_condition
from gdbstub.execution import Execution, GuestFailure, running
from gdbstub.target import (
    Address,
    BreakpointKind,
    Continue,
    Dialect,
    Exit,
    Exited,
    Gate,
    Guest,
    RawKind,
    Signal,
    Step,
    Target,
    TargetError,
    Terminated,
    ThreadId,
    Verdict,
)

PC = Address(0x100)
THREAD = ThreadId(1)


@asynccontextmanager
async def executing(make_guest: Callable[[], Guest]) -> AsyncIterator[Execution]:
    async with running(lambda launch: make_guest()) as runs:
        yield runs.execution


class Script:
    """A guest that does what a function says, and notes the verdicts it gets."""

    def __init__(self, body: Callable[["Script", Gate], Exit]) -> None:
        self.body = body
        self.verdicts: list[Verdict] = []
        self.interrupted = threading.Event()
        self.unwound = False
        self.blocked: set[int] = set()

    def run(self, gate: Gate) -> Exit:
        self.blocked = set(signal.pthread_sigmask(signal.SIG_BLOCK, []))
        try:
            self.event(gate, RawKind.ENTRY)
            return self.body(self, gate)
        finally:
            self.unwound = True

    def event(self, gate: Gate, kind: RawKind) -> None:
        self.verdicts.append(gate.event(kind, PC, self))

    def interrupt(self) -> None:
        self.interrupted.set()

    def view(self, dialect: Dialect) -> Target:
        raise AssertionError("no view is needed")

    def register(self, number: int) -> int:
        return 0

    def memory(self, address: int, length: int) -> bytes:
        return bytes(length)


def end(script: Script, gate: Gate) -> Exit:
    return Exited(3)


def wait_for_interrupt(script: Script, gate: Gate) -> Exit:
    script.interrupted.wait()
    script.event(gate, RawKind.INTERRUPT)
    return Exited(4)


async def test_a_guest_parks_at_its_entry_and_ends() -> None:
    script = Script(end)
    async with executing(lambda: script) as execution:
        assert not execution.running and execution.exit is None
        assert await execution.resume(Step(THREAD, 5)) == Exited(3)
    assert script.verdicts == [Verdict(stepping=True, parked=True, signal=5)]


async def test_signals_are_blocked_in_the_worker() -> None:
    script = Script(end)
    async with executing(lambda: script) as execution:
        await execution.resume(Continue(THREAD))
    assert {signal.SIGINT, signal.SIGTERM, signal.SIGALRM} <= script.blocked


async def test_an_interrupt_parks_a_running_guest() -> None:
    script = Script(wait_for_interrupt)
    async with executing(lambda: script) as execution:
        execution.go(Continue(THREAD))
        assert execution.running
        assert await execution.halt() is None
        assert not execution.running
        assert await execution.resume(Continue(THREAD)) == Exited(4)


async def test_an_interrupt_of_a_parked_guest_does_nothing() -> None:
    script = Script(end)
    async with executing(lambda: script) as execution:
        execution.interrupt()
        assert not script.interrupted.is_set()
        assert await execution.halt() is None


async def test_a_parked_guest_is_killed() -> None:
    script = Script(end)
    async with executing(lambda: script) as execution:
        assert await execution.kill() == Terminated(Signal.KILL)
        assert script.unwound
        assert await execution.settled() == Terminated(Signal.KILL)


async def test_a_running_guest_is_killed_by_leaving() -> None:
    script = Script(wait_for_interrupt)
    async with executing(lambda: script) as execution:
        execution.go(Continue(THREAD))
    assert script.unwound
    assert execution.exit == Terminated(Signal.KILL)


async def test_cancelling_a_wait_leaves_the_guest_running() -> None:
    script = Script(wait_for_interrupt)
    async with executing(lambda: script) as execution:
        execution.go(Continue(THREAD))
        with trio.CancelScope() as scope:
            scope.cancel()
            await execution.settled()
        assert execution.running


async def test_a_guest_that_fails_is_our_bug() -> None:
    def fail(script: Script, gate: Gate) -> Exit:
        raise KeyError("slot")

    async with executing(lambda: Script(fail)) as execution:
        with pytest.raises(GuestFailure, match=r"internal error .* KeyError: 'slot'"):
            await execution.resume(Continue(THREAD))


async def test_a_factory_that_fails_is_the_callers_business() -> None:
    def make() -> Script:
        raise OSError("no such file")

    with pytest.raises(OSError, match="no such file"):
        async with executing(make):
            raise AssertionError("not reached")


async def test_a_guest_that_cannot_start_says_so_itself() -> None:
    class Stillborn(Script):
        def run(self, gate: Gate) -> Exit:
            raise TargetError(errno.ENOEXEC, "no such import")

    with pytest.raises(TargetError, match="no such import"):
        async with executing(lambda: Stillborn(end)):
            raise AssertionError("not reached")


async def test_a_false_condition_never_crosses_to_the_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every crossing is a callback in the server's thread: the end's is the only one."""
    crossings: list[object] = []
    cross = trio.lowlevel.TrioToken.run_sync_soon

    def counting(self: trio.lowlevel.TrioToken, callback: Callable[[], object]) -> None:
        crossings.append(callback)
        cross(self, callback)

    def breakpoint_(script: Script, gate: Gate) -> Exit:
        for _ in range(1000):
            script.event(gate, RawKind.BREAKPOINT)
        return Exited(0)

    script = Script(breakpoint_)
    async with executing(lambda: script) as execution:
        false = compile_condition(bytes.fromhex("220027"), 32)
        execution.policy.insert(BreakpointKind.SOFTWARE, PC, (false,), ())
        monkeypatch.setattr(trio.lowlevel.TrioToken, "run_sync_soon", counting)
        assert await execution.resume(Continue(THREAD)) == Exited(0)
    assert len(script.verdicts) == 1001
    assert len(crossings) == 1


async def test_text_of_commands_reaches_the_server() -> None:
    def breakpoint_(script: Script, gate: Gate) -> Exit:
        script.event(gate, RawKind.BREAKPOINT)
        return Exited(0)

    texts: list[str] = []
    async with executing(lambda: Script(breakpoint_)) as execution:
        execution.policy.insert(BreakpointKind.SOFTWARE, PC, (), (lambda reader: "hit",))
        execution.on_text = texts.append
        await execution.resume(Continue(THREAD))
    assert texts == ["hit"]


async def test_stops_nearby_are_seen_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def steps(script: Script, gate: Gate) -> Exit:
        for _ in range(500):
            script.event(gate, RawKind.STEP)
        return Exited(5)

    monkeypatch.setattr("gdbstub.execution.execution._NEARBY", 60)
    script = Script(steps)
    async with executing(lambda: script) as execution:
        for _ in range(500):
            assert execution.go_nearby(Step(THREAD))
            assert not execution.running
        assert await execution.settled() is None
        assert not execution.go_nearby(Continue(THREAD))
        assert await execution.settled() == Exited(5)
    assert len(script.verdicts) == 501


async def test_a_stop_that_is_not_nearby_comes_as_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gdbstub.execution.execution._NEARBY", 0)
    script = Script(wait_for_interrupt)
    async with executing(lambda: script) as execution:
        assert not execution.go_nearby(Continue(THREAD))
        assert execution.running
        assert await execution.halt() is None
        assert not execution.go_nearby(Continue(THREAD))
        assert await execution.settled() == Exited(4)


async def test_whether_a_stop_is_seen_at_once_or_not_none_is_lost() -> None:
    def steps(script: Script, gate: Gate) -> Exit:
        for turn in range(300):
            sum(range(turn * 200))
            script.event(gate, RawKind.STEP)
        return Exited(0)

    script = Script(steps)
    async with executing(lambda: script) as execution:
        for _ in range(300):
            if not execution.go_nearby(Step(THREAD)):
                assert await execution.settled() is None
            assert not execution.running
    assert len(script.verdicts) == 300  # the last is that of the event before the one it stands at


async def test_text_comes_before_the_stop_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def breakpoint_(script: Script, gate: Gate) -> Exit:
        script.event(gate, RawKind.BREAKPOINT)
        return wait_for_interrupt(script, gate)

    monkeypatch.setattr("gdbstub.execution.execution._NEARBY", 60)
    texts: list[str] = []
    async with executing(lambda: Script(breakpoint_)) as execution:
        execution.policy.insert(BreakpointKind.SOFTWARE, PC, (), (lambda reader: "hit",))
        execution.on_text = texts.append
        assert not execution.go_nearby(Continue(THREAD))
        execution.interrupt()
        assert await execution.settled() is None
        assert texts == ["hit"]


async def test_a_failure_nearby_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(script: Script, gate: Gate) -> Exit:
        raise ValueError("broken")

    monkeypatch.setattr("gdbstub.execution.execution._NEARBY", 60)
    async with executing(lambda: Script(fail)) as execution:
        assert not execution.go_nearby(Continue(THREAD))
        with pytest.raises(GuestFailure):
            await execution.settled()


async def test_the_guest_waits_for_its_text_to_be_taken() -> None:
    count = 2000

    def breakpoint_(script: Script, gate: Gate) -> Exit:
        for _ in range(count):
            script.event(gate, RawKind.BREAKPOINT)
        return Exited(0)

    backlog: list[str] = []
    most = 0
    async with executing(lambda: Script(breakpoint_)) as execution:
        execution.policy.insert(BreakpointKind.SOFTWARE, PC, (), (lambda reader: "hit",))
        execution.on_text = backlog.append
        execution.go(Continue(THREAD))
        taken = 0
        while execution.running:
            most = max(most, len(backlog))
            execution.texts_taken(len(backlog))
            taken += len(backlog)
            backlog.clear()
            await trio.lowlevel.checkpoint()
        taken += len(backlog)
    assert taken == count
    assert most <= 256


async def test_a_guest_that_waits_for_its_text_is_killed() -> None:
    def breakpoint_(script: Script, gate: Gate) -> Exit:
        while True:
            script.event(gate, RawKind.BREAKPOINT)

    backlog: list[str] = []
    async with executing(lambda: Script(breakpoint_)) as execution:
        execution.policy.insert(BreakpointKind.SOFTWARE, PC, (), (lambda reader: "hit",))
        execution.on_text = backlog.append
        execution.go(Continue(THREAD))
        while len(backlog) < 256:
            await trio.lowlevel.checkpoint()
        assert await execution.kill() == Terminated(Signal.KILL)
