;; Flags in one, two and four bytes; the bits that stand for nothing are cleared on the way.
;; run() = 0
(component
  (instance $callee (instantiate $callee))
  (instance $runner (instantiate $runner (with "test:flag-sets/api" (instance $callee "test:flag-sets/api"))))
  (export "run" (func $runner "run")))
