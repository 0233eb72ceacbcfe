;; signature: (param "text" string) (result u32)
;; core: (param i32 i32) (result i32)
;; lift: memory realloc encoding
;; lower: memory encoding
;;; callee
;; The length in code units, the first unit and the last.
(func $callee_f (param $text i32) (param $units i32) (result i32)
  (global.set $callee_top (i32.const 65536))
  (i32.add
    (local.get $units)
    (i32.add
      (i32.mul (i32.const 3) (i32.load@to_unit@_u $callee_memory (local.get $text)))
      (i32.load@to_unit@_u $callee_memory
        (i32.add (local.get $text) (i32.shl (i32.sub (local.get $units) (i32.const 1)) (i32.const @to_log2@)))))))
;;; caller
;; The length is in memory, so that it is no constant for an optimiser.
(data (memory $caller_memory) (i32.const 1024) "@data@")
(data (memory $caller_memory) (i32.const 512) "@units_bytes@")
;;; each
(local.set $sum (i32.add (local.get $sum) (call $f (i32.const 1024) (i32.load $caller_memory (i32.const 512)))))
;;; hand
(func $f (param $text i32) (param $size i32) (result i32)
  (call $callee_f (call $pass_string (local.get $text) (local.get $size)) (local.get $size)))
