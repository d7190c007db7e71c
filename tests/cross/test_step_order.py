"""Steps, locals and operands are those that Wasmtime's own guest debugging shows, op for op.

At a trap Wasmtime shows the operands gone, and we those that the op was about to take.
"""

import re
from itertools import islice
from pathlib import Path

import pytest

import jit
from bench.peer import MissingPeer
from jit.debug.events import Breakpoint, DebugEvent, Trap
from jit.debug.frames import FrameHandle
from jit.runtime.func import Func
from jit.runtime.store import Store
from jit.wasm.types import F32, F64, I32
from tests.cross.lab import binary
from tests.cross.peer_steps import State, debugged
from tests.unit.debug.programs import random_program

STEPS = 150
SEEDS = (0, 1, 3, 4, 6)
"""Of random programs.  In that of seed 2 Wasmtime shows the parameters of a loop twice, which begins an `if` with parameters."""

SMALL = """(module (memory (export "memory") 1)
  (func $add (param i32 i64) (result i32) local.get 0 local.get 1 i32.wrap_i64 i32.add)
  (func (export "_start") (local i32 i64 f32 f64 i32)
    nop
    i32.const 3
    local.set 0
    loop
      local.get 0
      block (param i32) (result i32)
        i64.const 0x1234567890
        call $add
        nop
      end
      drop
      f64.const 1.5
      local.tee 3
      f32.demote_f64
      local.set 2
      local.get 0
      i32.const 1
      i32.sub
      local.tee 0
      br_if 0
    end
    local.get 0
    if
      unreachable
    else
      nop
    end
    block
      br 0
      i32.const 5
      drop
    end
    i32.const 1
    if (result i32)
      i32.const 5
    else
      i32.const 6
    end
    i32.const 0
    i32.div_s
    drop))"""


INDIRECT = """(module (type $t (func (param i32 i64) (result i32))) (table funcref (elem $f))
  (func $f (type $t) nop local.get 0)
  (func (export "_start") (local i32)
    i32.const 11
    i32.const 22
    i64.const 33
    i32.const 0
    call_indirect (type $t)
    i64.const 44
    call $f
    drop
    drop))"""


def started(seed: int) -> str:
    """Return a random program with a `_start` that calls the first of its functions with zeros."""
    wat = random_program(seed)
    header = re.search(r"\(type \$t0 \(func \(param (.*?)\) \(result (.*?)\)", wat)
    assert header is not None
    calls = " ".join(f"({type_}.const 0)" for type_ in header[1].split())
    drops = "drop " * len(header[2].split())
    return f'{wat.rstrip()[:-1]} (func (export "_start") (call 0 {calls}) {drops}))'


def plain(type_: int, bits: int) -> bytes:
    """Return a value's bytes, all NaNs alike."""
    size = 4 if type_ in (I32, F32) else 8
    if type_ == F32 and bits & 0x7FFF_FFFF > 0x7F80_0000:
        bits = 0x7FC0_0000
    if type_ == F64 and bits & (1 << 63) - 1 > 0x7FF << 52:
        bits = 0x7FF8 << 48
    return bits.to_bytes(size, "little")


Typed = tuple[State, list[int], list[int]]
"""A frame, and the types of its locals and operands."""


def ours(wasm: bytes) -> tuple[list[list[Typed]], bool]:
    """Step through `_start`; return the frame and its caller's at each stop, and whether the last is a trap's."""
    config = jit.Config()
    config.guest_debug = True
    engine = jit.Engine(config)
    store = jit.Store(engine)
    states: list[list[Typed]] = []

    def handler(_: Store, event: DebugEvent) -> None:
        if isinstance(event, Breakpoint | Trap):
            frame = store.debug_exit_frames()[0]
            caller = frame.parent()
            states.append([_state(frame), *([] if caller is None else [_state(caller)])])

    store.set_debug_handler(handler)
    edit = store.edit_breakpoints()
    assert edit is not None
    with edit:
        edit.single_step(True)
    start = jit.Instance(store, jit.Module(engine, wasm), []).exports(store)["_start"]
    assert isinstance(start, Func)
    try:
        start(store)
    except jit.Trap:
        return states, True
    return states, False


def _state(frame: FrameHandle) -> Typed:
    where = frame.wasm_function_index_and_pc()
    assert where is not None
    locals_ = [frame.local_type(index) for index in range(frame.num_locals())]
    stack = [frame.stack_type(index) for index in range(frame.num_stacks())]
    values = tuple(plain(type_, frame.local_bits(i)) for i, type_ in enumerate(locals_))
    operands = tuple(plain(type_, frame.stack_bits(i)) for i, type_ in enumerate(stack))
    return State(where[1], values, operands), locals_, stack


def canonical(types: list[int], values: tuple[bytes, ...]) -> tuple[bytes, ...]:
    assert len(types) == len(values)
    pairs = zip(types, values, strict=True)
    return tuple(plain(type_, int.from_bytes(value, "little")) for type_, value in pairs)


@pytest.mark.parametrize("wat", [SMALL, INDIRECT, *map(started, SEEDS)])
def test_steps_are_wasmtimes(wat: str, tmp_path: Path) -> None:
    program = tmp_path / "program.wasm"
    program.write_bytes(binary(wat))
    stops, trapped = ours(program.read_bytes())
    try:
        with debugged(program) as peer:
            theirs = list(islice(peer.steps(), STEPS))
    except MissingPeer as missing:
        pytest.skip(str(missing))
    assert len(theirs) == min(len(stops), STEPS)
    for frames, their_frames in zip(stops, theirs, strict=False):
        places = [state.pc for state, *_ in frames]
        assert places == [state.pc for state in their_frames]
        for (state, locals_, stack), their in zip(frames, their_frames, strict=True):
            assert state.locals == canonical(locals_, their.locals), hex(state.pc)
            at_trap = trapped and state is stops[-1][0][0]
            if not at_trap:
                assert state.stack == canonical(stack, their.stack), hex(state.pc)
