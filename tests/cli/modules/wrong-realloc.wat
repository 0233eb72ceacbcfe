;; world: listener
(module (memory (export "memory") 1) (func (export "cabi_realloc") (param i32) (result i32) i32.const 0) (func (export "listen") (result i32) i32.const 0))
