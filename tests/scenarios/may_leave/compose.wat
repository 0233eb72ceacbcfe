;; Where a realloc or post-return can try to leave its instance it traps, by whatever way it gets there; and where it
;; can't, all goes well.
;; quiet() = 4
;; realloc-calls() traps cannot leave component instance
;; realloc-calls-through-table() traps cannot leave component instance
;; realloc-calls-through-shared-table() traps cannot leave component instance
;; realloc-calls-by-reference() traps cannot leave component instance
;; realloc-drops() traps cannot leave component instance
;; post-return-calls() traps cannot leave component instance; wasmtime: 4
;; post-return-calls-through-table() traps cannot leave component instance; wasmtime: 4
(component
  (component $log
    (core module $m (func (export "log")))
    (core instance $m (instantiate $m))
    (func (export "log") (canon lift (core func $m "log"))))
  (instance $log (instantiate $log))

  (component $callee
    (import "log" (func $log))
    (type $thing (resource (rep i32)))
    (canon lower (func $log) (core func $log'))
    (canon resource.new $thing (core func $new))
    (canon resource.drop $thing (core func $drop))
    (core module $tables
      (table (export "table") 4 funcref))
    (core instance $tables (instantiate $tables))
    ;; puts its function into a table that the other module calls through
    (core module $filler
      (import "" "log" (func $log))
      (import "tables" "table" (table 4 funcref))
      (func $way (call $log))
      (elem (i32.const 3) func $way))
    (core instance $filler (instantiate $filler
      (with "" (instance (export "log" (func $log')))) (with "tables" (instance $tables))))
    (core module $m
      (type $way (func))
      (import "" "log" (func $log))
      (import "" "new" (func $new (param i32) (result i32)))
      (import "" "drop" (func $drop (param i32)))
      (import "tables" "table" (table $shared 4 funcref))
      (table $own 2 funcref)
      (elem (table $own) (i32.const 1) func $logs)
      (global $reference (ref $way) (ref.func $logs))
      (memory (export "memory") 1)
      (func $logs (call $log))
      (func $allocate (param i32 i32 i32 i32) (result i32) (i32.const 1024))
      (export "quiet" (func $allocate))
      (func (export "calls") (param i32 i32 i32 i32) (result i32) (call $logs) (i32.const 1024))
      (func (export "through-table") (param i32 i32 i32 i32) (result i32)
        (call_indirect $own (type $way) (i32.const 1)) (i32.const 1024))
      (func (export "through-shared-table") (param i32 i32 i32 i32) (result i32)
        (call_indirect $shared (type $way) (i32.const 3)) (i32.const 1024))
      (func (export "by-reference") (param i32 i32 i32 i32) (result i32)
        (call_ref $way (global.get $reference)) (i32.const 1024))
      (global $handle (mut i32) (i32.const 0))
      (func (export "drops") (param i32 i32 i32 i32) (result i32)
        (call $drop (global.get $handle)) (i32.const 1024))
      (func (export "make") (global.set $handle (call $new (i32.const 1))))
      (func (export "take") (param i32 i32) (result i32) (local.get 1))
      (func (export "post-calls") (param i32) (call $log))
      (func (export "post-through-table") (param i32) (call_indirect $own (type $way) (i32.const 1))))
    (core instance $m (instantiate $m
      (with "tables" (instance $tables))
      (with "" (instance
        (export "log" (func $log')) (export "new" (func $new)) (export "drop" (func $drop))))))
    (alias core export $m "memory" (core memory $memory))
    (func (export "make") (canon lift (core func $m "make")))
    (func (export "quiet") (param "s" string) (result u32)
      (canon lift (core func $m "take") (memory $memory) (realloc (core func $m "quiet"))))
    (func (export "calls") (param "s" string) (result u32)
      (canon lift (core func $m "take") (memory $memory) (realloc (core func $m "calls"))))
    (func (export "through-table") (param "s" string) (result u32)
      (canon lift (core func $m "take") (memory $memory) (realloc (core func $m "through-table"))))
    (func (export "through-shared-table") (param "s" string) (result u32)
      (canon lift (core func $m "take") (memory $memory) (realloc (core func $m "through-shared-table"))))
    (func (export "by-reference") (param "s" string) (result u32)
      (canon lift (core func $m "take") (memory $memory) (realloc (core func $m "by-reference"))))
    (func (export "drops") (param "s" string) (result u32)
      (canon lift (core func $m "take") (memory $memory) (realloc (core func $m "drops"))))
    (func (export "post-calls") (param "s" string) (result u32)
      (canon lift (core func $m "take") (memory $memory) (realloc (core func $m "quiet"))
        (post-return (core func $m "post-calls"))))
    (func (export "post-through-table") (param "s" string) (result u32)
      (canon lift (core func $m "take") (memory $memory) (realloc (core func $m "quiet"))
        (post-return (core func $m "post-through-table")))))

  (component $runner
    (import "callee" (instance $callee
      (export "make" (func))
      (export "f" (func (param "s" string) (result u32)))))
    (core module $libc
      (memory (export "memory") 1)
      (data (i32.const 16) "text"))
    (core instance $libc (instantiate $libc))
    (canon lower (func $callee "f") (memory (core memory $libc "memory")) (core func $f))
    (canon lower (func $callee "make") (core func $make))
    (core module $m
      (import "" "f" (func $f (param i32 i32) (result i32)))
      (import "" "make" (func $make))
      (func (export "run") (result i32) (call $make) (call $f (i32.const 16) (i32.const 4))))
    (core instance $m (instantiate $m (with "" (instance (export "f" (func $f)) (export "make" (func $make))))))
    (func (export "run") (result u32) (canon lift (core func $m "run"))))

  (instance $quiet (instantiate $callee (with "log" (func $log "log"))))
  (instance $callee (instantiate $callee (with "log" (func $log "log"))))
  (instance $arguments1 (export "make" (func $quiet "make")) (export "f" (func $quiet "quiet")))
  (instance $runner1 (instantiate $runner (with "callee" (instance $arguments1))))
  (export "quiet" (func $runner1 "run"))
  (instance $arguments2 (export "make" (func $callee "make")) (export "f" (func $callee "calls")))
  (instance $runner2 (instantiate $runner (with "callee" (instance $arguments2))))
  (export "realloc-calls" (func $runner2 "run"))
  (instance $arguments3 (export "make" (func $callee "make")) (export "f" (func $callee "through-table")))
  (instance $runner3 (instantiate $runner (with "callee" (instance $arguments3))))
  (export "realloc-calls-through-table" (func $runner3 "run"))
  (instance $arguments4 (export "make" (func $callee "make")) (export "f" (func $callee "through-shared-table")))
  (instance $runner4 (instantiate $runner (with "callee" (instance $arguments4))))
  (export "realloc-calls-through-shared-table" (func $runner4 "run"))
  (instance $arguments5 (export "make" (func $callee "make")) (export "f" (func $callee "by-reference")))
  (instance $runner5 (instantiate $runner (with "callee" (instance $arguments5))))
  (export "realloc-calls-by-reference" (func $runner5 "run"))
  (instance $arguments6 (export "make" (func $callee "make")) (export "f" (func $callee "drops")))
  (instance $runner6 (instantiate $runner (with "callee" (instance $arguments6))))
  (export "realloc-drops" (func $runner6 "run"))
  (instance $arguments7 (export "make" (func $callee "make")) (export "f" (func $callee "post-calls")))
  (instance $runner7 (instantiate $runner (with "callee" (instance $arguments7))))
  (export "post-return-calls" (func $runner7 "run"))
  (instance $arguments8 (export "make" (func $callee "make")) (export "f" (func $callee "post-through-table")))
  (instance $runner8 (instantiate $runner (with "callee" (instance $arguments8))))
  (export "post-return-calls-through-table" (func $runner8 "run")))
