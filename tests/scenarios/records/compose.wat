;; Records and tuples: each field at its own place, in parameters and in results.
;; run() = 0
(component
  (instance $callee (instantiate $callee))
  (instance $runner (instantiate $runner (with "test:records/api" (instance $callee "test:records/api"))))
  (export "run" (func $runner "run")))
