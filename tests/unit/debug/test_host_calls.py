"""Host calls as events: before and after, once each, and nothing where nobody watches."""

import pytest

from jit.debug.events import DebugEvent, HostCall, HostcallError, Interrupt
from jit.runtime.errors import ExitTrap, HostCallInterrupted
from jit.runtime.func import Caller, Func, HostFunction
from jit.runtime.instance import Instance
from jit.runtime.types import FuncType, ValType
from tests.unit.debug.guest import Guest

WAT = """(module (import "" "a" (func $a (param i32) (result i32))) (import "" "b" (func $b (param i32) (result i32)))
  (func (export "f") (result i32) (call $b (call $a (i32.const 5)))))"""


def load(guest: Guest, log: list[object]) -> Instance:
    def make(name: str) -> Func:
        def body(caller: Caller, value: int) -> int:
            log.append((name, value))
            return value + 1

        type_ = FuncType([ValType.i32()], [ValType.i32()]).wasm
        host = HostFunction(guest.store, type_, body, raw=True, name=name)
        return Func.of_host(guest.store, host)

    return guest.load(WAT, make("m.a"), make("m.b"))


def test_calls_are_reported_before_and_after(guest: Guest) -> None:
    log: list[object] = []
    instance = load(guest, log)

    def handler(event: DebugEvent) -> None:
        log.append(event)
        assert guest.place().stack[-1:] == ((6,) if isinstance(event, HostCall) else ())

    debugger = guest.debugger
    assert debugger is not None
    debugger.watch_host_calls("m.b".__eq__)
    assert guest.run(instance, "f", handler=handler) == 7
    assert log == [("m.a", 5), HostCall("m.b"), ("m.b", 6), HostCall("m.b", returned=True)]


def test_nothing_is_reported_any_more(guest: Guest) -> None:
    log: list[object] = []
    instance = load(guest, log)
    debugger = guest.debugger
    assert debugger is not None
    before = [function.run for function in guest.store.host_functions.values()]
    debugger.watch_host_calls(lambda name: True)
    debugger.watch_host_calls(None)
    assert [function.run for function in guest.store.host_functions.values()] == before
    guest.run(instance, "f", handler=log.append)
    assert log == [("m.a", 5), ("m.b", 6)]


def test_who_stops_watching_during_a_call_hears_no_return(guest: Guest) -> None:
    log: list[object] = []
    instance = load(guest, log)
    debugger = guest.debugger
    assert debugger is not None

    def handler(event: DebugEvent) -> None:
        log.append(event)
        debugger.watch_host_calls(None)

    debugger.watch_host_calls(lambda name: True)
    guest.run(instance, "f", handler=handler)
    assert log == [HostCall("m.a"), ("m.a", 5), ("m.b", 6)]


def test_functions_made_later_are_watched(guest: Guest) -> None:
    log: list[object] = []
    debugger = guest.debugger
    assert debugger is not None
    debugger.watch_host_calls("m.a".__eq__)
    instance = load(guest, log)
    guest.run(instance, "f", handler=log.append)
    assert log == [HostCall("m.a"), ("m.a", 5), HostCall("m.a", returned=True), ("m.b", 6)]


def one(guest: Guest, errors: list[Exception]) -> Instance:
    """Load a module that calls a function which raises these errors, one a call, then returns."""

    def body(caller: Caller) -> None:
        if errors:
            raise errors.pop(0)

    host = HostFunction(guest.store, FuncType([], []).wasm, body, raw=True, name="m.h")
    wat = """(module (import "" "h" (func)) (func (export "f") call 0))"""
    return guest.load(wat, Func.of_host(guest.store, host))


def test_a_call_that_is_made_again_is_reported_once(guest: Guest) -> None:
    log: list[DebugEvent] = []
    instance = one(guest, [HostCallInterrupted(), HostCallInterrupted()])
    debugger = guest.debugger
    assert debugger is not None
    debugger.watch_host_calls(lambda name: True)
    guest.run(instance, "f", handler=log.append)
    interrupt = Interrupt(in_host_call=True)
    assert log == [HostCall("m.h"), interrupt, interrupt, HostCall("m.h", returned=True)]


def test_watching_anew_at_every_stop_reports_no_call_twice(guest: Guest) -> None:
    """As gdb does it: what it catches is taken out at a stop, and put in again."""
    log: list[DebugEvent] = []
    instance = one(guest, [HostCallInterrupted()])
    debugger = guest.debugger
    assert debugger is not None

    def handler(event: DebugEvent) -> None:
        log.append(event)
        debugger.watch_host_calls(None)
        debugger.watch_host_calls("m.h".__eq__)

    debugger.watch_host_calls("m.h".__eq__)
    guest.run(instance, "f", handler=handler)
    guest.run(instance, "f", handler=handler)
    call, returned = HostCall("m.h"), HostCall("m.h", returned=True)
    assert log == [call, Interrupt(in_host_call=True), returned, call, returned]


def test_a_call_that_ends_the_program_does_not_return(guest: Guest) -> None:
    log: list[DebugEvent] = []
    end = ExitTrap(3)
    instance = one(guest, [end])
    debugger = guest.debugger
    assert debugger is not None
    debugger.watch_host_calls(lambda name: True)
    with pytest.raises(ExitTrap):
        guest.run(instance, "f", handler=log.append)
    assert log == [HostCall("m.h"), HostcallError(end)]
