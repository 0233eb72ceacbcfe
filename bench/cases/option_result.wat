;; signature: (param "x" (option u32)) (result (result u32 (error u32)))
;; core: (param i32 i32 i32)
;; lift: memory
;; lower: memory
;;; callee
;; Of an even number its half, of an odd one an error, of none another error.
(func $callee_f (param $some i32) (param $x i32) (result i32)
  (local $odd i32)
  (local.set $odd (i32.and (local.get $x) (i32.const 1)))
  (if (i32.eqz (local.get $some))
    (then
      (i32.store8 $callee_memory (i32.const 16) (i32.const 1))
      (i32.store $callee_memory (i32.const 20) (i32.const 99))
      (return (i32.const 16))))
  (i32.store8 $callee_memory (i32.const 16) (local.get $odd))
  (i32.store $callee_memory (i32.const 20) (i32.shr_u (local.get $x) (i32.const 1)))
  (i32.const 16))
;;; each
;; The result's place is not at the callee's offset in a page: loads of one memory would wait for stores to the other.
(call $f (i32.and (i32.shr_u (local.get $n) (i32.const 2)) (i32.const 1)) (local.get $n) (i32.const 48))
(local.set $sum
  (i32.add
    (i32.mul (local.get $sum) (i32.const 3))
    (i32.add
      (i32.load8_u $caller_memory (i32.const 48))
      (i32.load $caller_memory (i32.const 52)))))
;;; floor
;; Within one program the result is put where the caller wants it.
(func $f (param $some i32) (param $x i32) (param $to i32)
  (if (i32.eqz (local.get $some))
    (then
      (i32.store8 $caller_memory (local.get $to) (i32.const 1))
      (i32.store $caller_memory offset=4 (local.get $to) (i32.const 99))
      (return)))
  (i32.store8 $caller_memory (local.get $to) (i32.and (local.get $x) (i32.const 1)))
  (i32.store $caller_memory offset=4 (local.get $to) (i32.shr_u (local.get $x) (i32.const 1))))
