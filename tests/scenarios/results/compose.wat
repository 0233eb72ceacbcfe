;; Results: with a value, an error, both or neither; error variants; f32 joined with u32.
;; run() = 0
(component
  (instance $callee (instantiate $callee))
  (instance $runner (instantiate $runner (with "test:results/api" (instance $callee "test:results/api"))))
  (export "run" (func $runner "run")))
