(module
  (import "host" "print" (func $print (param i32 i32)))
  (import "host" "twice" (func $twice (param i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 8) "hello")
  (func $sum (export "sum") (param $from i32) (param $to i32) (result i32) (local $total i32)
    (call $print (i32.const 8) (i32.const 5))
    (loop $next
      (local.set $total (i32.add (local.get $total) (call $twice (local.get $from))))
      (local.set $from (i32.add (local.get $from) (i32.const 1)))
      (br_if $next (i32.le_s (local.get $from) (local.get $to))))
    (local.get $total)))
