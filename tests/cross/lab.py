"""One guest on several machines, and what of it can be compared: outcomes, traps with frames, step traces."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import wasmtime

import jit
from jit.debug.events import DebugEvent
from jit.debug.frames import FrameHandle
from jit.wasm.types import F32, F64

MACHINES = {
    "native x86-64": ("x86-64", "native"),
    "emulated x86-64": ("x86-64", "emulated"),
    "emulated aarch64": ("aarch64", "emulated"),
}
FIRST, *OTHERS = MACHINES
"""The others are compared with the first."""

Importer = Callable[["Lab"], Sequence[Any]]
"""Makes what a guest imports."""


class Frame(NamedTuple):
    """A frame as a debugger sees it; values are (type, bit pattern), NaNs all alike."""

    function: int
    pc: int
    locals: tuple[tuple[int, int], ...]
    stack: tuple[tuple[int, int], ...]


class Stop(NamedTuple):
    """An event and the frames of the innermost activation."""

    event: str
    frames: tuple[Frame, ...]


class Outcome(NamedTuple):
    """Results (bit patterns), or a trap: its code, and where each frame was."""

    results: tuple[int, ...] | None
    trap: jit.TrapCode | None = None
    frames: tuple[tuple[int, int], ...] = ()


@cache
def binary(wat: str) -> bytes:
    """Return a module's bytes."""
    return bytes(wasmtime.wat2wasm(wat))


def same_nan(type_: int, bits: int) -> int:
    """Return a bit pattern; one for all NaNs, since the sign and payload of a new one are open."""
    if type_ == F32 and bits & 0x7FFF_FFFF > 0x7F80_0000:
        return 0x7FC0_0000
    if type_ == F64 and bits & (1 << 63) - 1 > 0x7FF << 52:
        return 0x7FF8 << 48
    return bits


def no_imports(_: "Lab") -> Sequence[Any]:
    """Import nothing."""
    return ()


class Lab:
    """A guest on one machine."""

    def __init__(
        self,
        machine: str,
        wat: str,
        imports: Importer = no_imports,
        *,
        debug: bool = True,
        epoch: bool = False,
    ) -> None:
        config = jit.Config()
        config.target, config.machine = MACHINES[machine]
        config.guest_debug = debug
        config.epoch_interruption = epoch
        config.max_wasm_stack = 1 << 18
        self.engine = jit.Engine(config)
        self.store = jit.Store(self.engine)
        assert self.store.machine.name == machine
        self.module = jit.Module(self.engine, binary(wat))
        self.instance = jit.Instance(self.store, self.module, imports(self))

    def function(self, name: str) -> jit.Func:
        """Return an exported function."""
        function = self.instance.exports(self.store)[name]
        assert isinstance(function, jit.Func)
        return function

    def call(self, name: str, *arguments: int) -> Outcome:
        """Call an exported function with bit patterns."""
        function = self.function(name)
        results = [type_.code for type_ in function.type(self.store).results]
        try:
            bits = function.call_bits(list(arguments))
        except jit.Trap as trap:
            frames = tuple((frame.func_index, frame.module_offset) for frame in trap.frames)
            return Outcome(None, trap.trap_code, frames)
        return Outcome(tuple(map(same_nan, results, bits)))

    def frames(self) -> Iterator[FrameHandle]:
        """Yield the frames of the innermost activation, innermost first."""
        frame: FrameHandle | None = self.store.debug_exit_frames()[0]
        while frame is not None:
            yield frame
            frame = frame.parent()

    def trace(self, name: str, *arguments: int) -> tuple[Outcome, list[Stop]]:
        """Call an exported function, stopping at every op; return what was seen at each."""
        stops: list[Stop] = []

        def handler(_: object, event: DebugEvent) -> None:
            frames = tuple(seen(frame) for frame in self.frames())
            stops.append(Stop(type(event).__name__, frames))

        self.store.set_debug_handler(handler)
        with self.edit() as edit:
            edit.single_step(True)
        try:
            return self.call(name, *arguments), stops
        finally:
            with self.edit() as edit:
                edit.single_step(False)
            self.store.clear_debug_handler()

    def edit(self) -> Any:
        """Return an edit session."""
        session = self.store.edit_breakpoints()
        assert session is not None
        return session


def seen(frame: FrameHandle) -> Frame:
    """Read a frame whole."""
    where = frame.wasm_function_index_and_pc()
    assert where is not None
    return Frame(
        *where,
        tuple(
            typed(frame.local_type(at), frame.local_bits(at)) for at in range(frame.num_locals())
        ),
        tuple(
            typed(frame.stack_type(at), frame.stack_bits(at)) for at in range(frame.num_stacks())
        ),
    )


def typed(type_: int, bits: int) -> tuple[int, int]:
    """Return a value for comparison."""
    return type_, same_nan(type_, bits)
