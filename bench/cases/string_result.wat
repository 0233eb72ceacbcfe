;; signature: (param "x" u32) (result string)
;; core: (param i32 i32)
;; lift: memory encoding post
;; lower: memory realloc encoding
;;; callee
(data (memory $callee_memory) (i32.const 1024) "@data@")
(data (memory $callee_memory) (i32.const 512) "@units_bytes@")
(func $callee_f (param $x i32) (result i32)
  (i32.store $callee_memory (i32.const 16) (i32.const 1024))
  (i32.store $callee_memory (i32.const 20) (i32.load $callee_memory (i32.const 512)))
  (i32.const 16))
;;; each
;; The result's place is not at the callee's offset in a page: loads of one memory would wait for stores to the other.
(call $f (local.get $n) (i32.const 48))
(local.set $at (i32.load $caller_memory (i32.const 48)))
(local.set $units (i32.load $caller_memory (i32.const 52)))
(local.set $sum
  (i32.add
    (i32.add (local.get $sum) (local.get $units))
    (i32.add
      (i32.mul (i32.const 3) (i32.load8_u $caller_memory (local.get $at)))
      (i32.load8_u $caller_memory
        (i32.add (local.get $at) (i32.sub (local.get $units) (i32.const 1)))))))
(call $caller_reset)
;;; locals
(local $at i32) (local $units i32)
;;; floor
;; Within one program the result is put where the caller wants it.
(func $f (param $x i32) (param $to i32)
  (i32.store $caller_memory (local.get $to) (i32.const 1024))
  (i32.store $caller_memory offset=4 (local.get $to) (i32.load $caller_memory (i32.const 512))))
