;; world: count
;; with: provider
;; count() = 3
(module
  (import "test:kv/store@0.2.3" "length" (func $length (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (global $count (mut i32) (i32.const 0))
  (func (export "_initialize") (global.set $count (call $length (i32.const 16) (i32.const 3))))
  (func (export "count") (result i32) global.get $count))
