;; signature: (param "bytes" (list u8)) (result u32)
;; core: (param i32 i32) (result i32)
;; lift: memory realloc
;; lower: memory
;;; callee
(func $callee_f (param $bytes i32) (param $count i32) (result i32)
  (global.set $callee_top (i32.const 65536))
  (i32.add
    (local.get $count)
    (i32.add
      (i32.mul (i32.const 3) (i32.load8_u $callee_memory (local.get $bytes)))
      (i32.load8_u $callee_memory
        (i32.add (local.get $bytes) (i32.sub (local.get $count) (i32.const 1)))))))
;;; caller
(data (memory $caller_memory) (i32.const 512) "\00\00\01\00")
;;; before
(memory.fill $caller_memory (i32.const 65536) (i32.const 7) (i32.const 65536))
;;; each
(i32.store8 $caller_memory (i32.const 65536) (local.get $n))
(local.set $sum (i32.add (local.get $sum) (call $f (i32.const 65536) (i32.load $caller_memory (i32.const 512)))))
;;; hand
(func $f (param $bytes i32) (param $count i32) (result i32)
  (local $to i32)
  (if (i32.ge_u (local.get $count) (i32.const 0x10000000)) (then (unreachable)))
  (if (i64.gt_u
        (i64.add (i64.extend_i32_u (local.get $bytes)) (i64.extend_i32_u (local.get $count)))
        (i64.shl (i64.extend_i32_u (memory.size $caller_memory)) (i64.const 16)))
    (then (unreachable)))
  (local.set $to (call $callee_realloc (i32.const 0) (i32.const 0) (i32.const 1) (local.get $count)))
  (if (i64.gt_u
        (i64.add (i64.extend_i32_u (local.get $to)) (i64.extend_i32_u (local.get $count)))
        (i64.shl (i64.extend_i32_u (memory.size $callee_memory)) (i64.const 16)))
    (then (unreachable)))
  (memory.copy $callee_memory $caller_memory (local.get $to) (local.get $bytes) (local.get $count))
  (call $callee_f (local.get $to) (local.get $count)))
