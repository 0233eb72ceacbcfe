;; runner -> intermediate -> leaf: a definer at the end of a chain of three
;; run() = 0
(component
  (instance $leaf (instantiate $leaf))
  (instance $intermediate (instantiate $intermediate (with "test:lists/things" (instance $leaf "test:lists/things"))))
  (instance $runner (instantiate $runner
    (with "test:lists/things" (instance $intermediate "test:lists/things"))
    (with "test:lists/counts" (instance $leaf "test:lists/counts"))))
  (export "run" (func $runner "run")))
