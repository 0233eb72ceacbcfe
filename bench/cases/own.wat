;; frame: resource
;; The handle is given away; the component that defines the resource destroys it.
;;; each
(local.set $sum (i32.add (local.get $sum) (call $take (call $new (local.get $n)))))
