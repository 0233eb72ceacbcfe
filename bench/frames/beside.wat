;; component.wat with a second function between the same two components, which takes and gives a string: the number's call
;; has neighbours that allocate.
(component
  (component $callee
    @callee_types@
    (core module $code
      (memory $callee_memory (export "memory") 8)
      @callee@
      (func (export "echo") (param $text i32) (param $size i32) (result i32)
        (i32.store $callee_memory (i32.const 16) (local.get $text))
        (i32.store $callee_memory (i32.const 20) (local.get $size))
        (i32.const 16))
      (export "realloc" (func $callee_realloc))
      (export "post" (func $callee_post))
      (export "f" (func $callee_f)))
    (core instance $code (instantiate $code))
    (func (export "f") @signature@ (canon lift (core func $code "f") @lift@))
    (func (export "echo") (param "text" string) (result string) (canon lift (core func $code "echo")
      (memory (core memory $code "memory")) (realloc (core func $code "realloc"))
      (post-return (core func $code "post")))))
  (component $caller
    @caller_types@
    (import "f" (func $f @signature@))
    (import "echo" (func $echo (param "text" string) (result string)))
    (core module $libc
      (memory $caller_memory (export "memory") 8)
      @libc@
      (export "realloc" (func $caller_realloc))
      (export "reset" (func $caller_reset)))
    (core instance $libc (instantiate $libc))
    (core func $f (canon lower (func $f) @lower@))
    (core func $echo (canon lower (func $echo)
      (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
    (core module $code
      (import "libc" "memory" (memory $caller_memory 8))
      (import "libc" "reset" (func $caller_reset))
      (import "callee" "f" (func $f @core@))
      (import "callee" "echo" (func $echo (param i32 i32 i32)))
      (func (export "echo-nothing") (call $echo (i32.const 0) (i32.const 0) (i32.const 16)))
      @caller@)
    (core instance $code (instantiate $code
      (with "libc" (instance $libc))
      (with "callee" (instance (export "f" (func $f)) (export "echo" (func $echo))))))
    (func (export "run") (param "n" u32) (result u32) (canon lift (core func $code "run")))
    (func (export "echo-nothing") (canon lift (core func $code "echo-nothing"))))
  (instance $callee (instantiate $callee))
  (instance $caller (instantiate $caller (with "f" (func $callee "f")) (with "echo" (func $callee "echo")) @type_arguments@))
  (export "run" (func $caller "run"))
  (export "echo-nothing" (func $caller "echo-nothing")))
