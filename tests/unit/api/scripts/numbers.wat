(module
  (func (export "gcd") (param $a i32) (param $b i32) (result i32) (local $r i32)
    (loop $again
      (if (i32.eqz (local.get $b)) (then (return (local.get $a))))
      (local.set $r (i32.rem_u (local.get $a) (local.get $b)))
      (local.set $a (local.get $b))
      (local.set $b (local.get $r))
      (br $again))
    (unreachable))
  (func (export "swap") (param i32 i64) (result i64 i32) (local.get 1) (local.get 0))
  (func (export "many") (param f32 f64) (result f64 f32 i32)
    (f64.mul (local.get 1) (f64.const 2)) (local.get 0) (i32.const -7)))
