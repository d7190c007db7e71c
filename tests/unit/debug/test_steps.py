"""Single-step mode: every boundary is a stop, once, in order, wherever the guest goes."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from jit.debug.events import Breakpoint, DebugEvent
from jit.runtime.func import Caller, Func
from jit.runtime.instance import Instance
from jit.runtime.types import FuncType, ValType
from tests.unit.debug.guest import Guest

SMALL = """(module
  (func $add (export "add") (param i32 i32) (result i32)
    local.get 0
    local.get 1
    i32.add)
  (func (export "twice") (param i32) (result i32)
    nop
    local.get 0
    local.get 0
    call $add
    block (result i32)
      i32.const 1
      nop
    end
    i32.add))
"""


def trace(guest: Guest, instance: Instance, name: str, *arguments: Any) -> list[tuple[int, int]]:
    """Step through an export; return (function, index of the op in it) of each stop."""
    stops: list[tuple[int, int]] = []
    debugger = guest.debugger
    assert debugger is not None

    def handler(event: DebugEvent) -> None:
        assert isinstance(event, Breakpoint) and event.step
        place = guest.place()
        assert place.pc == event.pc
        stops.append((place.function, list(debugger.boundaries(0, place.function)).index(event.pc)))

    debugger.step(True)
    guest.run(instance, name, *arguments, handler=handler)
    debugger.step(False)
    return stops


ADD = [(0, at) for at in range(4)]
TWICE = [*((1, at) for at in range(4)), *ADD, *((1, at) for at in range(4, 10))]


def test_steps_are_in_order(guest: Guest) -> None:
    instance = guest.load(SMALL)
    assert trace(guest, instance, "add", 1, 2) == ADD
    assert trace(guest, instance, "twice", 1) == TWICE
    assert trace(guest, instance, "twice", 1) == TWICE


def test_stepping_may_begin_before_instantiation(guest: Guest) -> None:
    debugger = guest.debugger
    assert debugger is not None
    stops: list[int] = []
    wat = """(module (func $s nop nop) (start $s) (func (export "f") nop))"""
    debugger.step(True)

    def handler(event: DebugEvent) -> None:
        if isinstance(event, Breakpoint):
            stops.append(guest.place().pc)

    instance = debugger.run(lambda: guest.load(wat), handler)
    assert stops == list(debugger.boundaries(0, 0))
    other = debugger.run(lambda: guest.load(SMALL), lambda event: None)
    assert trace(guest, instance, "f") == [(0 + 1, 0), (1, 1)]
    assert debugger.modules()[1].module is other.module


def test_nothing_is_patched_after_stepping(guest: Guest) -> None:
    instance = guest.load(SMALL)
    guest.function(instance, "twice")(guest.store, 1)
    plain = guest.patched_bytes()
    trace(guest, instance, "twice", 1)
    assert guest.patched_bytes() == plain
    assert not guest.store.entry_stops


def test_breakpoints_outlive_stepping(guest: Guest) -> None:
    instance = guest.load(SMALL)
    debugger = guest.debugger
    assert debugger is not None
    pc = debugger.boundaries(0, 0)[2]
    debugger.set_breakpoint(0, pc)
    requested: list[tuple[int, ...]] = []

    def handler(event: DebugEvent) -> None:
        assert isinstance(event, Breakpoint)
        requested.append(event.requested)

    debugger.step(True)
    guest.run(instance, "add", 1, 2, handler=handler)
    assert requested == [(), (), (pc,), ()]
    debugger.step(False)
    requested.clear()
    guest.run(instance, "add", 1, 2, handler=handler)
    assert requested == [(pc,)]


def test_stepping_begins_and_ends_in_a_handler(guest: Guest) -> None:
    """From a breakpoint in the callee, out of it and through the caller."""
    instance = guest.load(SMALL)
    debugger = guest.debugger
    assert debugger is not None
    debugger.set_breakpoint(0, debugger.boundaries(0, 0)[2])
    stops: list[tuple[int, int]] = []

    def handler(event: DebugEvent) -> None:
        place = guest.place()
        stops.append((place.function, list(debugger.boundaries(0, place.function)).index(place.pc)))
        debugger.step(len(stops) < 6)

    guest.run(instance, "twice", 1, handler=handler)
    assert stops == [(0, 2), (0, 3), (1, 4), (1, 5), (1, 6), (1, 7)]
    assert not debugger.stepping


def test_stepping_goes_through_host_calls_and_what_they_call(guest: Guest) -> None:
    wat = """(module (import "" "h" (func (param i32)))
      (func (export "f") i32.const 1 call 0 nop)
      (func $deep nop) (func (export "inner") call $deep))"""
    debugger = guest.debugger
    assert debugger is not None

    def body(caller: Caller, n: int) -> None:
        guest.function(instance, "inner")(guest.store)
        guest.function(instance, "inner")(guest.store)

    host = Func(guest.store, FuncType([ValType.i32()], []), body, access_caller=True)
    instance = guest.load(wat, host)
    inner = [(2, 0), (1, 0), (1, 1), (2, 1)]
    assert trace(guest, instance, "f") == [(0, 0), (0, 1), *inner, *inner, (0, 2), (0, 3)]


def test_stepping_that_begins_in_an_inner_activation_goes_on_in_the_outer(guest: Guest) -> None:
    wat = """(module (import "" "h" (func))
      (func (export "f") call $g nop) (func $g call 0 nop) (func (export "inner") nop))"""
    debugger = guest.debugger
    assert debugger is not None

    def body(caller: Caller) -> None:
        guest.function(instance, "inner")(guest.store)

    instance = guest.load(wat, Func(guest.store, FuncType([], []), body, access_caller=True))
    debugger.set_breakpoint(0, debugger.boundaries(0, 2)[0])
    stops: list[tuple[int, int]] = []

    def handler(event: DebugEvent) -> None:
        place = guest.place()
        stops.append((place.function, list(debugger.boundaries(0, place.function)).index(place.pc)))
        debugger.step(True)

    guest.run(instance, "f", handler=handler)
    assert stops == [(2, 0), (2, 1), (1, 1), (1, 2), (0, 1), (0, 2)]


def test_a_call_through_a_table_and_to_another_instance_is_stepped_into(guest: Guest) -> None:
    library = guest.load("""(module (func (export "callee") (result i32) i32.const 4))""")
    wat = """(module (type $t (func (result i32))) (import "" "callee" (func (type $t)))
      (table 2 funcref) (elem (i32.const 0) 0 $own)
      (func $own (type $t) i32.const 8)
      (func (export "f") (result i32)
        (i32.add (call_indirect (type $t) (i32.const 0)) (call_indirect (type $t) (i32.const 1)))))"""
    instance = guest.load(wat, guest.function(library, "callee"))
    debugger = guest.debugger
    assert debugger is not None
    modules: list[int] = []

    def handler(event: DebugEvent) -> None:
        frame = debugger.frame(0)
        assert frame is not None
        modules.append(debugger.module_of(frame).index)

    debugger.step(True)
    assert guest.run(instance, "f", handler=handler) == 12
    assert modules == [1, 1, 0, 0, 1, 1, 1, 1, 1, 1]


def test_no_stop_is_reported_twice_at_one_boundary(guest: Guest) -> None:
    """Function entries and loop heads have an interrupt check and a site; a loop goes round."""
    wat = """(module (func (export "f") (param i32)
      loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))) end))"""
    instance = guest.load(wat)
    around = [(0, at) for at in range(1, 6)]
    assert trace(guest, instance, "f", 3) == [(0, 0), *around, *around, *around, (0, 6), (0, 7)]


def test_the_cost_of_a_step_does_not_depend_on_the_module(new_guest: Callable[..., Guest]) -> None:
    """Ten thousand functions that have been compiled and are not on the stack are left alone."""
    guest = new_guest()
    count = 10_000
    body = " ".join(["nop"] * 20)
    functions = "\n".join(f'(func (export "f{i}") {body})' for i in range(count))
    instance = guest.load(f"(module {functions})")
    for code in guest.store.code.modules():
        for index in range(0, count, 10):
            code.compile(index)
    debugger = guest.debugger
    assert debugger is not None
    debugger.set_breakpoint(0, debugger.boundaries(0, 5)[0])
    times: list[float] = []

    def handler(event: DebugEvent) -> None:
        start = time.perf_counter()
        debugger.step(True)
        debugger.step(False)
        times.append(time.perf_counter() - start)

    for _ in range(5):
        guest.run(instance, "f5", handler=handler)
    assert min(times) < 0.005


def test_local_types_of_a_stopped_function_are_those_of_its_code(guest: Guest) -> None:
    instance = guest.load(SMALL)
    debugger = guest.debugger
    assert debugger is not None

    def handler(event: DebugEvent) -> None:
        frame = debugger.frame(0)
        assert frame is not None and frame.instance() is instance
        assert frame.module() is instance.module

    debugger.step(True)
    assert guest.run(instance, "add", 1, 2, handler=handler) == 3


LOOP = """(module
  (func $inner (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
  (func (export "f") (param i32) (result i32) (local i32)
    (loop
      (local.set 1 (i32.add (local.get 1) (i32.const 1)))
      (br_if 0 (i32.lt_u (local.get 1) (local.get 0))))
    (drop (call $inner (local.get 1)))
    (local.get 1)))
"""


def stops_of_loop(guest: Guest, count: int, first: int, last: int) -> list[tuple[int, int]]:
    """Step through `f`, quietly from its op number `first` to before `last`; return the stops."""
    instance = guest.load(LOOP)
    debugger = guest.debugger
    assert debugger is not None
    module = len(debugger.modules()) - 1
    pcs = debugger.boundaries(module, 1)
    stops: list[tuple[int, int]] = []

    def handler(event: DebugEvent) -> None:
        place = guest.place()
        ops = debugger.boundaries(module, place.function)
        stops.append((place.function, list(ops).index(place.pc)))

    debugger.step(True, (module, [range(pcs[first], pcs[last])]))
    assert guest.run(instance, "f", count, handler=handler) == count
    debugger.step(False)
    return stops


@pytest.mark.parametrize(("first", "last"), [(0, 10), (1, 9), (2, 5), (10, 13), (0, 1), (5, 5)])
def test_quiet_ops_are_no_stops_and_all_others_are(guest: Guest, first: int, last: int) -> None:
    """Ops: loop, get, const, add, set, get, get, lt, br_if, end, get, call, drop, get, end."""
    whole = stops_of_loop(guest, 3, 0, 0)
    loud = [stop for stop in whole if stop[0] == 0 or not first <= stop[1] < last]
    assert stops_of_loop(guest, 3, first, last) == loud


def test_several_ranges_are_quiet(guest: Guest) -> None:
    instance = guest.load(LOOP)
    debugger = guest.debugger
    assert debugger is not None
    pcs = debugger.boundaries(0, 1)
    stops: list[int] = []

    def handler(event: DebugEvent) -> None:
        place = guest.place()
        if place.function == 1:
            stops.append(pcs.index(place.pc))

    debugger.step(True, (0, [range(pcs[0], pcs[4]), range(pcs[6], pcs[13])]))
    guest.run(instance, "f", 2, handler=handler)
    debugger.step(False)
    assert stops == [4, 5, 4, 5, 13, 14]


def test_quiet_ops_are_run_at_full_speed(guest: Guest) -> None:
    instance = guest.load(LOOP)
    debugger = guest.debugger
    assert debugger is not None
    pcs = debugger.boundaries(0, 1)
    before = guest.store.executions
    debugger.step(True, (0, [range(pcs[0], pcs[10])]))
    guest.run(instance, "f", 10_000, handler=lambda event: None)
    assert guest.store.executions - before < 100


def test_breakpoints_in_a_quiet_range_are_hit(guest: Guest) -> None:
    instance = guest.load(LOOP)
    debugger = guest.debugger
    assert debugger is not None
    pcs = debugger.boundaries(0, 1)
    hits: list[int] = []

    def handler(event: DebugEvent) -> None:
        if isinstance(event, Breakpoint) and event.requested:
            hits.append(guest.place().locals[1])
            debugger.set_breakpoint(0, pcs[7])

    debugger.set_breakpoint(0, pcs[5])
    debugger.step(True, (0, [range(pcs[0], pcs[10])]))
    guest.run(instance, "f", 3, handler=handler)
    assert hits == [1, 1, 2, 2, 3, 3]


def test_a_quiet_range_is_changed_on_the_way(guest: Guest) -> None:
    instance = guest.load(LOOP)
    debugger = guest.debugger
    assert debugger is not None
    pcs = debugger.boundaries(0, 1)
    places: list[int] = []

    def handler(event: DebugEvent) -> None:
        place = guest.place()
        if place.function == 1:
            places.append(pcs.index(place.pc))
            if place.pc == pcs[3]:
                debugger.step(True, (0, [range(pcs[0], pcs[10])]))
            elif place.pc == pcs[12]:
                debugger.step(True)

    debugger.step(True, (0, [range(pcs[0], pcs[3])]))
    guest.run(instance, "f", 5, handler=handler)
    debugger.step(False)
    assert places == [3, 10, 11, 12, 13, 14]
