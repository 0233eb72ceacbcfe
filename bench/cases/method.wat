;; frame: resource
;;; locals
(local $counter i32)
;;; before
(local.set $counter (call $new (i32.const 0)))
;;; each
(local.set $sum (i32.add (local.get $sum) (call $next (local.get $counter))))
;;; after
(call $drop (local.get $counter))
