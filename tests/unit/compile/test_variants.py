"""Random and chosen modules, compiled in every way there is: one result, and it is Wasmtime's.

One of the ways has every patch site enabled, and overwrites at each whatever the frame table does not
mention (`running.Trashing`).
"""

import random

import pytest
from wasmtime import wat2wasm

from jit.wasm.module import parse_module
from jit.wasm.types import VALTYPE_NAMES
from tests.unit.compile.oracle import Oracle, is_nan
from tests.unit.compile.running import outcome, variants
from tests.unit.debug.programs import random_program

VALUES = {
    "i32": [0, 1, 5, 0xFFFF_FFFF, 0x8000_0000],
    "i64": [0, 1, 7, 0xFFFF_FFFF_FFFF_FFFF, 1 << 63],
    "f32": [0, 0x3F80_0000, 0x4120_0000, 0x7F80_0000],
    "f64": [0, 0x3FF0_0000_0000_0000, 0xC014_0000_0000_0000],
}


def check(wat: str, names: list[str], rounds: int = 3) -> None:
    """Call functions in every variant with random arguments, state carried from call to call."""
    rng = random.Random(wat)
    oracle, ours = Oracle(wat), variants(wat)
    info = ours[0][1].module.info
    for name in names:
        index = next(e.index for e in info.exports if e.name == name)
        type_ = info.func_type(index)
        params = [VALTYPE_NAMES[code] for code in type_.params]
        results = [VALTYPE_NAMES[code] for code in type_.results]
        for _ in range(rounds):
            arguments = [rng.choice(VALUES[param]) for param in params]
            theirs = oracle.outcome(name, arguments)
            for variant, instance in ours:
                got = outcome(instance, name, arguments)
                assert same(results, got, theirs), (variant, name, arguments, got, theirs)


def same(results: list[str], got: list[int] | str, theirs: list[int] | str) -> bool:
    """Compare outcomes, all NaNs being one."""
    if isinstance(got, str) or isinstance(theirs, str):
        return got == theirs
    return all(
        a == b or (is_nan(type_, a) and is_nan(type_, b))
        for type_, a, b in zip(results, got, theirs, strict=True)
    )


@pytest.mark.parametrize("seed", range(60))
def test_random_modules_agree(seed: int) -> None:
    wat = random_program(seed)
    check(wat, function_names(wat))


def function_names(wat: str) -> list[str]:
    """Return the names of the functions a module exports."""
    info = parse_module(bytes(wat2wasm(wat)))
    return [export.name for export in info.exports if export.kind == "func"]


def deep(type_: str, depth: int, leaf: str) -> str:
    """An expression with `depth` operands on the stack at once."""
    return " ".join([leaf] * depth + [f"{type_}.add"] * (depth - 1))


MODULES = {
    "more operands than registers": f"""(module
      (func (export "i") (param i64) (result i64)
        {deep("i64", 30, "(i64.mul (local.get 0) (i64.const 3))")})
      (func (export "f") (param f64) (result f64)
        {deep("f64", 40, "(f64.mul (local.get 0) (f64.const 1.5))")})
      (func (export "mixed") (param i32 f64) (result f64)
        {" ".join("(f64.convert_i32_s (i32.add (local.get 0) (i32.const 1))) (f64.neg (local.get 1))" for _ in range(12))}
        {"f64.add " * 23}))""",
    "more copies than registers": f"""(module (func (export "f") (param i64) (result i64)
      (local {"i64 " * 20})
      {" ".join(f"(local.set {at} (i64.add (local.get {at - 1}) (i64.const {at})))" for at in range(1, 21))}
      {" ".join(f"(local.get {at})" for at in range(21))} {"i64.xor " * 20}
      {" ".join(f"(local.get {at}) (local.get {20 - at})" for at in range(21))} {"i64.sub " * 41}
      i64.add))""",
    "aliases outlive sets": """(module
      (func (export "swap") (param i32 i32) (result i32)
        (local.get 0) (local.get 0) (local.get 1)
        (local.set 0 (local.get 1)) (local.set 1)
        (i32.add (local.get 0)) i32.sub (i32.add (i32.mul (local.get 1) (i32.const 1000))))
      (func (export "increments") (param i32) (result i32)
        (local.get 0) (local.set 0 (i32.add (local.get 0) (i32.const 1)))
        (local.get 0) (local.tee 0 (i32.add (local.get 0) (i32.const 1)))
        (local.get 0) i32.mul i32.mul i32.sub)
      (func (export "loop") (param i32) (result i32) (local i32 i32)
        (local.set 0 (i32.and (local.get 0) (i32.const 15)))
        (loop $l
          (local.get 0) (local.get 1)
          (local.set 1 (i32.add (local.get 1) (i32.const 1)))
          (local.set 2 (i32.add (local.get 2))) (i32.xor (local.get 2))
          (local.set 2)
          (br_if $l (i32.lt_u (local.get 1) (i32.const 20))))
        (local.get 2)))""",
    "nested loops use more locals than homes": """(module
      (func (export "f") (param i32) (result i64)
        (local $i i32) (local $j i32) (local $k i32) (local $a i64) (local $b i64) (local $c i64) (local $x f64)
        (loop $outer
          (local.set $j (i32.const 0))
          (loop $middle
            (local.set $k (i32.const 0))
            (loop $inner
              (local.set $a (i64.add (local.get $a) (i64.extend_i32_u (local.get $k))))
              (local.set $b (i64.xor (local.get $b) (local.get $a)))
              (local.set $x (f64.add (local.get $x) (f64.const 0.5)))
              (br_if $inner (i32.lt_u (local.tee $k (i32.add (local.get $k) (i32.const 1))) (i32.const 5))))
            (local.set $c (i64.rotl (i64.add (local.get $c) (local.get $b)) (i64.const 3)))
            (br_if $outer (i32.eq (i32.rem_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 7)) (i32.const 3)))
            (br_if $middle (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 4))))
          (br_if $outer (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 30))))
        (i64.add (i64.add (local.get $a) (local.get $b))
          (i64.add (local.get $c) (i64.trunc_f64_s (local.get $x))))))""",
    "calls take and give more than registers hold": """(module
      (type $t (func (param i32 i64 f32 f64 i32 i64 f32 f64 i32 i64 f32 f64 i32 i64 i32 f64 f64 f64 f64 f64)
        (result i32 i64 f32 f64 i32 i64 f32 f64)))
      (table funcref (elem $many))
      (func $many (type $t)
        (i32.add (local.get 0) (i32.add (local.get 12) (local.get 14)))
        (i64.sub (local.get 13) (local.get 9)) (f32.add (local.get 2) (local.get 10))
        (f64.add (local.get 19) (local.get 11)) (local.get 8) (local.get 1) (local.get 6) (local.get 18))
      (func $call (param i32) (result i32)
        (i32.const 1) (i64.const 2) (f32.const 3) (f64.const 4) (i32.const 5) (i64.const 6) (f32.const 7)
        (f64.const 8) (local.get 0) (i64.extend_i32_s (local.get 0)) (f32.const 11) (f64.const 12)
        (i32.const 13) (i64.const 14) (i32.add (local.get 0) (i32.const 1)) (f64.const 16) (f64.const 17)
        (f64.const 18) (f64.const 19) (f64.convert_i32_s (local.get 0))
        (call_indirect (type $t) (i32.const 0))
        i32.trunc_f64_s (local.set 0) i32.trunc_f32_s (i32.add (local.get 0)) (local.set 0)
        i32.wrap_i64 i32.add (i32.add (local.get 0)) (local.set 0)
        i32.trunc_f64_s (i32.add (local.get 0)) (local.set 0)
        i32.trunc_f32_s (i32.add (local.get 0)) (local.set 0) i32.wrap_i64 i32.add (i32.add (local.get 0)))
      (func (export "f") (param i32) (result i32)
        (i32.and (local.get 0) (i32.const 0xffff)) (local.set 0) (i32.const 1000)
        (i32.sub (i32.add (call $call (local.get 0)) (call $call (i32.const 3))))))""",
    "blocks pass values": """(module
      (func $two (result i32 i64) (i32.const 7) (i64.const 9))
      (func (export "f") (param i32) (result i64) (local i64)
        (block $b (result i32 i64)
          (i32.const 3)
          (loop $l (param i32) (result i32 i64)
            (i32.add (i32.const 1))
            (br_if $b (call $two) (i32.eqz (local.get 0)))
            (local.set 1 (i64.add (local.get 1))) drop
            (local.set 0 (i32.shr_u (local.get 0) (i32.const 1)))
            (br_if $l (i32.and (local.get 0) (i32.const 1)))
            (local.get 1)
            (br_table $b $b (i32.and (local.get 0) (i32.const 1)))))
        (local.set 1) i64.extend_i32_u (i64.add (local.get 1)))
      (func (export "table") (param i32) (result i32)
        (block $c (block $b (block $a (br_table $a $b $c $b (local.get 0)))
          (return (i32.const 10))) (return (i32.const 20))) (i32.const 30))
      (func (export "if") (param i32) (result i32 i32)
        (local.get 0) (i32.const 5) (i32.const 6) (local.get 0)
        (if (param i32 i32) (result i32) (then i32.add) (else i32.sub))))""",
    "memory at its edges": """(module (memory 2 3)
      (func (export "load") (param i32) (result i64)
        (i64.add (i64.load offset=1016 (local.get 0)) (i64.load8_s offset=70000 (local.get 0))))
      (func (export "far") (param i32) (result i32) (i32.load offset=0xfffffff0 (local.get 0)))
      (func (export "far8") (param i32) (result i32) (i32.load8_u offset=0x7fffffff (local.get 0)))
      (func (export "constant") (result i32)
        (i32.store (i32.const 131068) (i32.const -5)) (i32.store16 (i32.const 4) (i32.const 0x12345678))
        (i64.store (i32.const 8) (i64.const 0x123456789abcdef0)) (f64.store (i32.const 16) (f64.const 1.5))
        (i32.store8 offset=3 (i32.const 4) (i32.const 0xfff))
        (i32.add (i32.load (i32.const 131068)) (i32.xor (i32.load (i32.const 4)) (i32.load offset=4 (i32.const 14)))))
      (func (export "outside") (result i32) (i32.load (i32.const 131069)))
      (func (export "edge") (param i32) (result i32)
        (i32.store16 offset=2 (i32.sub (i32.const 131068) (i32.and (local.get 0) (i32.const 3))) (local.get 0))
        (i32.load16_u offset=2 (i32.sub (i32.const 131068) (i32.and (local.get 0) (i32.const 1)))))
      (func (export "grow") (param i32) (result i32)
        (i32.add (i32.mul (memory.grow (i32.and (local.get 0) (i32.const 1))) (i32.const 100)) (memory.size)))
      (func (export "after") (result i32) (i32.load (i32.const 131069))))""",
    "code that nothing reaches": """(module
      (func (export "f") (param i32) (result i32)
        (block (result i32) (drop (i32.add (block (result i32) (unreachable)) (i32.const 1))) (i32.const 1)))
      (func (export "g") (param i32) (result i32)
        (if (local.get 0) (then (return (i32.const 1))) (else (return (i32.const 2)))) (i32.const 3))
      (func (export "h") (param i32) (result i32)
        (block $out (result i32) (loop $l (br $out (i32.const 4))) (i32.const 5))))""",
    "a large frame": f"""(module (func (export "f") (param i32) (result i64)
      (local {"i64 " * 1500}) (local.set 1200 (i64.extend_i32_s (local.get 0)))
      (local.set 3 (i64.add (local.get 1200) (local.get 1499)))
      (if (local.get 0) (then (return (i64.add (local.get 3) (call 0 (i32.const 0))))))
      (i64.add (local.get 3) (i64.const 1))))""",
    "endless recursion in a large frame": f"""(module (func $f (export "f") (param i32) (result i32)
      (local {"i64 " * 5000}) (i32.add (i32.const 1) (call $f (local.get 0)))))""",
    "endless recursion": """(module (func $f (export "f") (param i32) (result i32)
      (i32.add (i32.const 1) (call $f (local.get 0)))))""",
    "references": """(module
      (type $t (func (result i32))) (table $a 3 8 funcref) (table $b 2 externref)
      (elem $e func $one $two) (elem declare func $two)
      (func $one (result i32) (i32.const 1)) (func $two (result i32) (i32.const 2))
      (func $three (param f32))
      (func (export "f") (param i32) (result i32) (local $r funcref)
        (table.set $a (i32.const 1) (ref.func $two))
        (local.set $r (select (result funcref) (ref.func $one) (ref.null func) (local.get 0)))
        (table.set $a (i32.const 0) (local.get $r))
        (table.init $a $e (i32.const 2) (i32.const 0) (i32.const 1))
        (i32.add
          (i32.add (ref.is_null (table.get $a (i32.const 0))) (i32.mul (table.size $a) (i32.const 10)))
          (i32.add (table.grow $a (ref.null func) (i32.const 1))
            (call_indirect $a (type $t) (local.get 0)))))
      (func (export "g") (param i32) (result i32)
        (table.fill $b (i32.const 0) (ref.null extern) (local.get 0))
        (table.copy $b $b (i32.const 0) (i32.const 1) (i32.const 1))
        (ref.is_null (table.get $b (i32.const 1)))))""",
}


@pytest.mark.parametrize("name", MODULES)
def test_chosen_modules_agree(name: str) -> None:
    wat = MODULES[name]
    check(wat, function_names(wat), rounds=8)
