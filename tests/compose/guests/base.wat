;; Counts: 1, 2, 3, ...; of a newer version than what others ask for, with a function more.
(component
  (core module $m
    (global $n (mut i32) (i32.const 0))
    (func (export "next") (result i32)
      (global.set $n (i32.add (global.get $n) (i32.const 1)))
      (global.get $n)))
  (core instance $i (instantiate $m))
  (func $next (result u32) (canon lift (core func $i "next")))
  (instance $made (export "next" (func $next)) (export "skip" (func $next)))
  (export "test:num/source@0.2.1" (instance $made)))
