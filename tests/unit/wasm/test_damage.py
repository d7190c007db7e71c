"""Damaged modules: cut off or altered anywhere, they raise a WasmError or are accepted as wasmtime does."""

import random

import pytest
import wasmtime

from jit.wasm.disasm import disassemble_function, instruction_boundaries
from jit.wasm.errors import WasmError
from jit.wasm.validate import validate_module

VICTIM = wasmtime.wat2wasm(
    """
    (module $victim
      (type $t (func (param i32 i64) (result f64)))
      (import "env" "f" (func $imported (param i32) (result i32)))
      (import "env" "g" (global $base i32))
      (memory (export "memory") 1 2) (table $table 3 funcref) (table 1 externref)
      (global $top (mut i32) (i32.add (global.get $base) (i32.const 1000)))
      (global f64 (f64.const 2.5))
      (start $start)
      (elem (table $table) (i32.const 0) func $work $start)
      (elem $spare funcref (ref.func $work) (ref.null func))
      (data $text (i32.const 1024) "some text") (data "passive")
      (func $start
        block $out
          loop $again
            global.get $top
            i32.const 70000
            i32.ge_u
            br_if $out
            global.get $top
            i32.const 1
            i32.add
            call $imported
            global.set $top
            br $again
            i32.const 3
            drop
          end
        end
        i32.const 0 i32.const 1 i32.const 2 memory.init 1
        data.drop 1
        i32.const 0 i32.const 0 i32.const 1 table.init $table $spare)
      (func $work (export "work") (type $t) (local $x f32) (local $y i64)
        local.get 1 i64.const -5 i64.mul local.tee $y i64.eqz
        if (result f64)
          f64.const 1
        else
          block block block local.get 0 br_table 0 1 2 end nop end return_here end
          local.get $y f64.convert_i64_s
          f32.const 3 f64.promote_f32 local.get 0 select
        end
        i32.const 8 local.get 0 i32.store offset=300
        local.get 0 local.get 1 i32.const 0 call_indirect (type $t)
        f64.add))""".replace("return_here", "unreachable").replace(
        "local.get $y f64.convert_i64_s", "f64.const 1 local.get $y f64.convert_i64_s drop"
    )
)


def survives(data: bytes) -> bool:
    """Validate, and list what is valid; False where a WasmError, at an offset in it, says no."""
    try:
        module = validate_module(data)
    except WasmError as error:
        if not 0 <= error.offset <= len(data):
            raise
        return False
    for index in range(len(module.bodies)):
        assert instruction_boundaries(module, index)
        assert disassemble_function(module, index)
    return True


def test_the_module_itself_is_valid() -> None:
    assert survives(VICTIM)


@pytest.mark.parametrize("size", range(len(VICTIM)))
def test_cut_off(size: int) -> None:
    survives(VICTIM[:size])


def test_altered_bytes() -> None:
    engine = wasmtime.Engine(_only_ours())
    for position in range(8, len(VICTIM)):
        for flip in (0x01, 0x02, 0x04, 0x10, 0x40, 0x80, 0xFF):
            data = bytearray(VICTIM)
            data[position] ^= flip
            assert survives(bytes(data)) == _accepts(engine, bytes(data)), f"{position} ^ {flip:#x}"


def test_several_altered_bytes() -> None:
    engine = wasmtime.Engine(_only_ours())
    rng = random.Random(1)
    for _ in range(2000):
        data = bytearray(VICTIM)
        for _ in range(rng.randrange(1, 5)):
            data[rng.randrange(8, len(data))] = rng.choice((0x00, 0x0B, 0x40, 0x7F, 0x80, 0xFC))
        assert survives(bytes(data)) == _accepts(engine, bytes(data)), data.hex()


def _only_ours() -> wasmtime.Config:
    config = wasmtime.Config()
    for feature in ("gc", "function_references", "tail_call", "exceptions", "multi_memory"):
        setattr(config, f"wasm_{feature}", False)
    for feature in ("memory64", "relaxed_simd", "simd", "threads"):
        setattr(config, f"wasm_{feature}", False)
    return config


def _accepts(engine: wasmtime.Engine, data: bytes) -> bool:
    try:
        wasmtime.Module.validate(engine, data)
    except wasmtime.WasmtimeError:
        return False
    return True
