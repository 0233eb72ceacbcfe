;; world: app utf16
;; adapt: old
;; with: provider
;; run() = 352
;; What the module imports itself is of another version than what the adapter imports, and strings are encoded otherwise.
(module
  (import "old" "size" (func $size (param i32 i32) (result i32)))
  (import "test:kv/store@0.2.0" "length" (func $length (param i32 i32) (result i32)))
  (import "test:kv/store@0.2.0" "[constructor]key" (func $new (param i32) (result i32)))
  (import "test:kv/store@0.2.0" "[method]key.value" (func $value (param i32) (result i32)))
  (memory (export "memory") 3)
  (data (i32.const 16) "\ac\20") ;; one character, of three bytes in UTF-8
  (data (i32.const 32) "ab")
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 0x1000)
  (func (export "run") (result i32)
    (i32.add
      (i32.add (i32.mul (i32.const 100) (call $length (i32.const 16) (i32.const 1))) (call $size (i32.const 32) (i32.const 2)))
      (call $value (call $new (i32.const 50))))))
