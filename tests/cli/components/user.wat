;; Uses the resource type of things alone.
(component
  (import "thing" (type $thing (sub resource)))
  (core func $drop (canon resource.drop $thing))
  (core module $m (import "" "drop" (func $drop (param i32))) (func (export "f")))
  (core instance $i (instantiate $m (with "" (instance (export "drop" (func $drop))))))
  (func $f (canon lift (core func $i "f")))
  (export "use" (func $f)))
