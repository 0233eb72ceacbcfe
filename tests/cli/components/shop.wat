;; Wants a store of version 0.2.0.
(component
  (import "test:kv/store@0.2.0" (instance (export "get" (func (param "key" string) (result u32))))))
