"""Small guests that together use every kind of operator, and the calls to make of each.

Floats that are NaN stay floats: which bits a new one has is open, so nothing may depend on them.
"""

from typing import NamedTuple

F64_ONE = 0x3FF0_0000_0000_0000
F64_NAN = 0x7FF8_0000_0000_0000
F32_NAN = 0x7FC0_0000
MINUS_ONE = 0xFFFF_FFFF
MINIMUM = 0x8000_0000


Call = tuple[str, tuple[int, ...]]
"""An export, and arguments as bit patterns."""


class Guest(NamedTuple):
    """A module without imports, and the calls of it."""

    wat: str
    calls: tuple[Call, ...]


FIB = Guest(
    """(module (func $fib (export "fib") (param i32) (result i32)
      local.get 0 i32.const 2 i32.lt_s
      if (result i32) local.get 0
      else
        local.get 0 i32.const 1 i32.sub call $fib
        local.get 0 i32.const 2 i32.sub call $fib
        i32.add
      end))""",
    (("fib", (0,)), ("fib", (7,))),
)

MEMORY_LOOP = Guest(
    """(module (memory 1)
      (func (export "squares") (param $count i32) (result i64) (local $at i32) (local $sum i64)
        (loop $fill
          (i32.store (i32.shl (local.get $at) (i32.const 2)) (i32.mul (local.get $at) (local.get $at)))
          (br_if $fill
            (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (local.get $count))))
        (local.set $at (i32.const 0))
        (loop $add
          (local.set $sum
            (i64.add (local.get $sum) (i64.load32_u (i32.shl (local.get $at) (i32.const 2)))))
          (br_if $add
            (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (local.get $count))))
        (local.get $sum)))""",
    (("squares", (10,)), ("squares", (0,)), ("squares", (20_000,))),
)

INTEGERS = Guest(
    """(module
      (func (export "div") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
      (func (export "all") (param i32 i32) (result i32 i32 i32 i32 i32 i32)
        (i32.rotl (local.get 0) (local.get 1))
        (i32.rem_s (local.get 0) (local.get 1))
        (i32.popcnt (i32.xor (local.get 0) (local.get 1)))
        (i32.extend8_s (i32.shr_s (local.get 0) (i32.const 5)))
        (i32.ctz (i32.and (local.get 0) (i32.const 0xff00)))
        (select (local.get 0) (local.get 1) (i32.gt_u (local.get 0) (local.get 1))))
      (func (export "wide") (param i64 i64) (result i64 i64 i64 i32 i32)
        (i64.mul (local.get 0) (local.get 1))
        (i64.div_u (local.get 0) (local.get 1))
        (i64.sub (local.get 0) (i64.const 0x123456789abcdef))
        (i64.lt_s (local.get 0) (local.get 1))
        (i32.wrap_i64 (i64.shr_u (local.get 0) (local.get 1)))))""",
    (
        ("div", (7, 2)),
        ("div", (7, 0)),
        ("div", (MINIMUM, MINUS_ONE)),
        ("all", (MINIMUM, MINUS_ONE)),
        ("all", (0x1234_5678, 13)),
        ("all", (1, 0)),
        ("wide", (0xFEDC_BA98_7654_3210, 0x1357)),
    ),
)

FLOATS = Guest(
    """(module
      (func (export "arithmetic") (param f64 f64) (result f64 f64 f64 f64 f64)
        (f64.div (f64.add (local.get 0) (local.get 1)) (f64.const 3))
        (f64.min (local.get 0) (local.get 1))
        (f64.copysign (local.get 0) (local.get 1))
        (f64.nearest (f64.mul (local.get 0) (f64.const 2.5)))
        (f64.promote_f32 (f32.demote_f64 (local.get 1))))
      (func (export "compare") (param f32 f32) (result i32 i32 i32 f32)
        (f32.lt (local.get 0) (local.get 1))
        (f32.ne (local.get 0) (local.get 1))
        (f32.ge (local.get 0) (local.get 1))
        (select (local.get 0) (local.get 1) (f32.le (local.get 0) (local.get 1))))
      (func (export "saturate") (param f64) (result i32 i32 i64 i64)
        (i32.trunc_sat_f64_s (local.get 0)) (i32.trunc_sat_f64_u (local.get 0))
        (i64.trunc_sat_f64_s (local.get 0)) (i64.trunc_sat_f64_u (local.get 0)))
      (func (export "truncate") (param f64) (result i64) (i64.trunc_f64_s (local.get 0)))
      (func (export "convert") (param i64) (result f32 f64 f32)
        (f32.convert_i64_u (local.get 0)) (f64.convert_i64_s (local.get 0))
        (f32.convert_i32_u (i32.wrap_i64 (local.get 0)))))""",
    (
        ("arithmetic", (F64_ONE, 0xC000_0000_0000_0000)),
        ("arithmetic", (F64_NAN, F64_ONE)),
        ("compare", (0x3F80_0000, 0x4000_0000)),
        ("compare", (F32_NAN, 0x4000_0000)),
        ("saturate", (0x41E0_0000_0000_0000,)),
        ("saturate", (0xC3E0_0000_0000_0001,)),
        ("saturate", (F64_NAN,)),
        ("truncate", (0xC3E0_0000_0000_0000,)),
        ("truncate", (0x43E0_0000_0000_0000,)),
        ("truncate", (F64_NAN,)),
        ("convert", (0xFFFF_FFFF_FFFF_FFFF,)),
    ),
)

CONTROL = Guest(
    """(module
      (func (export "table") (param i32) (result i32)
        (block $c (block $b (block $a (br_table $a $b $c (local.get 0))) (return (i32.const 10)))
          (return (i32.const 20)))
        (i32.const 30))
      (func (export "carry") (param i32) (result i32 i32)
        (block $out (result i32 i32)
          (i32.const 1) (i32.const 2) (i32.const 3)
          (br_if $out (i32.const 4) (i32.const 5) (local.get 0))
          (drop) (drop) (drop)))
      (func (export "nest") (param i32) (result i32) (local i32)
        (loop $outer
          (local.set 1 (i32.add (local.get 1) (i32.const 1)))
          (block $skip
            (br_if $skip (i32.eqz (i32.and (local.get 0) (i32.const 1))))
            (local.set 1 (i32.mul (local.get 1) (i32.const 3))))
          (br_if $outer (local.tee 0 (i32.shr_u (local.get 0) (i32.const 1)))))
        (local.get 1))
      (func (export "never") (unreachable)))""",
    (
        *(("table", (at,)) for at in (0, 1, 2, MINUS_ONE)),
        ("carry", (0,)),
        ("carry", (1,)),
        ("nest", (0b1011,)),
        ("never", ()),
    ),
)

CALLS = Guest(
    """(module
      (type $unary (func (param i32) (result i32)))
      (table 4 funcref) (elem (i32.const 0) $double $negate $wrong)
      (func $double (param i32) (result i32) (i32.shl (local.get 0) (i32.const 1)))
      (func $negate (param i32) (result i32) (i32.sub (i32.const 0) (local.get 0)))
      (func $wrong)
      (func (export "indirect") (param i32 i32) (result i32)
        (call_indirect (type $unary) (local.get 1) (local.get 0)))
      (func $many
        (param i32 i64 f32 f64 i32 i64 f32 f64 i32 i64 f32 f64 i32 i64 f32 f64 i32 i32 i32 i32)
        (result i32 i64 f32 f64 i32)
        (i32.add (local.get 0) (local.get 19))
        (i64.add (local.get 1) (local.get 13))
        (f32.add (local.get 2) (local.get 14))
        (f64.add (local.get 3) (local.get 15))
        (local.get 18))
      (func (export "overflow") (param i32) (result i32 i64 f32 f64 i32)
        (call $many (local.get 0) (i64.const 2) (f32.const 3) (f64.const 4)
          (i32.const 5) (i64.const 6) (f32.const 7) (f64.const 8)
          (i32.const 9) (i64.const 10) (f32.const 11) (f64.const 12)
          (i32.const 13) (i64.const 14) (f32.const 15) (f64.const 16)
          (i32.const 17) (i32.const 18) (i32.const 19) (i32.const 20)))
      (func $down (export "endless") (param i32) (result i32)
        (i32.add (call $down (i32.add (local.get 0) (i32.const 1))) (i32.const 1))))""",
    (
        *(("indirect", (at, 21)) for at in range(5)),
        ("overflow", (100,)),
        ("endless", (0,)),
    ),
)

BULK = Guest(
    """(module (memory 1 3) (data $hello "hello, world") (table $t 2 5 externref)
      (global $g (mut i64) (i64.const 5)) (global $f (mut f32) (f32.const 1.5))
      (func (export "copy") (param i32 i32 i32) (result i64)
        (memory.init $hello (i32.const 0) (i32.const 0) (i32.const 12))
        (memory.copy (local.get 0) (local.get 1) (local.get 2))
        (memory.fill (i32.const 200) (local.get 2) (i32.const 70))
        (i64.add (i64.load offset=1 (local.get 0)) (i64.load (i32.const 255))))
      (func (export "grow") (param i32) (result i32 i32 i32)
        (memory.grow (local.get 0)) (memory.size) (i32.load8_u offset=65536 (i32.const 0)))
      (func (export "globals") (param i64) (result i64 f32)
        (global.set $g (i64.add (global.get $g) (local.get 0)))
        (global.set $f (f32.add (global.get $f) (f32.const 1)))
        (global.get $g) (global.get $f))
      (func (export "tables") (param i32) (result i32 i32 i32)
        (table.grow $t (ref.null extern) (i32.const 2)) (table.size $t)
        (ref.is_null (table.get $t (local.get 0)))))""",
    (
        ("copy", (1, 0, 12)),
        ("copy", (100, 3, 70)),
        ("copy", (50, 40, 100)),
        ("copy", (65530, 0, 7)),
        ("grow", (0,)),
        ("grow", (1,)),
        ("grow", (5,)),
        ("globals", (0xFFFF_FFFF_FFFF_FFFF,)),
        ("tables", (3,)),
        ("tables", (9,)),
    ),
)

FRAMES = Guest(
    f"""(module
      (func (export "large") (param i32) (result i32) (local {"i64 " * 700})
        (local.set 600 (i64.extend_i32_u (local.get 0)))
        (i32.wrap_i64 (i64.add (local.get 600) (local.get 1))))
      (func $deep (export "deep") (param i32) (result i32) (local {"i64 " * 5000})
        (local.set 4999 (i64.const 3))
        (if (result i32) (i32.eqz (local.get 0)) (then (i32.wrap_i64 (local.get 4999)))
          (else (call $deep (i32.sub (local.get 0) (i32.const 1)))))))""",
    (("large", (5,)), ("deep", (1,)), ("deep", (1_000_000,))),
)

GUESTS = {
    "fib": FIB,
    "memory loop": MEMORY_LOOP,
    "integers": INTEGERS,
    "floats": FLOATS,
    "control": CONTROL,
    "calls": CALLS,
    "bulk": BULK,
    "frames": FRAMES,
}
