"""Frames: where they are said to be, what they hold, what writing does, and when they are stale."""

import struct
from collections.abc import Callable
from typing import Any

import pytest

from jit.abi.traps import TrapCode
from jit.debug.cursor import FrameParentResult
from jit.debug.errors import ForeignStore, OutOfRange, StaleFrame, WrongType
from jit.debug.events import DebugEvent, Trap
from jit.debug.frames import FrameHandle
from jit.runtime.func import Caller, Func
from jit.runtime.trap import Trap as GuestTrap
from jit.runtime.types import FuncType, ValType
from jit.runtime.val import Val
from jit.wasm.types import F32, F64, I32, I64
from tests.unit.debug.guest import Guest, Place, at_nop, nop_pc

I = ValType.i32()  # noqa: E741 - as in signatures

CALLS = """(module
  (import "" "host" (func $host (param i32 i32) (result i32)))
  (func $outer (export "outer") (param i32) (result i32) (local i64)
    (local.set 1 (i64.const 77))
    i32.const 11
    (call $inner (i32.const 21) (local.get 0))
    i32.add)
  (func $inner (param i32 i32) (result i32)
    f64.const 2.5
    (call $host (local.get 0) (i32.const 3))
    i32.const 1
    i32.add
    return))
"""


def host(guest: Guest, body: Callable[..., Any], params: int = 2, results: int = 1) -> Func:
    type_ = FuncType([I] * params, [I] * results)
    return Func(guest.store, type_, body, access_caller=True)


def places(guest: Guest) -> list[Place]:
    assert guest.debugger is not None
    return [guest.place(index) for index in range(guest.debugger.depth())]


def after_call(guest: Guest, instance: Any, function: int, nth: int = 0) -> int:
    """Return the PC after the nth call op of a function, found in its bytes."""
    info = instance.module.info
    assert guest.debugger is not None
    pcs = guest.debugger.boundaries(0, function)
    calls = [at for at, pc in enumerate(pcs) if info.data[pc] == 0x10]
    return pcs[calls[nth] + 1]


def test_a_frame_inside_a_call_is_after_it_with_its_operands(guest: Guest) -> None:
    seen: list[Place] = []

    def body(caller: Caller, a: int, b: int) -> int:
        seen.extend(places(guest))
        return a + b

    instance = guest.load(CALLS, host(guest, body))
    assert guest.function(instance, "outer")(guest.store, 5) == 11 + 21 + 3 + 1
    assert seen == [
        Place(1, after_call(guest, instance, 1), (21, 5), (2.5, 21, 3)),
        Place(0, after_call(guest, instance, 0), (5, 77), (11, 21, 5)),
    ]


def test_every_activation_has_an_exit_frame(guest: Guest) -> None:
    seen: list[tuple[int, list[int]]] = []

    def body(caller: Caller, a: int, b: int) -> int:
        if b == 0:
            assert guest.debugger is not None
            exits = [frame.activation for frame in guest.store.debug_exit_frames()]
            seen.append((guest.debugger.depth(), exits))
            return a
        return int(nest(guest.store, b - 1))

    wat = """(module (import "" "host" (func (param i32 i32) (result i32)))
      (func (export "nest") (param i32) (result i32)
        (call 0 (i32.const 1) (local.get 0)) (i32.const 1) i32.add))"""
    instance = guest.load(wat, host(guest, body))
    nest = guest.function(instance, "nest")
    assert nest(guest.store, 3) == 5
    assert seen == [(4, [3, 2, 1, 0])]
    assert guest.store.debug_exit_frames() == ()


def test_frames_in_calls_are_told_by_two_words_up_to_the_next_activation(guest: Guest) -> None:
    seen: list[list[int]] = []

    def body(caller: Caller) -> None:
        if len(guest.store.activations) == 1:
            inner(guest.store)
            return
        debugger = guest.debugger
        assert debugger is not None
        frames = list(debugger.frames())
        for index, frame in enumerate(frames):
            told = debugger.called_frames(index, 9)
            seen.append([index + at for at in range(len(told))])
            among = frames[index : index + len(told)]
            assert told == [(each.address, each.frame_pointer) for each in among]
            assert debugger.slot(frame.local_address(0)) == frame.local_bits(0) == 7
        assert debugger.called_frames(1, 1) == debugger.called_frames(1, 9)[:1]

    wat = """(module (import "" "host" (func)) (func $a (local i64) (local.set 0 (i64.const 7)) call 0)
      (func $b (local i64) (local.set 0 (i64.const 7)) call $a)
      (func (export "inner") (local i64) (local.set 0 (i64.const 7)) call $b)
      (func (export "outer") (local i64) (local.set 0 (i64.const 7)) call $a))"""
    instance = guest.load(wat, host(guest, body, 0, 0))
    inner = guest.function(instance, "inner")
    guest.function(instance, "outer")(guest.store)
    # Frames 0 and 3 are the innermost of their activations.
    assert seen == [[], [1, 2], [2], [], [4]]


def test_frames_of_one_activation_do_not_run_into_the_next(guest: Guest) -> None:
    parents: list[list[int]] = []

    def body(caller: Caller) -> None:
        if len(guest.store.activations) == 1:
            inner(guest.store)
            return
        for frame in guest.store.debug_exit_frames():
            chain: list[FrameHandle | None] = [frame]
            while chain[-1] is not None:
                chain.append(chain[-1].parent())
            parents.append([f.stack_offset for f in chain if f is not None])

    wat = """(module (import "" "host" (func)) (func $a call 0) (func $b call $a)
      (func (export "inner") call $b) (func (export "outer") call $a))"""
    instance = guest.load(wat, host(guest, body, 0, 0))
    inner = guest.function(instance, "inner")
    guest.function(instance, "outer")(guest.store)
    assert [len(chain) for chain in parents] == [3, 2]
    offsets = parents[0] + parents[1]
    assert offsets == sorted(offsets, reverse=True) and len(set(offsets)) == 5


TRAPS = {
    "unreachable": ("unreachable", (), TrapCode.UNREACHABLE),
    "i32.div_s": (
        "i32.const 7 i32.const 0 i32.div_s drop",
        (7, 0),
        TrapCode.INTEGER_DIVISION_BY_ZERO,
    ),
    "i32.load": ("i32.const -1 i32.load drop", (-1,), TrapCode.MEMORY_OUT_OF_BOUNDS),
    "i64.store": (
        "i32.const 65532 i64.const 9 i64.store",
        (65532, 9),
        TrapCode.MEMORY_OUT_OF_BOUNDS,
    ),
    "i32.trunc_f64_s": (
        "f64.const 1e10 i32.trunc_f64_s drop",
        (1e10,),
        TrapCode.INTEGER_OVERFLOW,
    ),
    "call_indirect": (
        "i32.const 4 i32.const 0 call_indirect (param i32)",
        (4, 0),
        TrapCode.INDIRECT_CALL_TO_NULL,
    ),
    "memory.fill": (
        "i32.const 1 i32.const 2 i32.const 70000 memory.fill",
        (1, 2, 70000),
        TrapCode.MEMORY_OUT_OF_BOUNDS,
    ),
    "memory.init": (
        "i32.const 1 i32.const 2 i32.const 3 memory.init 0",
        (1, 2, 3),
        TrapCode.MEMORY_OUT_OF_BOUNDS,
    ),
}


@pytest.mark.parametrize("op", TRAPS)
def test_a_trap_is_at_the_op_itself(guest: Guest, op: str) -> None:
    text, operands, code = TRAPS[op]
    wat = f"""(module (memory 1) (table 2 funcref) (data "")
      (func (export "f") (param i64) (local f32)
        local.get 0 {text} drop))"""
    instance = guest.load(wat)
    seen: list[tuple[DebugEvent, Place]] = []
    with pytest.raises(GuestTrap):
        guest.run(instance, "f", 5, handler=lambda event: seen.append((event, guest.place())))
    [(event, place)] = seen
    assert isinstance(event, Trap) and event.code is code
    assert (place.locals, place.stack) == ((5, 0.0), (5, *operands))
    steps: list[int] = []
    assert guest.debugger is not None
    guest.debugger.step(True)
    with pytest.raises(GuestTrap):
        guest.run(instance, "f", 5, handler=lambda event: steps.append(guest.place().pc))
    assert steps[-2:] == [place.pc, place.pc]


def test_a_stack_overflow_is_shown_in_frames_that_exist(guest: Guest) -> None:
    wat = """(module (func $f (export "f") (param i32)
      (call $f (i32.add (local.get 0) (i32.const 1)))))"""
    instance = guest.load(wat)
    depths: list[tuple[int, int]] = []

    def handler(event: DebugEvent) -> None:
        assert guest.debugger is not None and isinstance(event, Trap)
        assert event.code is TrapCode.STACK_OVERFLOW
        place = guest.place()
        depths.append((guest.debugger.depth(), place.locals[0]))
        outermost = guest.place(guest.debugger.depth() - 1)
        assert outermost.locals == (0,)

    with pytest.raises(GuestTrap):
        guest.run(instance, "f", 0, handler=handler)
    [(depth, argument)] = depths
    assert depth == argument + 1 > 5000


MIXED = """(module
  (global $g (mut externref) (ref.null extern))
  (func $f (export "f") (param i32 i64 f32 f64 externref i32) (result i64)
    (local i32 i64 funcref f32)
    (local.set 6 (i32.const -6)) (local.set 7 (i64.const -7))
    (local.set 8 (ref.func $f)) (local.set 9 (f32.const -9.5))
    i32.const 1 i64.const 2 f32.const 3.5 f64.const 4.5 local.get 4 ref.null func
    nop
    drop drop drop drop drop drop
    local.get 1)
  (elem declare func $f))
"""


def test_every_kind_of_value_is_read(guest: Guest) -> None:
    thing = object()

    def do(frame: FrameHandle) -> None:
        values = [frame.local(i).value for i in range(frame.num_locals())]
        assert values[:4] == [1, -2, 0.5, -0.25]
        assert values[4] is thing
        assert values[5:8] == [5, -6, -7]
        assert isinstance(values[8], Func)
        assert values[9] == -9.5
        stack = [frame.stack(i) for i in range(frame.num_stacks())]
        assert [v.value for v in stack[:4]] == [1, 2, 3.5, 4.5]
        assert stack[4].value is thing and stack[5] == Val.ref_null(ValType.funcref())
        assert [frame.local_type(i) for i in range(4)] == [I32, I64, F32, F64]
        assert frame.local_bits(2) == 0x3F00_0000
        assert frame.stack_bits(3) == struct.unpack("<Q", struct.pack("<d", 4.5))[0]

    assert at_nop(guest, MIXED, 1, -2, 0.5, -0.25, thing, 5, do=do) == -2


def test_indices_out_of_range_are_told(guest: Guest) -> None:
    def do(frame: FrameHandle) -> None:
        with pytest.raises(OutOfRange, match="local index 10 is out of range: there are 10"):
            frame.local(10)
        with pytest.raises(OutOfRange, match="operand index -1"):
            frame.stack(-1)
        with pytest.raises(OutOfRange, match="operand index 6"):
            frame.set_stack_bits(6, 0)

    at_nop(guest, MIXED, 1, -2, 0.5, -0.25, None, 5, do=do)


def test_a_written_value_must_be_of_the_type(guest: Guest) -> None:
    def do(frame: FrameHandle) -> None:
        for index, value in (
            (0, Val.i64(1)),
            (0, Val.f32(1.0)),
            (3, Val.f32(1.0)),
            (8, Val.i32(0)),
        ):
            with pytest.raises(WrongType):
                frame.set_local(index, value)
        with pytest.raises(WrongType, match="externref cannot be written as a bit pattern"):
            frame.set_local_bits(4, 0)
        with pytest.raises(WrongType, match="no bit pattern of i32"):
            frame.set_local_bits(0, 1 << 32)
        assert frame.local_bits(0) == 1

    at_nop(guest, MIXED, 1, -2, 0.5, -0.25, None, 5, do=do)


WRITES = """(module
  (func (export "f") (param i32 i64 f32 f64) (result i32 i64 f32 f64)
    (local.set 0 (i32.add (local.get 0) (i32.const 1)))
    (local.set 1 (i64.add (local.get 1) (i64.const 1)))
    (local.set 2 (f32.add (local.get 2) (f32.const 1)))
    (local.set 3 (f64.add (local.get 3) (f64.const 1)))
    nop
    local.get 0 local.get 1 local.get 2 local.get 3))
"""


def test_locals_are_written_where_registers_hold_copies(guest: Guest) -> None:
    def do(frame: FrameHandle) -> None:
        frame.set_local(0, Val.i32(-5))
        frame.set_local(1, Val.i64(1 << 40))
        frame.set_local(2, Val.f32(0.125))
        frame.set_local(3, Val.f64(1e300))
        assert frame.local(0) == Val.i32(-5)

    assert at_nop(guest, WRITES, 1, 2, 3.0, 4.0, do=do) == [-5, 1 << 40, 0.125, 1e300]


LOOP = """(module (func (export "f") (param i32) (result i32) (local i32)
  loop
    nop
    (local.set 1 (i32.add (local.get 1) (local.get 0)))
    (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))
  end
  local.get 1))
"""


def test_locals_in_the_home_registers_of_a_loop_are_written(guest: Guest) -> None:
    written: list[int] = []

    def do(frame: FrameHandle) -> None:
        if frame.local(0).value == 3 and not written:
            frame.set_local(0, Val.i32(10))
            written.append(10)
        if frame.local(0).value == 8:
            frame.set_local(1, Val.i32(1000))

    assert at_nop(guest, LOOP, 5, do=do) == 1000 + sum(range(1, 9))


def test_nan_bits_are_kept(guest: Guest) -> None:
    signalling, payload = 0x7FA0_0001, 0xFFF0_0000_1234_5678

    def do(frame: FrameHandle) -> None:
        frame.set_local_bits(2, signalling)
        frame.set_local_bits(3, payload)
        assert (frame.local_bits(2), frame.local_bits(3)) == (signalling, payload)
        seen.append(frame)

    seen: list[FrameHandle] = []
    instance = guest.load(WRITES)
    function = guest.function(instance, "f")
    debugger = guest.debugger
    assert debugger is not None
    debugger.set_breakpoint(0, nop_pc(guest, instance))

    def handler(event: DebugEvent) -> None:
        frame = debugger.frame(0)
        assert frame is not None
        do(frame)

    bits = debugger.run(lambda: function.call_bits([0, 0, 0, 0]), handler)
    assert bits[2:] == [signalling, payload] and seen


def test_operands_are_written_where_they_can_be(guest: Guest) -> None:
    wat = """(module (func (export "f") (param i32 f64) (result i32 f64)
      (i32.mul (local.get 0) (i32.const 3)) (f64.mul (local.get 1) (f64.const 3))
      nop))"""

    def do(frame: FrameHandle) -> None:
        assert [frame.stack(0).value, frame.stack(1).value] == [6, 7.5]
        frame.set_stack(0, Val.i32(-1))
        frame.set_stack(1, Val.f64(0.5))
        assert frame.stack(0) == Val.i32(-1)

    assert at_nop(guest, wat, 2, 2.5, do=do) == [-1, 0.5]


def test_constants_flags_and_shared_registers_are_written(guest: Guest) -> None:
    wat = """(module (func (export "f") (param i32) (result i32) (local i32)
      local.get 0 i32.const 100 i32.mul local.set 1
      i32.const 4 local.get 1 local.get 1
      (i32.eqz (local.get 0)) nop
      if (result i32) i32.const 1 else i32.const 2 end
      i32.add i32.add i32.add local.get 1 i32.add))"""

    def do(frame: FrameHandle) -> None:
        assert [frame.stack(index).value for index in range(4)] == [4, 300, 300, 0]
        frame.set_local(1, Val.i32(10_000))
        frame.set_stack(0, Val.i32(9))
        frame.set_stack(2, Val.i32(7000))
        frame.set_stack(3, Val.i32(1))
        assert [frame.stack(index).value for index in range(4)] == [9, 300, 7000, 1]
        assert frame.local(1).value == 10_000

    assert at_nop(guest, wat, 3, do=do) == 9 + 300 + 7000 + 1 + 10_000


def test_outer_frames_are_written(guest: Guest) -> None:
    wat = """(module
      (func (export "f") (param i32) (result i32)
        (local.set 0 (i32.add (local.get 0) (i32.const 1)))
        (i32.mul (local.get 0) (i32.const 2))
        (call $inner)
        i32.add (i32.add (local.get 0)))
      (func $inner (result i32) nop i32.const 100))"""

    def do(frame: FrameHandle) -> None:
        parent = frame.parent()
        assert parent is not None and parent.parent() is None
        assert parent.stack(0) == Val.i32(4) and parent.local(0) == Val.i32(2)
        parent.set_stack(0, Val.i32(1000))
        parent.set_local(0, Val.i32(10000))

    assert at_nop(guest, wat, 1, do=do) == 11100


def test_handles_are_stale_after_any_execution(guest: Guest) -> None:
    kept: list[FrameHandle] = []

    def do(frame: FrameHandle) -> None:
        assert all(not old.is_valid() for old in kept)
        kept.append(frame)
        assert frame.is_valid() and frame == guest.store.debug_exit_frames()[0]

    at_nop(guest, LOOP, 3, do=do)
    for frame in kept:
        assert not frame.is_valid()
        for use in (frame.num_locals, frame.parent, frame.instance, frame.module):
            with pytest.raises(StaleFrame, match="Frame handle is no longer valid"):
                use()


def test_handles_are_stale_at_the_next_virtual_stop(guest: Guest) -> None:
    wat = """(module (func (export "f") nop nop nop))"""
    kept: list[FrameHandle] = []
    instance = guest.load(wat)
    debugger = guest.debugger
    assert debugger is not None

    def handler(event: DebugEvent) -> None:
        frame = debugger.frame(0)
        assert frame is not None and not any(old.is_valid() for old in kept)
        kept.append(frame)

    debugger.step(True)
    guest.run(instance, "f", handler=handler)
    assert len(kept) == 4


def test_handles_of_a_dropped_run_are_stale(guest: Guest) -> None:
    class Dropped(BaseException):
        pass

    kept: list[FrameHandle] = []

    def do(frame: FrameHandle) -> None:
        kept.append(frame)
        raise Dropped

    with pytest.raises(Dropped):
        at_nop(guest, LOOP, 3, do=do)
    assert not kept[0].is_valid()


def test_a_nested_run_makes_handles_stale(guest: Guest) -> None:
    instance = guest.load("""(module (func (export "f") nop) (func (export "g")))""")
    debugger = guest.debugger
    assert debugger is not None
    debugger.set_breakpoint(0, nop_pc(guest, instance))

    def handler(event: DebugEvent) -> None:
        frame = debugger.frame(0)
        assert frame is not None
        debugger.call(guest.function(instance, "g"), [])
        assert not frame.is_valid()
        assert debugger.frame(0) is not None

    guest.run(instance, "f", handler=handler)


def test_memory_may_change_under_a_valid_handle(guest: Guest) -> None:
    wat = """(module (memory 1) (global (mut i32) (i32.const 1)) (func (export "f") nop))"""

    def do(frame: FrameHandle) -> None:
        debugger, instance = guest.debugger, frame.instance()
        assert debugger is not None
        debugger.write_memory(instance, 0, 10, b"abc")
        debugger.set_global_bits(instance, 0, 7)
        assert frame.is_valid()
        assert debugger.read_memory(instance, 0, 9, 5) == b"\0abc\0"
        assert debugger.global_bits(instance, 0) == 7
        assert debugger.read_memory(instance, 0, 65534, 10) == bytes(2)
        assert debugger.read_memory(instance, 0, 70000, 10) == b""
        with pytest.raises(OutOfRange):
            debugger.write_memory(instance, 0, 65534, b"abc")
        with pytest.raises(OutOfRange):
            debugger.read_memory(instance, 1, 0, 1)
        with pytest.raises(OutOfRange):
            debugger.global_bits(instance, 1)

    at_nop(guest, wat, do=do)


def test_a_frame_of_another_store_is_told(guest: Guest, new_guest: Callable[..., Guest]) -> None:
    other = new_guest()

    def do(frame: FrameHandle) -> None:
        assert other.debugger is not None
        with pytest.raises(ForeignStore):
            other.debugger.module_of(frame)

    at_nop(guest, LOOP, 1, do=do)


def test_very_deep_recursion_is_walked(new_guest: Callable[..., Guest]) -> None:
    guest = new_guest(stack_size=16 << 20)
    wat = """(module (func $f (export "f") (param i32) (result i32)
      (if (result i32) (local.get 0)
        (then (i32.add (i32.const 1) (call $f (i32.sub (local.get 0) (i32.const 1)))))
        (else nop (i32.const 0)))))"""
    depth = 100_000

    def do(frame: FrameHandle) -> None:
        debugger = guest.debugger
        assert debugger is not None
        assert debugger.depth() == depth + 1
        assert guest.place(depth).locals == (depth,)
        assert guest.place(1).locals == (1,)
        assert debugger.frame(depth + 1) is None
        middle = debugger.frame(50_000)
        assert middle is not None
        parent = middle.parent()
        assert parent == debugger.frame(50_001)

    assert at_nop(guest, wat, depth, do=do) == depth


def test_a_cursor_moves_from_activation_to_activation(guest: Guest) -> None:
    moves: list[tuple[int, FrameParentResult | None]] = []

    def body(caller: Caller) -> None:
        if len(guest.store.activations) == 1:
            inner(guest.store)
            return
        cursor = guest.store.debug_frames()
        assert cursor is not None
        result = None
        while not cursor.done:
            place = cursor.wasm_function_index_and_pc()
            assert place is not None and cursor.num_stacks() == 0 == cursor.num_locals()
            assert cursor.instance() is instance and cursor.module() is instance.module
            moves.append((place[0], result))
            result = cursor.move_to_parent()
        assert result is FrameParentResult.SAME_ACTIVATION
        with pytest.raises(LookupError, match="no current frame"):
            cursor.local(0)

    wat = """(module (import "" "host" (func)) (func $a call 0)
      (func (export "inner") call $a) (func (export "outer") call $a))"""
    instance = guest.load(wat, host(guest, body, 0, 0))
    inner = guest.function(instance, "inner")
    guest.function(instance, "outer")(guest.store)
    same, new = FrameParentResult.SAME_ACTIVATION, FrameParentResult.NEW_ACTIVATION
    assert moves == [(0, None), (1, same), (0, new), (2, same)]
