;; runner -> intermediate -> leaf: aggregates of things are unwrapped and wrapped on the way
;; run() = 0
(component
  (instance $leaf (instantiate $leaf))
  (instance $intermediate (instantiate $intermediate
    (with "test:aggregates/things" (instance $leaf "test:aggregates/things"))))
  (instance $runner (instantiate $runner
    (with "test:aggregates/things" (instance $intermediate "test:aggregates/things"))))
  (export "run" (func $runner "run")))
