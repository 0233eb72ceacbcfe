;; Two components and the one around them: what all cases are made of that pass values through one function.
(component
  (component $callee
    @callee_types@
    (core module $code
      (memory $callee_memory (export "memory") 8)
      @callee@
      (export "realloc" (func $callee_realloc))
      (export "post" (func $callee_post))
      (export "f" (func $callee_f)))
    (core instance $code (instantiate $code))
    (func (export "f") @signature@ (canon lift (core func $code "f") @lift@)))
  (component $caller
    @caller_types@
    (import "f" (func $f @signature@))
    (core module $libc
      (memory $caller_memory (export "memory") 8)
      @libc@
      (export "realloc" (func $caller_realloc))
      (export "reset" (func $caller_reset)))
    (core instance $libc (instantiate $libc))
    (core func $f (canon lower (func $f) @lower@))
    (core module $code
      (import "libc" "memory" (memory $caller_memory 8))
      (import "libc" "reset" (func $caller_reset))
      (import "callee" "f" (func $f @core@))
      @caller@)
    (core instance $code (instantiate $code
      (with "libc" (instance $libc))
      (with "callee" (instance (export "f" (func $f))))))
    (func (export "run") (param "n" u32) (result u32) (canon lift (core func $code "run"))))
  (instance $callee (instantiate $callee))
  (instance $caller (instantiate $caller (with "f" (func $callee "f")) @type_arguments@))
  (export "run" (func $caller "run")))
