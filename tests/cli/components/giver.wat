;; Gives a component, which instantiates what it imports itself.
(component
  (type (func))
  (type (func))
  (component $C (import "d" (component $d)) (instance (instantiate $d)))
  (export "c" (component $C)))
