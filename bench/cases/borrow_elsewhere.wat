;; frame: resource
;; A borrow for a component that doesn't define the resource, which is given a handle, calls a method and drops it.
;;; locals
(local $counter i32)
;;; before
(local.set $counter (call $new (i32.const 0)))
;;; each
(local.set $sum (i32.add (local.get $sum) (call $use (local.get $counter))))
;;; after
(call $drop (local.get $counter))
