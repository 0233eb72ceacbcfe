;; What is timed: the same thing n times, with a number that depends on each of them.
(func (export "run") (param $n i32) (result i32)
  (local $sum i32) @locals@
  @before@
  (block $done
    (loop $next
      (br_if $done (i32.eqz (local.get $n)))
      @each@
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br $next)))
  @after@
  (local.get $sum))
