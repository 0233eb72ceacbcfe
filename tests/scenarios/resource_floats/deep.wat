;; runner -> intermediate -> wrapper -> wrapper -> leaf: the float that is passed about is defined by a wrapper
;; run() = 0
(component
  (instance $leaf (instantiate $leaf))
  (instance $near (instantiate $wrapper (with "test:floats/first" (instance $leaf "test:floats/first"))))
  (instance $far (instantiate $wrapper (with "test:floats/first" (instance $near "test:floats/first"))))
  (alias export $far "test:floats/first" (instance $first))
  (alias export $leaf "test:floats/second" (instance $second))
  (alias export $first "float" (type $float))
  (instance $intermediate (instantiate $intermediate
    (with "test:floats/first" (instance $first))
    (with "test:floats/second" (instance $second))
    (with "float" (type $float))))
  (instance $runner (instantiate $runner
    (with "test:floats/first" (instance $first))
    (with "test:floats/second" (instance $second))
    (with "test:floats/third" (instance $intermediate "test:floats/third"))
    (with "test:floats/counts" (instance $leaf "test:floats/counts"))
    (with "float" (type $float))
    (with "add" (func $intermediate "add"))))
  (export "run" (func $runner "run")))
