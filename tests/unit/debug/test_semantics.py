"""What stops, frames and handles show, by the semantics of docs/debug-model.md, on every machine."""

import copy
import threading
from collections.abc import Callable

import pytest

from jit.abi.frame_table import Row, RowKind
from jit.debug import events
from jit.debug.edits import BreakpointEdit
from jit.debug.errors import StaleFrame
from jit.debug.events import Breakpoint, DebugEvent, Interrupt, Trap
from jit.debug.frames import FrameHandle
from jit.runtime.errors import StoreInUse
from jit.runtime.func import Func
from jit.runtime.instance import Instance
from jit.runtime.store import Store
from jit.runtime.trap import Trap as GuestTrap
from jit.runtime.types import FuncType, ValType
from jit.runtime.val import Val
from tests.unit.debug.guest import Guest, at_nop


def host(guest: Guest, body: Callable[..., object]) -> Func:
    return Func(guest.store, FuncType([], []), body)


def pcs(guest: Guest, function: int, module: int = 0) -> list[int]:
    assert guest.debugger is not None
    return list(guest.debugger.boundaries(module, function))


# Locals


def test_locals_of_all_widths_lie_beside_each_other(guest: Guest) -> None:
    """i32 and i64 mixed as no compiler would align them; each is written without touching the next."""
    wat = """(module (func (export "f") (param i32 i64 i32 i32 i64 i32) (result i64 i32)
      (local i32 i64 f32 i32 i64 i32 f64)
      (local.set 6 (i32.const -6)) (local.set 7 (i64.const -7)) (local.set 8 (f32.const 0.5))
      (local.set 9 (i32.const 9)) (local.set 10 (i64.const 0x1_0000_0010)) (local.set 11 (i32.const 11))
      (local.set 12 (f64.const -12))
      nop (local.get 10) (local.get 11)))"""

    def do(frame: FrameHandle) -> None:
        values = [frame.local(index).value for index in range(frame.num_locals())]
        assert values == [1, 2, -3, 4, 5, 6, -6, -7, 0.5, 9, 0x1_0000_0010, 11, -12.0]
        frame.set_local(9, Val.i32(-1))
        frame.set_local(10, Val.i64(-1))
        values[9:11] = [-1, -1]
        assert [frame.local(index).value for index in range(frame.num_locals())] == values

    assert at_nop(guest, wat, 1, 2, -3, 4, 5, 6, do=do) == [-1, 11]


# Modules and instances


def test_breakpoints_are_in_all_instances_of_their_module_alone(guest: Guest) -> None:
    wat = """(module (global (export "g") (mut i32) (i32.const 0))
      (func (export "f") (param i32) nop (global.set 0 (local.get 0))))"""
    module, twin = guest.module(wat), guest.module(wat)
    one, two, other = (guest.instantiate(m) for m in (module, module, twin))
    hits: list[tuple[Instance, int]] = []

    def handler(store: Store, event: DebugEvent) -> None:
        frame = guest.store.debug_exit_frames()[0]
        assert isinstance(event, Breakpoint) and event.module is module is frame.module()
        hits.append((frame.instance(), frame.local(0).value))

    guest.store.set_debug_handler(handler)
    with guest.store.edit_breakpoints() as edit:  # type: ignore[union-attr]
        edit.add_breakpoint(module, pcs(guest, 0)[0])
    for number, instance in enumerate((one, two, other, one)):
        guest.function(instance, "f")(guest.store, number)
    assert hits == [(one, 0), (two, 1), (one, 3)]
    assert guest.store.debug_all_instances() == (one, two, other)
    assert guest.store.debug_all_modules() == (module, twin)
    globals_ = [instance.debug_global(guest.store, 0) for instance in (one, two, other)]
    assert [g.value(guest.store) for g in globals_ if g] == [3, 1, 2]


def test_frames_of_several_modules_are_in_one_activation(guest: Guest) -> None:
    library = guest.load("""(module (func (export "f") (param i64) nop))""")
    program = guest.load(
        """(module (import "" "f" (func (param i64))) (func (export "g") (call 0 (i64.const 77))))""",
        guest.function(library, "f"),
    )
    seen: list[list[tuple[Instance, tuple[int, int] | None]]] = []

    def handler(store: Store, event: DebugEvent) -> None:
        inner = guest.store.debug_exit_frames()[0]
        outer = inner.parent()
        assert outer is not None and outer.parent() is None
        seen.append([(f.instance(), f.wasm_function_index_and_pc()) for f in (inner, outer)])
        assert outer.stack(0) == Val.i64(77) == inner.local(0)

    guest.store.set_debug_handler(handler)
    with guest.store.edit_breakpoints() as edit:  # type: ignore[union-attr]
        edit.add_breakpoint(library.module, pcs(guest, 0)[0])
    guest.function(program, "g")(guest.store)
    after_call = pcs(guest, 0, module=1)[2]
    assert seen == [[(library, (0, pcs(guest, 0)[0])), (program, (0, after_call))]]


def test_other_stores_are_opaque(guest: Guest, new_guest: Callable[..., Guest]) -> None:
    """A's guest calls the host, that B's guest, that the host: each store shows its own frames."""
    other = new_guest()
    depths: list[tuple[int, int]] = []

    def innermost() -> None:
        for own in (guest, other):
            exits = own.store.debug_exit_frames()
            assert all(frame.store is own.store for frame in exits)
            chains = sum(len(walk(frame)) for frame in exits)
            depths.append((len(exits), chains))

    wat = """(module (import "" "h" (func)) (func $a (export "a") call 0) (func (export "b") call $a))"""
    theirs = other.load(wat, host(other, innermost))
    ours = guest.load(wat, host(guest, lambda: other.function(theirs, "b")(other.store)))
    guest.function(ours, "a")(guest.store)
    assert depths == [(1, 1), (1, 2)]


def walk(frame: FrameHandle | None) -> list[FrameHandle]:
    chain = []
    while frame is not None:
        chain.append(frame)
        frame = frame.parent()
    return chain


# Handles


def test_handles_are_copied_and_compared(guest: Guest) -> None:
    wat = """(module (func $g nop) (func (export "f") call $g))"""

    def do(frame: FrameHandle) -> None:
        same, outer = copy.copy(frame), frame.parent()
        assert same == frame and hash(same) == hash(frame) and same is not frame
        assert same.wasm_function_index_and_pc() == frame.wasm_function_index_and_pc()
        assert outer is not None and outer != frame and outer == same.parent()
        assert frame != "a frame"

    at_nop(guest, wat, do=do)


def test_what_the_guest_has_may_change_under_a_handle(guest: Guest) -> None:
    """Memories, tables and globals: written and grown."""
    wat = """(module (memory 1 3) (table 1 4 externref) (global (mut i32) (i32.const 1))
      (func (export "f") nop))"""

    def do(frame: FrameHandle) -> None:
        store, instance = guest.store, frame.instance()
        memory, table = instance.debug_memory(store, 0), instance.debug_table(store, 0)
        global_ = instance.debug_global(store, 0)
        assert memory is not None and table is not None and global_ is not None
        memory.write(store, b"x", 0)
        memory.grow(store, 2)
        table.set(store, 0, "y")
        table.grow(store, 3, None)
        global_.set_value(store, 5)
        guest.store.gc()
        assert frame.is_valid() and frame.num_locals() == 0

    at_nop(guest, wat, do=do)


def test_frame_data_is_found_once_for_a_place(guest: Guest) -> None:
    """Of the same place in the code, however often and in whatever frame, the same data."""
    wat = """(module (func (export "f") (param i32)
      (if (local.get 0) (then (call 0 (i32.sub (local.get 0) (i32.const 1))) (drop (i32.const 1))) (else nop))))"""

    def do(frame: FrameHandle) -> None:
        data = {id(f._frames) for f in walk(frame.parent())}
        assert len(walk(frame)) == 6 and len(data) == 1

    at_nop(guest, wat, 5, do=do)


# The cursor


def test_the_cursor_is_at_the_trapping_op_and_after_calls(guest: Guest) -> None:
    """The program point before the op for the frame that trapped, that behind the call for the others."""
    instance = guest.load(
        """(module (func $g (param i32) (drop (i32.div_u (i32.const 1) (local.get 0))))
          (func (export "f") (call $g (i32.const 0))))"""
    )
    seen: list[tuple[int, int]] = []

    def handler(store: Store, event: DebugEvent) -> None:
        assert isinstance(event, Trap)
        cursor = guest.store.debug_frames()
        assert cursor is not None
        while not cursor.done:
            place = cursor.wasm_function_index_and_pc()
            assert place is not None
            seen.append(place)
            cursor.move_to_parent()

    guest.store.set_debug_handler(handler)
    with pytest.raises(GuestTrap):
        guest.function(instance, "f")(guest.store)
    division, after_call = pcs(guest, 0)[2], pcs(guest, 1)[2]
    assert seen == [(0, division), (1, after_call)]


def test_a_cursor_stands_for_its_store(guest: Guest) -> None:
    instance = guest.load('(module (memory 1) (data (i32.const 0) "abc") (func (export "f") nop))')
    read: list[bytes] = []

    def handler(store: Store, event: DebugEvent) -> None:
        cursor = guest.store.debug_frames()
        assert cursor is not None and cursor.context() is store
        memory = cursor.instance().debug_memory(cursor, 0)
        assert memory is not None
        read.append(bytes(memory.read(cursor, 0, 3)))

    guest.store.set_debug_handler(handler)
    with guest.store.edit_breakpoints() as edit:  # type: ignore[union-attr]
        edit.add_breakpoint(instance.module, pcs(guest, 0)[0])
    guest.function(instance, "f")(guest.store)
    assert read == [b"abc"]


def test_a_cursor_is_stale_after_any_execution(guest: Guest) -> None:
    kept = []
    instance = guest.load(
        """(module (import "" "h" (func)) (func (export "f") call 0) (func (export "g")))""",
        host(guest, lambda: kept.append(guest.store.debug_frames())),
    )
    guest.function(instance, "f")(guest.store)
    (cursor,) = kept
    assert cursor is not None and not cursor.done
    with pytest.raises(StaleFrame):
        cursor.num_locals()
    with pytest.raises(StaleFrame):
        cursor.move_to_parent()


# Events


def test_exception_events_have_no_producer(guest: Guest) -> None:
    """They can be named and made, and the guest, which can throw nothing, makes none."""
    caught = events.CaughtExceptionThrown("e")
    assert isinstance(caught, DebugEvent) and caught.exception == "e"
    assert events.UncaughtExceptionThrown("e") != caught
    seen: list[DebugEvent] = []

    def fails() -> None:
        raise ValueError

    instance = guest.load(
        """(module (import "" "h" (func)) (func (export "f") call 0))""", host(guest, fails)
    )
    guest.store.set_debug_handler(lambda store, event: seen.append(event))
    with pytest.raises(ValueError):
        guest.function(instance, "f")(guest.store)
    assert [type(event) for event in seen] == [events.HostcallError]


def test_a_handler_reads_and_writes_everything(guest: Guest) -> None:
    instance = guest.load(
        """(module (memory 1) (table 2 funcref) (global (mut i64) (i64.const 1))
          (func (export "f") (param i32) (result i32) nop
            (i32.add (i32.add (local.get 0) (i32.load (i32.const 8)))
              (i32.add (i32.wrap_i64 (global.get 0)) (call_indirect (result i32) (i32.const 1)))))
          (func (result i32) i32.const 1000))"""
    )
    store = guest.store

    def handler(_: Store, event: DebugEvent) -> None:
        memory, table = instance.debug_memory(store, 0), instance.debug_table(store, 0)
        global_, function = instance.debug_global(store, 0), instance.debug_function(store, 1)
        assert memory is not None and table is not None and global_ is not None
        memory.write(store, (50).to_bytes(4, "little"), 8)
        assert memory.read(store, 8, 9) == b"2"
        global_.set_value(store, 600)
        table.set(store, 1, function)
        store.debug_exit_frames()[0].set_local(0, Val.i32(7))

    store.set_debug_handler(handler)
    with store.edit_breakpoints() as edit:  # type: ignore[union-attr]
        edit.add_breakpoint(instance.module, pcs(guest, 0)[0])
    assert guest.function(instance, "f")(store, 1) == 7 + 50 + 600 + 1000


# Off


def test_code_has_sites_where_they_are_wanted(new_guest: Callable[..., Guest]) -> None:
    wat = """(module (func (export "f") (param i32) (result i32) (loop nop (br_if 0 (i32.eqz (local.get 0)))) (local.get 0)))"""
    for debug in (False, True):
        guest = new_guest(debug=debug)
        instance = guest.load(wat)
        guest.function(instance, "f")(guest.store, 1)
        assert not sites_of(guest)
    assert guest.debugger is not None
    guest.debugger.set_breakpoint(0, guest.debugger.boundaries(0, 0)[0])
    assert sites_of(guest)


def sites_of(guest: Guest) -> list[Row]:
    """Return the sites in the code of the only function."""
    (code,) = guest.store.code.modules()
    (function,) = code.functions()
    return [row for row in function.table.rows if row.kind is RowKind.SITE]


# One execution at a time

ENDLESS = """(module (func (export "f") (loop (br 0))) (func (export "g")))"""


@pytest.fixture
def running(guest: Guest) -> tuple[Guest, Instance, threading.Thread]:
    """Give a guest that another thread runs, without an end."""
    instance = guest.load(ENDLESS)
    entered = threading.Event()
    resume = guest.store.code.resume

    def noticed(context: int) -> int:
        entered.set()
        return resume(context)

    guest.store.code.resume = noticed

    def call() -> None:
        with pytest.raises(GuestTrap):
            guest.function(instance, "f")(guest.store)

    thread = threading.Thread(target=call)
    thread.start()
    assert entered.wait(10)
    return guest, instance, thread


def test_while_a_thread_runs_the_guest_no_other_may(
    running: tuple[Guest, Instance, threading.Thread],
) -> None:
    """Neither call it, nor edit its breakpoints, nor look at its frames; but stop it."""
    guest, instance, thread = running
    store = guest.store
    try:
        with pytest.raises(StoreInUse, match="store is in use"):
            guest.function(instance, "g")(store)
        with pytest.raises(StoreInUse, match="store is in use"):
            store.edit_breakpoints()
        with pytest.raises(StoreInUse, match="store is in use"):
            store.debug_exit_frames()
        with pytest.raises(StoreInUse, match="store is in use"):
            store.debug_frames()
        assert store.breakpoints() == [] and not store.is_single_step()
    finally:
        store.interrupt()
        thread.join()
    guest.function(instance, "g")(store)
    with store.edit_breakpoints() as edit:  # type: ignore[union-attr]
        edit.add_breakpoint(instance.module, pcs(guest, 1)[0])


def test_during_a_host_call_its_thread_alone_may_edit(guest: Guest) -> None:
    """The call may return whenever it likes."""
    store, told = guest.store, []

    def edit() -> None:
        try:
            told.append(store.edit_breakpoints())
        except StoreInUse as error:
            told.append(error)

    def host() -> None:
        thread = threading.Thread(target=edit)
        thread.start()
        thread.join()
        edit()

    function = Func(store, FuncType([], []), host)
    instance = guest.load(
        '(module (import "" "" (func)) (export "f" (func 0)) (func (export "g") call 0))', function
    )
    guest.function(instance, "g")(store)
    assert [type(outcome) for outcome in told] == [StoreInUse, BreakpointEdit]


def test_while_a_handler_is_told_of_a_module_another_thread_may_edit(guest: Guest) -> None:
    """Which came during a host call, as that waits for the handler."""
    store, told = guest.store, []

    def edit() -> None:
        told.append(store.edit_breakpoints())

    def handler(_: Store, event: DebugEvent) -> None:
        if isinstance(event, events.ModuleRegistered) and store.activations:
            thread = threading.Thread(target=edit)
            thread.start()
            thread.join()

    function = Func(store, FuncType([], []), lambda: guest.load("(module (func))") and None)
    instance = guest.load(
        '(module (import "" "" (func)) (export "f" (func 0)) (func (export "g") call 0))', function
    )
    store.set_debug_handler(handler)
    guest.function(instance, "g")(store)
    assert [type(outcome) for outcome in told] == [BreakpointEdit]


def test_while_a_handler_is_at_work_its_thread_alone_may(guest: Guest) -> None:
    """Another thread may edit then, as nothing runs, but not call."""
    instance = guest.load(ENDLESS)
    store, g = guest.store, guest.function(instance, "g")
    told: list[BaseException | None] = []

    def call() -> None:
        try:
            g(store)
            told.append(None)
        except StoreInUse as error:
            told.append(error)

    def handler(_: Store, event: DebugEvent) -> None:
        assert isinstance(event, Interrupt)
        thread = threading.Thread(target=call)
        thread.start()
        thread.join()
        g(store)
        store.return_from(store.debug_exit_frames()[0])

    store.set_debug_handler(handler)
    store.interrupt()
    guest.function(instance, "f")(store)
    assert [type(error) for error in told] == [StoreInUse]


def test_a_call_with_externrefs_and_functions_is_put_in(guest: Guest) -> None:
    """What a host function of every kind of reference gets from a call that a handler put in."""
    got: list[object] = []
    types = [ValType.externref(), ValType.funcref()]
    look = Func(guest.store, FuncType(types, []), lambda *values: got.append(values))
    instance = guest.load("""(module (func (export "f") nop))""")
    f = guest.function(instance, "f")

    def handler(store: Store, event: DebugEvent) -> None:
        if isinstance(event, Breakpoint):
            guest.store.inject_call(look, "text", f)

    guest.store.set_debug_handler(handler)
    with guest.store.edit_breakpoints() as edit:  # type: ignore[union-attr]
        edit.add_breakpoint(instance.module, pcs(guest, 0)[0])
    f(guest.store)
    assert got == [("text", f)]
