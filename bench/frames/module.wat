;; The same as one core module, with a memory for each side: what one would write by hand. The floor is this with one
;; memory, and a direct call.
(module
  @memories@
  @libc@
  @callee@
  @adapter@
  @caller@)
