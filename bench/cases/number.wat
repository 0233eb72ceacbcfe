;; signature: (param "x" u32) (result u32)
;; core: (param i32) (result i32)
;;; callee
(global $callee_key (mut i32) (i32.const 0x5bd1e995))
(func $callee_f (param $x i32) (result i32)
  (i32.xor (i32.rotl (local.get $x) (i32.const 5)) (global.get $callee_key)))
;;; each
(local.set $sum (i32.add (local.get $sum) (call $f (local.get $n))))
