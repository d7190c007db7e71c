"""Breakpoints: where they stand, whom they belong to, and that they leave nothing behind."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from jit.debug.boundaries import BoundaryKind
from jit.debug.errors import ForeignModule, NoCode, OutOfRange
from jit.debug.events import Breakpoint, DebugEvent
from jit.machine.errors import MachineError
from jit.runtime.engine import EngineState
from jit.runtime.errors import StoreInUse
from jit.runtime.func import Caller, Func
from jit.runtime.instance import Instance
from jit.runtime.types import FuncType
from tests.unit.debug.guest import Guest

SUM = """(module
  (func (export "f") (param i32) (result i32) (local i32)
    loop
      (local.set 1 (i32.add (local.get 1) (i32.const 1000)))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))
    end
    local.get 1
    return
    i32.const 99999
    drop
    nop)
  (func (export "g") (result i32) i32.const 5))
"""


def pcs(guest: Guest, function: int = 0) -> list[int]:
    assert guest.debugger is not None
    return list(guest.debugger.boundaries(0, function))


def hits(guest: Guest, instance: Instance, name: str, *arguments: Any) -> list[Breakpoint]:
    """Run an export; return the events, which are all of breakpoints."""
    seen: list[Breakpoint] = []

    def handler(event: DebugEvent) -> None:
        assert isinstance(event, Breakpoint)
        assert guest.place().pc == event.pc
        seen.append(event)

    guest.run(instance, name, *arguments, handler=handler)
    return seen


def test_hits_are_passed_over_while_something_says_so(guest: Guest) -> None:
    instance = guest.load(SUM)
    debugger = guest.debugger
    assert debugger is not None
    first, second = pcs(guest)[1], pcs(guest)[7]
    debugger.set_breakpoint(0, first)
    told: list[tuple[int, int]] = []
    asked: list[tuple[int, int]] = []

    def now() -> tuple[int, int]:
        place = guest.place()
        return place.pc, place.locals[0]

    def passes() -> bool:
        asked.append(now())
        return now()[1] != 6

    def handler(event: DebugEvent) -> None:
        told.append(now())
        if now()[1] == 9:
            debugger.pass_while(passes)
        if now()[1] == 6:
            debugger.set_breakpoint(0, second)  # what was given is forgotten

    guest.run(instance, "f", 9, handler=handler)
    assert asked == [(first, 8), (first, 7), (first, 6)]
    assert told[:2] == [(first, 9), (first, 6)]
    assert told[2:] == [(second, 6), *((pc, n) for n in range(5, 0, -1) for pc in (first, second))]


def test_what_passes_is_asked_nothing_while_stepping(guest: Guest) -> None:
    instance = guest.load(SUM)
    debugger = guest.debugger
    assert debugger is not None
    debugger.set_breakpoint(0, pcs(guest)[1])
    steps = 0

    def handler(event: DebugEvent) -> None:
        nonlocal steps
        steps += 1
        if steps == 1:
            debugger.pass_while(lambda: True)
        if steps == 3:
            debugger.step(True)

    guest.run(instance, "f", 3, handler=handler)
    assert steps == 1  # passed over to the end
    steps = 1
    guest.run(instance, "f", 3, handler=handler)
    assert steps == 1
    debugger.pass_nothing()
    steps = 1
    guest.run(instance, "f", 3, handler=handler)
    debugger.step(False)
    assert steps > 6  # from the second hit on, every op


def test_a_breakpoint_stops_before_its_op_each_time(guest: Guest) -> None:
    instance = guest.load(SUM)
    assert guest.debugger is not None
    for pc in pcs(guest)[:-4]:
        assert guest.debugger.set_breakpoint(0, pc) == pc
        events = hits(guest, instance, "f", 3)
        assert {event.pc for event in events} == {pc}
        assert {event.requested for event in events} == {(pc,)}
        assert len(events) in (1, 3)
        guest.debugger.clear_breakpoint(0, pc)


def test_a_breakpoint_slips_forward_to_the_next_op(guest: Guest) -> None:
    instance = guest.load(SUM)
    assert guest.debugger is not None
    body = instance.module.info.bodies[0]
    ops = pcs(guest)
    for pc in range(body.start, body.end):
        actual = next(op for op in ops if op >= pc)
        assert guest.debugger.set_breakpoint(0, pc) == actual == guest.debugger.boundary(0, pc)
    assert [event.pc for event in hits(guest, instance, "f", 1)] == ops[:-4]
    first = hits(guest, instance, "f", 1)[0]
    assert first.requested == tuple(range(body.start, ops[0] + 1))
    guest.debugger.clear_breakpoints()
    assert hits(guest, instance, "f", 1) == []


def test_kinds_of_places(guest: Guest) -> None:
    instance = guest.load(SUM)
    debugger = guest.debugger
    assert debugger is not None
    body, ops = instance.module.info.bodies[0], pcs(guest)
    assert debugger.boundary_kind(0, body.start) is BoundaryKind.LOCALS
    assert debugger.boundary_kind(0, ops[0] - 1) is BoundaryKind.LOCALS
    assert debugger.boundary_kind(0, ops[0]) is BoundaryKind.OP
    assert debugger.boundary_kind(0, ops[0] + 1) is BoundaryKind.INSIDE
    assert debugger.boundary_kind(0, ops[-2]) is BoundaryKind.DEAD
    assert debugger.boundary_kind(0, body.start - 1) is None
    assert debugger.boundary_kind(0, 0) is None
    assert debugger.function_at(0, body.end - 1) == 0
    assert debugger.function_at(0, 3) is None
    with pytest.raises(OutOfRange, match="module index 1"):
        debugger.boundary_kind(1, 0)


def test_dead_code_accepts_a_breakpoint_that_never_fires(guest: Guest) -> None:
    instance = guest.load(SUM)
    assert guest.debugger is not None
    for pc in pcs(guest)[-4:-1]:
        assert guest.debugger.set_breakpoint(0, pc) == pc
    assert hits(guest, instance, "f", 2) == []


def test_outside_every_function_is_an_error(guest: Guest) -> None:
    instance = guest.load(SUM)
    debugger = guest.debugger
    assert debugger is not None
    body = instance.module.info.bodies[0]
    for pc in (0, body.start - 1, len(instance.module.info.data), 1 << 40, -1):
        with pytest.raises(NoCode, match="no function's code at offset"):
            debugger.set_breakpoint(0, pc)
    debugger.clear_breakpoint(0, 0)
    assert guest.store.breakpoints() == []


def test_a_breakpoint_never_slips_into_the_next_function(guest: Guest) -> None:
    instance = guest.load(SUM)
    assert guest.debugger is not None
    first, second = instance.module.info.bodies
    assert guest.debugger.boundary(0, first.end - 1) == first.end - 1
    assert guest.debugger.function_at(0, first.end) in (None, 1)
    assert guest.debugger.boundary(0, second.start) == pcs(guest, 1)[0]


def test_owners_do_not_know_of_each_other(guest: Guest) -> None:
    instance = guest.load(SUM)
    module, (pc, *_) = instance.module, pcs(guest)
    store = guest.store

    def edit(owner: object, add: bool) -> None:
        session = store.edit_breakpoints(owner)
        assert session is not None
        with session as breakpoints:
            for _ in range(2):
                if add:
                    breakpoints.add_breakpoint(module, pc)
                else:
                    breakpoints.remove_breakpoint(module, pc)

    edit("a", True)
    edit("b", True)
    found = store.breakpoints()
    assert found is not None
    assert sorted((b.owner, b.pc, b.requested_pc) for b in found) == [("a", pc, pc), ("b", pc, pc)]
    edit("a", False)
    assert len(hits(guest, instance, "f", 1)) == 1
    edit(None, False)
    assert len(hits(guest, instance, "f", 1)) == 1
    edit("b", False)
    assert hits(guest, instance, "f", 1) == [] == store.breakpoints()


def test_two_requests_that_slip_to_one_op_are_two(guest: Guest) -> None:
    instance = guest.load(SUM)
    debugger = guest.debugger
    assert debugger is not None
    start, first = instance.module.info.bodies[0].start, pcs(guest)[0]
    debugger.set_breakpoint(0, start)
    debugger.set_breakpoint(0, first)
    assert [event.requested for event in hits(guest, instance, "f", 1)] == [(start, first)]
    debugger.clear_breakpoint(0, start)
    assert [event.requested for event in hits(guest, instance, "f", 1)] == [(first,)]


def test_breakpoints_wait_for_code_and_instances(guest: Guest) -> None:
    module = guest.module(SUM)
    session = guest.store.edit_breakpoints()
    assert session is not None
    with session as edit:
        edit.add_breakpoint(module, module.info.bodies[1].start)
    first = guest.instantiate(module)
    assert len(hits(guest, first, "g")) == 1
    second = guest.instantiate(module)
    assert len(hits(guest, second, "g")) == 1


def test_a_batch_is_applied_when_it_ends(guest: Guest) -> None:
    instance = guest.load(SUM)
    guest.function(instance, "f")(guest.store, 1)
    plain = guest.patched_bytes()
    session = guest.store.edit_breakpoints()
    assert session is not None
    with session as edit:
        edit.add_breakpoint(instance.module, pcs(guest)[0])
        assert guest.patched_bytes() == plain
    assert guest.patched_bytes() != plain


def test_a_handler_may_edit(guest: Guest) -> None:
    instance = guest.load(SUM)
    debugger = guest.debugger
    assert debugger is not None
    ops = pcs(guest)
    seen: list[int] = []

    def handler(event: DebugEvent) -> None:
        assert isinstance(event, Breakpoint)
        seen.append(event.pc)
        debugger.clear_breakpoint(0, event.pc)
        if len(seen) < 5:
            debugger.set_breakpoint(0, ops[len(seen)])

    debugger.set_breakpoint(0, ops[0])
    guest.run(instance, "f", 2, handler=handler)
    assert seen == ops[:5]


def test_editing_while_the_guest_runs_is_refused(guest: Guest) -> None:
    instance = guest.load(SUM)
    guest.store.executions += 1
    assert guest.debugger is not None

    class Machine:
        """Asks for an edit in the middle of a resume."""

        def __init__(self, resume: Callable[[int], int]) -> None:
            self._resume = resume

        def __call__(self, context: int) -> int:
            with pytest.raises(StoreInUse):
                guest.store.edit_breakpoints()
            assert guest.debugger is not None
            with pytest.raises(StoreInUse):
                guest.debugger.step(True)
            return self._resume(context)

    guest.store.code.resume = Machine(guest.store.code.resume)
    assert guest.function(instance, "g")(guest.store) == 5


def test_a_session_that_ends_while_the_guest_runs_is_done_with_the_next(guest: Guest) -> None:
    instance = guest.load(SUM)
    module, store = instance.module, guest.store
    guest.function(instance, "g")(store)  # compiled
    session, seen = store.edit_breakpoints(), []
    assert session is not None
    first = pcs(guest, 1)[0]
    session.add_breakpoint(module, first)
    resume = store.code.resume

    def resume_in_a_session(context: int) -> int:
        for change in (
            lambda: session.add_breakpoint(module, first),
            lambda: session.remove_breakpoint(module, first),
            lambda: session.single_step(True),
            lambda: session.__exit__(),
        ):
            with pytest.raises(StoreInUse):
                change()
        return resume(context)

    store.code.resume = resume_in_a_session
    store.set_debug_handler(lambda store, event: seen.append(event))
    assert guest.function(instance, "g")(store) == 5
    assert not seen
    store.code.resume = resume
    with store.edit_breakpoints() as edit:  # type: ignore[union-attr]
        edit.add_breakpoint(module, pcs(guest, 0)[0])
    assert guest.function(instance, "g")(store) == 5
    assert [event.pc for event in seen if isinstance(event, Breakpoint)] == [first]


def test_a_module_that_the_store_cannot_run_has_no_breakpoints(guest: Guest) -> None:
    stranger = guest.module(SUM)
    stranger.state = EngineState()
    with guest.store.edit_breakpoints() as edit:  # type: ignore[union-attr]
        for change in (edit.add_breakpoint, edit.remove_breakpoint):
            with pytest.raises(ForeignModule, match="belongs to another engine"):
                change(stranger, stranger.info.bodies[0].start)
            with pytest.raises(TypeError, match="expected a Module"):
                change("text", 0)  # type: ignore[arg-type]
    assert guest.store.breakpoints() == []


def test_a_host_function_may_edit(guest: Guest) -> None:
    wat = """(module (import "" "h" (func)) (func (export "f") call 0 nop))"""
    debugger = guest.debugger
    assert debugger is not None

    def body(caller: Caller) -> None:
        debugger.set_breakpoint(0, pcs(guest)[1])

    host = Func(guest.store, FuncType([], []), body, access_caller=True)
    instance = guest.load(wat, host)
    assert [event.pc for event in hits(guest, instance, "f")] == [pcs(guest)[1]]


def test_random_edits_leave_code_as_it_was(guest: Guest) -> None:
    instance = guest.load(SUM)
    debugger, store = guest.debugger, guest.store
    assert debugger is not None
    function = guest.function(instance, "f")
    expected = function(store, 3)
    guest.function(instance, "g")(store)
    plain = guest.patched_bytes()
    rng = random.Random(5)
    bodies = instance.module.info.bodies
    places = [pc for body in bodies for pc in range(body.start, body.end)]
    wanted: set[tuple[object, int]] = set()
    for _ in range(300):
        owner, pc = rng.choice(["a", "b"]), rng.choice(places)
        session = store.edit_breakpoints(owner)
        assert session is not None
        with session as edit:
            if rng.random() < 0.5:
                edit.add_breakpoint(instance.module, pc)
                wanted.add((owner, pc))
            else:
                edit.remove_breakpoint(instance.module, pc)
                wanted.discard((owner, pc))
            if rng.random() < 0.1:
                edit.single_step(not debugger.stepping)
        found = store.breakpoints()
        assert found is not None and {(b.owner, b.requested_pc) for b in found} == wanted
        if rng.random() < 0.1:
            assert function(store, 3) == expected
    for own, pc in wanted:
        session = store.edit_breakpoints(own)
        assert session is not None
        with session as edit:
            edit.remove_breakpoint(instance.module, pc)
            edit.single_step(False)
    assert guest.patched_bytes() == plain
    assert function(store, 3) == expected


def test_all_sites_enabled_change_nothing(new_guest: Callable[..., Guest]) -> None:
    wat = """(module (memory 1)
      (func $fib (export "fib") (param i32) (result i32)
        (if (result i32) (i32.lt_s (local.get 0) (i32.const 2)) (then (local.get 0))
          (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                         (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
      (func (export "mix") (param i32) (result f64) (local f64 i64)
        loop
          (local.set 1 (f64.add (f64.mul (local.get 1) (f64.const 1.25)) (f64.convert_i32_s (local.get 0))))
          (local.set 2 (i64.xor (i64.mul (local.get 2) (i64.const 31)) (i64.extend_i32_u (local.get 0))))
          (i64.store (i32.and (local.get 0) (i32.const 1023)) (local.get 2))
          (br_if 0 (i32.gt_s (local.tee 0 (i32.sub (local.get 0) (i32.const 1))) (i32.const 0)))
        end
        (f64.add (local.get 1) (f64.convert_i64_s (i64.load (i32.const 5))))))"""
    plain, stepped = new_guest(debug=False), new_guest()
    assert stepped.debugger is not None
    expected = plain.load(wat)
    instance = stepped.load(wat)
    stepped.debugger.step(True)
    for name, argument in (("fib", 9), ("mix", 50)):
        value = plain.function(expected, name)(plain.store, argument)
        assert stepped.run(instance, name, argument, handler=lambda event: None) == value


class Refusal:
    """A machine's `patch` that fails at its call number `at`, counted from 1."""

    def __init__(self, guest: Guest, at: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = guest.store.machine.patch
        self._left = at
        monkeypatch.setattr(guest.store.machine, "patch", self)

    def __call__(self, address: int, code: bytes) -> None:
        self._left -= 1
        if self._left == 0:
            raise MachineError("no page can be written")
        self._patch(address, code)


@pytest.mark.parametrize("at", [1, 2])
def test_code_that_cannot_be_patched_ends_the_guest_alone(
    guest: Guest, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = guest.load(
        """(module (func (export "f") nop call 1 nop) (func nop) (func (export "g")))"""
    )
    debugger, store, module = guest.debugger, guest.store, instance.module
    assert debugger is not None
    guest.function(instance, "f")(store)
    plain = guest.patched_bytes()
    pcs = [debugger.boundaries(0, function)[0] for function in (0, 1)]
    debugger.set_breakpoint(0, pcs[0])

    def edit(pcs: Sequence[int], owner: str) -> None:
        session = store.edit_breakpoints(owner)
        assert session is not None
        with session:
            for pc in pcs:
                session.add_breakpoint(module, pc)

    later = [debugger.boundaries(0, 0)[2], pcs[1]]

    def handler(event: DebugEvent) -> None:
        Refusal(guest, at, monkeypatch)
        edit(later, "handler")

    with pytest.raises(MachineError, match="no page"):
        guest.run(instance, "f", handler=handler)
    assert store.activations == []
    edit([pcs[0]], "another")  # what was left undone is done now
    stops: list[int] = []

    def note(event: DebugEvent) -> None:
        assert isinstance(event, Breakpoint)
        stops.append(event.pc)

    guest.run(instance, "f", handler=note)
    assert stops == [pcs[0], pcs[1], later[0]]
    for breakpoint_ in store.breakpoints() or ():
        session = store.edit_breakpoints(breakpoint_.owner)
        assert session is not None
        with session:
            session.remove_breakpoint(module, breakpoint_.requested_pc)
    assert guest.patched_bytes() == plain


def test_each_function_is_patched_once_an_edit(
    guest: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = guest.load("""(module (func (export "f") nop nop nop) (func (export "g") nop))""")
    debugger, store, module = guest.debugger, guest.store, instance.module
    assert debugger is not None
    for name in "fg":
        guest.function(instance, name)(store)
    patch, patched = store.machine.patch, list[int]()

    def count(address: int, code: bytes) -> None:
        patched.append(address)
        patch(address, code)

    monkeypatch.setattr(store.machine, "patch", count)
    pc = debugger.boundaries(0, 0)[0]
    for owner in ("one", "other", "one"):
        session = store.edit_breakpoints(owner)
        assert session is not None
        with session:
            session.add_breakpoint(module, pc)
            session.add_breakpoint(module, pc)
            session.single_step(False)
    assert len(patched) == 1
    debugger.step(True)
    del patched[:]
    debugger.step(True)
    assert patched == []
