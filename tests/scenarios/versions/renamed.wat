;; The older version arrives through a component that re-exports it under another name.
;; run() = 0
(component
  (instance $older (instantiate $older))
  (instance $newer (instantiate $newer))
  (component $relay
    (import "test:dep/store@0.1.0" (instance $store
      (export "item" (type $item (sub resource)))
      (export "[constructor]item" (func (param "value" u32) (result (own $item))))
      (export "[method]item.get" (func (param "self" (borrow $item)) (result u32)))
      (export "version" (func (result string)))))
    (export "store" (instance $store)))
  (instance $relay (instantiate $relay (with "test:dep/store@0.1.0" (instance $older "test:dep/store@0.1.0"))))
  (instance $runner (instantiate $runner
    (with "test:dep/store@0.1.0" (instance $relay "store"))
    (with "test:dep/store@0.2.0" (instance $newer "test:dep/store@0.2.0"))))
  (export "run" (func $runner "run")))
