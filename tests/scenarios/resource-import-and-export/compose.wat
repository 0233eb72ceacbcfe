;; runner -> intermediate -> leaf, runner -> intermediate -> worker -> leaf, and runner -> leaf
;; run() = 0
(component
  (instance $leaf (instantiate $leaf))
  (alias export $leaf "test:both/things" (instance $things))
  (alias export $things "thing" (type $thing))
  (instance $worker (instantiate $worker
    (with "test:both/things" (instance $things))
    (with "thing" (type $thing))))
  (instance $intermediate (instantiate $intermediate
    (with "test:both/things" (instance $things))
    (with "thing" (type $thing))
    (with "double" (func $worker "double"))))
  (instance $runner (instantiate $runner
    (with "test:both/things" (instance $intermediate "test:both/things"))
    (with "test:both/counts" (instance $leaf "test:both/counts"))
    (with "test:both/inner-things" (instance $things))
    (with "inner" (type $thing))
    (with "forwarded" (func $intermediate "forwarded"))))
  (export "run" (func $runner "run")))
