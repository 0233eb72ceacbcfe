;; Lists of bytes, of wider numbers, of lists, of tuples; empty ones and long ones.
;; run() = 0
(component
  (instance $callee (instantiate $callee))
  (instance $runner (instantiate $runner (with "test:lists-of-all/api" (instance $callee "test:lists-of-all/api"))))
  (export "run" (func $runner "run")))
