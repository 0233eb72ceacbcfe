;; world: command
;; An adapter that starts the main module, and knows what that ended with.
(module
  (import "__main_module__" "_start" (func $start))
  (global $code (mut i32) (i32.const 0))
  (func (export "exit_with") (param i32) (global.set $code (local.get 0)))
  (func (export "start") (result i32) (call $start) (global.get $code)))
