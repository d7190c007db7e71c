"""Who has the interpreter while the guest runs: others, or the guest alone for some milliseconds."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from jit.debug import turns
from jit.debug.events import Breakpoint, DebugEvent, Interrupt
from jit.runtime.store import Store
from jit.runtime.trap import Trap as GuestTrap
from tests.unit.debug.guest import Guest

LOOP = """(module (func (export "f") (param i32)
  (loop nop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) unreachable))"""
ENDLESS = {
    "a loop": '(module (func (export "f") (loop (br 0))))',
    "calls": """(module (func $g (export "f") (call $h) (call $h)) (func $h (call $i) (call $i))
      (func $i (call $j) (call $j)) (func $j (call $k) (call $k)) (func $k (call $l) (call $l))
      (func $l (call $m) (call $m)) (func $m (call $n) (call $n)) (func $n (call $o (i32.const 60)))
      (func $o (param i32) (if (local.get 0) (then
        (call $o (i32.sub (local.get 0) (i32.const 1)))
        (call $o (i32.sub (local.get 0) (i32.const 1)))))))""",
}


@contextmanager
def interrupting(store: Store) -> Iterator[None]:
    """Have another thread ask the guest to stop as soon as it runs."""
    before = store.executions

    def interrupt() -> None:
        while store.executions == before:
            pass
        store.interrupt()

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def break_at_nop(guest: Guest, handler: Callable[[Store, DebugEvent], None]) -> None:
    """Have a guest that is to run `LOOP` stop in each turn."""
    instance = guest.load(LOOP)
    assert guest.debugger is not None
    edit = guest.store.edit_breakpoints()
    assert edit is not None
    with edit:
        edit.add_breakpoint(instance.module, guest.debugger.boundaries(0, 0)[1])
    guest.store.set_debug_handler(handler)


@pytest.mark.parametrize(
    ("seconds", "others", "kept"),
    [(0.000001, True, True), (0.0001, True, False), (0.000001, False, False)],
)
def test_a_guest_that_stops_often_keeps_the_interpreter(
    guest: Guest, monkeypatch: pytest.MonkeyPatch, seconds: float, others: bool, kept: bool
) -> None:
    """With quick events and other threads; until the run is over, however it ends."""
    store, clock, seen = guest.store, [0.0], []
    monkeypatch.setattr(turns, "thread_time", lambda: clock[0])
    monkeypatch.setattr(turns, "active_count", lambda: 1 + others)

    def handler(_: Store, event: DebugEvent) -> None:
        clock[0] += seconds
        seen.append(store.keeps_interpreter)

    break_at_nop(guest, handler)
    with pytest.raises(GuestTrap):
        guest.function(store.instances[0], "f")(store, 2 * turns.EVENTS)
    assert not store.keeps_interpreter
    assert seen[: turns.EVENTS] == [False] * (turns.EVENTS - 1) + [kept and can_keep(store)]
    assert set(seen[turns.EVENTS :]) == {kept and can_keep(store)}


def can_keep(store: Store) -> bool:
    """Return whether the store's machine knows the difference."""
    store.keeps_interpreter = True
    can = store.keeps_interpreter
    store.keeps_interpreter = False
    return can


@pytest.mark.parametrize("shape", ENDLESS)
def test_a_guest_that_keeps_the_interpreter_gives_way(guest: Guest, shape: str) -> None:
    """Another thread can ask it to stop, although it needs the interpreter for that."""
    instance, store = guest.load(ENDLESS[shape]), guest.store
    told: list[DebugEvent] = []

    def handler(_: Store, event: DebugEvent) -> None:
        told.append(event)
        store.return_from(store.debug_exit_frames()[0])
        raise GuestTrap("enough")

    store.set_debug_handler(handler)
    store.keeps_interpreter = True
    with interrupting(store), pytest.raises(GuestTrap, match="enough"):
        guest.function(instance, "f")(store)
    assert [type(event) for event in told] == [Interrupt]
    assert not store.keeps_interpreter


def test_it_gives_way_in_an_instance_that_came_later(guest: Guest) -> None:
    store = guest.store

    def handler(_: Store, event: DebugEvent) -> None:
        if isinstance(event, Interrupt):
            raise GuestTrap("enough")
        if isinstance(event, Breakpoint):
            store.keeps_interpreter = True
            later = guest.load(ENDLESS["a loop"])
            with interrupting(store):
                guest.function(later, "f")(store)

    break_at_nop(guest, handler)
    with pytest.raises(GuestTrap, match="enough"):
        guest.function(store.instances[0], "f")(store, 2)


def test_a_guest_that_stops_no_longer_leaves_the_interpreter(guest: Guest) -> None:
    """The heartbeat tells."""
    instance, store = guest.load(ENDLESS["a loop"]), guest.store
    kept = can_keep(store)
    left = threading.Event()

    def watch() -> None:
        while store.keeps_interpreter:
            pass
        left.set()
        store.interrupt()

    def handler(_: Store, event: DebugEvent) -> None:
        raise GuestTrap("enough")

    store.set_debug_handler(handler)
    store.keeps_interpreter = True
    assert store.keeps_interpreter == kept
    thread = threading.Thread(target=watch)
    thread.start()
    with pytest.raises(GuestTrap, match="enough"):
        guest.function(instance, "f")(store)
    thread.join()
    assert left.is_set()
