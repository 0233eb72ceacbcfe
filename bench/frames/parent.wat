;; A component that calls a function of the component that instantiated it.
(component
  (core module $parent
    (memory $callee_memory (export "memory") 8)
    @callee@
    (export "f" (func $callee_f)))
  (core instance $parent (instantiate $parent))
  (func $f @signature@ (canon lift (core func $parent "f")))
  (component $child
    (import "f" (func $f @signature@))
    (core module $libc
      (memory $caller_memory (export "memory") 8)
      @libc@
      (export "reset" (func $caller_reset)))
    (core instance $libc (instantiate $libc))
    (core func $f (canon lower (func $f)))
    (core module $code
      (import "libc" "memory" (memory $caller_memory 8))
      (import "libc" "reset" (func $caller_reset))
      (import "parent" "f" (func $f @core@))
      @caller@)
    (core instance $code (instantiate $code
      (with "libc" (instance $libc))
      (with "parent" (instance (export "f" (func $f))))))
    (func (export "run") (param "n" u32) (result u32) (canon lift (core func $code "run"))))
  (instance $child (instantiate $child (with "f" (func $f))))
  (export "run" (func $child "run")))
