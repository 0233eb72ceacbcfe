;; Where a realloc or post-return can try to leave its instance it traps, by whatever way it gets there; and where it
;; can't, all goes well. Each way has an instance of its own, so that the flag is kept for none of the others' sake.
;; quiet() = 4
;; calls() traps cannot leave component instance
;; through-table() traps cannot leave component instance
;; through-shared-table() traps cannot leave component instance
;; by-reference() traps cannot leave component instance
;; drops() traps cannot leave component instance
;; post-calls() traps cannot leave component instance; wasmtime: 4
;; post-through-table() traps cannot leave component instance; wasmtime: 4
(component
  (component $log
    (core module $m (func (export "log")))
    (core instance $m (instantiate $m))
    (func (export "log") (canon lift (core func $m "log"))))
  (instance $log (instantiate $log))

  (core module $quiet
    (type $way (func))
    (import "tables" "table" (table $shared 4 funcref))
    (import "" "log" (func $log))
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (memory (export "memory") 1)
    (global $handle (mut i32) (i32.const 0))
    (func (export "make") (global.set $handle (call $new (i32.const 1))))
    (func (export "take") (param i32 i32) (result i32) (local.get 1))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
    (func (export "post") (param i32)))

  (core module $calls
    (type $way (func))
    (import "tables" "table" (table $shared 4 funcref))
    (import "" "log" (func $log))
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (memory (export "memory") 1)
    (global $handle (mut i32) (i32.const 0))
    (func (export "make") (global.set $handle (call $new (i32.const 1))))
    (func (export "take") (param i32 i32) (result i32) (local.get 1))
    (func $logs (call $log))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (call $logs) (i32.const 1024))
    (func (export "post") (param i32)))

  (core module $through-table
    (type $way (func))
    (import "tables" "table" (table $shared 4 funcref))
    (import "" "log" (func $log))
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (memory (export "memory") 1)
    (global $handle (mut i32) (i32.const 0))
    (func (export "make") (global.set $handle (call $new (i32.const 1))))
    (func (export "take") (param i32 i32) (result i32) (local.get 1))
    (table 2 funcref) (elem (i32.const 1) func $logs) (func $logs (call $log))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (call_indirect (type $way) (i32.const 1)) (i32.const 1024))
    (func (export "post") (param i32)))

  (core module $through-shared-table
    (type $way (func))
    (import "tables" "table" (table $shared 4 funcref))
    (import "" "log" (func $log))
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (memory (export "memory") 1)
    (global $handle (mut i32) (i32.const 0))
    (func (export "make") (global.set $handle (call $new (i32.const 1))))
    (func (export "take") (param i32 i32) (result i32) (local.get 1))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (call_indirect $shared (type $way) (i32.const 3)) (i32.const 1024))
    (func (export "post") (param i32)))

  (core module $by-reference
    (type $way (func))
    (import "tables" "table" (table $shared 4 funcref))
    (import "" "log" (func $log))
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (memory (export "memory") 1)
    (global $handle (mut i32) (i32.const 0))
    (func (export "make") (global.set $handle (call $new (i32.const 1))))
    (func (export "take") (param i32 i32) (result i32) (local.get 1))
    (func $logs (call $log)) (global $reference (ref $way) (ref.func $logs))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (call_ref $way (global.get $reference)) (i32.const 1024))
    (func (export "post") (param i32)))

  (core module $drops
    (type $way (func))
    (import "tables" "table" (table $shared 4 funcref))
    (import "" "log" (func $log))
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (memory (export "memory") 1)
    (global $handle (mut i32) (i32.const 0))
    (func (export "make") (global.set $handle (call $new (i32.const 1))))
    (func (export "take") (param i32 i32) (result i32) (local.get 1))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (call $drop (global.get $handle)) (i32.const 1024))
    (func (export "post") (param i32)))

  (core module $post-calls
    (type $way (func))
    (import "tables" "table" (table $shared 4 funcref))
    (import "" "log" (func $log))
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (memory (export "memory") 1)
    (global $handle (mut i32) (i32.const 0))
    (func (export "make") (global.set $handle (call $new (i32.const 1))))
    (func (export "take") (param i32 i32) (result i32) (local.get 1))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
    (func (export "post") (param i32) (call $log)))

  (core module $post-through-table
    (type $way (func))
    (import "tables" "table" (table $shared 4 funcref))
    (import "" "log" (func $log))
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (memory (export "memory") 1)
    (global $handle (mut i32) (i32.const 0))
    (func (export "make") (global.set $handle (call $new (i32.const 1))))
    (func (export "take") (param i32 i32) (result i32) (local.get 1))
    (table 2 funcref) (elem (i32.const 1) func $logs) (func $logs (call $log))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
    (func (export "post") (param i32) (call_indirect (type $way) (i32.const 1))))

  (component $callee
    (import "way" (core module $way
      (import "tables" "table" (table 4 funcref))
      (import "" "log" (func))
      (import "" "new" (func (param i32) (result i32)))
      (import "" "drop" (func (param i32)))
      (export "memory" (memory 1))
      (export "make" (func))
      (export "take" (func (param i32 i32) (result i32)))
      (export "realloc" (func (param i32 i32 i32 i32) (result i32)))
      (export "post" (func (param i32)))))
    (import "log" (func $log))
    (type $thing (resource (rep i32)))
    (canon lower (func $log) (core func $log'))
    (canon resource.new $thing (core func $new))
    (canon resource.drop $thing (core func $drop))
    (core module $tables (table (export "table") 4 funcref))
    (core instance $tables (instantiate $tables))
    (core instance $m (instantiate $way
      (with "tables" (instance $tables))
      (with "" (instance
        (export "log" (func $log')) (export "new" (func $new)) (export "drop" (func $drop))))))
    ;; puts its function into the table of the one above
    (core module $filler
      (import "" "log" (func $log))
      (import "tables" "table" (table 4 funcref))
      (func $way (call $log))
      (elem (i32.const 3) func $way))
    (core instance $filler (instantiate $filler
      (with "" (instance (export "log" (func $log')))) (with "tables" (instance $tables))))
    (func (export "make") (canon lift (core func $m "make")))
    (func (export "f") (param "s" string) (result u32)
      (canon lift (core func $m "take") (memory (core memory $m "memory")) (realloc (core func $m "realloc"))
        (post-return (core func $m "post")))))

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

  (instance $quiet (instantiate $callee (with "way" (core module $quiet)) (with "log" (func $log "log"))))
  (instance $quiet-runner (instantiate $runner (with "callee" (instance $quiet))))
  (export "quiet" (func $quiet-runner "run"))
  (instance $calls (instantiate $callee (with "way" (core module $calls)) (with "log" (func $log "log"))))
  (instance $calls-runner (instantiate $runner (with "callee" (instance $calls))))
  (export "calls" (func $calls-runner "run"))
  (instance $through-table (instantiate $callee (with "way" (core module $through-table)) (with "log" (func $log "log"))))
  (instance $through-table-runner (instantiate $runner (with "callee" (instance $through-table))))
  (export "through-table" (func $through-table-runner "run"))
  (instance $through-shared-table (instantiate $callee (with "way" (core module $through-shared-table)) (with "log" (func $log "log"))))
  (instance $through-shared-table-runner (instantiate $runner (with "callee" (instance $through-shared-table))))
  (export "through-shared-table" (func $through-shared-table-runner "run"))
  (instance $by-reference (instantiate $callee (with "way" (core module $by-reference)) (with "log" (func $log "log"))))
  (instance $by-reference-runner (instantiate $runner (with "callee" (instance $by-reference))))
  (export "by-reference" (func $by-reference-runner "run"))
  (instance $drops (instantiate $callee (with "way" (core module $drops)) (with "log" (func $log "log"))))
  (instance $drops-runner (instantiate $runner (with "callee" (instance $drops))))
  (export "drops" (func $drops-runner "run"))
  (instance $post-calls (instantiate $callee (with "way" (core module $post-calls)) (with "log" (func $log "log"))))
  (instance $post-calls-runner (instantiate $runner (with "callee" (instance $post-calls))))
  (export "post-calls" (func $post-calls-runner "run"))
  (instance $post-through-table (instantiate $callee (with "way" (core module $post-through-table)) (with "log" (func $log "log"))))
  (instance $post-through-table-runner (instantiate $runner (with "callee" (instance $post-through-table))))
  (export "post-through-table" (func $post-through-table-runner "run")))
