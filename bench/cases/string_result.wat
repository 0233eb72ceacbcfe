;; signature: (param "x" u32) (result string)
;; core: (param i32 i32)
;; post: yes
;;; callee
(data (memory $callee_memory) (i32.const 1024) "@data@")
(data (memory $callee_memory) (i32.const 512) "@units_bytes@")
(func $callee_f (param $x i32) (result i32)
  (i32.store $callee_memory (i32.const 16) (i32.const 1024))
  (i32.store $callee_memory (i32.const 20) (i32.load $callee_memory (i32.const 512)))
  (i32.const 16))
;;; each
(call $f (local.get $n) (i32.const 16))
(local.set $at (i32.load $caller_memory (i32.const 16)))
(local.set $units (i32.load $caller_memory (i32.const 20)))
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
(func $f (param $x i32) (param $to i32) (drop (call $callee_f (local.get $x))))
