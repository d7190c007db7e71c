"""Running functions from WAT through the compiler, beside Wasmtime."""

from collections.abc import Sequence

import wasmtime

from jit.asm.x64.isa import ISA
from jit.compile.compiler import Compiler, Tunables
from jit.machine.select import native_machine
from jit.runtime.engine import EngineState
from jit.runtime.func import Func
from jit.runtime.imports import Extern
from jit.runtime.instance import Instance
from jit.runtime.module import Module
from jit.runtime.store import Store
from jit.wasm.validate import validate_module

DEBUG = Tunables(debug=True)
PLAIN = Tunables(debug=False)


def make_store() -> Store:
    """Return an empty store on the native machine."""
    return Store(EngineState(), native_machine("x86-64"), ISA)


def make_module(wat: str, tunables: Tunables = DEBUG) -> Module:
    """Return a module of the text, compiled by our compiler."""
    info = validate_module(bytes(wasmtime.wat2wasm(wat)))
    return Module(info, Compiler(info, ISA, tunables))


def instantiate(
    wat: str, tunables: Tunables = DEBUG, imports: Sequence[Extern] = ()
) -> Instance:
    """Return an instance in a store of its own."""
    return Instance(make_store(), make_module(wat, tunables), imports)


def call(instance: Instance, name: str, *arguments: int) -> list[int]:
    """Call an exported function with bit patterns."""
    function = instance.exports(instance.store)[name]
    assert isinstance(function, Func)
    return function.call_bits(list(arguments))
