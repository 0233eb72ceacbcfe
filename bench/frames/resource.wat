;; A component that defines a resource, one that makes and uses them, and one between, which only passes them on.
(component
  (component $callee
    (core module $heap
      (memory $callee_memory (export "memory") 8)
      @callee@
      (export "realloc" (func $callee_realloc))
      (export "reset" (func $callee_reset))
      (export "alloc" (func $callee_alloc))
      (export "dtor" (func $callee_dtor))
      (export "total" (func $callee_total)))
    (core instance $heap (instantiate $heap))
    (alias core export $heap "memory" (core memory $memory))
    (alias core export $heap "realloc" (core func $realloc))
    (alias core export $heap "dtor" (core func $dtor))
    (type $counter' (resource (rep i32) (dtor (core func $dtor))))
    (core func $counter_new (canon resource.new $counter'))
    (core func $counter_rep (canon resource.rep $counter'))
    (core func $counter_drop (canon resource.drop $counter'))
    (core module $code
      (import "heap" "memory" (memory $callee_memory 8))
      (import "heap" "reset" (func $callee_reset))
      (import "heap" "alloc" (func $callee_alloc (result i32)))
      (import "counter" "new" (func $counter_new (param i32) (result i32)))
      (import "counter" "rep" (func $counter_rep (param i32) (result i32)))
      (import "counter" "drop" (func $counter_drop (param i32)))
      @callee_code@
      (export "new" (func $callee_new))
      (export "next" (func $callee_next))
      (export "take" (func $callee_take))
      (export "sum" (func $callee_sum)))
    (core instance $code (instantiate $code
      (with "heap" (instance $heap))
      (with "counter" (instance
        (export "new" (func $counter_new)) (export "rep" (func $counter_rep)) (export "drop" (func $counter_drop))))))
    (export $counter "counter" (type $counter'))
    (func (export "[constructor]counter") (param "x" u32) (result (own $counter)) (canon lift (core func $code "new")))
    (func (export "[method]counter.next") (param "self" (borrow $counter)) (result u32)
      (canon lift (core func $code "next")))
    (func (export "take") (param "counter" (own $counter)) (result u32) (canon lift (core func $code "take")))
    (func (export "sum") (param "counters" (list (borrow $counter))) (result u32)
      (canon lift (core func $code "sum") (memory $memory) (realloc (core func $realloc))))
    (func (export "total") (result u32) (canon lift (core func $heap "total"))))
  (component $middle
    (import "callee" (instance $callee
      (export "counter" (type $counter (sub resource)))
      (export "[method]counter.next" (func (param "self" (borrow $counter)) (result u32)))))
    (alias export $callee "counter" (type $counter))
    (core func $next (canon lower (func $callee "[method]counter.next")))
    (core func $drop (canon resource.drop $counter))
    (core module $code
      (import "counter" "next" (func $next (param i32) (result i32)))
      (import "counter" "drop" (func $drop (param i32)))
      @middle@
      (export "use" (func $middle_use)))
    (core instance $code (instantiate $code
      (with "counter" (instance (export "next" (func $next)) (export "drop" (func $drop))))))
    (func (export "use") (param "counter" (borrow $counter)) (result u32) (canon lift (core func $code "use"))))
  (component $caller
    (import "callee" (instance $callee
      (export "counter" (type $counter (sub resource)))
      (export "[constructor]counter" (func (param "x" u32) (result (own $counter))))
      (export "[method]counter.next" (func (param "self" (borrow $counter)) (result u32)))
      (export "take" (func (param "counter" (own $counter)) (result u32)))
      (export "sum" (func (param "counters" (list (borrow $counter))) (result u32)))
      (export "total" (func (result u32)))))
    (alias export $callee "counter" (type $counter))
    (import "use" (func $use (param "counter" (borrow $counter)) (result u32)))
    (core module $libc
      (memory $caller_memory (export "memory") 8)
      @libc@
      (export "reset" (func $caller_reset)))
    (core instance $libc (instantiate $libc))
    (alias core export $libc "memory" (core memory $memory))
    (core func $new (canon lower (func $callee "[constructor]counter")))
    (core func $next (canon lower (func $callee "[method]counter.next")))
    (core func $take (canon lower (func $callee "take")))
    (core func $sum (canon lower (func $callee "sum") (memory $memory)))
    (core func $total (canon lower (func $callee "total")))
    (core func $use (canon lower (func $use)))
    (core func $drop (canon resource.drop $counter))
    (core module $code
      (import "libc" "memory" (memory $caller_memory 8))
      (import "callee" "new" (func $new (param i32) (result i32)))
      (import "callee" "next" (func $next (param i32) (result i32)))
      (import "callee" "take" (func $take (param i32) (result i32)))
      (import "callee" "sum" (func $sum (param i32 i32) (result i32)))
      (import "callee" "total" (func $total (result i32)))
      (import "callee" "drop" (func $drop (param i32)))
      (import "middle" "use" (func $use (param i32) (result i32)))
      @caller@)
    (core instance $code (instantiate $code
      (with "libc" (instance $libc))
      (with "middle" (instance (export "use" (func $use))))
      (with "callee" (instance
        (export "new" (func $new)) (export "next" (func $next)) (export "take" (func $take)) (export "sum" (func $sum))
        (export "total" (func $total)) (export "drop" (func $drop))))))
    (func (export "run") (param "n" u32) (result u32) (canon lift (core func $code "run"))))
  (instance $callee (instantiate $callee))
  (instance $middle (instantiate $middle (with "callee" (instance $callee))))
  (instance $caller (instantiate $caller (with "callee" (instance $callee)) (with "use" (func $middle "use"))))
  (export "run" (func $caller "run")))
