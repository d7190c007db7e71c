"""Patch sites on demand: stops are those of code that has had its sites from the start, in every frame."""

import os
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jit.debug.events import Breakpoint, DebugEvent
from jit.debug.frames import FrameHandle
from jit.debug.watchpoints import Access, Watchpoint
from jit.runtime.func import Caller, Func
from jit.runtime.trap import Trap as GuestTrap
from jit.runtime.types import FuncType
from tests.unit.debug.guest import MACHINES, Guest
from tests.unit.debug.pointers import pointer_module
from tests.unit.debug.programs import random_program

SCALE = int(os.environ.get("RANDOM_SCALE", "1"))
SETTINGS: dict[str, Any] = {"deadline": None, "suppress_health_check": list(HealthCheck)}
MOST_EVENTS = 250
Place = tuple[tuple[int, int] | None, list[int], list[int]]
Seen = tuple[str, tuple[Place, ...]]

RECURSION = """(module (import "" "host" (func $host))
  (func $down (export "down") (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (call $host) (return (i32.const 0))))
    (i32.add (call $down (i32.sub (local.get 0) (i32.const 1))) (local.get 0)))
  (func (export "other") nop))"""


def place(frame: FrameHandle) -> Place:
    """Read a frame whole, as bit patterns."""
    return (
        frame.wasm_function_index_and_pc(),
        [frame.local_bits(index) for index in range(frame.num_locals())],
        [frame.stack_bits(index) for index in range(frame.num_stacks())],
    )


class Edited:
    """A guest that yields at every loop head and entry, and what a handler does that edits at random."""

    def __init__(self, machine: str, seed: int, *, on_demand: bool) -> None:
        self.rng = random.Random(seed)
        self.guest = Guest(machine, epoch=True)
        self.guest.store.code.sites_on_demand = on_demand
        wat = pointer_module(seed, 4) if seed % 2 else random_program(seed)
        self.instance = self.guest.load(wat)
        assert self.guest.debugger is not None
        self.debugger = self.guest.debugger
        self.bodies = self.instance.module.info.bodies
        self.watched: list[Watchpoint] = []
        self.seen: list[Seen] = []

    def run(self) -> list[Seen]:
        store = self.guest.store
        store.set_epoch_deadline(1)
        store.epoch_deadline_yield_and_update(0)
        store.state.epoch.increment()
        arguments = [0] * len(self.instance.module.info.func_type(0).params)
        function = self.guest.function(self.instance, "f0")
        try:
            results = self.debugger.run(lambda: function.call_bits(arguments), self.handle)
            self.seen.append((f"returned {results}", ()))
        except GuestTrap as trap:
            self.seen.append((str(trap.trap_code), ()))
        return self.seen

    def handle(self, event: DebugEvent) -> None:
        places = tuple(map(place, self.debugger.frames()))
        self.seen.append((type(event).__name__, places))
        if len(self.seen) > MOST_EVENTS:
            self.debugger.step(False)
            self.debugger.clear_breakpoints()
        elif self.rng.random() < 0.3:
            self.edit()

    def edit(self) -> None:
        rng, kind = self.rng, self.rng.randrange(8)
        if kind <= 2:
            self.debugger.step(rng.random() < 0.5)
        elif kind <= 4:
            body = rng.choice(self.bodies)
            self.debugger.set_breakpoint(0, rng.randrange(body.start, body.end))
        elif kind == 5:
            self.debugger.clear_breakpoints()
        elif kind == 6 and not self.watched:
            self.watched.append(
                self.debugger.watch_memory(Access.ANY, self.instance, 0, rng.randrange(4096), 64)
            )
        elif kind == 6:
            self.debugger.unwatch(self.watched.pop())
        else:
            self.write()

    def write(self) -> None:
        frame = self.debugger.frame(self.rng.randrange(self.debugger.depth()))
        assert frame is not None
        if frame.num_locals():
            frame.set_local_bits(self.rng.randrange(frame.num_locals()), self.rng.choice((0, 64)))


@settings(max_examples=40 * SCALE, **SETTINGS)
@given(seed=st.integers(0, 2**32))
def test_stops_are_those_of_code_with_all_sites(seed: int) -> None:
    runs = [Edited("native", seed, on_demand=on_demand).run() for on_demand in (False, True)]
    assert runs[0] == runs[1]


@pytest.mark.parametrize("machine", sorted(set(MACHINES) - {"native"}))
@settings(max_examples=8 * SCALE, **SETTINGS)
@given(seed=st.integers(0, 2**32))
def test_so_they_are_on_emulated_machines(machine: str, seed: int) -> None:
    runs = [Edited(machine, seed, on_demand=on_demand).run() for on_demand in (False, True)]
    assert runs[0] == runs[1]


def test_frames_that_wait_for_a_call_are_stopped_in(guest: Guest) -> None:
    debugger = guest.debugger
    assert debugger is not None
    depths: list[int] = []

    def body(caller: Caller) -> None:
        add = debugger.boundaries(0, 0)[-2]
        debugger.set_breakpoint(0, add)

    def handler(event: DebugEvent) -> None:
        assert isinstance(event, Breakpoint)
        depths.append(debugger.depth())

    instance = guest.load(RECURSION, Func(guest.store, FuncType([], []), body, access_caller=True))
    assert guest.run(instance, "down", 5, handler=handler) == 15
    assert depths == [5, 4, 3, 2, 1]
    (code,) = guest.store.code.modules()
    assert [function.variant.sites for function in code.functions()] == [True]
    guest.function(instance, "other")(guest.store)
    assert [function.variant.sites for function in code.functions()] == [True, False]


def test_steps_begin_in_a_host_call(guest: Guest) -> None:
    debugger = guest.debugger
    assert debugger is not None
    pcs: list[tuple[int, int]] = []

    def body(caller: Caller) -> None:
        debugger.step(True)

    def handler(event: DebugEvent) -> None:
        assert isinstance(event, Breakpoint)
        pcs.append((debugger.depth(), event.pc))

    instance = guest.load(RECURSION, Func(guest.store, FuncType([], []), body, access_caller=True))
    assert guest.run(instance, "down", 2, handler=handler) == 3
    ops = debugger.boundaries(0, 0)
    after_host = ops.index(pcs[0][1])
    assert pcs[0][0] == 3
    assert [depth for depth, pc in pcs if pc == ops[-2]] == [2, 1]
    assert [pc for depth, pc in pcs if depth == 3] == list(ops[after_host:][:2])
