;; world: count
(module (import "wasi_snapshot_preview1" "sched_yield" (func (result i32))) (func (export "count") (result i32) i32.const 0))
