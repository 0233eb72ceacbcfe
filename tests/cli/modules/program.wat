;; adapt: command-adapter
;; start() = 9
;; Its import of the same function twice is of what some compilers give.
(module
  (import "command-adapter" "exit_with" (func $a (param i32)))
  (import "command-adapter" "exit_with" (func $b (param i32)))
  (func (export "_start") (call $a (i32.const 4)) (call $b (i32.const 9))))
