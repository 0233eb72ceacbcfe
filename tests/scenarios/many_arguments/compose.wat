;; As many flat parameters as fit, and one more.
;; run() = 0
(component
  (instance $callee (instantiate $callee))
  (instance $runner (instantiate $runner (with "test:many-arguments/api" (instance $callee "test:many-arguments/api"))))
  (export "run" (func $runner "run")))
