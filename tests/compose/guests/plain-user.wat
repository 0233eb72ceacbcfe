;; Takes a function and an instance by plain names.
(component
  (import "square" (func $square (param "a" u32) (result u32)))
  (import "tools" (instance $tools (export "half" (func (param "a" u32) (result u32)))))
  (core func $s (canon lower (func $square)))
  (core func $h (canon lower (func $tools "half")))
  (core module $m
    (import "" "s" (func $s (param i32) (result i32)))
    (import "" "h" (func $h (param i32) (result i32)))
    (func (export "run") (param i32) (result i32) (call $h (call $s (local.get 0)))))
  (core instance $i (instantiate $m (with "" (instance (export "s" (func $s)) (export "h" (func $h))))))
  (func $run (param "a" u32) (result u32) (canon lift (core func $i "run")))
  (export "run" (func $run)))
