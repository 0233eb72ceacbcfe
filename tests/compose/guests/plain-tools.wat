(component
  (core module $m (func (export "f") (param i32) (result i32) (i32.shr_u (local.get 0) (i32.const 1))))
  (core instance $i (instantiate $m))
  (func $f (param "a" u32) (result u32) (canon lift (core func $i "f")))
  (instance $tools (export "half" (func $f)))
  (export "tools" (instance $tools))
  (export "half" (func $f)))
