;; A list of which bytes are moved: records of four floats.
;; type: point (record (field "x" f32) (field "y" f32) (field "z" f32) (field "w" f32))
;; signature: (param "points" (list $point)) (result u32)
;; core: (param i32 i32) (result i32)
;; lift: memory realloc
;; lower: memory
;;; callee
(func $callee_f (param $points i32) (param $count i32) (result i32)
  (global.set $callee_top (i32.const 65536))
  (i32.add
    (local.get $count)
    (i32.add
      (i32.trunc_f32_u (f32.load $callee_memory (local.get $points)))
      (i32.trunc_f32_u
        (f32.load $callee_memory offset=12
          (i32.add (local.get $points) (i32.shl (i32.sub (local.get $count) (i32.const 1)) (i32.const 4))))))))
;;; caller
(data (memory $caller_memory) (i32.const 512) "\64\00\00\00")
;;; before
(f32.store $caller_memory (i32.const 8192) (f32.const 11))
(f32.store $caller_memory (i32.add (i32.const 8204) (i32.const 1584)) (f32.const 13))
;;; each
(local.set $sum (i32.add (local.get $sum) (call $f (i32.const 8192) (i32.load $caller_memory (i32.const 512)))))
;;; hand
(func $f (param $points i32) (param $count i32) (result i32)
  (local $to i32) (local $size i32)
  (if (i32.or (i32.gt_u (local.get $count) (i32.const 0xffffff)) (i32.and (local.get $points) (i32.const 3)))
    (then (unreachable)))
  (local.set $size (i32.shl (local.get $count) (i32.const 4)))
  (if (i64.gt_u
        (i64.add (i64.extend_i32_u (local.get $points)) (i64.extend_i32_u (local.get $size)))
        (i64.shl (i64.extend_i32_u (memory.size $caller_memory)) (i64.const 16)))
    (then (unreachable)))
  (local.set $to (call $callee_realloc (i32.const 0) (i32.const 0) (i32.const 4) (local.get $size)))
  (if (i32.and (local.get $to) (i32.const 3)) (then (unreachable)))
  (if (i64.gt_u
        (i64.add (i64.extend_i32_u (local.get $to)) (i64.extend_i32_u (local.get $size)))
        (i64.shl (i64.extend_i32_u (memory.size $callee_memory)) (i64.const 16)))
    (then (unreachable)))
  (memory.copy $callee_memory $caller_memory (local.get $to) (local.get $points) (local.get $size))
  (call $callee_f (local.get $to) (local.get $count)))
