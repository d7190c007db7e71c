"""A guest made of WebAssembly text, in a store under a `Debugger`, for tests to step and stop."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from wasmtime import wat2wasm

from jit.asm.aarch64.isa import ISA as AARCH64
from jit.asm.x64.isa import ISA as X64
from jit.compile.compiler import Compiler, CompilerIsa, Tunables
from jit.debug.debugger import Debugger
from jit.debug.events import Breakpoint, DebugEvent
from jit.debug.frames import FrameHandle
from jit.debug.interface import DebuggableStore
from jit.machine.protocol import Machine
from jit.machine.select import emulated_machine, native_machine
from jit.runtime.engine import EngineState
from jit.runtime.func import Func
from jit.runtime.imports import Extern
from jit.runtime.instance import Instance
from jit.runtime.module import Module
from jit.wasm.opcodes import NOP
from jit.wasm.validate import validate_module

MACHINES: dict[str, tuple[CompilerIsa, Callable[[str], Machine]]] = {
    "native": (X64, native_machine),
    "emulated": (X64, emulated_machine),
    "aarch64": (AARCH64, emulated_machine),
}


@cache
def binary(wat: str) -> bytes:
    return bytes(wat2wasm(wat))


class Place(NamedTuple):
    """Where a frame is and what it holds."""

    function: int
    pc: int
    locals: tuple[Any, ...]
    stack: tuple[Any, ...]


class Guest:
    """One store with one module, and more if asked for."""

    def __init__(
        self, machine: str, *, debug: bool = True, epoch: bool = False, stack_size: int = 1 << 20
    ) -> None:
        self.tunables = Tunables(debug, epoch)
        self.isa, make = MACHINES[machine]
        self.store = DebuggableStore(
            EngineState(),
            make(self.isa.name),
            self.isa,
            stack_size=stack_size,
            debuggable=debug,
        )
        self.debugger = Debugger(self.store) if debug else None

    def module(self, wat: str) -> Module:
        info = validate_module(binary(wat))
        return Module(info, Compiler(info, self.isa, self.tunables))

    def instantiate(self, module: Module, *imports: Extern) -> Instance:
        return Instance(self.store, module, imports)

    def load(self, wat: str, *imports: Extern) -> Instance:
        return self.instantiate(self.module(wat), *imports)

    def function(self, instance: Instance, name: str) -> Func:
        func = instance.exports(self.store)[name]
        assert isinstance(func, Func)
        return func

    def run(
        self,
        instance: Instance,
        name: str,
        *arguments: Any,
        handler: Callable[[DebugEvent], None],
    ) -> Any:
        assert self.debugger is not None
        call = self.function(instance, name)
        return self.debugger.run(lambda: call(self.store, *arguments), handler)

    def place(self, index: int = 0) -> Place:
        """Read frame `index` whole."""
        assert self.debugger is not None
        frame = self.debugger.frame(index)
        assert frame is not None
        where = frame.wasm_function_index_and_pc()
        assert where is not None
        return Place(
            *where,
            tuple(frame.local(i).value for i in range(frame.num_locals())),
            tuple(frame.stack(i).value for i in range(frame.num_stacks())),
        )

    def patched_bytes(self) -> set[int]:
        """Return the addresses at which code is not as it was compiled."""
        return {
            function.start + offset
            for code in self.store.code.modules()
            for defined_index in range(len(code.info.bodies))
            for function in code.variants(defined_index)
            for offset, (byte, compiled) in enumerate(
                zip(
                    self.store.machine.read_code(function.start, function.end - function.start),
                    code.source.compile(defined_index, function.variant).code,
                    strict=True,
                )
            )
            if byte != compiled
        }


def nop_pc(guest: Guest, instance: Instance) -> int:
    """Return the PC of the first `nop` op of an instance's module, the first that was registered."""
    assert guest.debugger is not None
    info = instance.module.info
    for function in range(len(info.bodies)):
        for pc in guest.debugger.boundaries(0, function):
            if info.data[pc] == NOP:
                return pc
    raise AssertionError("no nop in the module")


def at_nop(guest: Guest, wat: str, *arguments: Any, do: Callable[[FrameHandle], None]) -> Any:
    """Run export `f`, calling `do` with the innermost frame each time the `nop` comes next."""
    instance = guest.load(wat)
    debugger = guest.debugger
    assert debugger is not None
    debugger.set_breakpoint(0, nop_pc(guest, instance))
    hits: list[DebugEvent] = []

    def handler(event: DebugEvent) -> None:
        hits.append(event)
        frame = debugger.frame(0)
        assert isinstance(event, Breakpoint) and frame is not None
        do(frame)

    result = guest.run(instance, "f", *arguments, handler=handler)
    assert hits
    return result
