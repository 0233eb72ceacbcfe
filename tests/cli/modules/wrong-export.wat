;; world: count
(module (func (export "count") (param i32) (result i32) i32.const 0))
