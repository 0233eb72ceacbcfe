;; Imports a type of functions, which the import of a composition cannot be.
(component
  (type $f (func))
  (import "t" (type (eq $f))))
