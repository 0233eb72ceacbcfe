;; world: old
;; An adapter: "size" of a text, through what it keeps on its stack.
(module
  (import "test:kv/store@0.2.3" "length" (func $length (param i32 i32) (result i32)))
  (import "test:kv/store@0.2.3" "unused" (func $unused))
  (import "env" "memory" (memory 0))
  (global $__stack_pointer (mut i32) (i32.const 0))
  (global $allocation_state (mut i32) (i32.const 0))
  (func (export "size") (param i32 i32) (result i32)
    (if (i32.ne (global.get $allocation_state) (i32.const 2)) (then unreachable))
    (i32.store (i32.sub (global.get $__stack_pointer) (i32.const 8)) (call $length (local.get 0) (local.get 1)))
    (i32.load (i32.sub (global.get $__stack_pointer) (i32.const 8))))
  (func (export "room") (result i32) global.get $__stack_pointer)
  (func (export "other") (call $unused)))
