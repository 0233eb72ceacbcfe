;; world: app
;; world: count
;; with: provider
;; run() = 5
;; count() = 8
(module
  (import "test:kv/store@0.2.0" "[static]key.live" (func $live (result i32)))
  (import "test:kv/store@0.2.3" "newer" (func $newer (result i32)))
  (import "test:kv/store@0.2.3" "[constructor]key" (func $new (param i32) (result i32)))
  (func (export "run") (result i32) (i32.add (call $live) (i32.const 5)))
  (func (export "count") (result i32)
    (drop (call $new (i32.const 1)))
    (i32.add (call $live) (call $newer))))
