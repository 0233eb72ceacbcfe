;; Instantiates a component that it is given, with another one that comes from outside.
(component
  (import "c" (component $c (import "d" (component))))
  (import "d" (component $d))
  (instance (instantiate $c (with "d" (component $d)))))
