;; Three components that share nothing but what they pass to each other:
;;
;;     counting   defines a resource: a counter that says how often it was asked
;;     shouting   takes a string, returns it in upper case; its strings are UTF-16
;;     greeting   uses both; its strings are UTF-8
;;
;; and a fourth around them, which wires them and exports `greet: func(name: string) -> string`.
(component $app

  (component $counting
    (type $counter (resource (rep i32)))
    (core func $counter-new (canon resource.new $counter))
    (core module $code
      (import "counter" "new" (func $counter-new (param i32) (result i32)))
      (memory 1)
      (global $unused (mut i32) (i32.const 16))
      ;; A counter is represented by the address of its number.
      (func (export "new") (result i32)
        (global.set $unused (i32.add (global.get $unused) (i32.const 4)))
        (call $counter-new (global.get $unused)))
      (func (export "next") (param $counter i32) (result i32)
        (i32.store (local.get $counter) (i32.add (i32.load (local.get $counter)) (i32.const 1)))
        (i32.load (local.get $counter))))
    (core instance $code (instantiate $code
      (with "counter" (instance (export "new" (func $counter-new))))))
    (export $exported "counter" (type $counter))
    (func (export "[constructor]counter") (result (own $exported)) (canon lift (core func $code "new")))
    (func (export "[method]counter.next") (param "self" (borrow $exported)) (result u32)
      (canon lift (core func $code "next"))))

  (component $shouting
    (core module $code
      (memory (export "memory") 1)
      (global $unused (mut i32) (i32.const 16))
      ;; Memory is taken from one end to the other, and all of it given back after each call.
      (func (export "realloc") (param $from i32) (param $old i32) (param i32) (param $size i32) (result i32)
        (local $at i32)
        (local.set $at (i32.and (i32.add (global.get $unused) (i32.const 3)) (i32.const -4)))
        (global.set $unused (i32.add (local.get $at) (local.get $size)))
        (memory.copy (local.get $at) (local.get $from)
          (select (local.get $old) (local.get $size) (i32.lt_u (local.get $old) (local.get $size))))
        (local.get $at))
      (func (export "free") (param i32) (global.set $unused (i32.const 16)))
      (func (export "shout") (param $text i32) (param $units i32) (result i32)
        (local $at i32) (local $unit i32)
        (i32.store (i32.const 0) (local.get $text))
        (i32.store (i32.const 4) (local.get $units))
        (local.set $at (local.get $text))
        (loop $next
          (if (i32.eqz (local.get $units)) (then (return (i32.const 0))))
          (local.set $unit (i32.load16_u (local.get $at)))
          (if (i32.lt_u (i32.sub (local.get $unit) (i32.const 97 (; a ;))) (i32.const 26))
            (then (i32.store16 (local.get $at) (i32.sub (local.get $unit) (i32.const 32)))))
          (local.set $at (i32.add (local.get $at) (i32.const 2)))
          (local.set $units (i32.sub (local.get $units) (i32.const 1)))
          (br $next))
        unreachable))
    (core instance $code (instantiate $code))
    (func (export "shout") (param "text" string) (result string)
      (canon lift (core func $code "shout") string-encoding=utf16
        (memory (core memory $code "memory"))
        (realloc (core func $code "realloc")) (post-return (core func $code "free")))))

  (component $greeting
    (import "counting" (instance $counting
      (export "counter" (type $counter (sub resource)))
      (export "[constructor]counter" (func (result (own $counter))))
      (export "[method]counter.next" (func (param "self" (borrow $counter)) (result u32)))))
    (import "shout" (func $shout (param "text" string) (result string)))
    (core module $libc
      (memory (export "memory") 1)
      (global $unused (mut i32) (i32.const 256))
      (func (export "realloc") (param $from i32) (param $old i32) (param i32) (param $size i32) (result i32)
        (local $at i32)
        (local.set $at (i32.and (i32.add (global.get $unused) (i32.const 3)) (i32.const -4)))
        (global.set $unused (i32.add (local.get $at) (local.get $size)))
        (memory.copy (local.get $at) (local.get $from)
          (select (local.get $old) (local.get $size) (i32.lt_u (local.get $old) (local.get $size))))
        (local.get $at))
      (func (export "free") (param i32) (global.set $unused (i32.const 256))))
    (core instance $libc (instantiate $libc))
    (core func $counter-new (canon lower (func $counting "[constructor]counter")))
    (core func $counter-next (canon lower (func $counting "[method]counter.next")))
    (core func $shout (canon lower (func $shout)
      (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
    (core module $code
      (import "libc" "memory" (memory 1))
      (import "libc" "realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
      (import "counter" "new" (func $counter-new (result i32)))
      (import "counter" "next" (func $counter-next (param i32) (result i32)))
      (import "shouting" "shout" (func $shout (param i32 i32 i32)))
      (data (i32.const 32) "hello, ")
      (data (i32.const 48) "! you are visitor ")
      (global $visitors (mut i32) (i32.const 0)) ;; a handle of our one counter; 0: not there yet
      (global $at (mut i32) (i32.const 0))       ;; where the text that is being made goes on
      (func $append (param $from i32) (param $size i32)
        (memory.copy (global.get $at) (local.get $from) (local.get $size))
        (global.set $at (i32.add (global.get $at) (local.get $size))))
      (func $append-number (param $number i32)
        (if (i32.ge_u (local.get $number) (i32.const 10))
          (then (call $append-number (i32.div_u (local.get $number) (i32.const 10)))))
        (i32.store8 (i32.const 8) (i32.add (i32.rem_u (local.get $number) (i32.const 10)) (i32.const 48 (; 0 ;))))
        (call $append (i32.const 8) (i32.const 1)))
      (func (export "greet") (param $name i32) (param $size i32) (result i32)
        (local $text i32)
        (if (i32.eqz (global.get $visitors)) (then (global.set $visitors (call $counter-new))))
        (local.set $text
          (call $realloc (i32.const 0) (i32.const 0) (i32.const 1) (i32.add (local.get $size) (i32.const 64))))
        (global.set $at (local.get $text))
        (call $append (i32.const 32) (i32.const 7))
        (call $append (local.get $name) (local.get $size))
        (call $append (i32.const 48) (i32.const 18))
        (call $append-number (call $counter-next (global.get $visitors)))
        (call $shout (local.get $text) (i32.sub (global.get $at) (local.get $text)) (i32.const 16))
        (i32.const 16))) ;; where `shout` has put its result, which is ours
    (core instance $code (instantiate $code
      (with "libc" (instance $libc))
      (with "counter" (instance (export "new" (func $counter-new)) (export "next" (func $counter-next))))
      (with "shouting" (instance (export "shout" (func $shout))))))
    (func (export "greet") (param "name" string) (result string)
      (canon lift (core func $code "greet")
        (memory (core memory $libc "memory"))
        (realloc (core func $libc "realloc")) (post-return (core func $libc "free")))))

  (instance $counting (instantiate $counting))
  (instance $shouting (instantiate $shouting))
  (instance $greeting (instantiate $greeting
    (with "counting" (instance $counting))
    (with "shout" (func $shouting "shout"))))
  (export "greet" (func $greeting "greet")))
