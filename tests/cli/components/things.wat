;; A resource type, a record, and functions of both.
(component
  (core module $m
    (func (export "make") (result i32) (i32.const 7))
    (func (export "get") (param i32) (result i32) (local.get 0)))
  (core instance $i (instantiate $m))
  (type $thing' (resource (rep i32)))
  (export $thing "thing" (type $thing'))
  (type $pair' (record (field "left" (own $thing)) (field "count" u32)))
  (export $pair "pair" (type $pair'))
  (core func $new (canon resource.new $thing'))
  (core module $n
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "make" (func $make (result i32)))
    (func (export "make") (result i32) (call $new (call $make)))
    (func (export "count") (param i32 i32) (result i32) (local.get 1)))
  (core instance $j (instantiate $n (with "" (instance (export "new" (func $new)) (export "make" (func $i "make"))))))
  (func $make (result (own $thing)) (canon lift (core func $j "make")))
  (func $count (param "p" $pair) (result u32) (canon lift (core func $j "count")))
  (export "make" (func $make))
  (export "count" (func $count)))
