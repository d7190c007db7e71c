"""Function references, as slots hold them, are traced back to their functions."""

import wasmtime

from jit import Config, Engine, Func, FuncType, Instance, Module, Store
from jit.debug.references import function_of


def test_functions_of_every_instance_are_found() -> None:
    engine = Engine(Config())
    store = Store(engine)
    host = Func(store, FuncType([], []), lambda: None)
    data = bytes(wasmtime.wat2wasm('(module (import "" "" (func)) (func) (func))'))
    module = Module(engine, data)
    instances = [Instance(store, module, [host]) for _ in range(2)]
    for instance in instances:
        for defined in range(2):
            assert function_of(store, instance.record(1 + defined)) == (instance, defined)
        assert function_of(store, instance.record(0)) is None
        assert function_of(store, instance.record(1) + 8) is None
    assert function_of(store, 0) is None
