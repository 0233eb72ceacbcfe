;; test:found/items#second returns own
;; logged returns 2
;; The post-return of `second` is given what the guest returned, the index of the second handle in its own table, and not what the
;; host has got for it.
(component
  (component $c
    (type $r' (resource (rep i32))) (export $r "r" (type $r'))
    (core func $new (canon resource.new $r'))
    (core module $m (import "" "new" (func $new (param i32) (result i32)))
      (global $given (mut i32) (i32.const -1))
      (func (export "second") (result i32) (drop (call $new (i32.const 7))) (call $new (i32.const 8)))
      (func (export "post") (param i32) (global.set $given (local.get 0)))
      (func (export "logged") (result i32) (global.get $given)))
    (core instance $m (instantiate $m (with "" (instance (export "new" (func $new))))))
    (func (export "second") (result (own $r)) (canon lift (core func $m "second") (post-return (core func $m "post"))))
    (func (export "logged") (result u32) (canon lift (core func $m "logged"))))
  (instance $c (instantiate $c))
  (export "test:found/items" (instance $c))
  (export "logged" (func $c "logged")))
