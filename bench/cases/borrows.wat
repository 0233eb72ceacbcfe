;; frame: resource
;; A list of a hundred borrows of one counter.
;;; caller
(data (memory $caller_memory) (i32.const 512) "\64\00\00\00")
;;; locals
(local $counter i32) (local $i i32)
;;; before
(local.set $counter (call $new (i32.const 3)))
(loop $fill
  (i32.store $caller_memory
    (i32.add (i32.const 8192) (i32.shl (local.get $i) (i32.const 2)))
    (local.get $counter))
  (local.set $i (i32.add (local.get $i) (i32.const 1)))
  (br_if $fill (i32.lt_u (local.get $i) (i32.const 100))))
;;; each
(local.set $sum (i32.add (local.get $sum) (call $sum (i32.const 8192) (i32.load $caller_memory (i32.const 512)))))
;;; after
(call $drop (local.get $counter))
;;; hand
(func $sum (param $counters i32) (param $count i32) (result i32)
  (local $to i32) (local $at i32) (local $left i32) (local $size i32)
  (if (i32.or (i32.ge_u (local.get $count) (i32.const 0x4000000)) (i32.and (local.get $counters) (i32.const 3)))
    (then (unreachable)))
  (local.set $size (i32.shl (local.get $count) (i32.const 2)))
  (if (i64.gt_u
        (i64.add (i64.extend_i32_u (local.get $counters)) (i64.extend_i32_u (local.get $size)))
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
      (i32.store $callee_memory
        (local.get $at)
        (call $counter_rep (i32.load $caller_memory (local.get $counters))))
      (local.set $counters (i32.add (local.get $counters) (i32.const 4)))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br $next)))
  (call $callee_sum (local.get $to) (local.get $count)))
