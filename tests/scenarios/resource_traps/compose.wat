;; Each trap of the handle tables, next to what must not trap.
;; run() = 0
;; own-missing() traps unknown handle index
;; own-of-another-type() traps handle index used with the wrong type, expected guest-defined resource but found a different guest-defined resource
;; own-twice() traps unknown handle index
;; own-while-lent() traps cannot remove owned resource while borrowed
;; borrow-missing() traps unknown handle index
;; borrow-of-another-type() traps handle index used with the wrong type, expected guest-defined resource but found a different guest-defined resource
;; borrow-kept() traps borrow handles still remain at the end of the call
;; borrow-as-own() traps cannot lift own resource from a borrow
;; borrow-dropped-twice() traps unknown handle index
;; drop-missing() traps unknown handle index
;; drop-of-another-type() traps handle index used with the wrong type, expected guest-defined resource but found a different guest-defined resource
;; drop-twice() traps unknown handle index
;; largest-handle() traps unknown handle index
(component
  (instance $definer (instantiate $definer))
  (alias export $definer "test:traps/things" (instance $things))
  (instance $borrower (instantiate $borrower (with "test:traps/things" (instance $things))))
  (instance $runner (instantiate $runner
    (with "test:traps/things" (instance $things))
    (with "test:traps/keeper" (instance $borrower "test:traps/keeper"))))
  (export "run" (func $runner "run"))
  (export "own-missing" (func $runner "own-missing"))
  (export "own-of-another-type" (func $runner "own-of-another-type"))
  (export "own-twice" (func $runner "own-twice"))
  (export "own-while-lent" (func $runner "own-while-lent"))
  (export "borrow-missing" (func $runner "borrow-missing"))
  (export "borrow-of-another-type" (func $runner "borrow-of-another-type"))
  (export "borrow-kept" (func $runner "borrow-kept"))
  (export "borrow-as-own" (func $runner "borrow-as-own"))
  (export "borrow-dropped-twice" (func $runner "borrow-dropped-twice"))
  (export "drop-missing" (func $runner "drop-missing"))
  (export "drop-of-another-type" (func $runner "drop-of-another-type"))
  (export "drop-twice" (func $runner "drop-twice"))
  (export "largest-handle" (func $runner "largest-handle")))
