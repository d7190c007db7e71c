"""Random modules: every stop shows what an independent evaluation has there, and obeys what is written."""

import os
import random
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jit.debug.debugger import Debugger
from jit.debug.events import Breakpoint, DebugEvent, Trap
from jit.debug.frames import FrameHandle
from jit.runtime.func import Func
from jit.runtime.instance import Instance
from jit.runtime.trap import Trap as GuestTrap
from jit.runtime.val import Val, from_bits
from jit.wasm.types import EXTERNREF, F32, F64, FUNCREF, I32, I64
from tests.unit.debug.arithmetic import Trapped
from tests.unit.debug.evaluator import Evaluator, Frame
from tests.unit.debug.guest import MACHINES, Guest
from tests.unit.debug.programs import random_program

MOST_STOPS = 1500
INTERESTING = {
    I32: [0, 1, 2, 0xFFFF_FFFF, 0x8000_0000],
    I64: [0, 1, 0xFFFF_FFFF_FFFF_FFFF, 1 << 63],
    F32: [0, 0x3F80_0000, 0x7F80_0000, 0x7FA0_0001],
    F64: [0, 0x3FF0_0000_0000_0000, 0x7FF0_0000_0000_0000, 0x7FF4_0000_0000_0001],
}


class Enough(BaseException):
    """The run is long enough."""


def is_nan(type_: int, bits: int) -> bool:
    if type_ == F32:
        return bits & 0x7FFF_FFFF > 0x7F80_0000
    return type_ == F64 and bits & 0x7FFF_FFFF_FFFF_FFFF > 0x7FF0_0000_0000_0000


class Comparison:
    """A guest and an evaluator side by side, one op at a time."""

    interesting = INTERESTING
    often = 0.2
    """How many stops something is written at."""
    nan_bits = True
    """Whether a NaN's bits may come to matter: then every op must be stopped at, for the evaluator to learn them."""

    def __init__(self, machine: str, seed: int, *, write: bool, wat: str | None = None) -> None:
        self.rng = random.Random(seed)
        self.guest = Guest(machine)
        wat = random_program(seed, nan_bits=self.nan_bits, references=True) if wat is None else wat
        self.instance = self.guest.load(wat)
        info = self.instance.module.info
        self.evaluator = Evaluator(info, self.instance.record)
        self.write = write
        self.stops = 0
        self.trapped = False
        self.objects: dict[int, object] = {0: None}
        """By handle, what externrefs refer to."""
        type_ = info.func_type(0)
        self.arguments = [self.some(code) for code in type_.params]
        self.results = type_.results
        self.expected = self.evaluator.run(0, list(self.arguments))
        assert self.guest.debugger is not None
        self.debugger: Debugger = self.guest.debugger

    def some(self, type_: int) -> int:
        """Return a bit pattern of a type."""
        if type_ == EXTERNREF:
            return self.some_object()
        if type_ != FUNCREF:
            return self.rng.choice(self.interesting[type_])
        function = self.rng.randrange(-1, len(self.instance.module.info.func_types))
        return 0 if function < 0 else self.instance.record(function)

    def some_object(self) -> int:
        """Return the handle of nothing, or of an object that is new."""
        if self.rng.random() < 0.3:
            return 0
        thing = object()
        handle = self.guest.store.extern_handle(thing)
        self.objects[handle] = thing
        return handle

    def no_nan(self, type_: int) -> int:
        """Return a bit pattern that passes through a Python float unchanged."""
        bits = self.some(type_)
        return self.no_nan(type_) if is_nan(type_, bits) else bits

    def run(self) -> None:
        function: Func = self.guest.function(self.instance, "f0")
        self.debugger.step(True)
        try:
            results = self.debugger.run(lambda: function.call_bits(self.arguments), self.handle)
        except Enough:
            self.compare_instance()
            return
        except GuestTrap:
            assert self.trapped
            self.compare_instance()
            return
        assert next(self.expected, "over") == "over"
        self.compare_instance()
        for type_, got, wanted in zip(self.results, results, self.evaluator.results, strict=True):
            assert got == wanted or (is_nan(type_, got) and is_nan(type_, wanted))

    def handle(self, event: DebugEvent) -> None:
        if isinstance(event, Trap):
            with pytest.raises(Trapped):
                next(self.expected)
            self.trapped = True
            self.compare()
            return
        assert isinstance(event, Breakpoint)
        assert next(self.expected, "over") is None
        assert event.pc == self.evaluator.frames[-1].pc
        self.compare()
        if self.write and self.rng.random() < self.often:
            self.change()
        self.stops += 1
        if self.stops == MOST_STOPS:
            raise Enough

    def frames(self) -> list[tuple[FrameHandle, Frame]]:
        handles = list(self.debugger.frames())
        return list(zip(handles, reversed(self.evaluator.frames), strict=True))

    def compare(self) -> None:
        for handle, frame in self.frames():
            function, _ = handle.wasm_function_index_and_pc() or pytest.fail("no place")
            assert function == frame.function
            assert handle.num_locals() == len(frame.locals)
            assert handle.num_stacks() == len(frame.stack)
            for index, type_ in enumerate(frame.types):
                assert handle.local_type(index) == type_
                frame.locals[index] = self.same(
                    type_, handle.local_bits(index), frame.locals[index]
                )
                if type_ == EXTERNREF:
                    assert handle.local(index).value is self.objects[frame.locals[index]]
            for index, type_ in enumerate(frame.stack_types):
                assert handle.stack_type(index) == type_
                if type_ == EXTERNREF:
                    assert handle.stack(index).value is self.objects[frame.stack[index]]
                frame.stack[index] = self.same(type_, handle.stack_bits(index), frame.stack[index])

    def compare_instance(self) -> None:
        """Compare the memory, the globals and the table."""
        instance, evaluator = self.instance, self.evaluator
        linear = instance.memories[0].linear
        assert linear.read(0, linear.size) == evaluator.memory
        for known, wanted in zip(instance.globals, evaluator.globals, strict=True):
            self.same(known.wasm_type.valtype, known.bits(), wanted)
        if instance.tables:
            elements = instance.tables[0].elements
            assert [elements.get(at) for at in range(elements.size)] == evaluator.table

    def same(self, type_: int, got: int, wanted: int) -> int:
        """Compare; which NaN an op gives is the machine's affair, and the evaluator takes it over."""
        assert got == wanted or (is_nan(type_, got) and is_nan(type_, wanted))
        return got

    def change(self) -> None:
        """Write something anywhere, in both; or forget what nothing refers to any more."""
        if self.rng.random() < 0.2:
            self.guest.store.gc()
            self.compare()
        handle, frame = self.rng.choice(self.frames())
        if frame.types and self.rng.random() < 0.7:
            index = self.rng.randrange(len(frame.types))
            type_ = frame.types[index]
            frame.locals[index] = bits = self.some(type_)
            if type_ in (FUNCREF, EXTERNREF):
                handle.set_local(index, self.shown(type_, bits))
            else:
                handle.set_local_bits(index, bits)
        elif frame.stack:
            index = self.rng.randrange(len(frame.stack))
            if self.is_argument_of_a_call(frame, index):
                return
            type_ = frame.stack_types[index]
            frame.stack[index] = bits = self.some(type_)
            if type_ in (FUNCREF, EXTERNREF):
                handle.set_stack(index, self.shown(type_, bits))
            else:
                handle.set_stack_bits(index, bits)

    def activation_of(self, frame: Frame) -> list[Frame]:
        """Return the frames of the call into the guest that a frame belongs to."""
        return self.evaluator.frames

    def shown(self, type_: int, bits: int) -> Val:
        return Val(type_, from_bits(self.guest.store, type_, bits))

    def is_argument_of_a_call(self, frame: Frame, index: int) -> bool:
        """An outer frame's last operands have been passed on: writing them changes what is shown only."""
        frames = self.activation_of(frame)
        at = next(at for at, known in enumerate(frames) if known is frame)
        if at == len(frames) - 1:
            return False
        params = self.evaluator.info.func_type(frames[at + 1].function).params
        return index >= len(frame.stack) - len(params)


class Edits(Comparison):
    """The same, stopped at breakpoints alone: those come and go at the stops, of several owners; so do steps."""

    interesting: ClassVar = {**INTERESTING, I32: [0, 1, 2, 0xFFFF_FFFF]}
    """Nothing that could make a loop without a breakpoint turn two thousand million times."""
    nan_bits = False

    def __init__(self, machine: str, seed: int) -> None:
        super().__init__(machine, seed, write=True)
        self.standing: dict[tuple[str, int], int] = {}
        """By owner and requested PC, where each breakpoint stands."""
        self.stepping = False

    def run(self) -> None:
        self.edit(12)
        function: Func = self.guest.function(self.instance, "f0")
        try:
            results = self.debugger.run(lambda: function.call_bits(self.arguments), self.handle)
        except Enough:
            return
        except GuestTrap:
            assert self.trapped
            return
        assert not self.to_stop(), "a breakpoint was passed over"
        for type_, got, wanted in zip(self.results, results, self.evaluator.results, strict=True):
            assert got == wanted or (is_nan(type_, got) and is_nan(type_, wanted))

    def to_stop(self) -> bool:
        """Evaluate to the next op that is a stop; say whether there is one before the end."""
        return any(
            self.stepping or self.evaluator.frames[-1].pc in self.standing.values()
            for _ in self.expected
        )

    def handle(self, event: DebugEvent) -> None:
        if isinstance(event, Trap):
            with pytest.raises(Trapped):
                self.to_stop()
            self.trapped = True
            self.compare()
            return
        assert isinstance(event, Breakpoint)
        assert self.to_stop()
        pc = self.evaluator.frames[-1].pc
        assert event.pc == pc
        wanted = {requested for (_, requested), at in self.standing.items() if at == pc}
        assert set(event.requested) == wanted
        self.compare()
        if self.rng.random() < 0.3:
            self.change()
        self.edit(self.rng.randrange(4))
        self.stops += 1
        if self.stops == MOST_STOPS:
            raise Enough

    def edit(self, count: int) -> None:
        """Make some changes, as one session of an owner."""
        owner, module = self.rng.choice("ab"), self.instance.module
        session = self.guest.store.edit_breakpoints(owner)
        assert session is not None
        with session as edit:
            for _ in range(count):
                own = [requested for name, requested in self.standing if name == owner]
                if own and self.rng.random() < 0.4:
                    pc = self.rng.choice(own)
                    edit.remove_breakpoint(module, pc)
                    del self.standing[owner, pc]
                else:
                    body = self.rng.choice(module.info.bodies)
                    pc = self.rng.randrange(body.start, body.end)
                    edit.add_breakpoint(module, pc)
                    actual = self.debugger.boundary(0, pc)
                    assert actual is not None
                    self.standing[owner, pc] = actual
            if self.rng.random() < 0.15:
                self.stepping = not self.stepping
                edit.single_step(self.stepping)


SEEDS = st.integers(0, 2**32)
SETTINGS: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
}
SCALE = int(os.environ.get("RANDOM_SCALE", "1"))


@settings(max_examples=40 * SCALE, **SETTINGS)
@given(seed=SEEDS)
def test_every_stop_shows_the_evaluators_state(seed: int) -> None:
    Comparison("native", seed, write=False).run()


@settings(max_examples=40 * SCALE, **SETTINGS)
@given(seed=SEEDS)
def test_whatever_is_written_the_run_obeys(seed: int) -> None:
    Comparison("native", seed, write=True).run()


@settings(max_examples=40 * SCALE, **SETTINGS)
@given(seed=SEEDS)
def test_breakpoints_that_come_and_go_stop_where_the_evaluator_is(seed: int) -> None:
    Edits("native", seed).run()


@pytest.mark.parametrize("machine", sorted(set(MACHINES) - {"native"}))
@settings(max_examples=6 * SCALE, **SETTINGS)
@given(seed=SEEDS)
def test_they_do_on_emulated_machines(machine: str, seed: int) -> None:
    Edits(machine, seed).run()


@pytest.mark.parametrize("machine", sorted(set(MACHINES) - {"native"}))
@settings(max_examples=8 * SCALE, **SETTINGS)
@given(seed=SEEDS)
def test_emulated_machines_stop_alike(machine: str, seed: int) -> None:
    Comparison(machine, seed, write=True).run()


def ended(
    guest: Guest, instance: Instance, arguments: list[int], run: Callable[..., list[int]]
) -> tuple[object, ...]:
    """Run `f0`; return how it ended, and what it left in the memory and in the globals of numbers."""
    outcome: object
    try:
        types = instance.module.info.func_type(0).results
        outcome = [
            instance_free(instance, code, bits)
            for code, bits in zip(types, run(arguments), strict=True)
        ]
    except GuestTrap as trap:
        outcome = trap.trap_code
    memory = instance.memories[0].linear
    numbers = [
        instance_free(instance, known.wasm_type.valtype, known.bits()) for known in instance.globals
    ]
    return outcome, numbers, memory.read(0, memory.size)


def instance_free(instance: Instance, type_: int, bits: int) -> int:
    """Return a value that says the same of two instances: a function as its index, counted from 1."""
    if type_ != FUNCREF or not bits:
        return bits
    count = len(instance.module.info.func_types)
    return 1 + [instance.record(index) for index in range(count)].index(bits)


@settings(max_examples=40 * SCALE, **SETTINGS)
@given(seed=SEEDS)
def test_stops_change_no_result(seed: int) -> None:
    """Plain code, code with sites, stepped code and code with random breakpoints do the same."""
    wat, rng = random_program(seed, references=True), random.Random(seed)
    plain = Guest("native", debug=False)
    instance = plain.load(wat)
    type_ = instance.module.info.func_type(0)
    arguments = [rng.choice(INTERESTING.get(code, [0])) for code in type_.params]
    wanted = ended(plain, instance, arguments, plain.function(instance, "f0").call_bits)
    for mode in ("sites", "steps", "breakpoints"):
        stopped = Guest("native")
        instance, debugger = stopped.load(wat), stopped.debugger
        assert debugger is not None
        function = stopped.function(instance, "f0")

        def run(
            bits: list[int], debugger: Debugger = debugger, function: Func = function
        ) -> list[int]:
            return debugger.run(lambda: function.call_bits(bits), lambda event: None)

        debugger.step(mode == "steps")
        if mode == "breakpoints":
            for body in instance.module.info.bodies:
                debugger.set_breakpoint(0, rng.randrange(body.start, body.end))
        assert ended(stopped, instance, arguments, run) == wanted, mode
