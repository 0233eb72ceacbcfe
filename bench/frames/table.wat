;; component.wat as tools write it where a function is lowered with the caller's own memory: a table stands between.
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
    (core module $shim
      (type $f (func @core@))
      (table (export "table") 1 1 funcref)
      (func (export "f") @core@ (call_indirect (type $f) (local.get 0) (i32.const 0))))
    (core module $fixup
      (import "" "f" (func $f @core@))
      (import "" "table" (table 1 1 funcref))
      (elem (i32.const 0) func $f))
    (core module $code
      (import "callee" "f" (func $f @core@))
      (memory $caller_memory (export "memory") 8)
      @libc@
      @caller@)
    (core instance $shim (instantiate $shim))
    (core instance $code (instantiate $code (with "callee" (instance $shim))))
    (core func $f (canon lower (func $f) (memory (core memory $code "memory"))))
    (core instance $fixup (instantiate $fixup
      (with "" (instance (export "table" (table $shim "table")) (export "f" (func $f))))))
    (func (export "run") (param "n" u32) (result u32) (canon lift (core func $code "run"))))
  (instance $callee (instantiate $callee))
  (instance $caller (instantiate $caller (with "f" (func $callee "f")) @type_arguments@))
  (export "run" (func $caller "run")))
