"""No write of a debugger lets the guest read or write outside its memory, whatever code was compiled for."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jit.debug.events import DebugEvent, EpochYield, Trap
from jit.debug.frames import FrameHandle
from jit.runtime.func import Caller, Func
from jit.runtime.trap import Trap as GuestTrap
from jit.runtime.types import FuncType
from jit.wasm.types import F32, F64, I32, I64
from tests.unit.debug.evaluator import PAGE
from tests.unit.debug.guest import MACHINES, Guest, at_nop
from tests.unit.debug.pointers import pointer_module
from tests.unit.debug.test_random import Comparison

MAX_PAGES = 4
PATTERN = bytes(range(1, 252)) * (PAGE // 251 + 1)
GUARD = PATTERN[:PAGE]
"""What lies in each page behind the memory, accessible: reading it changes results, writing shows."""
SCALE = int(os.environ.get("RANDOM_SCALE", "1"))
SETTINGS: dict[str, Any] = {"deadline": None, "suppress_health_check": list(HealthCheck)}


class Guarded(Comparison):
    """A guest beside an evaluator, with accessible pages behind its memory."""

    often = 0.04
    interesting = {
        I32: [0, 8, 64, 4096, 0xFFF0, 0xFFFF, 0x1_0000, 0x1_FFF8, 0x8000_0000, 0xFFFF_FFFF],
        I64: [0, 1 << 63],
        F32: [0],
        F64: [0],
    }

    def __init__(self, machine: str, seed: int) -> None:
        super().__init__(machine, seed, write=True, wat=pointer_module(seed, MAX_PAGES))
        self.arguments = [self.rng.choice((0, 64, 4096)) for _ in self.arguments]
        self.expected = self.evaluator.run(0, list(self.arguments))
        self.linear = self.instance.memories[0].linear
        self.linear._memory.grow(PAGE, MAX_PAGES * PAGE)
        for page in range(1, MAX_PAGES):
            self.guest.store.machine.write(self.linear.address + page * PAGE, GUARD)
        self.evaluator.fresh_page = GUARD

    def change(self) -> None:
        """Write something that code relies on, where there is such a thing; else anything."""
        frames = self.frames()
        relied = [
            (handle, frame, fact.local)
            for handle, frame in (frames[1:] if self.rng.random() < 0.5 else frames)
            for fact in handle._facts()
        ]
        if not relied or self.rng.random() < 0.2:
            super().change()
            return
        handle, frame, local = self.rng.choice(relied)
        frame.locals[local] = bits = self.rng.choice(self.interesting[I32])
        handle.set_local_bits(local, bits)

    def run(self) -> None:
        super().run()
        size = self.linear.size
        behind = self.guest.store.machine.read(self.linear.address + size, MAX_PAGES * PAGE - size)
        assert behind == GUARD * (MAX_PAGES - size // PAGE)
        assert self.linear.read(0, size) == self.evaluator.memory


@settings(max_examples=100 * SCALE, **SETTINGS)
@given(seed=st.integers(0, 2**32))
def test_no_write_leads_out_of_memory(seed: int) -> None:
    Guarded("native", seed).run()


@pytest.mark.parametrize("machine", sorted(set(MACHINES) - {"native"}))
@settings(max_examples=15 * SCALE, **SETTINGS)
@given(seed=st.integers(0, 2**32))
def test_no_write_leads_out_of_an_emulated_machines_memory(machine: str, seed: int) -> None:
    Guarded(machine, seed).run()


IN_HOST_CALL = """(module (import "" "host" (func $host)) (memory 1 4)
  (func (export "f") (param i32) (result i32)
    (drop (i32.load (local.get 0)))
    (call $host)
    (i32.load (local.get 0))))"""

AT_LOOP_HEAD = """(module (memory 1 4)
  (func (export "f") (param i32) (result i32) (local i32)
    (drop (i32.load (local.get 0)))
    (loop $again
      (local.set 1 (i32.load (local.get 0)))
      (br_if $again (i32.eqz (local.get 1))))
    (local.get 1)))"""

IN_CALLEE = """(module (memory 1 4) (data (i32.const 4) "\\05")
  (func (export "f") (param i32) (result i32)
    (drop (i32.load (local.get 0)))
    (call $g)
    (i32.load (local.get 0)))
  (func $g nop))"""


@pytest.mark.parametrize("far", [0xFFFD, 0x1_0000, 0xFFFF_FFFF])
def test_a_frame_in_a_host_call_is_written(guest: Guest, far: int) -> None:
    def body(caller: Caller) -> None:
        (frame,) = guest.store.debug_exit_frames()
        frame.set_local_bits(0, far)
        assert frame.local_bits(0) == far

    host = Func(guest.store, FuncType([], []), body, access_caller=True)
    instance = guest.load(IN_HOST_CALL, host)
    with pytest.raises(GuestTrap, match="out of bounds"):
        guest.function(instance, "f").call_bits([0])


def test_a_frame_at_an_epochs_exit_is_written(new_guest: Callable[..., Guest]) -> None:
    guest = new_guest(epoch=True)
    instance = guest.load(AT_LOOP_HEAD)
    guest.store.set_epoch_deadline(1)
    guest.store.epoch_deadline_yield_and_update(0)
    guest.store.state.epoch.increment()
    debugger = guest.debugger
    assert debugger is not None
    seen: list[DebugEvent] = []

    def handler(event: DebugEvent) -> None:
        seen.append(event)
        frame = debugger.frame(0)
        assert frame is not None
        if len(seen) == 3 and isinstance(event, EpochYield):
            frame.set_local_bits(0, 0xFFFF_FFFC)

    with pytest.raises(GuestTrap, match="out of bounds"):
        guest.run(instance, "f", 0, handler=handler)
    assert isinstance(seen[-1], Trap)


def test_a_moved_outer_frame_is_shown_by_handles_made_before(guest: Guest) -> None:
    def do(_: FrameHandle) -> None:
        debugger = guest.debugger
        assert debugger is not None
        handles = [debugger.frames() for _ in range(2)]
        outer = [list(frames)[1] for frames in handles]
        pc = outer[1].wasm_function_index_and_pc()
        outer[0].set_local_bits(0, 0x1_0000)
        assert outer[1].wasm_function_index_and_pc() == pc
        outer[1].set_local_bits(0, 4)
        assert outer[0].local_bits(0) == 4

    assert at_nop(guest, IN_CALLEE, 0, do=do) == 5
