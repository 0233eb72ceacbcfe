;; Twenty parameters, which is more than are passed flat: they go through memory.
;; signature: @spilled_params@ (result u32)
;; core: (param i32) (result i32)
;; lift: memory realloc
;; lower: memory
;;; callee
(func $callee_f (param $at i32) (result i32)
  (global.set $callee_top (i32.const 65536))
  (i32.add
    (i32.load $callee_memory (local.get $at))
    (i32.load $callee_memory offset=76 (local.get $at))))
;;; each
(i32.store $caller_memory (i32.const 1024) (local.get $n))
(i32.store $caller_memory offset=76 (i32.const 1024) (i32.const 5))
(local.set $sum (i32.add (local.get $sum) (call $f (i32.const 1024))))
