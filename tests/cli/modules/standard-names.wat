;; world: app
;; with: provider
;; run() = 42
(module
  (import "cm32p2|test:kv/store@0.2" "[constructor]key" (func $new (param i32) (result i32)))
  (import "cm32p2|test:kv/store@0.2" "[method]key.value" (func $value (param i32) (result i32)))
  (import "cm32p2|test:kv/store@0.2" "key_drop" (func $drop (param i32)))
  (import "cm32p2|test:kv/store@0.2" "length" (func $length (param i32 i32) (result i32)))
  (memory (export "cm32p2_memory") 1)
  (func (export "cm32p2_initialize"))
  (func (export "cm32p2||run") (result i32) (local $a i32)
    (local.set $a (call $new (i32.const 40)))
    (i32.add (call $value (local.get $a)) (call $length (i32.const 8) (i32.const 2)))
    (call $drop (local.get $a))))
