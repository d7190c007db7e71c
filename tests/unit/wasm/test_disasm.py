"""Listings line by line, and op boundaries against llvm-objdump on what clang built."""

import re
import shutil
import subprocess

import pytest
from wasmtime import wat2wasm

from jit.wasm.disasm import disassemble_function, instruction_boundaries
from jit.wasm.errors import MalformedModule
from jit.wasm.module import parse_module
from jit.wasm.validate import validate_body

OBJDUMP = "llvm-objdump-22"


def listing(text: str) -> list[str]:
    module = parse_module(wat2wasm(text))
    return [f"{'  ' * line.indent}{line.text}" for line in disassemble_function(module, 0)]


def test_a_function_with_names() -> None:
    text = """
        (module (global $top (mut i32) (i32.const 0)) (memory 1)
          (func $fib (export "fib") (param $n i32) (param i64) (result i32) (local $t f64)
            block $out (result i32)
              i32.const -7
              local.get $n
              br_if $out
              loop
                br 0
                i32.const 1
                if nop else nop end
              end
            end
            global.set $top
            local.get $n
            i32.load offset=4 align=2
            call $fib
            i32.load8_u))"""
    assert listing(text.replace("call $fib", "i64.const 1 call $fib")) == [
        '(func $fib (;0;) (export "fib") (param $n i32) (param i64) (result i32)',
        "  (local $t f64)",
        "  block $out (result i32)",
        "    i32.const -7",
        "    local.get $n",
        "    br_if $out",
        "    loop ;; label = @2",
        "      br 0 (;@2;)",
        "      i32.const 1",
        "      if ;; label = @3",
        "        nop",
        "      else",
        "        nop",
        "      end",
        "    end",
        "  end",
        "  global.set $top",
        "  local.get $n",
        "  i32.load offset=4 align=2",
        "  i64.const 1",
        "  call $fib",
        "  i32.load8_u",
        "end)",
    ]


@pytest.mark.parametrize(
    ("op", "shown"),
    [
        ("i64.const -1", "i64.const -1"),
        ("f32.const 0.1", "f32.const 0.1"),
        ("f32.const 16777217", "f32.const 16777216"),
        ("f32.const 0x1.fffffep+127", "f32.const 3.40282347e+38"),
        ("f64.const 0x1.8p+1", "f64.const 3.0"),
        ("f64.const -inf", "f64.const -inf"),
        ("f32.const nan", "f32.const nan"),
        ("f32.const -nan:0x200000", "f32.const -nan:0x200000"),
        ("call 0", "call 0 (;env.f;)"),
        ("call 1", "call 1"),
        ("call_indirect (type 1)", "call_indirect (param i32) (result f32)"),
        ("call_indirect 1 (type 0)", "call_indirect 1"),
        ("br_table 0 0", "br_table 0 (;@0;) 0 (;@0;)"),
        ("select (result externref)", "select (result externref)"),
        ("ref.null extern", "ref.null extern"),
        ("ref.func 0", "ref.func 0 (;env.f;)"),
        ("table.copy 0 1", "table.copy 0 1"),
        ("table.init 1 0", "table.init 1 0"),
        ("memory.init 0", "memory.init 0"),
        ("memory.copy", "memory.copy"),
        ("i64.load16_u align=1", "i64.load16_u align=1"),
        ("i32.trunc_sat_f64_u", "i32.trunc_sat_f64_u"),
        ("block (type 1) end", "block (param i32) (result f32) ;; label = @1"),
        ("i32.const 2147483648", "i32.const -2147483648"),
    ],
)
def test_an_op(op: str, shown: str) -> None:
    text = f"""(module (type (func)) (type (func (param i32) (result f32)))
                 (import "env" "f" (func)) (table 1 funcref) (table 1 funcref) (memory 1)
                 (elem func 0) (data "") (func unreachable {op}))"""
    assert listing(text)[2].strip() == shown


def test_a_name_that_is_no_identifier_is_quoted() -> None:
    assert listing('(module (func $"f(int, \\"x\\")"))')[0] == '(func $"f(int, \\"x\\")" (;0;)'


def test_boundaries_cover_a_body_without_gaps() -> None:
    text = """(module (memory 1) (func (local i32 i64)
                i32.const 100000 drop f64.const 1 drop ref.null func drop
                block br_table_here br 0 end memory.size drop
                i32.const 0 i32.const 0 i32.const 0 memory.fill))"""
    module = parse_module(wat2wasm(text.replace("br_table_here", "i32.const 0 br_table 0 1 0 nop")))
    body = validate_body(module, 0)
    bounds = instruction_boundaries(module, 0)
    assert [pc for pc, _ in bounds] == sorted(body.pcs + body.dead_pcs)
    ends = [pc + length for pc, length in bounds]
    assert ends == [pc for pc, _ in bounds[1:]] + [body.end]


def test_boundaries_of_a_body_cut_off() -> None:
    data = b"\0asm\1\0\0\0\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x0a\x05\x01\x03\x00\x41\x80"
    with pytest.raises(MalformedModule, match="unexpected end"):
        instruction_boundaries(parse_module(data), 0)


@pytest.mark.parametrize("opt", ["O0", "O2"])
@pytest.mark.skipif(shutil.which(OBJDUMP) is None, reason=f"{OBJDUMP} is not installed")
def test_boundaries_are_those_of_llvm(guest, opt: str) -> None:
    program = guest("session", opt).program
    module = parse_module(program.read_bytes())
    output = subprocess.run(
        [OBJDUMP, "-d", "--no-show-raw-insn", str(program)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    theirs = [int(pc, 16) for pc in re.findall(r"^\s*([0-9a-f]+):\s", output, re.MULTILINE)]
    ours = [
        pc for index in range(len(module.bodies)) for pc, _ in instruction_boundaries(module, index)
    ]
    assert ours == theirs
