;; A resource is made by one component, held by a second, and dropped by a third: its destructor runs in a fourth.
;; run() = 0
(component
  (instance $definer (instantiate $definer))
  (alias export $definer "test:third/things" (instance $things))
  (instance $producer (instantiate $producer (with "test:third/things" (instance $things))))
  (instance $dropper (instantiate $dropper (with "test:third/things" (instance $things))))
  (instance $runner (instantiate $runner
    (with "test:third/things" (instance $things))
    (with "test:third/maker" (instance $producer "test:third/maker"))
    (with "test:third/bin" (instance $dropper "test:third/bin"))))
  (export "run" (func $runner "run")))
