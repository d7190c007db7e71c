"""One guest on every machine: the same output, traps, and states at every op it is stepped through."""

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import jit
from jit.debug.debugger import Debugger
from jit.debug.events import Breakpoint, DebugEvent
from tests.cross.lab import MACHINES
from tests.guests.build import Guest

Builder = Callable[..., Guest]

ENDINGS = {
    # argument: exit code or trap
    "count": 0,
    "exit": 3,
    "null": jit.TrapCode.MEMORY_OUT_OF_BOUNDS,
    "divide": jit.TrapCode.INTEGER_DIVISION_BY_ZERO,
    "unreachable": jit.TrapCode.UNREACHABLE,
}


@dataclass
class Run:
    """A guest in a store of its own, its output going to a file."""

    machine: str
    guest: Guest
    folder: Path
    arguments: tuple[str, ...] = ()
    debug: bool = False
    stops: list[tuple[object, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        config = jit.Config()
        config.target, config.machine = MACHINES[self.machine]
        config.guest_debug = self.debug
        engine = jit.Engine(config)
        self.store = jit.Store(engine)
        self.module = jit.Module.from_file(engine, self.guest.program)
        self.output = self.folder / self.machine
        wasi = jit.WasiConfig()
        wasi.argv = ["guest", *self.arguments]
        wasi.stdout_file = os.fspath(self.output)
        self.store.set_wasi(wasi)
        self.linker = jit.Linker(engine)
        self.linker.define_wasi()

    def start(self) -> object:
        """Run the guest to its end: an exit code, or the trap's code and functions."""
        instance = self.linker.instantiate(self.store, self.module)
        start = instance.exports(self.store)["_start"]
        assert isinstance(start, jit.Func)
        try:
            start(self.store)
        except jit.ExitTrap as end:
            return end.code
        except jit.Trap as trap:
            return trap.trap_code, [(frame.func_name, frame.module_offset) for frame in trap.frames]
        return 0

    def step(self, function: str, count: int) -> list[tuple[object, ...]]:
        """Give what is seen at so many ops from the first call of a function on."""
        debugger = Debugger(self.store)
        info = self.module.info
        index = next(index for index, name in info.names.functions.items() if name == function)

        def on_event(event: DebugEvent) -> None:
            if not self.stops:
                if not isinstance(event, Breakpoint):
                    return
                debugger.clear_breakpoints()
                debugger.step(True)
            if len(self.stops) < count:
                self.stops.append(self.state(debugger, event))
            else:
                debugger.step(False)

        def run() -> object:
            instance = self.linker.instantiate(self.store, self.module)
            debugger.set_breakpoint(0, info.bodies[index - info.num_imported_funcs].start)
            start = instance.exports(self.store)["_start"]
            assert isinstance(start, jit.Func)
            return start(self.store)

        with contextlib.suppress(jit.ExitTrap):
            debugger.run(run, on_event)
        return self.stops

    @staticmethod
    def state(debugger: Debugger, event: DebugEvent) -> tuple[object, ...]:
        """Give what a debugger sees of the innermost frame."""
        frame = debugger.frame(0)
        assert frame is not None
        return (
            type(event).__name__,
            frame.wasm_function_index_and_pc(),
            debugger.depth(),
            tuple(frame.local(index).value for index in range(frame.num_locals())),
            tuple(frame.stack(index).value for index in range(frame.num_stacks())),
        )


@pytest.mark.parametrize("opt", ["O0", "O2"])
@pytest.mark.parametrize("argument", ENDINGS)
def test_every_machine_ends_a_guest_alike(
    guest: Builder, opt: str, argument: str, tmp_path: Path
) -> None:
    built = guest("session", opt)
    runs = [Run(machine, built, tmp_path, (argument,)) for machine in MACHINES]
    endings = [run.start() for run in runs]
    assert all(ending == endings[0] for ending in endings)
    reached = endings[0][0] if isinstance(endings[0], tuple) else endings[0]
    assert reached == ENDINGS[argument]
    outputs = [run.output.read_bytes() for run in runs]
    assert all(output == outputs[0] for output in outputs)
    assert outputs[0].startswith(b"hello, wasm: fib(6) = 8 in 25 calls\n")


@pytest.mark.parametrize("opt", ["O0", "O2"])
@pytest.mark.parametrize("function", ["fib", "sum_of_ages", "scale", "widen"])
def test_every_machine_shows_the_same_steps(
    guest: Builder, opt: str, function: str, tmp_path: Path
) -> None:
    built = guest("session", opt)
    runs = [Run(machine, built, tmp_path, debug=True) for machine in MACHINES]
    first, *others = (run.step(function, 400) for run in runs)
    assert len(first) == 400
    assert all(other == first for other in others)
