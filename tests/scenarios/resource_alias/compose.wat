;; One resource type under three names.
;; run() = 0
(component
  (instance $leaf (instantiate $leaf))
  (alias export $leaf "test:alias/first" (instance $first))
  (instance $middle (instantiate $middle (with "test:alias/first" (instance $first))))
  (alias export $middle "test:alias/second" (instance $second))
  (instance $last (instantiate $last
    (with "test:alias/first" (instance $first))
    (with "test:alias/second" (instance $second))))
  (instance $runner (instantiate $runner
    (with "test:alias/first" (instance $first))
    (with "test:alias/second" (instance $second))
    (with "test:alias/third" (instance $last "test:alias/third"))))
  (export "run" (func $runner "run")))
