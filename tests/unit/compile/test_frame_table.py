"""What a frame table says of a function's code, and that the code is always the same."""

from collections.abc import Sequence

import pytest
from wasmtime import wat2wasm

from jit.abi.code import Variant
from jit.abi.context import UNCHECKED_FRAME
from jit.abi.frame_table import Copy, FrameTable, Operand, OperandKind, RowKind
from jit.asm.x64.isa import ISA
from jit.compile.compiler import Compiler
from jit.wasm.types import F64, I32
from jit.wasm.validate import validate_body, validate_module
from tests.unit.compile.running import DEBUG, PLAIN
from tests.unit.debug.programs import random_program

SEEDS = range(30)


def compiled(wat: str, tunables: object = DEBUG) -> Compiler:
    """Return a compiler for a module."""
    info = validate_module(bytes(wat2wasm(wat)))
    return Compiler(info, ISA, tunables)  # type: ignore[arg-type]


def table_of(wat: str, index: int = 0, canonical: bool = False) -> FrameTable:
    """Return the table of one function."""
    return compiled(wat).frame_table(index, Variant(canonical))


def point_before(
    table: FrameTable, mnemonic_index: int, wat: str
) -> tuple[Sequence[Operand], Sequence[Copy]]:
    """Return operands and copies before op `mnemonic_index` of function 0."""
    body = validate_body(validate_module(bytes(wat2wasm(wat))), 0)
    boundary = table.boundaries_at(body.pcs[mnemonic_index])[0]
    row = table.row(boundary.offset)
    assert row is not None
    point = row.points[boundary.index]
    return point.stack, point.copies


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("canonical", [False, True])
def test_compilation_repeats_itself(seed: int, canonical: bool) -> None:
    wat = random_program(seed)
    first, second = compiled(wat), compiled(wat)
    for index in range(len(first._module.bodies)):
        code = first.compile(index, Variant(canonical)).code
        second.frame_table(index, Variant(canonical))
        assert second.compile(index, Variant(canonical)).code == code


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("canonical", [False, True])
def test_every_live_op_is_a_boundary_once(seed: int, canonical: bool) -> None:
    compiler = compiled(random_program(seed))
    for index in range(len(compiler._module.bodies)):
        table = compiler.frame_table(index, Variant(canonical))
        body = validate_body(compiler._module, index)
        pcs = [boundary.pc for boundary in table.boundaries]
        assert len(set(pcs)) == len(pcs) and set(pcs) <= set(body.pcs)
        code = compiler.compile(index, Variant(canonical)).code
        for row in table.rows:
            assert 0 < row.offset <= len(code)
            if row.kind is RowKind.SITE:
                assert code[row.patch : row.offset] == ISA.site_disabled()
                assert [p.pc for p in row.points] == sorted(p.pc for p in row.points)
            elif row.kind is RowKind.INTERRUPT:
                site = table.row(row.boundary)
                assert site is not None and site.points[0] == row.points[0]


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_in_registers_in_the_canonical_variant(seed: int) -> None:
    compiler = compiled(random_program(seed))
    for index in range(len(compiler._module.bodies)):
        usual, canonical = (
            compiler.frame_table(index),
            compiler.frame_table(index, Variant(canonical=True)),
        )
        assert usual.layout == canonical.layout
        assert usual.base_to_frame_pointer == canonical.base_to_frame_pointer
        assert [b.pc for b in usual.boundaries] == [b.pc for b in canonical.boundaries]
        for row in canonical.rows:
            for point in row.points:
                assert not point.copies
                assert all(operand.kind is OperandKind.SLOT for operand in point.stack)


def test_operands_are_where_they_are_cheapest() -> None:
    wat = """(module (memory 1) (func (param i32) (result i32) (local f64)
      local.get 0 i32.const 8 (i32.load (local.get 0)) (local.get 1) (i32.eqz (local.get 0))
      if (result i32) i32.const 1 else i32.const 2 end
      drop drop drop drop drop i32.const 0))"""
    stack, copies = point_before(table_of(wat), 7, wat)
    kinds = [operand.kind for operand in stack]
    assert kinds == [
        OperandKind.GENERAL, OperandKind.CONSTANT, OperandKind.GENERAL, OperandKind.FLOAT, OperandKind.FLAGS,
    ]  # fmt: skip
    assert [operand.type for operand in stack] == [I32, I32, I32, F64, I32]
    assert stack[1].value == 8 and stack[0].value == ISA.convention.int_arguments[0]
    assert {(copy.local, copy.float) for copy in copies} == {(0, False), (1, True)}


def test_all_operands_are_in_slots_inside_a_call() -> None:
    wat = """(module (func (param i32) (result i32)
      i32.const 7 local.get 0 local.get 0 call 0 i32.add i32.add))"""
    rows = [row for row in table_of(wat).rows if row.kind is RowKind.CALL]
    assert len(rows) == 1
    (point,) = rows[0].points
    assert [operand.kind for operand in point.stack] == [OperandKind.SLOT] * 3
    assert not point.copies


def test_a_large_frame_traps_before_it_exists() -> None:
    wat = f"(module (func (local {'i64 ' * (UNCHECKED_FRAME // 8)})))"
    rows = [row for row in table_of(wat).rows if row.kind is RowKind.PROLOGUE]
    assert len(rows) == 1 and rows[0].points[0].stack == ()
    small = "(module (func (local i64)))"
    assert all(row.kind is not RowKind.PROLOGUE for row in table_of(small).rows)


def test_without_debugging_there_are_no_sites_but_calls_and_traps() -> None:
    wat = """(module (memory 1) (func (param i32) (result i32)
      (loop (br_if 0 (i32.load (local.get 0)))) (call 0 (local.get 0))))"""
    kinds = [row.kind for row in compiled(wat, PLAIN).frame_table(0).rows]
    assert sorted(kinds) == [RowKind.CALL, RowKind.TRAP, RowKind.INTERRUPT, RowKind.INTERRUPT]
    assert ISA.site_disabled() not in compiled(wat, PLAIN).compile(0).code


def test_a_leaf_checks_its_stack_only_for_a_debugger() -> None:
    wat = "(module (func (result i32) i32.const 1))"
    check = ISA.masm.stack_check[:-4]
    assert check in compiled(wat, DEBUG).compile(0).code
    assert check not in compiled(wat, PLAIN).compile(0).code
