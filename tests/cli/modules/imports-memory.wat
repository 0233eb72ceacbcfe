;; world: count
(module (import "env" "memory" (memory 1)) (func (export "count") (result i32) i32.const 0))
