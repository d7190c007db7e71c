"""Patch sites of x86-64: prefixes to the instruction behind, which must be one instruction with them."""

import capstone
import pytest
from wasmtime import wat2wasm

from jit.abi.code import Variant, Watch
from jit.abi.frame_table import RowKind
from jit.asm.x64.isa import ISA
from jit.compile.compiler import Compiler, Tunables
from jit.wasm.validate import validate_module
from tests.unit.debug.pointers import pointer_module
from tests.unit.debug.programs import random_program

FAR = """(module (memory 1)
  (func (param i32) (local {locals})
    (local.set 99 (i64.const 5))
    (local.set 98 (i64.const -1))
    (i32.store offset=4000 (local.get 0) (i32.const 1))
    (i32.store offset=3000 (local.get 0) (i32.const 0x12345678))
    (i32.store16 offset=3000 (local.get 0) (i32.const 0x1234))
    (i64.store offset=2000 (local.get 0) (i64.const -5))
    (i64.store (i32.const 60000) (i64.const 7))
    (block (block (block)))
    (loop (block) (br_if 0 (local.get 0)))
    (drop (select (i64.const 3) (i64.const 4) (i32.const 0)))))""".format(locals="i64 " * 200)

MODULES = [FAR, *map(random_program, range(40)), *(pointer_module(seed, 4) for seed in range(40))]


@pytest.mark.parametrize("watch", Watch)
@pytest.mark.parametrize("canonical", [False, True])
@pytest.mark.parametrize("wat", MODULES)
def test_what_stands_behind_a_site_is_one_instruction_with_it(
    wat: str, canonical: bool, watch: Watch
) -> None:
    info = validate_module(bytes(wat2wasm(wat)))
    compiler = Compiler(info, ISA, Tunables(epoch=True))
    engine = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    size = ISA.site_size
    for index in range(len(info.bodies)):
        code = compiler.compile(index, Variant(canonical, watch)).code
        for row in compiler.frame_table(index, Variant(canonical, watch)).rows:
            if row.kind is RowKind.SITE:
                assert code[row.patch : row.offset] == ISA.site_disabled()
                whole = next(engine.disasm(code[row.patch : row.patch + 15], 0, 1))
                alone = next(engine.disasm(code[row.offset : row.offset + 15], 0, 1))
                assert (whole.size, whole.mnemonic) == (size + alone.size, alone.mnemonic)
