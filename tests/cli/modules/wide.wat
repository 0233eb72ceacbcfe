;; world: count utf16
;; with: provider
;; count() = 5
(module
  (import "test:kv/store@0.2.3" "length" (func $length (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "\e9\00\ac\20") ;; two characters, of two and three bytes in UTF-8
  (func (export "count") (result i32) (call $length (i32.const 16) (i32.const 2))))
