;; world: provider
(module
  (import "[export]test:kv/store@0.2.3" "[resource-new]key" (func $new (param i32) (result i32)))
  (memory (export "memory") 1)
  (global $live (mut i32) (i32.const 0))
  (global $top (mut i32) (i32.const 1024))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    global.get $top
    (global.set $top (i32.add (global.get $top) (i32.and (i32.add (local.get 3) (i32.const 15)) (i32.const -8)))))
  (func (export "test:kv/store@0.2.3#[constructor]key") (param i32) (result i32)
    (global.set $live (i32.add (global.get $live) (i32.const 1)))
    (call $new (local.get 0)))
  (func (export "test:kv/store@0.2.3#[method]key.value") (param i32) (result i32) local.get 0)
  (func (export "test:kv/store@0.2.3#[static]key.live") (result i32) global.get $live)
  (func (export "test:kv/store@0.2.3#[dtor]key") (param i32)
    (global.set $live (i32.sub (global.get $live) (i32.const 1))))
  (func (export "test:kv/store@0.2.3#length") (param i32 i32) (result i32) local.get 1)
  (func (export "test:kv/store@0.2.3#unused"))
  (func (export "test:kv/store@0.2.3#newer") (result i32) i32.const 7))
