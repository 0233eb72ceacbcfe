;; runner -> intermediate -> intermediate -> leaf: one component twice in a chain of four
;; run() = 0
(component
  (instance $leaf (instantiate $leaf))
  (instance $near (instantiate $intermediate (with "test:lists/things" (instance $leaf "test:lists/things"))))
  (instance $far (instantiate $intermediate (with "test:lists/things" (instance $near "test:lists/things"))))
  (instance $runner (instantiate $runner
    (with "test:lists/things" (instance $far "test:lists/things"))
    (with "test:lists/counts" (instance $leaf "test:lists/counts"))))
  (export "run" (func $runner "run")))
