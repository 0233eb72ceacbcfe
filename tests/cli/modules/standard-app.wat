;; world: app
;; with: standard-provider
;; run() = 1
(module
  (import "test:kv/store@0.2.0" "[constructor]key" (func $new (param i32) (result i32)))
  (import "test:kv/store@0.2.0" "[static]key.live" (func $live (result i32)))
  (import "test:kv/store@0.2.0" "[resource-drop]key" (func $drop (param i32)))
  (func (export "run") (result i32)
    (call $drop (call $new (i32.const 40)))
    (drop (call $new (i32.const 40)))
    (call $live)))
