;; world: adapted
;; adapt: old
;; with: provider
;; run() = 196610
;; Has no realloc: the stack is a page that is added to the two that there are.
(module
  (import "old" "size" (func $size (param i32 i32) (result i32)))
  (import "old" "room" (func $room (result i32)))
  (memory (export "memory") 2)
  (func (export "run") (result i32)
    (i32.add (call $size (i32.const 8) (i32.const 2)) (call $room))))
