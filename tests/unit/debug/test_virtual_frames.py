"""Several Wasm frames in one machine frame, and machine frames that show none, by tables made for it."""

from dataclasses import replace

import pytest

from jit.abi.frame import FrameLayout
from jit.abi.frame_table import (
    CallerPoint,
    FrameShape,
    FrameTable,
    Operand,
    OperandKind,
    Point,
    RowKind,
)
from jit.debug.cursor import FrameParentResult
from jit.debug.errors import CannotDivert, StaleFrame
from jit.debug.events import DebugEvent
from jit.debug.frames import FrameHandle
from jit.runtime.func import Func
from jit.runtime.instance import Instance
from jit.runtime.store import Store
from jit.runtime.types import FuncType
from jit.runtime.val import Val
from jit.wasm.types import I32, I64
from tests.unit.debug.guest import Guest
from tests.unit.debug.tables import module_of, with_points

WAT = """(module
  (import "" "look" (func $look))
  (func $leaf (call $look) nop)
  (func $middle (param i64 i64 i64 i32 i32) (call $leaf))
  (func $outer (export "f") (param i64 i64 i64 i32 i32)
    (call $middle (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)))
  (func $inlined (param i32 i32)))
"""
LEAF, MIDDLE, OUTER, INLINED = 0, 1, 2, 3
SLOT = Operand(I32, OperandKind.SLOT)


def inline_in_middle(table: FrameTable) -> FrameTable:
    """Say that `middle` has two frames of `inlined` in it, whose slots are among its own: 1 to 3, and 0 to 2."""

    def shape(vmctx: int) -> FrameShape:
        return FrameShape(
            INLINED,
            FrameLayout(2, 0),
            (I64, I32),
            table.base_to_frame_pointer - table.layout.local(vmctx),
        )

    def point(known: Point) -> Point:
        callers = (CallerPoint(0x222, (), 2), CallerPoint(known.pc, (), 0))
        return Point(0x111, (), (), 1, callers)

    inlined = (shape(1), shape(0))
    return replace(with_points(table, point), inlined=inlined)


def hide(table: FrameTable) -> FrameTable:
    """Say that a function shows no frame."""
    rows = tuple(replace(row, points=()) for row in table.rows if row.kind is RowKind.CALL)
    return replace(table, rows=rows)


class Inlined:
    """The guest, stopped in a host function that `leaf` calls."""

    def __init__(self, guest: Guest, changes: dict[int, object]) -> None:
        self.guest = guest
        self.chains: list[list[FrameHandle]] = []
        host = Func(guest.store, FuncType([], []), self.look)
        module = module_of(guest, WAT, changes)  # type: ignore[arg-type]
        self.instance: Instance = guest.instantiate(module, host)
        self.check = lambda chain: None

    def look(self) -> None:
        (frame,) = self.guest.store.debug_exit_frames()
        chain: list[FrameHandle] = []
        outer: FrameHandle | None = frame
        while outer is not None:
            chain.append(outer)
            outer = outer.parent()
        self.check(chain)
        self.chains.append(chain)

    def run(self) -> None:
        vmctx = self.instance.vmctx
        self.guest.function(self.instance, "f")(self.guest.store, vmctx, vmctx, 1 << 40, 30, 40)


def places(chain: list[FrameHandle]) -> list[tuple[int, int] | None]:
    return [frame.wasm_function_index_and_pc() for frame in chain]


def test_a_machine_frame_stands_for_several(guest: Guest) -> None:
    lab = Inlined(guest, {MIDDLE: inline_in_middle})

    def check(chain: list[FrameHandle]) -> None:
        leaf, inner, outer, middle, _ = chain
        functions = [place[0] for place in places(chain) if place]
        assert functions == [LEAF, INLINED, INLINED, MIDDLE, OUTER]
        assert [place[1] for place in places([inner, outer]) if place] == [0x111, 0x222]
        assert [frame.num_locals() for frame in chain] == [0, 2, 2, 5, 5]
        # Each has its own locals: those of the inlined begin behind the slot that is their vmctx.
        assert inner.local(0).value == 1 << 40 and inner.local(1).value == 30
        assert outer.local(0).value == lab.instance.vmctx
        assert middle.local(4).value == 40
        assert all(frame.instance() is lab.instance for frame in chain)
        assert all(frame.module() is lab.instance.module for frame in chain)
        offsets = [frame.stack_offset for frame in chain]
        assert offsets == sorted(offsets, reverse=True) and len(set(offsets)) == 5
        assert len(set(chain)) == 5 and inner == leaf.parent() and outer == inner.parent()

    lab.check = check
    lab.run()
    assert len(lab.chains) == 1


def test_all_ways_through_the_stack_agree(guest: Guest) -> None:
    lab = Inlined(guest, {MIDDLE: inline_in_middle, OUTER: hide})
    debugger = guest.debugger
    assert debugger is not None

    def check(chain: list[FrameHandle]) -> None:
        assert list(debugger.frames()) == chain and debugger.depth() == len(chain) == 4
        assert [debugger.frame(index) for index in range(5)] == [*chain, None]
        for index in range(4):
            told = debugger.called_frames(index, 9)
            among = chain[index : index + len(told)]
            assert told == [(frame.address, frame.frame_pointer) for frame in among]
        cursor = guest.store.debug_frames()
        assert cursor is not None
        for frame in chain:
            assert cursor.frame == frame
            assert cursor.move_to_parent() is FrameParentResult.SAME_ACTIVATION
        assert cursor.done

    lab.check = check
    lab.run()


def test_frames_that_show_nothing_are_passed_over(guest: Guest) -> None:
    """Wherever they are: innermost, between, outermost, or all."""
    for hidden in ({LEAF}, {MIDDLE}, {OUTER}, {LEAF, MIDDLE}, {LEAF, OUTER}):
        lab = Inlined(guest, dict.fromkeys(hidden, hide))
        seen: list[int] = []
        lab.check = lambda chain, seen=seen: seen.extend(p[0] for p in places(chain) if p)
        lab.run()
        assert seen == [function for function in (LEAF, MIDDLE, OUTER) if function not in hidden]


def test_an_activation_that_shows_nothing_has_no_exit_frame(guest: Guest) -> None:
    seen: list[int] = []
    host = Func(
        guest.store, FuncType([], []), lambda: seen.append(len(guest.store.debug_exit_frames()))
    )
    module = module_of(guest, WAT, dict.fromkeys((LEAF, MIDDLE, OUTER), hide))
    instance = guest.instantiate(module, host)
    guest.function(instance, "f")(guest.store, 0, 0, 0, 0, 0)
    assert seen == [0]
    assert guest.debugger is not None and guest.debugger.depth() == 0


def test_locals_of_inlined_frames_are_written(guest: Guest) -> None:
    lab = Inlined(guest, {MIDDLE: inline_in_middle})

    def check(chain: list[FrameHandle]) -> None:
        _, inner, _, middle, _ = chain
        inner.set_local(1, Val.i32(31))
        assert inner.local(1) == Val.i32(31) == middle.local(3)

    lab.check = check
    lab.run()


def test_an_inlined_frame_is_not_entered(guest: Guest) -> None:
    lab = Inlined(guest, {MIDDLE: inline_in_middle})
    debugger = guest.debugger
    assert debugger is not None
    with guest.store.edit_breakpoints() as edit:  # type: ignore[union-attr]
        edit.add_breakpoint(lab.instance.module, lab.instance.module.info.bodies[LEAF].end - 2)
    events: list[DebugEvent] = []

    def handler(store: Store, event: DebugEvent) -> None:
        events.append(event)
        inner = guest.store.debug_exit_frames()[0].parent()
        assert inner is not None
        with pytest.raises(CannotDivert, match="no machine frame of its own"):
            guest.store.enter_at(inner, 0x111, [])

    guest.store.set_debug_handler(handler)
    lab.run()
    assert len(events) == 1


def test_handles_of_inlined_frames_go_stale(guest: Guest) -> None:
    lab = Inlined(guest, {MIDDLE: inline_in_middle})
    lab.run()
    for frame in lab.chains[0]:
        assert not frame.is_valid()
        with pytest.raises(StaleFrame):
            frame.parent()


def inline_at_sites(table: FrameTable) -> FrameTable:
    """Say that every op of a function is one of `inlined` in it, whose operands are below its own."""
    shape = FrameShape(INLINED, FrameLayout(0, 1), (), table.base_to_frame_pointer)

    def point(known: Point) -> Point:
        return Point(known.pc + 0x1000, (), known.copies, 1, (CallerPoint(known.pc, (), 0),))

    return replace(with_points(table, point), inlined=(shape,))


def test_where_the_guest_stops_several_are_shown_too(guest: Guest) -> None:
    """In step mode, at each virtual stop of a site the frames are those of that point."""
    wat = """(module (func (export "f") nop nop nop) (func) (func) (func))"""
    instance = guest.instantiate(module_of(guest, wat, {0: inline_at_sites}))
    seen: list[tuple[list[tuple[int, int] | None], bool]] = []

    def handler(store: Store, event: DebugEvent) -> None:
        inner = guest.store.debug_exit_frames()[0]
        outer = inner.parent()
        assert outer is not None
        seen.append((places([inner, outer]), outer.parent() is None))

    guest.store.set_debug_handler(handler)
    with guest.store.edit_breakpoints() as edit:  # type: ignore[union-attr]
        edit.single_step(True)
    guest.function(instance, "f")(guest.store)
    first = instance.module.info.bodies[0].start + 1
    assert seen == [([(INLINED, 0x1000 + pc), (0, pc)], True) for pc in range(first, first + 4)]
