;; runner -> intermediate -> intermediate -> leaf, and a worker for the things of each
;; run() = 0
(component
  (instance $leaf (instantiate $leaf))
  (alias export $leaf "test:both/things" (instance $lowest))
  (alias export $lowest "thing" (type $lowest-thing))
  (instance $lowest-worker (instantiate $worker
    (with "test:both/things" (instance $lowest))
    (with "thing" (type $lowest-thing))))
  (instance $near (instantiate $intermediate
    (with "test:both/things" (instance $lowest))
    (with "thing" (type $lowest-thing))
    (with "double" (func $lowest-worker "double"))))
  (alias export $near "test:both/things" (instance $things))
  (alias export $things "thing" (type $thing))
  (instance $worker (instantiate $worker
    (with "test:both/things" (instance $things))
    (with "thing" (type $thing))))
  (instance $far (instantiate $intermediate
    (with "test:both/things" (instance $things))
    (with "thing" (type $thing))
    (with "double" (func $worker "double"))))
  (instance $runner (instantiate $runner
    (with "test:both/things" (instance $far "test:both/things"))
    (with "test:both/counts" (instance $leaf "test:both/counts"))
    (with "test:both/inner-things" (instance $lowest))
    (with "inner" (type $lowest-thing))
    (with "forwarded" (func $near "forwarded"))))
  (export "run" (func $runner "run")))
