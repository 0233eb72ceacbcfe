;; Options: none, some, some of none, some of a string.
;; run() = 0
(component
  (instance $callee (instantiate $callee))
  (instance $runner (instantiate $runner (with "test:options/api" (instance $callee "test:options/api"))))
  (export "run" (func $runner "run")))
