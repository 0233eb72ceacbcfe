;; 100 more than what comes from below.
(component
  (import "test:num/source@0.2.1" (instance $source (export "next" (func (result u32)))))
  (core func $next (canon lower (func $source "next")))
  (core module $m
    (import "" "next" (func $next (result i32)))
    (func (export "next") (result i32) (i32.add (i32.const 100) (call $next))))
  (core instance $i (instantiate $m (with "" (instance (export "next" (func $next))))))
  (func $next' (result u32) (canon lift (core func $i "next")))
  (instance $made (export "next" (func $next')))
  (export "test:num/source@0.2.0" (instance $made)))
