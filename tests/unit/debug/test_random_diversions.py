"""Random modules that go on elsewhere: early returns, other ops, calls put in, beside an evaluation that does the same."""

from collections.abc import Iterator
from dataclasses import replace

from hypothesis import given, settings

from jit.debug.events import Breakpoint, CallReturned, DebugEvent
from jit.debug.frames import FrameHandle, bits_of
from jit.runtime.trap import Trap as GuestTrap
from tests.unit.debug.evaluator import Frame
from tests.unit.debug.test_random import SCALE, SEEDS, SETTINGS, Comparison, is_nan


class Returns(Comparison):
    """The same, with early returns from frames anywhere in the stack."""

    def handle(self, event: DebugEvent) -> None:
        super().handle(event)
        if not isinstance(event, Breakpoint) or self.rng.random() > 0.05:
            return
        depth = self.rng.randrange(len(self.evaluator.frames))
        handle, frame = self.frames()[depth]
        types = self.evaluator.info.func_type(frame.function).results
        values = [self.no_nan(type_) for type_ in types]
        shown = [self.shown(type_, bits) for type_, bits in zip(types, values, strict=True)]
        self.guest.store.return_from(handle, shown)
        self.evaluator.return_from(depth, values)


class Entries(Comparison):
    """The same, going on at other ops of any frame's function, where the run has been before."""

    def __init__(self, machine: str, seed: int) -> None:
        super().__init__(machine, seed, write=True)
        self.been: dict[int, dict[int, Frame]] = {}
        """By function and PC, a frame that has been there."""

    def handle(self, event: DebugEvent) -> None:
        super().handle(event)
        if not isinstance(event, Breakpoint):
            return
        frame = self.evaluator.frames[-1]
        self.been.setdefault(frame.function, {})[frame.pc] = replace(
            frame, stack_types=list(frame.stack_types), controls=list(frame.controls)
        )
        if self.rng.random() < 0.1:
            self.enter()

    def enter(self) -> None:
        depth = self.rng.randrange(len(self.evaluator.frames))
        handle, frame = self.frames()[depth]
        pc, place = self.rng.choice(list(self.been[frame.function].items()))
        types = place.stack_types
        if depth == 0 and types == frame.stack_types:
            self.guest.store.jump_to(pc)
            self.evaluator.enter_at(0, place, list(frame.stack))
            return
        stack = [self.no_nan(type_) for type_ in types]
        shown = [self.shown(type_, bits) for type_, bits in zip(types, stack, strict=True)]
        self.guest.store.enter_at(handle, pc, shown)
        self.evaluator.enter_at(depth, place, stack)


class Calls(Comparison):
    """The same, with calls put in anywhere, in such calls too: of the module's functions, which change its state."""

    def __init__(self, machine: str, seed: int) -> None:
        super().__init__(machine, seed, write=True)
        self.waiting: list[tuple[list[Frame], Iterator[None], int]] = []
        """The runs that calls were put into: the evaluator's frames and its generator, and the function called."""
        self.ready: tuple[int, list[int]] | None = None
        """A call that was put in and has not begun."""

    def handle(self, event: DebugEvent) -> None:
        if isinstance(event, CallReturned):
            self.returned(event)
            return
        if self.ready is not None:
            function, arguments = self.ready
            self.ready = None
            self.waiting.append((self.evaluator.frames, self.expected, function))
            self.evaluator.frames = []
            self.expected = self.evaluator.run(function, list(arguments))
        super().handle(event)
        if isinstance(event, Breakpoint) and len(self.waiting) < 3 and self.rng.random() < 0.05:
            self.put_in()

    def put_in(self) -> None:
        store, info = self.guest.store, self.instance.module.info
        index = self.rng.randrange(len(info.func_types))
        types = info.func_type(index).params
        arguments = [self.no_nan(type_) for type_ in types]
        function = self.instance.func(index)
        shown = [self.shown(type_, bits) for type_, bits in zip(types, arguments, strict=True)]
        store.inject_call(function, *shown)
        self.ready = index, arguments

    def returned(self, event: CallReturned) -> None:
        if event.error is None:
            assert next(self.expected, "over") == "over"
            types = self.instance.module.info.func_type(self.waiting[-1][2]).results
            for type_, value, wanted in zip(
                types, event.results, self.evaluator.results, strict=True
            ):
                got = bits_of(self.guest.store, type_, value)
                assert got == wanted or (is_nan(type_, got) and is_nan(type_, wanted))
        elif not isinstance(event.error, GuestTrap):
            raise event.error
        else:
            assert self.trapped
            self.trapped = False
        self.evaluator.frames, self.expected, _ = self.waiting.pop()
        self.compare()

    def frames(self) -> list[tuple[FrameHandle, Frame]]:
        """Those of all activations."""
        frames = list(reversed(self.evaluator.frames))
        for outer, _, _ in reversed(self.waiting):
            frames += reversed(outer)
        return list(zip(self.debugger.frames(), frames, strict=True))

    def activation_of(self, frame: Frame) -> list[Frame]:
        activations = [self.evaluator.frames, *(frames for frames, _, _ in self.waiting)]
        return next(frames for frames in activations if any(known is frame for known in frames))


@settings(max_examples=50 * SCALE, **SETTINGS)
@given(seed=SEEDS)
def test_early_returns_go_on_as_the_evaluator_does(seed: int) -> None:
    Returns("native", seed, write=True).run()


@settings(max_examples=15 * SCALE, **SETTINGS)
@given(seed=SEEDS)
def test_other_places_are_entered_as_the_evaluator_does(seed: int) -> None:
    Entries("native", seed).run()


@settings(max_examples=10 * SCALE, **SETTINGS)
@given(seed=SEEDS)
def test_calls_that_are_put_in_do_what_the_evaluators_do(seed: int) -> None:
    Calls("native", seed).run()
