;; 1,000 times the first number and the second one.
(component
  (import "test:num/source@0.2.0" (instance $source (export "next" (func (result u32)))))
  (core func $next (canon lower (func $source "next")))
  (core module $m
    (import "" "next" (func $next (result i32)))
    (func (export "run") (result i32) (i32.add (i32.mul (i32.const 1000) (call $next)) (call $next))))
  (core instance $i (instantiate $m (with "" (instance (export "next" (func $next))))))
  (func $run (result u32) (canon lift (core func $i "run")))
  (export "run" (func $run)))
