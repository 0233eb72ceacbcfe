;; type: shape (variant (case "none") (case "circle" f32) (case "box" (tuple u32 u32)) (case "wide" u64))
;; signature: (param "shape" $shape) (result u32)
;; core: (param i32 i64 i32) (result i32)
;;; callee
(global $callee_key (mut i32) (i32.const 0x5bd1e995))
(func $callee_f (param $case i32) (param $a i64) (param $b i32) (result i32)
  (i32.xor
    (global.get $callee_key)
    (i32.add (local.get $case) (i32.add (i32.wrap_i64 (local.get $a)) (local.get $b)))))
;;; each
;; The second half of a circle's, and of none's, flat values is nothing, and arrives as 0.
(local.set $sum
  (i32.add
    (i32.mul (local.get $sum) (i32.const 3))
    (call $f
      (i32.and (local.get $n) (i32.const 3))
      (select
        (i64.extend_i32_u (local.get $n)) (i64.const 0)
        (i32.and (local.get $n) (i32.const 3)))
      (select
        (i32.const 7) (i32.const 0)
        (i32.eq (i32.and (local.get $n) (i32.const 3)) (i32.const 2))))))
