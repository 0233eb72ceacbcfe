;; signature: (param "texts" (list string)) (result u32)
;; core: (param i32 i32) (result i32)
;; lift: memory realloc encoding
;; lower: memory encoding
;;; callee
;; Of each string the length and the first byte.
(func $callee_f (param $texts i32) (param $count i32) (result i32)
  (local $sum i32)
  (global.set $callee_top (i32.const 65536))
  (loop $next
    (local.set $sum
      (i32.add
        (local.get $sum)
        (i32.add
          (i32.load $callee_memory offset=4 (local.get $texts))
          (i32.load8_u $callee_memory (i32.load $callee_memory (local.get $texts))))))
    (local.set $texts (i32.add (local.get $texts) (i32.const 8)))
    (local.set $count (i32.sub (local.get $count) (i32.const 1)))
    (br_if $next (local.get $count)))
  (local.get $sum))
;;; caller
(data (memory $caller_memory) (i32.const 512) "\64\00\00\00")
(data (memory $caller_memory) (i32.const 1024) "@data@")
;;; locals
(local $i i32)
;;; before
(loop $fill
  (i32.store $caller_memory
    (i32.add (i32.const 8192) (i32.shl (local.get $i) (i32.const 3)))
    (i32.add (i32.const 1024) (i32.mul (local.get $i) (i32.const 12))))
  (i32.store $caller_memory offset=4
    (i32.add (i32.const 8192) (i32.shl (local.get $i) (i32.const 3))) (i32.const 12))
  (local.set $i (i32.add (local.get $i) (i32.const 1)))
  (br_if $fill (i32.lt_u (local.get $i) (i32.const 100))))
;;; each
(local.set $sum (i32.add (local.get $sum) (call $f (i32.const 8192) (i32.load $caller_memory (i32.const 512)))))
;;; hand
(func $f (param $texts i32) (param $count i32) (result i32)
  (local $to i32) (local $at i32) (local $left i32) (local $size i32)
  (if (i32.or (i32.ge_u (local.get $count) (i32.const 0x2000000)) (i32.and (local.get $texts) (i32.const 3)))
    (then (unreachable)))
  (local.set $size (i32.shl (local.get $count) (i32.const 3)))
  (if (i64.gt_u
        (i64.add (i64.extend_i32_u (local.get $texts)) (i64.extend_i32_u (local.get $size)))
        (i64.shl (i64.extend_i32_u (memory.size $caller_memory)) (i64.const 16)))
    (then (unreachable)))
  (local.set $to (call $callee_realloc (i32.const 0) (i32.const 0) (i32.const 4) (local.get $size)))
  (if (i32.and (local.get $to) (i32.const 3)) (then (unreachable)))
  (if (i64.gt_u
        (i64.add (i64.extend_i32_u (local.get $to)) (i64.extend_i32_u (local.get $size)))
        (i64.shl (i64.extend_i32_u (memory.size $callee_memory)) (i64.const 16)))
    (then (unreachable)))
  (local.set $at (local.get $to))
  (local.set $left (local.get $count))
  (block $done
    (loop $next
      (br_if $done (i32.eqz (local.get $left)))
      (local.set $size (i32.load $caller_memory offset=4 (local.get $texts)))
      (i32.store $callee_memory
        (local.get $at)
        (call $pass_string (i32.load $caller_memory (local.get $texts)) (local.get $size)))
      (i32.store $callee_memory offset=4 (local.get $at) (local.get $size))
      (local.set $texts (i32.add (local.get $texts) (i32.const 8)))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br $next)))
  (call $callee_f (local.get $to) (local.get $count)))
