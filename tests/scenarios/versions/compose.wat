;; Two versions of one interface side by side, of two components.
;; run() = 0
(component
  (instance $older (instantiate $older))
  (instance $newer (instantiate $newer))
  (instance $runner (instantiate $runner
    (with "test:dep/store@0.1.0" (instance $older "test:dep/store@0.1.0"))
    (with "test:dep/store@0.2.0" (instance $newer "test:dep/store@0.2.0"))))
  (export "run" (func $runner "run")))
