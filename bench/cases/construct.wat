;; frame: resource
;;; before
(local.set $sum (i32.sub (i32.const 0) (call $total)))
;;; each
(call $drop (call $new (local.get $n)))
;;; after
(local.set $sum (i32.add (local.get $sum) (call $total)))
