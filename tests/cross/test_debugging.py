"""A debugger's tools on every machine: breakpoints, writes, calls through the host, interrupts, epochs."""

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

import jit
from jit.debug.events import Breakpoint, DebugEvent, EpochYield, Interrupt
from jit.debug.frames import FrameHandle
from jit.wasm.opcodes import NOP
from tests.cross.lab import FIRST, MACHINES, OTHERS, Lab, Stop, seen

I32 = jit.ValType.i32()
I64 = jit.ValType.i64()

LOOP = """(module
  (func (export "sum") (param $n i32) (result i64) (local $sum i64) (local $f f64)
    (local.set $f (f64.const 0.5))
    (loop $again
      (nop)
      (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (local.get $n))))
      (local.set $f (f64.mul (local.get $f) (f64.const 2)))
      (br_if $again (i32.gt_s (local.tee $n (i32.sub (local.get $n) (i32.const 1))) (i32.const 0))))
    (i64.add (local.get $sum) (i64.trunc_f64_s (local.get $f)))))"""

NESTED = """(module
  (import "" "twice" (func $twice (param i32) (result i32)))
  (func (export "outer") (param i32) (result i32) (local i32)
    (local.set 1 (i32.const 77))
    (i32.add (i32.mul (call $twice (local.get 0)) (i32.const 10)) (local.get 1)))
  (func (export "inner") (param i32) (result i32)
    (if (result i32) (i32.gt_s (local.get 0) (i32.const 100))
      (then (unreachable)) (else (i32.add (local.get 0) (i32.const 1))))))"""


def boundaries(lab: Lab, op: int) -> Iterator[int]:
    """Yield where an opcode of one byte stands among the ops that a trace of `LOOP` shows."""
    _, stops = lab.trace("sum", 1)
    pcs = dict.fromkeys(stop.frames[0].pc for stop in stops)
    yield from (pc for pc in pcs if lab.module.info.data[pc] == op)


def handle(lab: Lab, handler: Callable[[DebugEvent], object]) -> None:
    """Let a handler have the events."""
    lab.store.set_debug_handler(lambda _, event: handler(event))


def innermost(lab: Lab) -> FrameHandle:
    """Return the innermost frame."""
    return next(lab.frames())


def bit_results(lab: Lab, name: str, *arguments: int) -> list[int]:
    """Call an export."""
    return lab.function(name).call_bits(list(arguments))


@pytest.mark.parametrize("machine", MACHINES)
def test_breakpoint_at_a_site(machine: str) -> None:
    lab = Lab(machine, LOOP)
    (pc,) = boundaries(lab, NOP)
    with lab.edit() as edit:
        edit.add_breakpoint(lab.module, pc)
    hits: list[tuple[int, ...]] = []

    def hit(event: DebugEvent) -> None:
        assert isinstance(event, Breakpoint) and event.pc == pc
        frame = innermost(lab)
        hits.append(tuple(frame.local_bits(at) for at in range(3)))

    handle(lab, hit)
    assert bit_results(lab, "sum", 3) == [6 + 4]
    assert [bits[:2] for bits in hits] == [(3, 0), (2, 3), (1, 5)]
    with lab.edit() as edit:
        edit.remove_breakpoint(lab.module, pc)
    assert bit_results(lab, "sum", 3) == [6 + 4]
    assert len(hits) == 3


def write_at_every_stop(machine: str, index: int, bits: int, at: int) -> tuple[list[int], Stop]:
    """Write a local at stop number `at` of a stepped run; return the results and that stop."""
    lab = Lab(machine, LOOP)
    stops: list[Stop] = []

    def stop(event: DebugEvent) -> None:
        frame = innermost(lab)
        if len(stops) == at:
            frame.set_local_bits(index, bits)
        stops.append(Stop(type(event).__name__, (seen(frame),)))

    handle(lab, stop)
    with lab.edit() as edit:
        edit.single_step(True)
    return bit_results(lab, "sum", 2), stops[at]


@pytest.mark.parametrize("machine", OTHERS)
@pytest.mark.parametrize(("index", "bits"), [(0, 5), (1, 1 << 40), (2, 0x4024 << 48)])
def test_a_written_local_has_the_same_effect(machine: str, index: int, bits: int) -> None:
    _, stops = Lab(FIRST, LOOP).trace("sum", 2)
    for at in range(len(stops)):
        ours, first = (write_at_every_stop(name, index, bits, at) for name in (machine, FIRST))
        assert ours == first, at


def test_writes_do_have_effects() -> None:
    """Else the test above would be about nothing."""
    _, stops = Lab(FIRST, LOOP).trace("sum", 2)
    results = {tuple(write_at_every_stop(FIRST, 1, 1 << 40, at)[0]) for at in range(len(stops))}
    assert len(results) > 1


def twice(lab: Lab) -> Sequence[Any]:
    """Make a host function that calls back into the guest."""

    def call(caller: jit.Caller, number: int) -> int:
        inner = caller["inner"]
        assert isinstance(inner, jit.Func)
        return 2 * int(inner(caller, number))

    return [jit.Func(lab.store, jit.FuncType([I32], [I32]), call, access_caller=True)]


@pytest.mark.parametrize("machine", MACHINES)
def test_calls_through_the_host(machine: str) -> None:
    lab = Lab(machine, NESTED, twice)
    assert lab.call("outer", 4).results == (177,)
    trapped = lab.call("outer", 101)
    assert trapped.trap is jit.TrapCode.UNREACHABLE
    assert [function for function, _ in trapped.frames] == [2, 1]


@pytest.mark.parametrize("machine", OTHERS)
@pytest.mark.parametrize("argument", [4, 101])
def test_steps_through_the_host_are_the_same(machine: str, argument: int) -> None:
    ours, first = (Lab(name, NESTED, twice).trace("outer", argument) for name in (machine, FIRST))
    assert ours == first
    assert {len(stop.frames) for stop in ours[1]} == {1}
    assert {stop.frames[0].function for stop in ours[1]} == {0, 1}


@pytest.mark.parametrize("machine", MACHINES)
def test_an_interrupt_stops_at_a_loop_head(machine: str) -> None:
    lab = Lab(machine, LOOP)
    events: list[tuple[DebugEvent, int]] = []

    def stopped(event: DebugEvent) -> None:
        frame = innermost(lab)
        events.append((event, frame.num_stacks()))
        if isinstance(event, Interrupt):
            frame.set_local_bits(0, 1)
            frame.set_local_bits(2, 0)

    handle(lab, stopped)
    timer = threading.Timer(0.05, lab.store.interrupt)
    timer.start()
    try:
        bit_results(lab, "sum", 0x7FFF_FFFF)
    finally:
        timer.join()
    assert events == [(Interrupt(), 0)]


@pytest.mark.parametrize("machine", MACHINES)
def test_an_epoch_yields(machine: str) -> None:
    lab = Lab(machine, LOOP, epoch=True)
    events: list[DebugEvent] = []
    handle(lab, events.append)
    lab.store.set_epoch_deadline(1)
    lab.engine.increment_epoch()
    outcome = lab.call("sum", 3)
    assert outcome.trap is jit.TrapCode.INTERRUPT
    assert not [event for event in events if isinstance(event, EpochYield)]
