;; runner -> leaf: what is lent arrives as a representation
;; run() = 0
(component
  (instance $leaf (instantiate $leaf))
  (instance $runner (instantiate $runner
    (with "test:aggregates/things" (instance $leaf "test:aggregates/things"))))
  (export "run" (func $runner "run")))
