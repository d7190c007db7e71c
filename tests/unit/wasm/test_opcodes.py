"""The opcode table against wasmtime's text parser and validator: every row is walked."""

import pytest
import wasmtime

from jit.wasm import opcodes
from jit.wasm.decode import decode_instruction, decode_opcode
from jit.wasm.disasm import instruction_boundaries
from jit.wasm.errors import MalformedModule, UnsupportedFeature
from jit.wasm.module import parse_module
from jit.wasm.opcodes import OPS, UNSUPPORTED, UNSUPPORTED_RANGES, Imm, Op
from jit.wasm.types import VALTYPE_NAMES

FIELDS = """(memory 1) (table 2 funcref) (table 2 funcref) (global (mut i32) (i32.const 0))
            (elem func $f) (data "x") (type (func))"""

# What to write after the mnemonic.
OPERANDS = {
    Imm.NONE: "",
    Imm.BLOCK: "end",
    Imm.LABEL: "0",
    Imm.LABELS: "0 0",
    Imm.FUNC: "0",
    Imm.CALL_INDIRECT: "(type 0)",
    Imm.LOCAL: "0",
    Imm.GLOBAL: "0",
    Imm.TABLE: "0",
    Imm.TYPES: "(result i32)",
    Imm.HEAP_TYPE: "func",
    Imm.I32: "-5",
    Imm.I64: "-5",
    Imm.F32: "1.5",
    Imm.F64: "1.5",
    Imm.MEM8: "",
    Imm.MEM16: "",
    Imm.MEM32: "",
    Imm.MEM64: "",
    Imm.MEMORY: "",
    Imm.MEMORY_MEMORY: "",
    Imm.DATA: "0",
    Imm.DATA_MEMORY: "0",
    Imm.ELEM: "0",
    Imm.ELEM_TABLE: "0",
    Imm.TABLE_TABLE: "0 1",
}
UNUSUAL = {opcodes.END: "block end", opcodes.ELSE: "if else end"}


def row_id(op: Op) -> str:
    return f"{op.code:#x}-{op.mnemonic}"


def named(op: Op) -> str:
    name = op.mnemonic.upper().replace(".", "_")
    return "SELECT_T" if op.code == 0x1C else name


@pytest.mark.parametrize("op", OPS.values(), ids=row_id)
def test_the_text_parser_gives_the_mnemonic_this_code(op: Op) -> None:
    text = UNUSUAL.get(op.code, f"{op.mnemonic} {OPERANDS[op.immediates]}")
    module = parse_module(
        wasmtime.wat2wasm(f"(module {FIELDS} (func $f (param i32) unreachable {text} unreachable))")
    )
    found = {
        decode_instruction(module.data, pc)[0]: length
        for pc, length in instruction_boundaries(module, 0)
    }
    assert op.code in found


@pytest.mark.parametrize("op", [op for op in OPS.values() if op.signature], ids=row_id)
def test_the_signature_is_the_one_that_wasmtime_has(op: Op) -> None:
    assert op.signature
    params = " ".join(f"(param {VALTYPE_NAMES[t]})" for t in op.signature.params)
    results = " ".join(f"(result {VALTYPE_NAMES[t]})" for t in op.signature.results)
    pushes = " ".join(f"local.get {i}" for i in range(len(op.signature.params)))
    text = f"{op.mnemonic} {OPERANDS[op.immediates]}"
    data = wasmtime.wat2wasm(f"(module {FIELDS} (func $f {params} {results} {pushes} {text}))")
    wasmtime.Module.validate(wasmtime.Engine(), data)


@pytest.mark.parametrize("op", OPS.values(), ids=row_id)
def test_every_opcode_has_its_constant(op: Op) -> None:
    assert getattr(opcodes, named(op)) == op.code


@pytest.mark.parametrize(("code", "row"), UNSUPPORTED.items(), ids=lambda x: str(x))
def test_an_opcode_of_a_proposal_is_refused_by_name(code: int, row: tuple[str, str]) -> None:
    data = bytes([code]) if code < 0x100 else bytes([code >> 8, code & 0xFF])
    with pytest.raises(UnsupportedFeature) as caught:
        decode_opcode(data, 0)
    assert caught.value.feature == row[1]


@pytest.mark.parametrize("row", UNSUPPORTED_RANGES, ids=str)
def test_a_prefix_of_a_proposal_is_refused_by_name(row: tuple[int, int, int, str]) -> None:
    prefix, first, last, feature = row
    for sub in (first, last):
        with pytest.raises(UnsupportedFeature) as caught:
            decode_opcode(bytes([prefix, sub & 0x7F | 0x80, sub >> 7]), 0)
        assert caught.value.feature == feature


def test_every_other_byte_is_an_illegal_opcode() -> None:
    known = {code for code in OPS if code < 0x100} | set(UNSUPPORTED) | opcodes.PREFIXES
    for code in set(range(0x100)) - known:
        with pytest.raises(MalformedModule, match="illegal opcode"):
            decode_opcode(bytes([code]), 0)
