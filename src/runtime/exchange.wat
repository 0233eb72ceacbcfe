;; exchange.wat -- the allocator of the memory through which the host and several memories exchange values.
;;
;; What is in that memory lives for one call, so that allocating is adding: `top` is where the next block starts, an
;; adapter saves it before it passes values, and sets it back after. A block that ends at `top` grows and shrinks in
;; place, which makes the canonical ABI's worst-case-then-shrink of a string free.
;;
;; Requires  the memory is 32-bit, its pages are of 64 KiB; alignments are powers of two.
;; Provides  cabi_realloc, top. The first 16 bytes are never handed out, so that no block is at 0.
;; Spec      CanonicalABI.md: LiftLowerContext.reallocate.
(module $exchange
  (import "exchange" "memory" (memory $memory 1))

  (global $top (export "top") (mut i32) (i32.const 16))

  (func $"trap: out of memory for values exchanged with the host" unreachable)

  ;; Makes the memory at least `end` bytes long. `top` has to be able to hold `end`.
  (func $ensure (param $end i64)
    (local $missing i64)
    (if (i64.gt_u (local.get $end) (i64.const 0xffff_ffff))
      (then (call $"trap: out of memory for values exchanged with the host") (unreachable)))
    (local.set $missing
      (i64.sub
        (i64.shr_u (i64.add (local.get $end) (i64.const 0xffff)) (i64.const 16))
        (i64.extend_i32_u (memory.size))))
    (if (i64.gt_s (local.get $missing) (i64.const 0))
      (then
        (if (i32.eq (memory.grow (i32.wrap_i64 (local.get $missing))) (i32.const -1))
          (then (call $"trap: out of memory for values exchanged with the host") (unreachable))))))

  (func (export "cabi_realloc")
    (param $old i32) (param $old_size i32) (param $alignment i32) (param $new_size i32) (result i32)
    (local $mask i64) (local $block i64) (local $end i64) (local $in_place i32)
    (local.set $mask (i64.sub (i64.extend_i32_u (local.get $alignment)) (i64.const 1)))
    (local.set $block (i64.extend_i32_u (local.get $old)))
    ;; The old block is the last one, and lies as it should.
    (local.set $in_place
      (i32.and
        (i32.ne (local.get $old_size) (i32.const 0))
        (i32.and
          (i64.eq
            (i64.add (local.get $block) (i64.extend_i32_u (local.get $old_size)))
            (i64.extend_i32_u (global.get $top)))
          (i64.eqz (i64.and (local.get $block) (local.get $mask))))))
    (if (i32.eqz (local.get $in_place))
      (then
        (local.set $block
          (i64.and
            (i64.add (i64.extend_i32_u (global.get $top)) (local.get $mask))
            (i64.xor (local.get $mask) (i64.const -1))))))
    (local.set $end (i64.add (local.get $block) (i64.extend_i32_u (local.get $new_size))))
    (call $ensure (local.get $end))
    (if (i32.eqz (local.get $in_place))
      (then
        (memory.copy
          (i32.wrap_i64 (local.get $block))
          (local.get $old)
          (select
            (local.get $old_size)
            (local.get $new_size)
            (i32.lt_u (local.get $old_size) (local.get $new_size))))))
    (global.set $top (i32.wrap_i64 (local.get $end)))
    (i32.wrap_i64 (local.get $block)))
)
