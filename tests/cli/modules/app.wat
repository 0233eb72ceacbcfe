;; world: app
;; with: provider
;; run() = 4203
(module
  (import "test:kv/store@0.2.0" "[constructor]key" (func $new (param i32) (result i32)))
  (import "test:kv/store@0.2.0" "[method]key.value" (func $value (param i32) (result i32)))
  (import "test:kv/store@0.2.0" "[static]key.live" (func $live (result i32)))
  (import "test:kv/store@0.2.0" "[resource-drop]key" (func $drop (param i32)))
  (import "test:kv/store@0.2.0" "length" (func $length (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 8) "ab")
  ;; 100 * (40 + 2 bytes) + 2 living keys + 1 when one is dropped
  (func (export "run") (result i32) (local $a i32) (local $sum i32)
    (local.set $a (call $new (i32.const 40)))
    (drop (call $new (i32.const 1)))
    (local.set $sum (i32.mul (i32.const 100) (i32.add (call $value (local.get $a)) (call $length (i32.const 8) (i32.const 2)))))
    (local.set $sum (i32.add (local.get $sum) (call $live)))
    (call $drop (local.get $a))
    (i32.add (local.get $sum) (call $live))))
