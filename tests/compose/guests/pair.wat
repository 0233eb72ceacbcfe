;; Both sides: 1,000 times the left one and the right one.
(component
  (import "left" (instance $left (export "next" (func (result u32)))))
  (import "right" (instance $right (export "next" (func (result u32)))))
  (core func $l (canon lower (func $left "next")))
  (core func $r (canon lower (func $right "next")))
  (core module $m
    (import "" "l" (func $l (result i32)))
    (import "" "r" (func $r (result i32)))
    (func (export "run") (result i32) (i32.add (i32.mul (i32.const 1000) (call $l)) (call $r))))
  (core instance $i (instantiate $m (with "" (instance (export "l" (func $l)) (export "r" (func $r))))))
  (func $run (result u32) (canon lift (core func $i "run")))
  (export "run" (func $run)))
