"""The structure of a module: what parse_module yields, and what it refuses."""

import pytest
from wasmtime import wat2wasm

from jit.wasm.constexpr import evaluate
from jit.wasm.errors import InvalidModule, MalformedModule, UnsupportedFeature, WasmError
from jit.wasm.module import ConstExpr, Export, parse_module
from jit.wasm.types import (
    EXTERNREF,
    F32,
    F64,
    FUNCREF,
    I32,
    I64,
    FuncType,
    GlobalType,
    Limits,
    MemoryType,
    TableType,
)

EVERYTHING = wat2wasm(
    """
    (module $m
      (type $t (func (param i32 f64) (result i64 f32)))
      (import "env" "f" (func $imported (param i32)))
      (import "env" "g" (global $ig i64))
      (import "env" "t" (table 1 4 externref))
      (import "env" "m" (memory 1 2))
      (table $own 3 funcref)
      (global $a (mut i32) (i32.const -1))
      (global $b f32 (f32.const 1.5))
      (global $c f64 (f64.const -0.0))
      (global $d i64 (global.get $ig))
      (global $e funcref (ref.func $one))
      (global $n externref (ref.null extern))
      (export "one" (func $one)) (export "mem" (memory 0))
      (start $two)
      (elem (table $own) (i32.const 1) func $one $two)
      (elem funcref (ref.func $two) (ref.null func))
      (elem declare func $imported)
      (data (i32.const 8) "abc")
      (data "passive")
      (func $one (type $t) (local $x i32) i64.const 0 f32.const 0)
      (func $two nop)
      (func $three data.drop 1)
    )
    """
)


@pytest.fixture(scope="module", name="module")
def _module() -> object:
    return parse_module(EVERYTHING)


def test_types_and_index_spaces(module) -> None:
    assert module.types[0] == FuncType((I32, F64), (I64, F32))
    assert [module.func_type(i) for i in range(2)] == [FuncType((I32,), ()), module.types[0]]
    assert (module.num_imported_funcs, len(module.func_types)) == (1, 4)
    assert module.tables == [TableType(EXTERNREF, Limits(1, 4)), TableType(FUNCREF, Limits(3))]
    assert module.memories == [MemoryType(Limits(1, 2))]
    assert module.globals[:2] == [GlobalType(I64, False), GlobalType(I32, True)]
    assert (module.num_imported_tables, module.num_imported_memories) == (1, 1)
    assert module.num_imported_globals == 1


def test_imports(module) -> None:
    rows = [(i.module, i.name, i.kind, i.type_) for i in module.imports]
    assert rows == [
        ("env", "f", "func", FuncType((I32,), ())),
        ("env", "g", "global", GlobalType(I64, False)),
        ("env", "t", "table", TableType(EXTERNREF, Limits(1, 4))),
        ("env", "m", "memory", MemoryType(Limits(1, 2))),
    ]
    assert module.data[module.imports[1].offset :].startswith(b"\x03env\x01g\x03")


def test_global_initialisers(module) -> None:
    assert module.global_inits == [
        ConstExpr("i32.const", 0xFFFF_FFFF, I32),
        ConstExpr("f32.const", 0x3FC0_0000, F32),
        ConstExpr("f64.const", 1 << 63, F64),
        ConstExpr("global.get", 0, I64),
        ConstExpr("ref.func", 1, FUNCREF),
        ConstExpr("ref.null", 0, EXTERNREF),
    ]


def test_exports_start_and_declared_references(module) -> None:
    assert module.exports == [Export("one", "func", 1), Export("mem", "memory", 0)]
    assert module.start == 2
    assert module.declared_refs == {0, 1, 2}


def test_element_segments(module) -> None:
    rows = [(e.mode, e.table, e.offset and e.offset.value, e.element_type) for e in module.elements]
    assert rows == [
        ("active", 1, 1, FUNCREF),
        ("passive", 0, None, FUNCREF),
        ("declarative", 0, None, FUNCREF),
    ]
    items = [[(i.kind, i.value) for i in e.items] for e in module.elements]
    assert items == [
        [("ref.func", 1), ("ref.func", 2)],
        [("ref.func", 2), ("ref.null", 0)],
        [("ref.func", 0)],
    ]


def test_data_segments(module) -> None:
    rows = [(d.mode, d.offset and d.offset.value) for d in module.data_segments]
    assert rows == [("active", 8), ("passive", None)]
    assert [module.data[d.start : d.end] for d in module.data_segments] == [b"abc", b"passive"]
    assert module.data_count == 2


def test_bodies_lie_in_the_code_section(module) -> None:
    start, end = module.code_section
    assert module.bodies[-1].end == end
    assert start < module.bodies[0].start
    assert [module.data[b.end - 1] for b in module.bodies] == [0x0B] * 3


def test_function_names() -> None:
    data = wat2wasm(
        '(module (import "env" "f" (func)) (func) (func (export "e")) (func $named (export "x")))'
    )
    module = parse_module(data)
    names = [module.func_name(i) for i in range(4)]
    assert names == ["env.f", "func[1]", "e", "named"]


def test_name_section(module) -> None:
    names = module.names
    assert names.module == "m"
    assert names.functions == {0: "imported", 1: "one", 2: "two", 3: "three"}
    assert names.locals[1] == {2: "x"}
    assert names.globals[1] == "a"
    assert names.tables == {1: "own"}


def section(number: int, payload: bytes) -> bytes:
    return bytes([number, len(payload)]) + payload


def custom(name: bytes, payload: bytes) -> bytes:
    return section(0, bytes([len(name)]) + name + payload)


HEADER = b"\0asm\1\0\0\0"


def test_custom_sections() -> None:
    module = parse_module(HEADER + custom(b"one", b"abc") + custom(b"two", b""))
    assert module.section("one") == b"abc"
    assert module.section("two") == b""
    assert module.section("three") is None


def test_a_malformed_name_section_keeps_what_came_before() -> None:
    good = b"\x01\x04\x01\x00\x01f"
    module = parse_module(HEADER + custom(b"name", good + b"\x02\x05\xff"))
    assert module.names.functions == {0: "f"}


def test_constant_arithmetic() -> None:
    data = wat2wasm(
        """(module (import "a" "g" (global i32))
             (global i32 (i32.sub (i32.mul (i32.const 3) (i32.const 4)) (i32.const 13)))
             (global i32 (i32.add (global.get 0) (i32.const -1))))"""
    )
    folded, extended = parse_module(data).global_inits
    assert folded == ConstExpr("i32.const", 0xFFFF_FFFF, I32)
    assert extended.kind == "extended"
    assert evaluate(extended, lambda index: 43 + index) == 42


FUNC_TYPE = section(1, b"\x01\x60\x00\x00")
ONE_FUNC = FUNC_TYPE + section(3, b"\x01\x00")
ONE_BODY = section(10, b"\x01\x02\x00\x0b")


@pytest.mark.parametrize(
    ("data", "error", "message", "offset"),
    [
        (b"", MalformedModule, "unexpected end", 0),
        (b"\0as", MalformedModule, "unexpected end", 3),
        (b"\0ASM\1\0\0\0", MalformedModule, "magic header not detected", 0),
        (b"\0asm\2\0\0\0", MalformedModule, "unknown binary version", 4),
        (b"\0asm\r\0\1\0", UnsupportedFeature, "unsupported feature: component model", 4),
        (HEADER + b"\x01", MalformedModule, "unexpected end", 9),
        (HEADER + b"\x01\x05\x00", MalformedModule, "length out of bounds", 10),
        (HEADER + b"\x0e\x00", MalformedModule, "malformed section id 14", 8),
        (HEADER + section(1, b"\x00\x00"), MalformedModule, "section size mismatch", 11),
        (
            HEADER + FUNC_TYPE + FUNC_TYPE,
            MalformedModule,
            "unexpected content after last section",
            14,
        ),
        (
            HEADER + ONE_FUNC,
            MalformedModule,
            "function and code section have inconsistent lengths",
            18,
        ),
        (HEADER + section(3, b"\x01\x00"), InvalidModule, "unknown type 0", 11),
        (HEADER + section(5, b"\x01\x01\x02\x01"), InvalidModule, "size minimum must not be", 11),
        (HEADER + section(5, b"\x01\x00\x81\x80\x04"), InvalidModule, "memory size must be", 11),
        (HEADER + section(5, b"\x01\x03\x01\x01"), UnsupportedFeature, "threads", 11),
        (HEADER + section(5, b"\x01\x04\x01"), UnsupportedFeature, "memory64", 11),
        (HEADER + section(5, b"\x01\x08\x01\x00"), UnsupportedFeature, "custom page sizes", 11),
        (HEADER + section(5, b"\x02\x00\x01\x00\x01"), UnsupportedFeature, "multi-memory", 13),
        (HEADER + section(13, b"\x00"), UnsupportedFeature, "exceptions", 8),
        (HEADER + section(1, b"\x01\x5f\x00"), UnsupportedFeature, "gc", 11),
        (HEADER + section(1, b"\x01\x60\x01\x7b\x00"), UnsupportedFeature, "simd", 13),
        (
            HEADER + section(1, b"\x01\x60\x01\x64\x70\x00"),
            UnsupportedFeature,
            "function references",
            13,
        ),
        (HEADER + section(6, b"\x01\x7f\x02\x41\x00\x0b"), MalformedModule, "malformed mutab", 12),
        (HEADER + section(6, b"\x01\x7e\x00\x41\x00\x0b"), InvalidModule, "type mismatch", 13),
        (HEADER + section(6, b"\x01\x7f\x00\x23\x00\x0b"), InvalidModule, "unknown global", 13),
        (HEADER + section(6, b"\x01\x7f\x00\x01\x0b"), InvalidModule, "constant expression", 13),
        (
            HEADER + section(6, b"\x02\x7f\x00\x41\x00\x0b\x7f\x00\x23\x00\x0b"),
            UnsupportedFeature,
            "gc",
            18,
        ),
        (
            HEADER + ONE_FUNC + section(7, b"\x02\x01a\x00\x00\x01a\x00\x00") + ONE_BODY,
            InvalidModule,
            "duplicate export name 'a'",
            25,
        ),
        (HEADER + section(7, b"\x01\x01a\x02\x00"), InvalidModule, "unknown memory 0", 11),
        (HEADER + section(8, b"\x00"), InvalidModule, "unknown function 0", 10),
        (HEADER + section(9, b"\x01\x00\x41\x00\x0b\x00"), InvalidModule, "unknown table 0", 11),
        (HEADER + section(11, b"\x01\x00\x41\x00\x0b\x00"), InvalidModule, "unknown memory 0", 11),
        (HEADER + section(12, b"\x01"), MalformedModule, "data count and data section", 11),
        (HEADER + custom(b"\xff", b""), MalformedModule, "malformed UTF-8 encoding", 11),
    ],
)
def test_what_is_refused(data: bytes, error: type[WasmError], message: str, offset: int) -> None:
    with pytest.raises(error) as caught:
        parse_module(data)
    assert message in caught.value.message
    assert caught.value.offset == offset
