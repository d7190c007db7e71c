"""A module as text: wasmtime reads it back, every op has its line, and bad bodies are told of."""

import pytest
import wasmtime

from jit import Config, Engine, Module
from jit.debug.listing import function_text, functions, module_head
from jit.wasm.disasm import instruction_boundaries
from jit.wasm.structure import ModuleInfo

TEXT = """(module
  (func $sum (param $n i32) (result i32)
    (local $total i32) (local i64)
    block $out
      loop $again
        local.get $n
        i32.eqz
        br_if $out
        local.get $total
        local.get $n
        i32.add
        local.set $total
        local.get $n
        i32.const -1
        i32.add
        local.set $n
        br $again
      end
    end
    local.get $total)
  (func (param f64 f64) (result f64)
    local.get 0
    local.get 1
    f64.copysign)
  (func (export "start")
    i32.const 4
    call $sum
    drop))"""


def info(text: str) -> ModuleInfo:
    """Return the structure of a module given as text."""
    data = bytes(wasmtime.wat2wasm(text))
    return Module.deferred(Engine(Config()), data).info


def test_the_text_is_that_of_the_module() -> None:
    module = info(TEXT)
    lines = module_head(module)
    for function in functions(module):
        lines += function.head + tuple(text for _, text in function.ops)
    # A function's last `end` has a line for those who step; in the text format it is the parenthesis.
    again = info("\n".join((*lines, ")")).replace("end)", ")"))
    code, same = module.code_section, again.code_section
    assert code is not None and same is not None
    assert again.data[slice(*same)] == module.data[slice(*code)]


def test_every_op_has_a_line() -> None:
    module = info(TEXT)
    for defined, function in enumerate(functions(module)):
        bounds = instruction_boundaries(module, defined)
        assert [pc for pc, _ in function.ops] == [pc for pc, _ in bounds]
        assert all(text for _, text in function.ops)


def test_types_of_locals_and_results() -> None:
    first, second, third = functions(info(TEXT))
    assert (first.num_params, first.local_types) == (1, ("i32", "i32", "i64"))
    assert (second.num_params, second.results) == (2, ("f64",))
    assert (third.local_types, third.results) == ((), ())


def test_what_is_declared_stands_at_the_top() -> None:
    module = info(
        """(module
          (import "env" "f" (func (param i32) (result i64)))
          (import "env" "g" (global (mut i32)))
          (import "env" "t" (table 1 externref))
          (memory $heap 2 9)
          (table 3 funcref)
          (global $pi f64 (f64.const 3)))"""
    )
    assert module_head(module) == [
        "(module",
        '  (import "env" "f" (func (param i32) (result i64)))',
        '  (import "env" "g" (global (mut i32)))',
        '  (import "env" "t" (table 1 externref))',
        "  (table (;1;) 3 funcref)",
        "  (memory $heap (;0;) 2 9)",
        "  (global $pi (;1;) f64)",
    ]


@pytest.mark.parametrize("byte", [0xFF, 0xFD])
def test_a_body_that_does_not_decode_is_told_of(byte: int) -> None:
    data = bytearray(wasmtime.wat2wasm("(module (func nop nop nop))"))
    data[data.index(b"\x01\x01\x01")] = byte
    module = Module.deferred(Engine(Config()), bytes(data)).info
    text = function_text(module, 0)
    assert text.ops == ()
    assert "does not decode" in text.head[-1]
