;; world: greeter
(module
  (memory (export "memory") 1)
  (data (i32.const 8) "\20\00\00\00\01\00\00\00")
  (data (i32.const 32) "0")
  (func (export "greet") (result i32) i32.const 8)
  (func (export "cabi_post_greet") (param i32)
    (i32.store8 (i32.const 32) (i32.add (i32.load8_u (i32.const 32)) (local.get 0)))))
