;; Needs what needs it.
(component
  (import "test:ring/right" (instance $i (export "f" (func))))
  (core func $f (canon lower (func $i "f")))
  (core module $m (import "" "f" (func $f)) (func (export "f") (call $f)))
  (core instance $c (instantiate $m (with "" (instance (export "f" (func $f))))))
  (func $g (canon lift (core func $c "f")))
  (instance $j (export "f" (func $g)))
  (export "test:ring/left" (instance $j)))
