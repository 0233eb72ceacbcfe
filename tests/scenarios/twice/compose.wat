;; One component, two instances: two states, two resource types.
;; run() = 0
;; exchanged() traps handle index used with the wrong type, expected guest-defined resource but found a different guest-defined resource
(component
  (instance $left (instantiate $office))
  (instance $right (instantiate $office))
  (instance $runner (instantiate $runner
    (with "test:twice/counter" (instance $left "test:twice/counter"))
    (with "test:twice/other-counter" (instance $right "test:twice/counter"))))
  (export "run" (func $runner "run"))
  (export "exchanged" (func $runner "exchanged")))
