;; world: adapted
;; adapt: old
;; with: provider
;; run() = 69634
(module
  (import "old" "size" (func $size (param i32 i32) (result i32)))
  (import "old" "room" (func $room (result i32)))
  (memory (export "memory") 3)
  ;; the stack is the page that ends at 0x11000
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (if (i32.ne (local.get 3) (i32.const 0x10000)) (then unreachable))
    i32.const 0x1000)
  (func (export "run") (result i32)
    (i32.add (call $size (i32.const 8) (i32.const 2)) (call $room))))
