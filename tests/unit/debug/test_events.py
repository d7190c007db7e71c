"""Events: traps, host errors, epochs, interrupts and kills, and what a store without debugging has."""

import threading
from collections.abc import Callable

import pytest

from jit.abi.traps import TrapCode
from jit.debug.errors import DebugError, Killed
from jit.debug.events import (
    Breakpoint,
    DebugEvent,
    EpochYield,
    HostcallError,
    Interrupt,
    Trap,
)
from jit.runtime.errors import ExitTrap, HostCallInterrupted
from jit.runtime.func import Caller, Func
from jit.runtime.instance import Instance
from jit.runtime.store import Store
from jit.runtime.trap import Trap as GuestTrap
from jit.runtime.types import FuncType
from tests.unit.debug.guest import Guest

ENDLESS = """(module (global $stop (mut i32) (i32.const 0))
  (func (export "f") (result i32) (local i32)
    loop
      (local.set 0 (i32.add (local.get 0) (i32.const 1)))
      (br_if 0 (i32.eqz (global.get $stop)))
    end
    local.get 0))
"""


def host(guest: Guest, body: Callable[..., object]) -> Func:
    return Func(guest.store, FuncType([], []), body, access_caller=True)


def test_a_trap_is_reported_and_then_raised(guest: Guest) -> None:
    instance = guest.load("""(module (func (export "f") unreachable))""")
    events: list[DebugEvent] = []
    with pytest.raises(GuestTrap) as raised:
        guest.run(instance, "f", handler=events.append)
    assert events == [Trap(TrapCode.UNREACHABLE, "wasm `unreachable` instruction executed")]
    assert raised.value.trap_code is TrapCode.UNREACHABLE


@pytest.mark.parametrize("error", [ValueError("own"), ExitTrap(3), GuestTrap("made by the host")])
def test_an_error_of_a_host_function_is_an_event_with_it(guest: Guest, error: Exception) -> None:
    def body(caller: Caller) -> None:
        raise error

    wat = """(module (import "" "h" (func)) (func (export "f") i32.const 3 call 0 drop))"""
    instance = guest.load(wat, host(guest, body))
    events: list[DebugEvent] = []

    def handler(event: DebugEvent) -> None:
        events.append(event)
        assert guest.place().stack == (3,)

    with pytest.raises(type(error)) as raised:
        guest.run(instance, "f", handler=handler)
    assert raised.value is error
    assert events == [HostcallError(error)]


def test_an_inner_trap_passes_every_activation(guest: Guest) -> None:
    def body(caller: Caller) -> None:
        guest.function(instance, "inner")(guest.store)

    wat = """(module (import "" "h" (func)) (func (export "f") call 0)
      (func (export "inner") unreachable))"""
    instance = guest.load(wat, host(guest, body))
    seen: list[tuple[type[DebugEvent], int]] = []

    def handler(event: DebugEvent) -> None:
        assert guest.debugger is not None
        seen.append((type(event), guest.debugger.depth()))

    with pytest.raises(GuestTrap):
        guest.run(instance, "f", handler=handler)
    assert seen == [(Trap, 2), (HostcallError, 1)]


def test_an_epoch_yields_at_the_earliest_point(new_guest: Callable[..., Guest]) -> None:
    guest = new_guest(epoch=True)
    instance = guest.load(ENDLESS)
    debugger = guest.debugger
    assert debugger is not None
    guest.store.set_epoch_deadline(1)
    guest.store.epoch_deadline_yield_and_update(0)
    guest.store.state.epoch.increment()
    pcs: list[int] = []

    def handler(event: DebugEvent) -> None:
        assert isinstance(event, EpochYield)
        pcs.append(guest.place().pc)
        if len(pcs) == 3:
            debugger.set_global_bits(instance, 0, 1)

    assert guest.run(instance, "f", handler=handler) == 2
    ops = debugger.boundaries(0, 0)
    assert pcs == [ops[0], ops[1], ops[1]]


def test_an_epoch_at_a_breakpoint_hides_it_not(new_guest: Callable[..., Guest]) -> None:
    guest = new_guest(epoch=True)
    instance = guest.load(ENDLESS)
    debugger = guest.debugger
    assert debugger is not None
    debugger.set_breakpoint(0, debugger.boundaries(0, 0)[0])
    debugger.set_global_bits(instance, 0, 1)
    guest.store.set_epoch_deadline(1)
    guest.store.epoch_deadline_yield_and_update(100)
    guest.store.state.epoch.increment()
    events: list[type[DebugEvent]] = []
    guest.run(instance, "f", handler=lambda event: events.append(type(event)))
    assert events == [EpochYield, Breakpoint]


def test_an_interrupt_stops_a_loop_at_its_head(guest: Guest) -> None:
    """Then a breakpoint there fires the next time round, and a step from it goes on."""
    instance = guest.load(ENDLESS)
    debugger = guest.debugger
    assert debugger is not None
    ops = debugger.boundaries(0, 0)
    stops: list[tuple[type[DebugEvent], int]] = []

    def handler(event: DebugEvent) -> None:
        place = guest.place()
        stops.append((type(event), list(ops).index(place.pc)))
        if len(stops) == 1:
            debugger.set_breakpoint(0, place.pc)
        elif len(stops) == 2:
            debugger.step(True)
        elif len(stops) == 4:
            debugger.step(False)
            debugger.clear_breakpoints()
            debugger.set_global_bits(instance, 0, 1)

    timer = threading.Timer(0.05, debugger.interrupt)
    timer.start()
    guest.run(instance, "f", handler=handler)
    timer.join()
    assert stops == [(Interrupt, 1), (Breakpoint, 1), (Breakpoint, 2), (Breakpoint, 3)]


def test_a_step_from_an_interrupt_goes_to_the_next_boundary(guest: Guest) -> None:
    instance = guest.load(ENDLESS)
    debugger = guest.debugger
    assert debugger is not None
    ops = list(debugger.boundaries(0, 0))
    stops: list[int] = []

    def handler(event: DebugEvent) -> None:
        stops.append(ops.index(guest.place().pc))
        debugger.step(len(stops) < 4)
        debugger.set_global_bits(instance, 0, 1)

    debugger.interrupt()
    guest.run(instance, "f", handler=handler)
    assert stops == [0, 1, 2, 3]


def test_operands_are_written_at_the_virtual_stops_after_an_interrupt(guest: Guest) -> None:
    """The guest is moved to other code there, and stepping goes on in that."""
    wat = """(module (func (export "f") (param i32) (result i32)
      loop (result i32) i32.const 5 i32.const 6 i32.add
        (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))) end))"""
    instance = guest.load(wat)
    debugger = guest.debugger
    assert debugger is not None
    ops = list(debugger.boundaries(0, 0))
    stops: list[tuple[int, tuple[int, ...]]] = []

    def handler(event: DebugEvent) -> None:
        place = guest.place()
        stops.append((ops.index(place.pc), place.stack))
        frame = debugger.frame(0)
        assert frame is not None
        if stops[-1] == (3, (5, 6)):
            frame.set_stack_bits(0, 100)
            frame.set_stack_bits(1, 200)
            assert guest.place().stack == (100, 200)
        debugger.step(True)

    debugger.interrupt()
    debugger.step(True)
    assert guest.run(instance, "f", 1, handler=handler) == 300
    assert stops[:6] == [(0, ()), (1, ()), (2, (5,)), (3, (5, 6)), (4, (300,)), (5, (300, 1))]


def test_an_interrupt_wanted_while_nothing_runs_stops_the_next_run(guest: Guest) -> None:
    instance = guest.load("""(module (func (export "f") nop))""")
    events: list[DebugEvent] = []
    assert guest.debugger is not None
    guest.debugger.interrupt()
    guest.run(instance, "f", handler=events.append)
    guest.run(instance, "f", handler=events.append)
    assert events == [Interrupt()]


def test_an_interrupted_host_call_is_shown_and_made_again(guest: Guest) -> None:
    attempts: list[int] = []

    def body(caller: Caller) -> None:
        attempts.append(len(attempts))
        if len(attempts) == 1:
            guest.store.interrupt()
            raise HostCallInterrupted

    wat = """(module (import "" "h" (func)) (func (export "f") i32.const 9 call 0 nop drop))"""
    instance = guest.load(wat, host(guest, body))
    debugger = guest.debugger
    assert debugger is not None
    ops = list(debugger.boundaries(0, 0))
    stops: list[tuple[DebugEvent, int]] = []

    def handler(event: DebugEvent) -> None:
        place = guest.place()
        assert place.stack == (9,)
        stops.append((event, ops.index(place.pc)))
        debugger.step(len(stops) < 2)

    guest.run(instance, "f", handler=handler)
    assert attempts == [0, 1]
    assert [(type(event), at) for event, at in stops] == [(Interrupt, 2), (Breakpoint, 2)]
    assert stops[0][0] == Interrupt(in_host_call=True)


def test_without_a_handler_an_interrupt_is_a_trap(guest: Guest) -> None:
    instance = guest.load(ENDLESS)
    guest.store.interrupt()
    with pytest.raises(GuestTrap) as raised:
        guest.function(instance, "f")(guest.store)
    assert raised.value.trap_code is TrapCode.INTERRUPT


def test_a_kill_from_the_handler_ends_the_run(guest: Guest) -> None:
    instance = guest.load(ENDLESS)
    debugger = guest.debugger
    assert debugger is not None
    debugger.interrupt()
    with pytest.raises(Killed):
        guest.run(instance, "f", handler=lambda event: debugger.kill())
    debugger.set_global_bits(instance, 0, 1)
    assert guest.run(instance, "f", handler=lambda event: None) == 1


def test_a_kill_from_another_thread_ends_the_run_without_an_event(guest: Guest) -> None:
    instance = guest.load(ENDLESS)
    debugger = guest.debugger
    assert debugger is not None
    timer = threading.Timer(0.05, debugger.kill)
    timer.start()
    events: list[DebugEvent] = []
    with pytest.raises(Killed):
        guest.run(instance, "f", handler=events.append)
    timer.join()
    assert events == []


def test_a_kill_passes_host_functions(guest: Guest) -> None:
    def body(caller: Caller) -> None:
        with pytest.raises(Killed):
            guest.function(instance, "inner")(guest.store)
        assert guest.debugger is not None
        raise Killed

    wat = """(module (import "" "h" (func)) (func (export "f") call 0)
      (func (export "inner") loop br 0 end))"""
    instance = guest.load(wat, host(guest, body))
    debugger = guest.debugger
    assert debugger is not None
    timer = threading.Timer(0.05, debugger.kill)
    timer.start()
    with pytest.raises(Killed):
        guest.run(instance, "f", handler=lambda event: None)
    timer.join()


def test_what_a_handler_raises_drops_the_run(guest: Guest) -> None:
    class Cancelled(BaseException):
        pass

    instance = guest.load(ENDLESS)
    debugger = guest.debugger
    assert debugger is not None

    def handler(event: DebugEvent) -> None:
        raise Cancelled

    debugger.step(True)
    with pytest.raises(Cancelled):
        guest.run(instance, "f", handler=handler)
    assert debugger.event is None and guest.store.activations == []
    debugger.step(False)
    debugger.set_global_bits(instance, 0, 1)
    assert guest.run(instance, "f", handler=handler) == 1


def test_events_nest(guest: Guest) -> None:
    instance = guest.load("""(module (func (export "f") nop) (func (export "g") nop))""")
    debugger = guest.debugger
    assert debugger is not None
    for function in (0, 1):
        debugger.set_breakpoint(0, debugger.boundaries(0, function)[0])
    seen: list[tuple[int, int]] = []

    def handler(event: DebugEvent) -> None:
        assert debugger.event is event
        seen.append((guest.place().function, debugger.depth()))
        if len(seen) < 3:
            debugger.call(guest.function(instance, "g"), [])
            assert debugger.event is event

    guest.run(instance, "f", handler=handler)
    assert seen == [(0, 1), (1, 2), (1, 3)]
    assert debugger.event is None


def test_a_stores_own_handler(guest: Guest) -> None:
    instance = guest.load("""(module (func (export "f") unreachable))""")
    seen: list[tuple[Store, DebugEvent]] = []
    guest.store.set_debug_handler(lambda store, event: seen.append((store, event)))
    for _ in range(2):
        with pytest.raises(GuestTrap):
            guest.function(instance, "f")(guest.store)
        guest.store.clear_debug_handler()
    assert [store for store, _ in seen] == [guest.store]


PRIVATE = """(module (memory 1) (table 3 funcref) (global i32 (i32.const 6)) (func))"""


def accessors(instance: Instance) -> list[Callable[[Store, int], object]]:
    return [
        instance.debug_global,
        instance.debug_memory,
        instance.debug_table,
        instance.debug_function,
    ]


def test_private_entities_are_shown(guest: Guest) -> None:
    instance = guest.load(PRIVATE)
    store = guest.store
    global_, memory = instance.debug_global(store, 0), instance.debug_memory(store, 0)
    table, function = instance.debug_table(store, 0), instance.debug_function(store, 0)
    assert global_ is not None and global_.value(guest.store) == 6
    assert memory is not None and memory.size(guest.store) == 1
    assert table is not None and table.size(guest.store) == 3
    assert function is not None and function(guest.store) is None
    assert function == instance.func(0) and memory is instance.memories[0]
    for get in accessors(instance):
        assert get(store, 1) is None and get(store, -1) is None
    assert guest.store.debug_all_instances() == (instance,)
    assert guest.store.debug_all_modules() == (instance.module,)


def test_off_means_off(new_guest: Callable[..., Guest]) -> None:
    guest = new_guest(debug=False)
    store, instance = guest.store, guest.load(PRIVATE)
    assert store.debug_exit_frames() == () and store.debug_frames() is None
    assert store.edit_breakpoints() is None and store.breakpoints() is None
    assert not store.is_single_step()
    assert store.debug_all_instances() == () == store.debug_all_modules()
    for get in accessors(instance):
        assert get(store, 0) is None
    store.clear_debug_handler()
    with pytest.raises(DebugError, match="without guest debugging"):
        store.set_debug_handler(lambda store, event: None)


def test_events_nested_without_end_are_a_stack_overflow(guest: Guest) -> None:
    instance = guest.load("""(module (func (export "f") nop))""")
    debugger = guest.debugger
    assert debugger is not None
    debugger.set_breakpoint(0, debugger.boundaries(0, 0)[0])
    f = guest.function(instance, "f")
    with pytest.raises(GuestTrap) as raised:
        guest.run(instance, "f", handler=lambda event: f(guest.store))
    assert raised.value.trap_code is TrapCode.STACK_OVERFLOW
    assert guest.store.activations == []
    assert guest.run(instance, "f", handler=lambda event: None) is None
