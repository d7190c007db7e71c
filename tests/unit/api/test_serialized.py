"""Compiled modules as bytes: what comes back runs and is debugged as before, and nothing is compiled."""

import random
from collections.abc import Callable
from typing import Any

import pytest

import jit
from jit.api import serialized
from jit.compile.compiler import Compiler
from jit.debug.events import DebugEvent
from tests.unit.debug.programs import random_program

WAT = """(module (memory 1)
  (func $add (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "f") (param i32) (result i32) (local i32)
    (loop
      (local.set 1 (call $add (local.get 1) (local.get 0)))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1))
  (func (export "trap") (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0))))
"""


def make_engine(debug: bool = False, epoch: bool = False, **settings: Any) -> jit.Engine:
    config = jit.Config()
    config.guest_debug, config.epoch_interruption = debug, epoch
    for name, value in settings.items():
        setattr(config, name, value)
    return jit.Engine(config)


SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "debug": {"debug": True},
    "epochs": {"epoch": True},
    "aarch64": {"debug": True, "target": "aarch64", "machine": "emulated"},
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_nothing_is_compiled_again(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded = jit.Module(make_engine(**settings), WAT).serialize()
    engine = make_engine(**settings)

    def refuse(*_: object) -> None:
        raise AssertionError("compiled")

    monkeypatch.setattr(Compiler, "_code", refuse)
    store = jit.Store(engine)
    store.set_epoch_deadline(1)
    exports = jit.Instance(store, jit.Module.deserialize(engine, encoded), []).exports(store)
    f, trap = exports["f"], exports["trap"]
    assert isinstance(f, jit.Func) and isinstance(trap, jit.Func)
    assert f(store, 4) == 10
    with pytest.raises(jit.Trap) as raised:
        trap(store, 0)
    # The place of the trap is in the frame table that was stored.
    assert raised.value.frames[0].func_index == 2 and raised.value.frames[0].module_offset > 0


def trace(module: jit.Module, arguments: list[int]) -> list[object]:
    """Step through a module's `f0`, and return every stop's frames, and the result."""
    store = jit.Store(module.engine)
    exports = jit.Instance(store, module, []).exports(store)
    stops: list[object] = []

    def handler(_: object, event: DebugEvent) -> None:
        frame = store.debug_exit_frames()[0]
        values = [frame.local_bits(index) for index in range(frame.num_locals())]
        stack = [frame.stack_bits(index) for index in range(frame.num_stacks())]
        stops.append((type(event), frame.wasm_function_index_and_pc(), values, stack))
        if len(stops) == 300:
            store.enter_at(frame, -1, [])  # refused: enough has been seen

    store.set_debug_handler(handler)
    with store.edit_breakpoints() as edit:  # type: ignore[union-attr]
        edit.single_step(True)
    f0 = exports["f0"]
    assert isinstance(f0, jit.Func)
    try:
        stops.append(f0.call_bits(arguments))
    except (jit.Trap, jit.WasmtimeError) as error:
        stops.append(type(error))
    return stops


@pytest.mark.parametrize("seed", range(25))
def test_what_came_back_is_debugged_alike(seed: int) -> None:
    engine = make_engine(debug=True)
    module = jit.Module(engine, random_program(seed))
    again = jit.Module.deserialize(engine, module.serialize())
    rng = random.Random(seed)
    arguments = [rng.choice([0, 1, 0x7FFF_FFFF]) for _ in module.info.func_type(0).params]
    assert trace(again, arguments) == trace(module, arguments)


def test_what_came_back_is_serialized_alike() -> None:
    engine = make_engine(debug=True)
    encoded = jit.Module(engine, WAT).serialize()
    assert jit.Module.deserialize(engine, encoded).serialize() == encoded


def test_bytes_that_were_changed_are_refused() -> None:
    engine = make_engine()
    encoded = bytes(jit.Module(engine, WAT).serialize())
    for at in range(0, len(encoded), 7):
        changed = encoded[:at] + bytes([encoded[at] ^ 1]) + encoded[at + 1 :]
        for bad in (changed, encoded[:at]):
            with pytest.raises(jit.WasmtimeError, match="no compiled module"):
                jit.Module.deserialize(engine, bad)


OTHERS: dict[str, tuple[Callable[[], jit.Engine], str]] = {
    "debugging": (lambda: make_engine(debug=True), "other settings of debugging or epochs"),
    "epochs": (lambda: make_engine(epoch=True), "other settings of debugging or epochs"),
    "target": (
        lambda: make_engine(target="aarch64", machine="emulated"),
        "compiled for x86-64, the engine is for aarch64",
    ),
}


@pytest.mark.parametrize("other", OTHERS)
def test_code_for_another_engine_is_refused(other: str) -> None:
    encoded = jit.Module(make_engine(target="x86-64"), WAT).serialize()
    make, message = OTHERS[other]
    with pytest.raises(jit.WasmtimeError, match=message):
        jit.Module.deserialize(make(), encoded)


def test_code_of_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = make_engine()
    encoded = jit.Module(engine, WAT).serialize()
    monkeypatch.setattr(serialized, "maker", lambda: bytes(32))
    with pytest.raises(jit.WasmtimeError, match="another version"):
        jit.Module.deserialize(engine, encoded)
