;; Imports p and q the other way round than knot.
(component
  (import "q" (instance $q (export "s" (type (sub resource)))))
  (alias export $q "s" (type $s))
  (import "p" (instance (export "g" (func (param "s" (own $s)))))))
