;; Variants and enums: cases of several shapes joined in one flat form.
;; run() = 0
(component
  (instance $callee (instantiate $callee))
  (instance $runner (instantiate $runner (with "test:variants/api" (instance $callee "test:variants/api"))))
  (export "run" (func $runner "run")))
