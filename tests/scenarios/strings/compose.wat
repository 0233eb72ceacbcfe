;; Strings in UTF-8, checked on the way, and freed by post-return.
;; run() = 0
;; not-utf8() traps invalid utf-8 or invalid utf8 encoding
;; cut-off() traps incomplete utf-8 byte sequence or invalid utf8 encoding
(component
  (instance $callee (instantiate $callee))
  (instance $runner (instantiate $runner (with "test:strings/api" (instance $callee "test:strings/api"))))
  (export "run" (func $runner "run"))
  (export "not-utf8" (func $runner "not-utf8"))
  (export "cut-off" (func $runner "cut-off")))
