;; type: numbers (record (field "a" u32) (field "b" u64) (field "c" f32) (field "d" f64) (field "e" s32) (field "f" s64) (field "g" f32) (field "h" f64) (field "i" u32) (field "j" u64))
;; signature: (param "r" $numbers) (result u32)
;; core: (param i32 i64 f32 f64 i32 i64 f32 f64 i32 i64) (result i32)
;;; callee
(global $callee_key (mut i32) (i32.const 0x5bd1e995))
(func $callee_f
  (param $a i32) (param $b i64) (param $c f32) (param $d f64) (param $e i32) (param $f i64) (param $g f32) (param $h f64)
  (param $i i32) (param $j i64) (result i32)
  (i32.xor
    (global.get $callee_key)
    (i32.add
      (i32.add
        (i32.add (local.get $a) (i32.wrap_i64 (local.get $b)))
        (i32.add (i32.trunc_f32_s (local.get $c)) (i32.trunc_f64_s (local.get $d))))
      (i32.add
        (i32.add
          (i32.add (local.get $e) (i32.wrap_i64 (local.get $f)))
          (i32.add (i32.trunc_f32_s (local.get $g)) (i32.trunc_f64_s (local.get $h))))
        (i32.add (local.get $i) (i32.wrap_i64 (local.get $j)))))))
;;; each
(local.set $sum
  (i32.add
    (local.get $sum)
    (call $f
      (local.get $n) (i64.const 2) (f32.const 3) (f64.const 4) (local.get $sum) (i64.const 6) (f32.const 7)
      (f64.const 8) (i32.const 9) (i64.extend_i32_u (local.get $n)))))
