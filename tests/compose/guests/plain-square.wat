(component
  (core module $m (func (export "f") (param i32) (result i32) (i32.mul (local.get 0) (local.get 0))))
  (core instance $i (instantiate $m))
  (func $f (param "a" u32) (result u32) (canon lift (core func $i "f")))
  (export "square" (func $f)))
