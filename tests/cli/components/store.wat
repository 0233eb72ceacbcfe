;; A store that serves the shop.
(component
  (core module $m
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0))
    (func (export "get") (param i32 i32) (result i32) (i32.const 0)))
  (core instance $i (instantiate $m))
  (func $get (param "key" string) (result u32)
    (canon lift (core func $i "get") (memory (core memory $i "memory")) (realloc (core func $i "realloc"))))
  (instance $store (export "get" (func $get)))
  (export "test:kv/store@0.2.1" (instance $store)))
