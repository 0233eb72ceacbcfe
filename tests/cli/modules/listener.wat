;; world: listener
;; with: greeter
;; listen() = 56
(module
  (import "$root" "greet" (func $greet (param i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 64)
  ;; what is said after the first post-return, which adds 8 to "0"
  (func (export "listen") (result i32)
    (call $greet (i32.const 8))
    (call $greet (i32.const 8))
    (i32.load8_u (i32.load (i32.const 8)))))
