"""Going on elsewhere: `enter_at`, and all that stands on it; what cannot be is refused and changes nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from jit.debug.errors import CannotDivert, DebugError, ForeignStore, StaleFrame, WrongType
from jit.debug.events import Breakpoint, CallReturned, DebugEvent, Trap
from jit.debug.frames import FrameHandle
from jit.runtime.errors import WasmtimeError
from jit.runtime.func import Func
from jit.runtime.instance import Instance
from jit.runtime.store import Store
from jit.runtime.trap import Trap as GuestTrap
from jit.runtime.types import FuncType, ValType
from jit.runtime.val import Val
from tests.unit.debug.guest import Guest, nop_pc

CALLS = """(module
  (func (export "f") (param i32) (result i32)
    i32.const 1000
    (call $g (i64.extend_i32_u (local.get 0)) (i32.const 2))
    i32.add)
  (func $g (param i64 i32) (result i32)
    i32.const 5
    nop
    local.get 1
    i32.add
    (call $h))
  (func $h (param i32) (result i32)
    (i32.mul (local.get 0) (i32.const 10)))
  (func (export "boom") unreachable))
"""


def pcs(guest: Guest, function: int) -> list[int]:
    assert guest.debugger is not None
    return list(guest.debugger.boundaries(0, function))


class Session:
    """A guest that stops at its `nop`, and runs what the test wants at each event."""

    def __init__(self, guest: Guest, wat: str = CALLS) -> None:
        self.guest = guest
        self.store = guest.store
        self.instance: Instance = guest.load(wat)
        self.events: list[DebugEvent] = []
        with guest.store.edit_breakpoints() as edit:  # type: ignore[union-attr]
            edit.add_breakpoint(self.instance.module, nop_pc(guest, self.instance))

    def frame(self, outward: int = 0) -> FrameHandle:
        frame: FrameHandle | None = self.store.debug_exit_frames()[0]
        for _ in range(outward):
            assert frame is not None
            frame = frame.parent()
        assert frame is not None
        return frame

    def run(
        self, first: Callable[[], None], name: str = "f", arguments: tuple[Any, ...] = (7,)
    ) -> Any:
        """Call an export; `first` is called at the first event."""

        def handler(_: Store, event: DebugEvent) -> None:
            self.events.append(event)
            if len(self.events) == 1:
                first()

        self.store.set_debug_handler(handler)
        return self.guest.function(self.instance, name)(self.store, *arguments)

    def step(self, on: bool) -> None:
        with self.store.edit_breakpoints() as edit:  # type: ignore[union-attr]
            edit.single_step(on)


@pytest.fixture
def session(guest: Guest) -> Session:
    return Session(guest)


def test_without_anything_it_goes_on_where_it_is(session: Session) -> None:
    assert session.run(lambda: None) == 1000 + (5 + 2) * 10


def test_entering_where_it_stands_is_to_continue(session: Session) -> None:
    """The op is not run yet, and its breakpoint is hit once more."""

    def first() -> None:
        frame = session.frame()
        _, pc = frame.wasm_function_index_and_pc() or (0, 0)
        session.store.enter_at(frame, pc, [frame.stack(0)])

    assert session.run(first) == 1070
    assert len(session.events) == 2


def test_an_op_is_entered_with_other_operands(session: Session) -> None:
    def first() -> None:
        add = pcs(session.guest, 1)[3]
        session.store.enter_at(session.frame(), add, [Val.i32(30), Val.i32(3)])
        frame = session.frame()
        assert frame.wasm_function_index_and_pc() == (1, add)
        assert [frame.stack(index).value for index in range(2)] == [30, 3]

    assert session.run(first) == 1000 + 33 * 10


def test_an_outer_frame_is_entered_and_the_inner_ones_are_gone(session: Session) -> None:
    def first() -> None:
        outer = session.frame(1)
        add = pcs(session.guest, 0)[-2]
        session.store.enter_at(outer, add, [Val.i32(1), Val.i32(2)])
        assert session.frame().parent() is None
        assert session.frame().local(0) == Val.i32(7)

    assert session.run(first) == 3


def test_steps_go_on_from_where_it_was_entered(session: Session) -> None:
    ops = []

    def first() -> None:
        session.store.enter_at(
            session.frame(1), pcs(session.guest, 0)[-2], [Val.i32(1), Val.i32(2)]
        )
        session.step(True)

    assert session.run(first) == 3
    ops = [event.pc for event in session.events[1:] if isinstance(event, Breakpoint)]
    assert ops == pcs(session.guest, 0)[-2:]


def test_handles_are_stale_once_it_was_entered(session: Session) -> None:
    def first() -> None:
        frame = session.frame()
        session.store.enter_at(frame, pcs(session.guest, 1)[3], [Val.i32(1), Val.i32(2)])
        assert not frame.is_valid()
        with pytest.raises(StaleFrame):
            session.store.enter_at(frame, pcs(session.guest, 1)[3], [Val.i32(1), Val.i32(2)])

    session.run(first)


def test_a_jump_keeps_the_operands(session: Session) -> None:
    def first() -> None:
        session.frame().set_stack(0, Val.i32(6))
        session.store.jump_to(pcs(session.guest, 1)[2])

    assert session.run(first) == 1000 + 8 * 10
    assert len(session.events) == 1


def test_a_jump_back_runs_ops_again(guest: Guest) -> None:
    session = Session(
        guest,
        """(module (func (export "f") (param i32) (result i32)
          (local.set 0 (i32.add (local.get 0) (i32.const 1))) nop (local.get 0)))""",
    )
    assert session.run(lambda: session.store.jump_to(pcs(guest, 0)[0])) == 9
    assert len(session.events) == 2


def test_an_early_return_gives_its_values(session: Session) -> None:
    """Also from the outermost frame, to the host."""
    assert session.run(lambda: session.store.return_from(session.frame(), [Val.i32(4)])) == 1004
    session.events.clear()
    assert session.run(lambda: session.store.return_from(session.frame(1), [Val.i32(-9)])) == -9
    assert session.run(lambda: None) == 1070


SEVERAL = """(module
  (func (export "f") (param i32) (result i64 f32 i32) nop (i64.const 1) (f32.const 2) (local.get 0)))
"""


def test_several_values_are_returned_to_the_host(guest: Guest) -> None:
    session = Session(guest, SEVERAL)

    def first() -> None:
        values = [Val.i64(-5), Val.f32(0.25), Val.i32(8)]
        session.store.return_from(session.frame(), values)
        assert session.store.debug_exit_frames() == ()

    assert session.run(first) == [-5, 0.25, 8]


def test_a_call_that_is_put_in_tells_its_results(session: Session) -> None:
    def first() -> None:
        h = session.instance.debug_function(session.store, 2)
        assert h is not None
        session.store.inject_call(h, 12)

    assert session.run(first) == 1070
    breakpoint_, returned = session.events
    assert isinstance(breakpoint_, Breakpoint) and isinstance(returned, CallReturned)
    assert returned.results == (Val.i32(120),) and returned.error is None


def test_what_ends_such_a_call_is_told(session: Session) -> None:
    def first() -> None:
        session.store.inject_call(session.guest.function(session.instance, "boom"))

    assert session.run(first) == 1070
    kinds = [type(event) for event in session.events]
    assert kinds == [Breakpoint, Trap, CallReturned]
    returned = session.events[-1]
    assert isinstance(returned, CallReturned) and isinstance(returned.error, GuestTrap)


def test_a_call_that_cannot_be_is_refused_at_once(
    session: Session, new_guest: Callable[..., Guest]
) -> None:
    foreign = Session(new_guest())
    other = foreign.instance.debug_function(foreign.store, 2)

    def first() -> None:
        h, store = session.instance.debug_function(session.store, 2), session.store
        frame = session.frame()
        for function, params, error, text in (
            (None, (), TypeError, "expected a Func"),
            (other, (1,), ForeignStore, "Function belongs to another store"),
            (h, (), WasmtimeError, "too few parameters"),
            (h, (1, 2), WasmtimeError, "too many parameters"),
            (h, ("text",), TypeError, "don't know how to convert"),
        ):
            with pytest.raises(error, match=text):
                store.inject_call(function, *params)  # type: ignore[arg-type]
        assert frame.is_valid()

    assert session.run(first) == 1070
    assert [type(event) for event in session.events] == [Breakpoint]


def test_the_guest_is_where_it_was_when_a_call_has_returned(guest: Guest) -> None:
    session = Session(guest)
    places = []

    def handler(_: Store, event: DebugEvent) -> None:
        places.append((guest.place(), type(event)))
        if len(places) == 1:
            session.frame().set_stack(0, Val.i32(6))  # a constant: the frame goes to other code
            h = session.instance.debug_function(guest.store, 2)
            assert h is not None
            guest.store.inject_call(h, 1)
        elif len(places) == 2:
            session.frame().set_stack(0, Val.i32(60))

    guest.store.set_debug_handler(handler)
    assert guest.function(session.instance, "f")(guest.store, 7) == 1000 + 62 * 10
    (before, _), (after, kind) = places
    assert kind is CallReturned
    assert (after.function, after.pc, after.locals) == (before.function, before.pc, before.locals)
    assert (before.stack, after.stack) == ((5,), (6,))


def test_events_of_such_a_call_show_the_guest_where_it_stands(guest: Guest) -> None:
    session = Session(guest)
    store, seen = guest.store, []

    def handler(_: Store, event: DebugEvent) -> None:
        frame = store.debug_exit_frames()[-1]  # that of the call from outside
        stack = [frame.stack(index) for index in range(frame.num_stacks())]
        seen.append((frame.wasm_function_index_and_pc(), stack))
        if len(seen) == 1:
            with store.edit_breakpoints() as edit:  # type: ignore[union-attr]
                edit.add_breakpoint(session.instance.module, pcs(guest, 2)[0])
            h = session.instance.debug_function(store, 2)
            assert h is not None
            store.inject_call(h, 1)
        elif len(seen) == 2:
            assert len(store.debug_exit_frames()) == 2
            frame.set_stack(0, Val.i32(60))

    store.set_debug_handler(handler)
    # The stop is at an op that made no code, behind another: both have one patch site.
    assert guest.function(session.instance, "f")(store, 7) == 1000 + 62 * 10
    (place, stack), in_call, after, *_ = seen
    assert stack == [Val.i32(5)] and in_call == (place, stack)
    assert after == (place, [Val.i32(60)])


def test_a_run_to_a_place_stops_once(session: Session) -> None:
    module, target = session.instance.module, pcs(session.guest, 2)[0]
    assert session.run(lambda: session.store.run_to(module, target)) == 1070
    where = [event.pc for event in session.events if isinstance(event, Breakpoint)]
    assert where[1:] == [target]
    own = [info.pc for info in session.store.breakpoints() or ()]
    assert own == where[:1]
    session.events.clear()
    session.run(lambda: None)
    assert len(session.events) == 1


def test_a_run_that_comes_not_there_leaves_no_breakpoint(session: Session) -> None:
    target = pcs(session.guest, 3)[0]
    assert session.run(lambda: session.store.run_to(session.instance.module, target)) == 1070
    assert [info.owner for info in session.store.breakpoints() or ()] == [None]


def refusals(session: Session) -> dict[str, tuple[Callable[[], None], type[Exception], str]]:
    store, frame, guest = session.store, session.frame, session.guest
    nop, add = pcs(guest, 1)[1], pcs(guest, 1)[3]
    one = Val.i32(1)
    return {
        "no op": (
            lambda: store.enter_at(frame(), nop - 1, [one]),
            CannotDivert,
            "no instruction",
        ),
        "of another function": (
            lambda: store.enter_at(frame(), pcs(guest, 0)[0], []),
            CannotDivert,
            "no instruction",
        ),
        "too few operands": (
            lambda: store.enter_at(frame(), add, [one]),
            CannotDivert,
            "finds 2 operands on the stack, there are 1",
        ),
        "too many operands": (
            lambda: store.enter_at(frame(), add, [one] * 3),
            CannotDivert,
            "there are 3",
        ),
        "other operands": (
            lambda: store.enter_at(frame(), add, [one, Val.f32(1.0)]),
            WrongType,
            "wrong type",
        ),
        "a jump with others": (lambda: store.jump_to(add), CannotDivert, "there is i32"),
        "too few results": (lambda: store.return_from(frame(), []), CannotDivert, "returns i32"),
        "another result": (
            lambda: store.return_from(frame(), [Val.i64(1)]),
            WrongType,
            "wrong type",
        ),
    }


@pytest.mark.parametrize(
    "case",
    [
        *("no op", "of another function", "too few operands", "too many operands"),
        *("other operands", "a jump with others", "too few results", "another result"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(session: Session, case: str) -> None:
    def first() -> None:
        act, error, text = refusals(session)[case]
        before, code = session.guest.place(), session.guest.patched_bytes()
        with pytest.raises(error, match=text):
            act()
        assert session.guest.place() == before and session.guest.patched_bytes() == code

    assert session.run(first) == 1070
    assert len(session.events) == 1


def test_after_a_trap_nothing_goes_on(session: Session) -> None:
    def first() -> None:
        assert isinstance(session.events[0], Trap)
        with pytest.raises(CannotDivert, match="not stopped between two instructions"):
            session.store.return_from(session.frame())

    with pytest.raises(GuestTrap):
        session.run(first, "boom", ())


def test_beyond_the_host_nothing_is_entered(guest: Guest) -> None:
    tried = []

    def host() -> None:
        if not tried:
            tried.append(True)
            inner(guest.store)

    function = Func(guest.store, FuncType([], []), host)
    instance = guest.load(
        """(module (import "" "h" (func)) (func (export "outer") call 0) (func (export "inner") nop))""",
        function,
    )
    inner = guest.function(instance, "inner")
    with guest.store.edit_breakpoints() as edit:  # type: ignore[union-attr]
        edit.add_breakpoint(instance.module, nop_pc(guest, instance))

    def handler(store: Store, event: DebugEvent) -> None:
        outer = guest.store.debug_exit_frames()[1]
        with pytest.raises(CannotDivert, match="beyond a call of the host"):
            guest.store.return_from(outer)
        tried.append(False)

    guest.store.set_debug_handler(handler)
    guest.function(instance, "outer")(guest.store)
    assert tried == [True, False]


def test_inside_a_host_call_nothing_goes_on_elsewhere(guest: Guest) -> None:
    def host() -> None:
        with pytest.raises(CannotDivert, match="not stopped between two instructions"):
            guest.store.return_from(guest.store.debug_exit_frames()[0])
        with pytest.raises(DebugError, match="no event is being handled"):
            guest.store.inject_call(function)

    function = Func(guest.store, FuncType([], []), host)
    instance = guest.load(
        """(module (import "" "h" (func)) (func (export "f") call 0))""", function
    )
    guest.function(instance, "f")(guest.store)


def test_a_frame_of_another_store_is_refused(
    session: Session, new_guest: Callable[..., Guest]
) -> None:
    other = Session(new_guest())

    def first() -> None:
        with pytest.raises(ForeignStore, match="belongs to another store"):
            other.store.return_from(session.frame(), [Val.i32(1)])

    assert session.run(first) == 1070


def test_with_nothing_running_there_is_nothing_to_go_on(guest: Guest) -> None:
    with pytest.raises(CannotDivert, match="nothing runs"):
        guest.store.jump_to(0)


def test_references_are_operands_too(guest: Guest) -> None:
    session = Session(
        guest,
        """(module (func (export "f") (param externref) (result externref)
          (ref.null extern) nop))""",
    )
    thing = object()

    def first() -> None:
        end = pcs(guest, 0)[-1]
        session.store.enter_at(session.frame(), end, [Val.externref(thing)])
        with pytest.raises(WrongType):
            session.store.enter_at(session.frame(), end, [Val.ref_null(ValType.funcref())])

    assert session.run(first, "f", (None,)) is thing
