"""What stops cost an embedder: a breakpoint in a hot loop with a handler in Python, step mode, a deep stack.

Our own side alone, each target a plain number; and over the protocol, beside the peer's server.  Of several rounds
the best counts.  Times are the thread's own, so that the machine may be busy; only beside a busy thread of this
interpreter, and over the protocol, time goes on in waits too.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from wasmtime import wat2wasm

import jit
from bench import rsp_loop
from bench.figures import Figure, say
from jit.debug.edits import BreakpointEdit
from jit.debug.frames import FrameHandle
from jit.debug.interface import DebugHandler
from jit.runtime.func import Func
from jit.wasm.opcodes import NOP

HITS = 200_000
FRAMES = 10_000
FUNCTIONS, ADDITIONS = 1000, 75
TARGETS = {
    "stops_a_second": 400_000,
    "stops_a_second_beside_a_busy_thread": 400_000,
    "step_mode_on_and_off_ms": 5.0,
    "walk_ms": 30.0,
    "over_the_protocol_ratio": 1.0,
}

LOOP = """(module (func (export "f") (param i32)
  (loop nop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"""
DEEP = """(module (func (export "f") (param i32)
  (if (local.get 0) (then (call 0 (i32.sub (local.get 0) (i32.const 1)))) (else nop))))"""
ADDING = "(local.set 0 (i32.add (local.get 0) (i32.const 1)))" * ADDITIONS
CALLS = "".join(f"(call {index})" for index in range(1, FUNCTIONS + 1))
LARGE = f"""(module (func (export "f") (param i32) {CALLS} nop)
  {f"(func (local i32) {ADDING})" * FUNCTIONS})"""


class Lab:
    """A module in a store, its function `f`, and a breakpoint at the `nop` in that."""

    def __init__(self, wat: str) -> None:
        config = jit.Config()
        config.guest_debug = True
        engine = jit.Engine(config)
        self.store = jit.Store(engine)
        module = jit.Module(engine, bytes(wat2wasm(wat)))
        function = jit.Instance(self.store, module, []).exports(self.store)["f"]
        assert isinstance(function, Func)
        self._function = function
        data, body = module.info.data, module.info.bodies[0]
        with self.edit() as edit:
            edit.add_breakpoint(module, data.rindex(NOP, body.start, body.end))

    def edit(self) -> BreakpointEdit:
        """Give an edit session."""
        edit = self.store.edit_breakpoints()
        assert edit is not None
        return edit

    def call(self, argument: int, handler: DebugHandler) -> None:
        """Call `f` with a handler."""
        self.store.set_debug_handler(handler)
        self._function(self.store, argument)


def stops_a_second(lab: Lab, clock: Callable[[], float] = time.thread_time) -> float:
    """Go round a loop with a breakpoint in it."""
    start = clock()
    lab.call(HITS, lambda store, event: None)
    return HITS / (clock() - start)


@contextmanager
def busy_thread() -> Iterator[None]:
    """Let another thread of this interpreter compute."""
    end = threading.Event()

    def compute() -> None:
        while not end.is_set():
            sum(range(1000))

    thread = threading.Thread(target=compute)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


def step_mode_ms(lab: Lab) -> float:
    """Switch step mode on and off at a stop in a large module, all of it compiled."""
    times: list[float] = []

    def switch(store: object, event: object) -> None:
        start = time.thread_time()
        for on in (True, False):
            with lab.edit() as edit:
                edit.single_step(on)
        times.append(1000 * (time.thread_time() - start))

    lab.call(0, switch)
    return times[0]


def walk_ms(lab: Lab) -> float:
    """Walk up a deep stack, reading each frame's function and PC."""
    times: list[float] = []

    def walk(store: object, event: object) -> None:
        start = time.thread_time()
        frame: FrameHandle | None = lab.store.debug_exit_frames()[0]
        count = 0
        while frame is not None:
            frame.wasm_function_index_and_pc()
            frame = frame.parent()
            count += 1
        times.append(1000 * (time.thread_time() - start))
        assert count == FRAMES

    lab.call(FRAMES - 1, walk)
    return times[0]


def bench(rounds: int) -> Figure:
    """Measure all."""
    loop, large, deep = Lab(LOOP), Lab(LARGE), Lab(DEEP)
    names = list(TARGETS)[:-1]
    best = dict.fromkeys(names, 0.0)
    for number in range(rounds):
        with busy_thread():
            beside = stops_a_second(loop, time.perf_counter)
        rates = stops_a_second(loop), beside
        times = step_mode_ms(large), walk_ms(deep)
        for name, rate in zip(names[:2], rates, strict=True):
            best[name] = max(best[name], round(rate))
        for name, spent in zip(names[2:], times, strict=True):
            best[name] = round(min(best[name] or spent, spent), 3)
        say(f"stops: round {number + 1}: {best}")
    return {
        "rounds": rounds,
        "targets": TARGETS,
        "ops": FUNCTIONS * 4 * ADDITIONS,
        **best,
        "over_the_protocol": rsp_loop.both(rounds),
    }
