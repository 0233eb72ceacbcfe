;; Imports p and q, whose types together with those of bow refer to each other.
(component
  (import "p" (instance $p (export "r" (type (sub resource)))))
  (alias export $p "r" (type $r))
  (import "q" (instance (export "f" (func (param "r" (own $r)))))))
