"""Compiled guests under the runtime: stacks, interrupts, epochs, growth, on both machines."""

import gc
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import wasmtime

import jit


@pytest.fixture(params=["native", "emulated"])
def machine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[False, True], ids=["plain", "debug"])
def config(request: pytest.FixtureRequest, machine: str) -> jit.Config:
    config = jit.Config()
    config.machine = machine
    config.guest_debug = request.param
    return config


class Guest:
    """One instance; an attribute is an exported function bound to its store."""

    def __init__(self, wat: str, config: jit.Config, *imports: Callable[[jit.Store], Any]) -> None:
        self.engine = jit.Engine(config)
        self.store = jit.Store(self.engine)
        module = jit.Module(self.engine, bytes(wasmtime.wat2wasm(wat)))
        self.instance = jit.Instance(self.store, module, [make(self.store) for make in imports])

    def __getattr__(self, name: str) -> Callable[..., Any]:
        func = self.instance.exports(self.store)[name]
        assert isinstance(func, jit.Func)
        return lambda *arguments: func(self.store, *arguments)


def trap_of(call: Callable[[], object]) -> jit.Trap:
    with pytest.raises(jit.Trap) as caught:
        call()
    return caught.value


def test_overflow_of_small_frames(config: jit.Config) -> None:
    guest = Guest('(module $m (func $down (export "f") call $down))', config)
    trap = trap_of(guest.f)
    assert trap.trap_code is jit.TrapCode.STACK_OVERFLOW
    assert {frame.func_index for frame in trap.frames} == {0}
    assert {frame.func_offset for frame in trap.frames[1:]} == {1}


def test_overflow_of_large_frames_shows_the_caller(config: jit.Config) -> None:
    locals_ = " ".join(["i64"] * 1000)
    guest = Guest(
        f'(module (func (export "f") (local {locals_}) call $g) (func $g (local {locals_}) call 0))',
        config,
    )
    trap = trap_of(guest.f)
    assert trap.trap_code is jit.TrapCode.STACK_OVERFLOW
    indices = [frame.func_index for frame in trap.frames]
    assert sorted(indices[:2]) == [0, 1]
    assert indices[:2] * 10 == indices


def test_store_works_after_an_overflow(config: jit.Config) -> None:
    guest = Guest(
        '(module (func (export "f") call 0) (func (export "g") (result i32) i32.const 3))', config
    )
    trap_of(guest.f)
    assert guest.g() == 3


def test_recursion_of_guest_and_host_ends(config: jit.Config) -> None:
    guests: list[Guest] = []
    kind = jit.FuncType([], [])
    guest = Guest(
        '(module (import "" "h" (func)) (func (export "f") call 0))',
        config,
        lambda store: jit.Func(store, kind, lambda: guests[0].f()),
    )
    guests.append(guest)
    assert trap_of(guest.f).trap_code is jit.TrapCode.STACK_OVERFLOW


LOOP = '(module (func (export "f") (loop (br 0))))'


def test_interrupt_ends_a_loop(config: jit.Config) -> None:
    guest = Guest(LOOP, config)
    threading.Timer(0.02, guest.store.interrupt).start()
    trap = trap_of(guest.f)
    assert trap.trap_code is jit.TrapCode.INTERRUPT
    assert len(trap.frames) == 1


def test_interrupt_ends_recursion_without_loops(config: jit.Config) -> None:
    wat = (
        '(module (func $f (export "f") (param i32) (if (i32.eqz (local.get 0)) (then (return)))'
        " (call $f (i32.sub (local.get 0) (i32.const 1))) (call $f (i32.sub (local.get 0) (i32.const 1)))))"
    )
    guest = Guest(wat, config)
    threading.Timer(0.02, guest.store.interrupt).start()
    assert trap_of(lambda: guest.f(60)).trap_code is jit.TrapCode.INTERRUPT


def test_epoch_callback_decides(config: jit.Config) -> None:
    config.epoch_interruption = True
    wat = (
        '(module (func (export "f") (param i32) (result i32) (local i32) (loop (local.set 1'
        " (i32.add (local.get 1) (i32.const 1))) (br_if 0 (i32.lt_u (local.get 1) (local.get 0))))"
        " (local.get 1)))"
    )
    guest = Guest(wat, config)
    guest.store.set_epoch_deadline(1)
    calls: list[int] = []

    def callback() -> int:
        calls.append(1)
        return 1 if len(calls) < 3 else 1000

    guest.store.epoch_deadline_callback(callback)
    for _ in range(5):
        guest.engine.increment_epoch()
        assert guest.f(100) == 100
    assert len(calls) == 3


def test_growth_is_seen_by_all_importers(config: jit.Config) -> None:
    guest = Guest('(module (memory (export "m") 1 20))', config)
    store, memory = guest.store, guest.instance.exports(guest.store)["m"]
    wat = (
        '(module (import "" "m" (memory 1)) (func (export "store") (param i32 i32)'
        ' (i32.store (local.get 0) (local.get 1))) (func (export "load") (param i32) (result i32)'
        ' (i32.load offset=4 (local.get 0))) (func (export "grow") (param i32) (result i32)'
        " (memory.grow (local.get 0))))"
    )
    module = jit.Module(guest.engine, bytes(wasmtime.wat2wasm(wat)))
    one, two = (jit.Instance(store, module, [memory]).exports(store) for _ in range(2))
    last = 2 * 65536 - 4
    assert (
        trap_of(lambda: two["store"](store, last, 5)).trap_code is jit.TrapCode.MEMORY_OUT_OF_BOUNDS
    )
    assert one["grow"](store, 1) == 1
    two["store"](store, last, 5)
    assert one["load"](store, last - 4) == 5
    assert trap_of(lambda: one["load"](store, last)).trap_code is jit.TrapCode.MEMORY_OUT_OF_BOUNDS
    assert one["grow"](store, 100) == -1


def test_tables_are_shared(config: jit.Config) -> None:
    guest = Guest('(module (table (export "t") 1 10 funcref))', config)
    store, table = guest.store, guest.instance.exports(guest.store)["t"]
    wat = (
        '(module (import "" "t" (table 1 funcref)) (import "" "n" (global $n i32))'
        " (func $me (result i32) (global.get $n)) (elem declare func $me)"
        ' (func (export "put") (result i32) (table.grow (ref.func $me) (i32.const 1)))'
        ' (func (export "call") (param i32) (result i32) (call_indirect (result i32) (local.get 0))))'
    )
    module = jit.Module(guest.engine, bytes(wasmtime.wat2wasm(wat)))
    kind = jit.GlobalType(jit.ValType.i32(), False)
    exports = [
        jit.Instance(store, module, [table, jit.Global(store, kind, number)]).exports(store)
        for number in (11, 22)
    ]
    assert [e["put"](store) for e in exports] == [1, 2]
    assert [exports[0]["call"](store, index) for index in (1, 2)] == [11, 22]
    assert (
        trap_of(lambda: exports[1]["call"](store, 3)).trap_code is jit.TrapCode.TABLE_OUT_OF_BOUNDS
    )
    assert table.get(store, 2)(store) == 22


def test_a_store_goes_when_nothing_refers_to_it(config: jit.Config) -> None:
    guest = Guest('(module (memory 1) (func (export "f") (result i32) memory.size))', config)
    assert guest.f() == 1
    gone = weakref.ref(guest.store)
    del guest
    gc.collect()
    assert gone() is None
