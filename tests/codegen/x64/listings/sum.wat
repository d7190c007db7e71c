(module
  (memory 1)
  (func $sum (export "sum") (param $at i32) (param $count i32) (result f64)
    (local $sum f64)
    (block $done
      (br_if $done (i32.eqz (local.get $count)))
      (loop $next
        (local.set $sum (f64.add (local.get $sum) (f64.load offset=8 (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))
    (local.get $sum)))
