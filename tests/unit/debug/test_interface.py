"""The debug interface of stores, callers and entities: asynchronous handlers, numbers, roots, and what is off."""

import gc
import sys
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import trio

import jit
from jit.debug.errors import DebugError
from jit.debug.events import Breakpoint, DebugEvent
from jit.debug.interface import DebuggableCaller
from jit.runtime.errors import StoreInUse
from jit.runtime.func import Func
from jit.runtime.store import Store
from jit.runtime.types import FuncType, ValType
from tests.unit.debug.guest import Guest, binary, nop_pc

TWO = """(module (func (export "f") (param i32) (result i32) nop (i32.add (local.get 0) (i32.const 1)))
  (func (export "g") (result i32) i32.const 7))"""


def test_a_caller_shows_what_its_store_does(guest: Guest) -> None:
    seen: list[tuple[Any, ...]] = []

    def host(caller: DebuggableCaller) -> None:
        (frame,) = caller.debug_exit_frames()
        cursor = caller.debug_frames()
        assert cursor is not None and cursor.frame == frame
        seen.append((caller.debug_all_instances(), caller.debug_all_modules()))
        edit = caller.edit_breakpoints("host")
        assert edit is not None
        with edit:
            edit.add_breakpoint(instance.module, nop_pc(guest, instance))
        breakpoints = caller.breakpoints()
        assert breakpoints is not None and [b.owner for b in breakpoints] == ["host"]
        assert not caller.is_single_step()

    function = Func(guest.store, FuncType([], []), host, access_caller=True)
    instance = guest.load(
        """(module (import "" "h" (func)) (func (export "f") call 0 nop))""", function
    )
    events: list[DebugEvent] = []
    guest.run(instance, "f", handler=events.append)
    assert seen == [((instance,), (instance.module,))]
    assert [type(event) for event in events] == [Breakpoint]


def stopping(guest: Guest) -> tuple[Func, Func]:
    """Load `TWO` with a breakpoint in `f`; return `f` and `g`."""
    instance = guest.load(TWO)
    assert guest.debugger is not None
    guest.debugger.set_breakpoint(0, nop_pc(guest, instance))
    return guest.function(instance, "f"), guest.function(instance, "g")


async def test_a_handler_may_be_a_coroutine_function(guest: Guest) -> None:
    f, g = stopping(guest)
    results: list[Any] = []

    async def handler(store: Store, event: DebugEvent) -> None:
        await trio.lowlevel.checkpoint()
        guest.store.debug_exit_frames()[0].set_local(0, jit.Val.i32(41))
        results.append(g(store))
        results.append(await trio.to_thread.run_sync(g, store))

    guest.store.set_debug_handler(handler, trio.from_thread.run)
    assert await trio.to_thread.run_sync(f, guest.store, 1) == 42
    assert results == [7, 7]


async def test_events_of_a_coroutines_calls_nest(guest: Guest) -> None:
    f, _ = stopping(guest)
    depths: list[int] = []

    async def handler(store: Store, event: DebugEvent) -> None:
        depths.append(len(guest.store.debug_exit_frames()))
        if len(depths) < 3:
            await trio.to_thread.run_sync(f, store, 0)

    guest.store.set_debug_handler(handler, trio.from_thread.run)
    assert await trio.to_thread.run_sync(f, guest.store, 1) == 2
    assert depths == [1, 2, 3]


async def test_another_task_does_not_get_the_turn(guest: Guest) -> None:
    f, g = stopping(guest)
    stopped, tried = trio.Event(), trio.Event()

    async def handler(store: Store, event: DebugEvent) -> None:
        stopped.set()
        await tried.wait()

    guest.store.set_debug_handler(handler, trio.from_thread.run)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.to_thread.run_sync, f, guest.store, 1)
        await stopped.wait()
        with pytest.raises(StoreInUse):
            g(guest.store)
        tried.set()


async def test_a_cancelled_handler_drops_the_run(guest: Guest) -> None:
    f, g = stopping(guest)

    async def handler(store: Store, event: DebugEvent) -> None:
        scope.cancel()
        await trio.sleep_forever()

    guest.store.set_debug_handler(handler, trio.from_thread.run)
    with trio.CancelScope() as scope:
        await trio.to_thread.run_sync(f, guest.store, 1)
    assert scope.cancelled_caught
    assert guest.store.debug_exit_frames() == ()
    guest.store.clear_debug_handler()
    assert (f(guest.store, 1), g(guest.store)) == (2, 7)


async def test_trio_runs_a_coroutine_function_unless_told_otherwise(guest: Guest) -> None:
    f, _ = stopping(guest)

    async def handler(store: Store, event: DebugEvent) -> None:
        await trio.lowlevel.checkpoint()
        guest.store.debug_exit_frames()[0].set_local(0, jit.Val.i32(9))

    guest.store.set_debug_handler(handler)
    assert await trio.to_thread.run_sync(f, guest.store, 1) == 10


def test_a_coroutine_function_needs_something_that_runs_it(
    guest: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Handler:
        async def __call__(self, store: Store, event: DebugEvent) -> None: ...

    monkeypatch.delitem(sys.modules, "trio")
    with pytest.raises(DebugError, match="needs something that runs it"):
        guest.store.set_debug_handler(Handler())


# Entities

EVERYTHING = """(module
  (func $f (export "f")) (func) (memory (export "m") 1) (table (export "t") 1 funcref)
  (table 1 funcref) (global (export "g") i32 i32.const 1) (global i32 i32.const 2))"""


def test_an_entity_has_one_number_however_it_is_reached(guest: Guest) -> None:
    store = guest.store
    instance, again = guest.load(EVERYTHING), guest.load(EVERYTHING)
    assert instance.debug_index_in_store != again.debug_index_in_store
    for name, reach, count in (
        ("f", "debug_function", 2),
        ("m", "debug_memory", 1),
        ("t", "debug_table", 2),
        ("g", "debug_global", 2),
    ):
        numbers = []
        for one in (instance, again):
            exported: Any = one.exports(store)[name]
            entities = [getattr(one, reach)(store, index) for index in range(count)]
            assert getattr(one, reach)(store, count) is None
            assert exported.debug_index_in_store == entities[0].debug_index_in_store
            numbers += [entity.debug_index_in_store for entity in entities]
        assert len(set(numbers)) == 2 * count


def test_what_the_engine_has_not_is_none(guest: Guest) -> None:
    instance = guest.load(EVERYTHING)
    assert instance.debug_shared_memory(guest.store, 0) is None  # type: ignore[func-returns-value]
    assert instance.debug_tag(guest.store, 0) is None  # type: ignore[func-returns-value]


def make_engine(*, guest_debug: bool) -> jit.Engine:
    config = jit.Config()
    config.guest_debug = guest_debug
    return jit.Engine(config)


def test_modules_are_numbered_in_their_engine() -> None:
    engine = make_engine(guest_debug=True)
    one, other = (jit.Module(engine, binary(TWO)) for _ in range(2))
    assert one.debug_index_in_engine != other.debug_index_in_engine
    assert one.debug_bytecode == binary(TWO)


def test_everything_is_none_with_debugging_off() -> None:
    engine = make_engine(guest_debug=False)
    module = jit.Module(engine, binary(EVERYTHING))
    store = jit.Store(engine)
    instance = jit.Instance(store, module, [])
    assert module.debug_index_in_engine is None and module.debug_bytecode is None
    assert instance.debug_index_in_store is None
    for name in "fmtg":
        item: Any = instance.exports(store)[name]
        assert item.debug_index_in_store is None
    for reach in ("function", "memory", "shared_memory", "table", "global", "tag"):
        assert getattr(instance, f"debug_{reach}")(store, 0) is None
    for name in ("edit_breakpoints", "breakpoints", "debug_frames"):
        assert getattr(store, name)() is None
    for name in ("debug_exit_frames", "debug_all_instances", "debug_all_modules"):
        assert getattr(store, name)() == ()
    assert not store.is_single_step()
    with pytest.raises(DebugError):
        store.set_debug_handler(lambda store, event: None)


def test_traps_by_signals_are_refused() -> None:
    config = jit.Config()
    config.guest_debug = config.signals_based_traps = True
    with pytest.raises(jit.WasmtimeError, match="cannot use signals-based traps"):
        jit.Engine(config)


# Roots


class Thing:
    """Something a weak reference can follow."""


KEEPING = """(module (import "" "make" (func $make (result externref))) (import "" "look" (func $look))
  (func (export "f") (local externref)
    (local.set 0 (call $make))
    call $make
    call $look
    nop
    drop
    (local.set 0 (ref.null extern))
    call $look)
  (func (export "outer") (local externref) (local.set 0 (call $make)) (call 2)))"""


def test_references_in_frames_alone_are_kept(guest: Guest) -> None:
    things: list[weakref.ref[Thing]] = []
    alive: list[list[bool]] = []

    def make() -> Thing:
        thing = Thing()
        things.append(weakref.ref(thing))
        return thing

    def look() -> None:
        guest.store.gc()
        gc.collect()
        alive.append([thing() is not None for thing in things])

    store = guest.store
    instance = guest.load(
        KEEPING,
        Func(store, FuncType([], [ValType.externref()]), make),
        Func(store, FuncType([], []), look),
    )
    assert guest.debugger is not None
    guest.debugger.set_breakpoint(0, nop_pc(guest, instance))

    def handler(event: DebugEvent) -> None:
        frame = store.debug_exit_frames()[0]
        look()
        assert frame.local(0).value is things[-2]() and frame.stack(0).value is things[-1]()

    guest.run(instance, "f", handler=handler)
    assert alive == [[True, True], [True, True], [False, False]]
    alive.clear()
    guest.run(instance, "outer", handler=handler)
    kept = [seen[2:] for seen in alive]
    assert kept == [[True, True, True], [True, True, True], [True, False, False]]


def test_nothing_is_forgotten_in_a_host_call_without_a_debugger(
    new_guest: Callable[..., Guest],
) -> None:
    guest = new_guest(debug=False)
    kept: list[object] = []

    def look(thing: object) -> None:
        guest.store.gc()

    def back(thing: object) -> None:
        kept.append(thing)

    store, takes = guest.store, FuncType([ValType.externref()], [])
    instance = guest.load(
        """(module (import "" "look" (func (param externref))) (import "" "back" (func (param externref)))
          (func (export "f") (param externref) (call 0 (local.get 0)) (call 1 (local.get 0))))""",
        Func(store, takes, look),
        Func(store, takes, back),
    )
    thing = Thing()
    guest.function(instance, "f")(store, thing)
    assert kept == [thing]
