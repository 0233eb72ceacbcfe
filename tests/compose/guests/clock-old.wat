;; Imports a part of the monotonic clock, of an old version; its `instant` is a name for a number.
(component
  (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
    (type $number u64)
    (export "instant" (type $instant (eq $number)))
    (export "now" (func (result $instant)))))
  (core func $now (canon lower (func $clock "now")))
  (core module $m
    (import "" "now" (func $now (result i64)))
    (func (export "passed") (result i32) (i64.ge_u (i64.sub (call $now) (i64.const 0)) (i64.const 0))))
  (core instance $i (instantiate $m (with "" (instance (export "now" (func $now))))))
  (func $passed (result bool) (canon lift (core func $i "passed")))
  (export "passed" (func $passed)))
