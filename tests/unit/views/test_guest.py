"""Raw events of the engine become gate events, and verdicts become steps."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from gdbstub.target import (
    Address,
    Dialect,
    Exited,
    Killed,
    RawKind,
    Signal,
    SystemCall,
    Terminated,
    Verdict,
)
from gdbstub.views.common import stops
from gdbstub.views.common.guest import ProgramGuest
from gdbstub.views.common.rendering import Point, Stage
from gdbstub.views.common.stops import Standing
from jit import ExitTrap, Trap, TrapCode
from jit.debug import events
from tests.unit.views.fakes import FakeDebugger, FakeFrame

GO = Verdict(stepping=False)
STEP = Verdict(stepping=True)
PARKED = Verdict(stepping=False, parked=True)


class Engine(FakeDebugger):
    """A debugger whose guest is a script of events."""

    def __init__(self, script: Sequence[Callable[["Engine"], Any]], ending: Any = None) -> None:
        super().__init__([FakeFrame(0x40, 0, 0x13)])
        self.script = script
        self.ending = ending

    def run(self, call: Callable[[], Any], handler: Callable[[Any], None]) -> Any:
        for make in self.script:
            event = make(self)
            if event is not None:
                handler(event)
        if self.ending is not None:
            raise self.ending


class View:
    """A view that shows the boundary at 0x13 at two addresses."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.hits: set[int] = set()
        self.standings: list[Standing] = []

    def points(self, module: int, pc: int) -> list[Point]:
        addresses = [0x10, 0x13] if pc == 0x13 else [pc]
        return [Point(Address(at), at in self.hits) for at in addresses]

    coasting = False

    def quiet(self, low: Address, high: Address) -> tuple[int, list[range]]:
        return 0, [range(low, high)]

    def address(self, module: int, pc: int) -> Address:
        return Address(pc)

    def outside(self) -> Address:
        return Address(0)

    def divert(self, verdict: Verdict) -> Verdict:
        return verdict

    def stand(self, standing: Standing) -> None:
        self.standings.append(standing)


class Gate:
    """Answers with verdicts in order, and notes what was asked."""

    def __init__(self, *verdicts: Verdict) -> None:
        self.verdicts = list(verdicts)
        self.asked: list[tuple[str, int]] = []
        self.during: Callable[[], None] = lambda: None

    def event(self, kind: RawKind, pc: Address, reader: Any) -> Verdict:
        self.asked.append((kind.value, pc))
        self.during()
        return self.verdicts.pop(0)

    def passing(self, pc: Address, reader: Any) -> None:
        return None


def boundary(engine: Engine) -> Any:
    """A stop at a boundary, if there is reason for one."""
    return events.Breakpoint(None, engine.walked[0].pc, (), True) if engine.stepping else None  # type: ignore[arg-type]


def breakpoint_(engine: Engine) -> Any:
    return events.Breakpoint(None, 0x13, (0x13,), False)  # type: ignore[arg-type]


def moved(pc: int) -> Callable[[Engine], Any]:
    def make(engine: Engine) -> Any:
        engine.walked[0].pc = pc
        return boundary(engine)

    return make


def guest(engine: Engine) -> tuple[ProgramGuest, View]:
    program = ProgramGuest(engine, lambda: None, "prog", {Dialect.GDB: View})  # type: ignore[arg-type, dict-item]
    return program, program.view(Dialect.GDB)  # type: ignore[return-value]


def test_the_first_boundary_is_the_entry() -> None:
    gate = Gate(PARKED)
    assert guest(Engine([boundary, moved(0x15)]))[0].run(gate) == Exited(0)
    assert gate.asked == [("entry", 0x10)]


def test_a_step_goes_through_the_addresses_of_a_boundary_and_on() -> None:
    gate = Gate(STEP, STEP, STEP)
    guest(Engine([boundary, moved(0x15)]))[0].run(gate)
    assert gate.asked == [("entry", 0x10), ("step", 0x13), ("step", 0x15)]


def test_a_breakpoint_at_a_later_address_of_the_boundary_is_hit() -> None:
    program, view = guest(Engine([boundary]))
    view.hits = {0x13}
    gate = Gate(GO, GO)
    program.run(gate)
    assert gate.asked == [("entry", 0x10), ("breakpoint", 0x13)]


def test_breakpoints_are_reported_without_stepping() -> None:
    program, view = guest(Engine([boundary, breakpoint_]))
    gate = Gate(GO, GO, GO)
    gate.during = lambda: view.hits.add(0x10)
    program.run(gate)
    assert gate.asked == [("entry", 0x10), ("breakpoint", 0x10)]


def test_an_interrupt_stops_at_a_boundary() -> None:
    engine = Engine([boundary, lambda engine: events.Interrupt()])
    program, _ = guest(engine)
    gate = Gate(GO, PARKED)
    engine.script = [boundary, lambda engine: (program.interrupt(), events.Interrupt())[1]]
    program.run(gate)
    assert gate.asked == [("entry", 0x10), ("interrupt", 0x10)]
    assert engine.interrupts == 1


def test_an_interrupt_while_an_event_is_decided_is_served_at_once_and_only_once() -> None:
    engine = Engine([boundary, breakpoint_, lambda engine: events.Interrupt()])
    program, view = guest(engine)
    view.hits = {0x13}
    gate = Gate(PARKED, GO, GO, PARKED, GO)

    def during() -> None:
        if len(gate.asked) == 3:
            program.interrupt()

    gate.during = during
    program.run(gate)
    kinds = [kind for kind, _ in gate.asked]
    assert kinds == ["entry", "breakpoint", "breakpoint", "interrupt", "breakpoint"]


def test_a_breakpoint_inserted_at_a_stop_is_hit_at_the_same_boundary() -> None:
    program, view = guest(Engine([boundary]))
    gate = Gate(PARKED, GO)
    gate.during = lambda: view.hits.add(0x13)
    program.run(gate)
    assert gate.asked == [("entry", 0x10), ("breakpoint", 0x13)]


def test_an_interrupted_host_call_is_shown_where_it_is() -> None:
    engine = Engine([])
    program, _ = guest(engine)
    engine.script = [
        boundary,
        lambda engine: (program.interrupt(), events.Interrupt(in_host_call=True))[1],
    ]
    gate = Gate(GO, STEP)
    program.run(gate)
    assert gate.asked[-1] == ("interrupt", 0x13)
    assert engine.stepping


@pytest.mark.parametrize(
    ("code", "signal"),
    [
        (TrapCode.UNREACHABLE, Signal.ILL),
        (TrapCode.INTEGER_DIVISION_BY_ZERO, Signal.FPE),
        (TrapCode.MEMORY_OUT_OF_BOUNDS, Signal.SEGV),
        (TrapCode.STACK_OVERFLOW, Signal.SEGV),
    ],
)
def test_a_trap_ends_the_guest_with_its_signal(
    code: TrapCode, signal: Signal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stops, "standing_op", lambda frame: None)
    script = [boundary, lambda engine: events.Trap(code, code.message)]
    program, view = guest(Engine(script, Trap(code.message)))
    gate = Gate(GO, Verdict(stepping=False, parked=True, signal=signal))
    assert program.run(gate) == Terminated(signal)
    assert gate.asked[-1] == ("trap", 0x13)
    fault = view.standings[-1].fault
    assert fault is not None and fault.text == f"wasm trap: {code.message}"


def test_an_exit_code_is_a_byte() -> None:
    assert guest(Engine([], ExitTrap(7)))[0].run(Gate()) == Exited(7)


def test_a_signal_that_the_client_delivers_ends_the_guest() -> None:
    program, _ = guest(Engine([boundary]))
    assert program.run(Gate(Verdict(stepping=False, parked=True, signal=15))) == Terminated(
        Signal.TERM
    )


def test_killed_passes() -> None:
    class Killing(Gate):
        def event(self, kind: RawKind, pc: Address, reader: Any) -> Verdict:
            raise Killed

    with pytest.raises(Killed):
        guest(Engine([boundary]))[0].run(Killing())


def registered(engine: Engine) -> Any:
    return events.ModuleRegistered(None)  # type: ignore[arg-type]


def test_a_module_registered_before_the_first_boundary_is_no_stop() -> None:
    gate = Gate(PARKED)
    assert guest(Engine([registered, boundary]))[0].run(gate) == Exited(0)
    assert gate.asked == [("entry", 0x10)]


def test_a_module_registered_later_is_a_stop() -> None:
    gate = Gate(PARKED, GO)
    guest(Engine([boundary, registered]))[0].run(gate)
    assert gate.asked == [("entry", 0x10), ("library", 0x13)]


def test_a_system_call_is_a_stop_and_another_host_call_is_none() -> None:
    def call(name: str) -> Callable[[Engine], Any]:
        return lambda engine: events.HostCall(name)

    gate = Gate(PARKED, GO)
    script = [boundary, call("env.log"), call("wasi_snapshot_preview1.fd_write")]
    program, view = guest(Engine(script))
    program.run(gate)
    assert gate.asked == [("entry", 0x10), ("system call", 0x13)]
    assert view.standings[-1].call == SystemCall(1, returned=False)


def test_a_range_is_stepped_through_without_events() -> None:
    engine = Engine([boundary, moved(0x15)])
    verdict = Verdict(stepping=True, parked=True, quiet_low=0x13, quiet_high=0x20)
    guest(engine)[0].run(Gate(verdict, STEP, STEP))
    assert engine.quiet is None

    engine = Engine([boundary])
    guest(engine)[0].run(Gate(verdict, verdict))
    assert engine.quiet == (0, [range(0x13, 0x20)])
