"""Function bodies: what a Body holds, op by op, and the rules that validate_body enforces."""

import pytest
from wasmtime import wat2wasm

from jit.wasm import opcodes
from jit.wasm.decode import decode_instruction
from jit.wasm.disasm import instruction_boundaries
from jit.wasm.errors import InvalidModule, MalformedModule, UnsupportedFeature, WasmError
from jit.wasm.module import parse_module
from jit.wasm.types import EXTERNREF, F32, F64, FUNCREF, I32, I64
from jit.wasm.validate import Block, Body, validate_body, validate_module

FIELDS = """
  (type $v (func)) (type $ii (func (param i32) (result i32))) (type $p2 (func (param i32 i64)))
  (type $two (func (param i32) (result i32 i32)))
  (memory 1) (table $t 2 funcref) (table $u 2 funcref) (table $x 2 externref)
  (global $c i32 (i32.const 0)) (global $m (mut i64) (i64.const 0))
  (elem $e func $f) (data $d "x")
"""


def body_of(
    text: str, signature: str = "(param i32 i64) (local f32 f64 funcref externref)"
) -> Body:
    """Validate `(func $f SIGNATURE TEXT)` among FIELDS."""
    module = parse_module(wat2wasm(f"(module {FIELDS} (func $f {signature} {text}))"))
    return validate_body(module, 0)


def mnemonics(body: Body) -> list[str]:
    return [opcodes.mnemonic(op) for op in body.ops]


@pytest.mark.parametrize(
    ("text", "imm"),
    [
        ("i32.const -1 drop", 0xFFFF_FFFF),
        ("i32.const -123456 drop", 0x1_0000_0000 - 123456),
        ("i32.const 0x80000000 drop", 0x8000_0000),
        ("i64.const -1 drop", 0xFFFF_FFFF_FFFF_FFFF),
        ("i64.const 0x7fffffffffffffff drop", 0x7FFF_FFFF_FFFF_FFFF),
        ("f32.const -0.0 drop", 0x8000_0000),
        ("f64.const nan:0x4000000000001 drop", 0x7FF4_0000_0000_0001),
        ("local.get 1 drop", 1),
        ("local.get 0 local.set 0", 0),
        ("global.get $c drop", 0),
        ("unreachable", None),
        ("nop", None),
        ("call $f", 0),
        ("memory.size drop", None),
        ("ref.null func drop", FUNCREF),
        ("ref.null extern drop", EXTERNREF),
        ("ref.func $f drop", 0),
        ("data.drop $d", 0),
        ("elem.drop $e", 0),
        ("return", None),
        ("table.size $x drop", 2),
    ],
)
def test_the_immediate_of_a_first_op(text: str, imm: object) -> None:
    signature = "" if text == "call $f" else "(param i32 i64)"
    assert body_of(text, signature).imms[0] == imm


@pytest.mark.parametrize(
    ("pushes", "op", "imm"),
    [
        ("local.get 0", "i32.load8_s offset=300", 300),
        ("local.get 0", "i64.load offset=4294967295 align=1", 0xFFFF_FFFF),
        ("local.get 0 local.get 1", "i64.store16 offset=2", 2),
        ("local.get 0", "memory.grow", None),
        ("local.get 0", "i32.eqz", None),
        ("local.get 0", "drop", I32),
        ("local.get 1", "drop", I64),
        ("local.get 2", "drop", F32),
        ("local.get 4", "drop", FUNCREF),
        ("local.get 3 local.get 3 local.get 0", "select", F64),
        ("local.get 5 local.get 5 local.get 0", "select (result externref)", EXTERNREF),
        ("local.get 1", "global.set $m", 1),
        ("local.get 0", "table.get $x", 2),
        ("local.get 0 local.get 0", "call_indirect $u (type $ii)", (1, 1)),
        ("local.get 0 local.get 0 local.get 0", "table.copy $t $u", (0, 1)),
        ("local.get 0 local.get 0 local.get 0", "table.init $u $e", (0, 1)),
        ("local.get 0 local.get 0 local.get 0", "memory.init $d", 0),
        ("local.get 0 local.get 0 local.get 0", "memory.copy", None),
        ("local.get 0 local.get 0 local.get 0", "memory.fill", None),
        ("local.get 4", "ref.is_null", None),
        ("local.get 4 local.get 0", "table.grow $u", 1),
        ("local.get 0 local.get 5 local.get 0", "table.fill $x", 2),
    ],
)
def test_the_immediate_of_an_op_with_operands(pushes: str, op: str, imm: object) -> None:
    body = body_of(f"{pushes} {op} unreachable")
    assert body.imms[len(pushes.split()) // 2] == imm


def test_what_a_body_says_of_itself() -> None:
    body = body_of("local.get 0 local.set 0", "(param i32 i64) (local f32 f32)")
    assert (body.func_index, body.defined_index) == (0, 0)
    assert body.type.params == (I32, I64)
    assert body.local_types == [I32, I64, F32, F32]
    assert body.module.bodies[0].start == body.start
    assert body.first_op == body.pcs[0] == body.start + 3
    assert body.pcs == [body.first_op, body.first_op + 2, body.first_op + 4]
    assert body.end == body.pcs[-1] + 1
    assert mnemonics(body) == ["local.get", "local.set", "end"]


def test_blocks_know_where_they_are() -> None:
    body = body_of(
        """i32.const 7
           local.get 0
           if (param i32) (result i32)
             i32.eqz
           else
             loop (param i32) (result i32)
               local.get 0 br_if 1
             end
           end
           drop"""
    )
    block = body.imms[2]
    assert isinstance(block, Block)
    assert (block.kind, block.params, block.results) == ("if", (I32,), (I32,))
    assert (block.start, block.else_, block.end) == (2, 4, 9)
    assert body.imms[4] is block
    assert body.imms[9] is block
    assert (block.height, block.targeted) == (0, True)


def test_a_loop_is_branched_to_with_its_params() -> None:
    body = body_of("i32.const 1 loop (param i32) local.get 0 br_if 0 drop end")
    loop = body.imms[1]
    assert isinstance(loop, Block)
    assert (loop.label_types, loop.results, loop.targeted) == ((I32,), (), True)
    assert body.imms[3] is loop


def test_the_function_is_a_block() -> None:
    body = body_of("local.get 0 br_if 0")
    function = body.imms[-1]
    assert isinstance(function, Block)
    assert (function.kind, function.start, function.end) == ("func", -1, 2)
    assert body.imms[1] is function


def test_return_does_not_make_the_function_a_target() -> None:
    body = body_of("local.get 0 if return end")
    assert isinstance(body.imms[-1], Block)
    assert not body.imms[-1].targeted


def test_br_table_names_blocks_default_last() -> None:
    body = body_of("block block local.get 0 br_table 0 1 2 end end")
    outer, inner = body.imms[0], body.imms[1]
    assert body.imms[3] == (inner, outer, body.imms[-1])


def test_operand_height_and_greatest_depth() -> None:
    body = body_of(
        "local.get 0 local.get 0 block (result i32 i32) local.get 0 local.get 0 end"
        " local.get 0 i32.add i32.add i32.add drop drop"
    )
    assert isinstance(body.imms[2], Block)
    assert body.imms[2].height == 2
    assert body.max_stack == 5


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        ("", 0),
        ("call 0", 0),
        ("i32.const 1 i32.const 2 i32.add drop", 2),
        ("block block i32.const 1 drop end end", 1),
        ("unreachable i32.const 1 i32.const 2 i32.const 3 drop drop drop", 0),
        ("block (result i32 i32) unreachable end drop drop", 2),
        ("i32.const 0 call_indirect (type $v) f64.const 0 drop", 1),
        ("i32.const 0 i32.const 0 call_indirect (type $two) drop drop", 2),
        ("i32.const 0 i32.const 0 i32.const 0 select drop", 3),
    ],
)
def test_greatest_depth(text: str, depth: int) -> None:
    assert body_of(text, "").max_stack == depth


def test_unreachable_ops_are_left_out() -> None:
    body = body_of(
        """block
             br 0
             i32.add
             block loop br 0 drop end end
             if nop else return i64.clz drop end
           end
           local.get 0
           if return nop else nop return drop end
           nop"""
    )
    kept = ["block", "br", "end", "local.get", "if", "return", "else", "nop", "return", "end"]
    assert mnemonics(body) == [*kept, "nop", "end"]
    dead = [opcodes.mnemonic(decode_instruction(body.module.data, pc)[0]) for pc in body.dead_pcs]
    assert dead == [
        *("i32.add", "block", "loop", "br", "drop", "end", "end"),
        *("if", "nop", "else", "return", "i64.clz", "drop", "end", "nop", "drop"),
    ]


def test_branches_from_unreachable_code_make_no_target() -> None:
    body = body_of("block return br 0 end")
    assert isinstance(body.imms[0], Block)
    assert not body.imms[0].targeted


def test_live_and_dead_ops_together_are_all_ops() -> None:
    body = body_of("block (result i32) i32.const 1 br 0 i32.const 2 br 1 end drop unreachable drop")
    bounds = [pc for pc, _ in instruction_boundaries(body.module, 0)]
    assert sorted(body.pcs + body.dead_pcs) == bounds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("i32.add drop", "type mismatch: i32.add expects i32, found nothing"),
        ("i64.const 0 i32.eqz drop", "type mismatch: i32.eqz expects i32, found i64"),
        ("i32.const 0 i64.const 0 i32.add drop", "type mismatch: i32.add expects i32, found i64"),
        ("i32.const 0", "type mismatch: i32 remains at the end of the block"),
        ("block i32.const 0 end", "type mismatch: i32 remains at the end of the block"),
        ("i32.const 0 block drop end", "type mismatch: drop expects a value, found nothing"),
        ("block (result i32) end drop", "type mismatch: end expects i32, found nothing"),
        ("i32.const 0 if (result i32) i32.const 1 end drop", "type mismatch: if without else"),
        ("f32.const 0 local.set 0", "type mismatch: local.set expects i32, found f32"),
        ("local.get 7 drop", "unknown local 7"),
        ("i32.const 0 local.set 7", "unknown local 7"),
        ("br 1", "unknown label 1"),
        ("i32.const 0 br_if 1", "unknown label 1"),
        ("unreachable br 1", "unknown label 1"),
        ("call 9", "unknown function 9"),
        ("global.get 9 drop", "unknown global 9"),
        ("i32.const 0 global.set $c", "immutable global 0"),
        ("i32.const 0 i32.load align=8 drop", "alignment must not be larger than natural"),
        ("data.drop 7", "unknown data segment 7"),
        ("elem.drop 7", "unknown elem segment 7"),
        ("table.size 9 drop", "unknown table 9"),
        ("i32.const 0 call_indirect $x (type $v)", "type mismatch: call_indirect needs funcref"),
        ("i32.const 0 call_indirect (type 9)", "unknown type 9"),
        (
            "i32.const 0 i32.const 0 i32.const 0 table.copy $t $x",
            "type mismatch: tables differ in type",
        ),
        (
            "i32.const 0 i32.const 0 i32.const 0 table.init $x $e",
            "type mismatch: element segment and table",
        ),
        ("local.get 4 local.get 4 i32.const 0 select drop", "type mismatch: select expects two"),
        ("i32.const 0 i64.const 0 i32.const 0 select drop", "type mismatch: select expects two"),
        ("i32.const 0 ref.is_null drop", "type mismatch: ref.is_null expects a reference"),
        ("unreachable i64.const 0 i32.eqz drop", "type mismatch: i32.eqz expects i32, found i64"),
        ("unreachable i32.const 0 block drop end drop", "type mismatch: drop expects a value"),
        (
            "block block (result i32) i32.const 0 br_table 0 1 end drop end",
            "type mismatch: br_table labels differ in arity",
        ),
        ("block (result i32) i32.const 0 i64.const 0 br 0 end drop", "br expects i32, found i64"),
    ],
)
def test_what_is_invalid(text: str, message: str) -> None:
    with pytest.raises(InvalidModule) as caught:
        body_of(text)
    assert message in caught.value.message


def body_of_bytes(code: bytes, sections: bytes = b"") -> Body:
    """Validate a function `[] -> []` with these bytes as its body."""
    types = b"\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00"
    payload = bytes([1, len(code)]) + code
    data = b"\0asm\1\0\0\0" + types + sections + bytes([10, len(payload)]) + payload
    return validate_body(parse_module(data), 0)


BODY_AT = 8 + 10 + 4
MEMORY = b"\x05\x03\x01\x00\x01"


@pytest.mark.parametrize(
    ("code", "error", "message", "offset"),
    [
        ("00", MalformedModule, "unexpected end of section or function", 1),
        ("0001", MalformedModule, "unexpected end of section or function", 2),
        ("000b0b", MalformedModule, "operators remaining after the end of the function", 2),
        ("0002400b", MalformedModule, "unexpected end of section or function", 4),
        ("00050b", InvalidModule, "else found outside of an if", 1),
        ("00270b", MalformedModule, "illegal opcode 0x27", 1),
        ("00fc7f0b", MalformedModule, "illegal opcode 0xfc 0x7f", 1),
        ("00418080808010", MalformedModule, "integer too large", 6),
        ("0041ff", MalformedModule, "unexpected end of section or function", 3),
        ("0006400b0b", UnsupportedFeature, "unsupported feature: exceptions (try)", 1),
        ("0012000b", UnsupportedFeature, "unsupported feature: tail calls (return_call)", 1),
        ("00fd0c", UnsupportedFeature, "unsupported feature: simd", 1),
        ("00fe03000b", UnsupportedFeature, "unsupported feature: threads", 1),
        ("01017b0b", UnsupportedFeature, "unsupported feature: simd (type 0x7b)", 2),
        ("0001d000d10b", UnsupportedFeature, "unsupported feature: function references", 3),
        ("01d186037f0b", InvalidModule, "too many locals: at most 50000 are supported", 1),
        ("0002010b0b", InvalidModule, "unknown type 1", 1),
        ("00027a0b0b", MalformedModule, "malformed value type 0x7a", 2),
    ],
)
def test_what_bytes_are_refused(
    code: str, error: type[WasmError], message: str, offset: int
) -> None:
    with pytest.raises(error) as caught:
        body_of_bytes(bytes.fromhex(code))
    assert message in caught.value.message
    assert caught.value.offset == BODY_AT + offset


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("41002800000b", "unknown memory 0"),
        ("3f001a0b", "unknown memory 0"),
        ("fc09000b", "data count section required"),
    ],
)
def test_what_a_module_must_have(code: str, message: str) -> None:
    with pytest.raises(WasmError, match=message):
        body_of_bytes(b"\x00" + bytes.fromhex(code))


@pytest.mark.parametrize(
    ("code", "error", "message"),
    [
        ("3f010b", UnsupportedFeature, "multi-memory"),
        ("3f80000b", MalformedModule, "zero byte expected"),
        ("410028420000001a0b", UnsupportedFeature, "multi-memory"),
        ("41002880010000001a0b", MalformedModule, "malformed memop flags"),
    ],
)
def test_memory_immediates(code: str, error: type[WasmError], message: str) -> None:
    with pytest.raises(error, match=message):
        body_of_bytes(b"\x00" + bytes.fromhex(code), MEMORY)


def test_padded_numbers_are_read() -> None:
    body = body_of_bytes(bytes.fromhex("01017f2080808080002180000b"))
    assert body.imms[:2] == [0, 0]


def test_validate_module_looks_at_every_body() -> None:
    assert len(validate_module(wat2wasm("(module (func) (func nop))")).bodies) == 2
    with pytest.raises(InvalidModule):
        validate_module(wat2wasm("(module (func) (func drop))"))


@pytest.mark.parametrize("opt", ["O0", "O2"])
def test_a_body_holds_what_decodes_at_each_place(guest, opt: str) -> None:
    module = parse_module(guest("session", opt).program.read_bytes())
    for index in range(len(module.bodies)):
        body = validate_body(module, index)
        places = [pc for pc, _ in instruction_boundaries(module, index)]
        assert sorted(body.pcs + body.dead_pcs) == places
        assert body.pcs == sorted(body.pcs)
        for op, imm, pc in zip(body.ops, body.imms, body.pcs, strict=True):
            code, raw, _ = decode_instruction(module.data, pc)
            assert code == op
            if isinstance(imm, int) and op not in (opcodes.DROP, opcodes.SELECT):
                assert imm == (raw[1] if isinstance(raw, tuple) else raw)
            if isinstance(imm, Block) and op in (opcodes.BLOCK, opcodes.LOOP, opcodes.IF):
                assert body.pcs[imm.start] == pc
                assert body.ops[imm.end] == opcodes.END
                assert body.imms[imm.end] is imm
