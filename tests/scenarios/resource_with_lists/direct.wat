;; runner -> leaf: a chain of two
;; run() = 0
(component
  (instance $leaf (instantiate $leaf))
  (instance $runner (instantiate $runner
    (with "test:lists/things" (instance $leaf "test:lists/things"))
    (with "test:lists/counts" (instance $leaf "test:lists/counts"))))
  (export "run" (func $runner "run")))
