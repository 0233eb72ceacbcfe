;; A list whose elements have padding and a boolean, so that bytes can't just be moved.
;; type: item (record (field "a" bool) (field "b" u32) (field "c" u64))
;; signature: (param "items" (list $item)) (result u32)
;; core: (param i32 i32) (result i32)
;; lift: memory realloc
;; lower: memory
;;; callee
(func $callee_f (param $items i32) (param $count i32) (result i32)
  (local $sum i32)
  (global.set $callee_top (i32.const 65536))
  (loop $next
    (local.set $sum
      (i32.add
        (i32.add (local.get $sum) (i32.load8_u $callee_memory (local.get $items)))
        (i32.add
          (i32.load $callee_memory offset=4 (local.get $items))
          (i32.wrap_i64 (i64.load $callee_memory offset=8 (local.get $items))))))
    (local.set $items (i32.add (local.get $items) (i32.const 16)))
    (local.set $count (i32.sub (local.get $count) (i32.const 1)))
    (br_if $next (local.get $count)))
  (local.get $sum))
;;; caller
(data (memory $caller_memory) (i32.const 512) "\64\00\00\00")
;;; locals
(local $i i32) (local $at i32)
;;; before
(loop $fill
  (local.set $at (i32.add (i32.const 8192) (i32.shl (local.get $i) (i32.const 4))))
  (i32.store8 $caller_memory (local.get $at) (i32.and (local.get $i) (i32.const 1)))
  (i32.store $caller_memory offset=4 (local.get $at) (i32.mul (local.get $i) (i32.const 3)))
  (i64.store $caller_memory offset=8 (local.get $at) (i64.const 5))
  (local.set $i (i32.add (local.get $i) (i32.const 1)))
  (br_if $fill (i32.lt_u (local.get $i) (i32.const 100))))
;;; each
(local.set $sum (i32.add (local.get $sum) (call $f (i32.const 8192) (i32.load $caller_memory (i32.const 512)))))
