"""What is ours alone in the embedding interface: targets, machines, modules that are checked late."""

import logging
import sys
import weakref
from collections.abc import Callable
from subprocess import run

import pytest
import wasmtime

import jit

# (func (export "bad") i32.add) (func (export "good") (result i32) i32.const 5)
HALF_BAD = bytes(
    wasmtime.wat2wasm(
        '(module (func $bad (export "bad") i32.add) (func (export "good") (result i32) i32.const 5))'
    )
)


def call(module: jit.Module, name: str) -> object:
    store = jit.Store(module.engine)
    func = jit.Instance(store, module, []).exports(store)[name]
    assert isinstance(func, jit.Func)
    return func(store)


def test_module_checks_every_body() -> None:
    with pytest.raises(jit.WasmtimeError, match=r"type mismatch.* \(at offset 0x2[0-9a-f]\)"):
        jit.Module(jit.Engine(), HALF_BAD)


def test_deferred_module_runs_as_far_as_it_is_valid() -> None:
    module = jit.Module.deferred(jit.Engine(), HALF_BAD)
    assert call(module, "good") == 5
    with pytest.raises(
        jit.InvalidFunction, match=r"function `bad` is invalid: type mismatch.*offset"
    ):
        call(module, "bad")


def test_deferred_module_checks_its_structure() -> None:
    with pytest.raises(jit.WasmtimeError, match="offset 0x9"):
        jit.Module.deferred(jit.Engine(), b"\0asm\1\0\0\0\1")


def test_module_and_store_are_of_one_engine() -> None:
    module = jit.Module(jit.Engine(), b"\0asm\1\0\0\0")
    with pytest.raises(jit.WasmtimeError, match="cross-`Engine`"):
        jit.Instance(jit.Store(), module, [])


def test_module_from_a_file(tmp_path: object) -> None:
    path = f"{tmp_path}/m.wasm"
    with open(path, "wb") as file:
        file.write(wasmtime.wat2wasm('(module $name (func (export "f") (result i32) i32.const 4))'))
    module = jit.Module.from_file(jit.Engine(), path)
    assert (module.name, call(module, "f")) == ("name", 4)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda c: setattr(c, "machine", "abacus"), "unknown machine `abacus`"),
        (lambda c: setattr(c, "max_wasm_stack", 0), "cannot be zero"),
        (lambda c: setattr(c, "wasm_threads", True), "wasm_threads is not supported"),
        (
            lambda c: setattr(c, "wasm_bulk_memory", False),
            "wasm_bulk_memory cannot be switched off",
        ),
    ],
)
def test_settings_that_cannot_be(change: Callable[[jit.Config], None], error: str) -> None:
    with pytest.raises(jit.WasmtimeError, match=error):
        change(jit.Config())


@pytest.mark.parametrize("name", ["vax", "vax-unknown-linux-gnu", "x86_64", ""])
def test_unknown_target(name: str) -> None:
    config = jit.Config()
    with pytest.raises(jit.WasmtimeError, match=f"no code can be made for `{name}`"):
        config.target = name


@pytest.mark.parametrize(
    ("name", "target"),
    [("aarch64-unknown-linux-gnu", "aarch64"), ("x86_64-pc-windows-msvc", "x86-64"), ("x86-64", "x86-64")],
)  # fmt: skip
def test_targets_have_names_and_triples(name: str, target: str) -> None:
    config = jit.Config()
    config.target = name
    assert jit.Engine(config).isa.name == target


def test_meaningless_settings_are_accepted() -> None:
    config = jit.Config()
    config.cranelift_opt_level = "speed"
    config.wasm_threads = False
    config.cranelift_flag_set("a", "b")
    jit.Engine(config)


def test_settings_reach_the_store() -> None:
    config = jit.Config()
    config.machine = "emulated"
    config.guest_debug = True
    config.max_wasm_stack = 1 << 20
    store = jit.Store(jit.Engine(config))
    assert (store.machine.name, store.debuggable) == ("emulated x86-64", True)
    assert store.stack_end - store.stack_limit == 1 << 20


def test_small_stack_overflows_early(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    config = jit.Config()
    config.max_wasm_stack = 64 << 10
    engine = jit.Engine(config)
    wat = (
        '(module (global $n (mut i32) (i32.const 0)) (func $f (export "f")'
        " (global.set $n (i32.add (global.get $n) (i32.const 1))) (call $f))"
        ' (export "n" (global $n)))'
    )
    store = jit.Store(engine)
    module = jit.Module(engine, bytes(wasmtime.wat2wasm(wat)))
    exports = jit.Instance(store, module, []).exports(store)
    func, count = exports["f"], exports["n"]
    assert isinstance(func, jit.Func) and isinstance(count, jit.Global)
    with pytest.raises(jit.Trap, match="call stack exhausted"):
        func(store)
    assert 500 < count.value(store) < 5000


class Object:
    """Something to be held by reference."""


def test_gc_forgets_what_the_guest_does_not_hold() -> None:
    store = jit.Store()
    kind = jit.TableType(jit.ValType.externref(), jit.Limits(2, None))
    held, dropped = Object(), Object()
    table = jit.Table(store, kind, held)
    table.set(store, 1, dropped)
    table.set(store, 1, None)
    gone, kept = weakref.ref(dropped), weakref.ref(held)
    del dropped, held
    assert gone() is not None
    store.gc()
    assert gone() is None
    assert table.get(store, 0) is kept()
    table.set(store, 1, "again")
    assert table.get(store, 1) == "again"


def test_wasi_needs_a_configuration() -> None:
    engine = jit.Engine()
    linker = jit.Linker(engine)
    linker.define_wasi()
    wat = (
        '(module (import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))'
        ' (export "f" (func 0)))'
    )
    store = jit.Store(engine)
    instance = linker.instantiate(store, jit.Module(engine, bytes(wasmtime.wat2wasm(wat))))
    func = instance.exports(store)["f"]
    assert isinstance(func, jit.Func)
    with pytest.raises(jit.WasmtimeError, match="wasi is not configured"):
        func(store)


def test_importing_jit_loads_nothing_heavy() -> None:
    code = "import sys, jit; print(*({'unicorn', 'trio', 'cffi', 'wasmtime'} & set(sys.modules)))"
    result = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""
