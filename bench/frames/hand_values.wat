;; What the adapters by hand have in common: strings of UTF-8. A call costs as much as the check that it would share, so
;; what is short is written where it is needed.

;; Most strings are ASCII, and of these 16 bytes are seen at once; the last load overlaps the one before.
(func $check_utf8 (param $at i32) (param $size i32)
  (local $last i32) (local $all v128) (local $word i64)
  (block $other
    (if (i32.ge_u (local.get $size) (i32.const 16))
      (then
        (local.set $last (i32.sub (i32.add (local.get $at) (local.get $size)) (i32.const 16)))
        (local.set $all (v128.load $caller_memory (local.get $last)))
        (block $few
          (br_if $few (i32.lt_u (local.get $size) (i32.const 64)))
          (local.set $last (i32.sub (local.get $last) (i32.const 48)))
          (loop $next
            (local.set $all
              (v128.or
                (v128.or
                  (local.get $all)
                  (v128.or
                    (v128.load $caller_memory (local.get $at))
                    (v128.load $caller_memory offset=16 (local.get $at))))
                (v128.or
                  (v128.load $caller_memory offset=32 (local.get $at))
                  (v128.load $caller_memory offset=48 (local.get $at)))))
            (local.set $at (i32.add (local.get $at) (i32.const 64)))
            (br_if $next (i32.le_u (local.get $at) (local.get $last))))
          (local.set $last (i32.add (local.get $last) (i32.const 48))))
        (block $done
          (loop $next
            (br_if $done (i32.ge_u (local.get $at) (local.get $last)))
            (local.set $all (v128.or (local.get $all) (v128.load $caller_memory (local.get $at))))
            (local.set $at (i32.add (local.get $at) (i32.const 16)))
            (br $next)))
        (br_if $other (i8x16.bitmask (local.get $all)))
        (return)))
    (br_if $other (i32.lt_u (local.get $size) (i32.const 8)))
    (local.set $word
      (i64.or
        (i64.load $caller_memory align=1 (local.get $at))
        (i64.load $caller_memory align=1
          (i32.sub (i32.add (local.get $at) (local.get $size)) (i32.const 8)))))
    (br_if $other (i64.ne (i64.and (local.get $word) (i64.const 0x8080808080808080)) (i64.const 0)))
    (return))
  (if (i32.ge_u (local.get $size) (i32.const 16))
    (then
      (call $check_utf8_blocks
        (i32.sub (i32.add (local.get $last) (i32.const 16)) (local.get $size)) (local.get $size)))
    (else (call $check_utf8_bytes (local.get $at) (local.get $size)))))

;; Fewer than 16 bytes, in a block of their own.
(func $check_utf8_bytes (param $at i32) (param $size i32)
  (local $block v128)
  (loop $next
    (if (local.get $size)
      (then
        (local.set $size (i32.sub (local.get $size) (i32.const 1)))
        (local.set $block
          (i8x16.replace_lane 0
            (i8x16.shuffle 0 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 (local.get $block) (local.get $block))
            (i32.load8_u $caller_memory (i32.add (local.get $at) (local.get $size)))))
        (br $next))))
  (if (v128.any_true
        (v128.or
          (call $utf8_errors (v128.const i64x2 0 0) (local.get $block))
          (call $utf8_unfinished (local.get $block))))
    (then (unreachable))))

;; At least 16 bytes of any text. The last block is filled up with zeros.
(func $check_utf8_blocks (param $at i32) (param $size i32)
  (local $end i32) (local $before v128) (local $block v128) (local $errors v128)
  (local.set $end (i32.add (local.get $at) (local.get $size)))
  (block $done
    (loop $next
      (br_if $done (i32.lt_u (i32.sub (local.get $end) (local.get $at)) (i32.const 16)))
      (local.set $block (v128.load $caller_memory (local.get $at)))
      (if (i8x16.bitmask (v128.or (local.get $block) (local.get $before)))
        (then
          (local.set $errors
            (v128.or (local.get $errors) (call $utf8_errors (local.get $before) (local.get $block))))))
      (local.set $before (local.get $block))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br $next)))
  (local.set $block
    (i8x16.swizzle
      (v128.load $caller_memory (i32.sub (local.get $end) (i32.const 16)))
      (i8x16.add
        (v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
        (i8x16.splat (i32.sub (i32.const 16) (i32.sub (local.get $end) (local.get $at)))))))
  (if (v128.any_true
        (v128.or
          (v128.or (local.get $errors) (call $utf8_errors (local.get $before) (local.get $block)))
          (call $utf8_unfinished (local.get $block))))
    (then (unreachable))))

;; Not zero where a block is wrong, given the one before: three lookups by half bytes, of which each says what could be
;; wrong with a pair of bytes, and what must be the third or the fourth byte of a sequence. (Keiser and Lemire,
;; "Validating UTF-8 in less than one instruction per byte", 2021.)
(func $utf8_errors (param $before v128) (param $block v128) (result v128)
  (local $previous v128)
  (local.set $previous
    (i8x16.shuffle 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 (local.get $before) (local.get $block)))
  (v128.xor
    (v128.and
      (v128.or
        (i8x16.sub_sat_u
          (i8x16.shuffle 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 (local.get $before) (local.get $block))
          (i8x16.splat (i32.const 0x60)))
        (i8x16.sub_sat_u
          (i8x16.shuffle 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 (local.get $before) (local.get $block))
          (i8x16.splat (i32.const 0x70))))
      (i8x16.splat (i32.const 0x80)))
    (v128.and
      (v128.and
        (i8x16.swizzle
          (v128.const i8x16 2 2 2 2 2 2 2 2 0x80 0x80 0x80 0x80 0x21 0x01 0x15 0x49)
          (i8x16.shr_u (local.get $previous) (i32.const 4)))
        (i8x16.swizzle
          (v128.const i8x16 0xe7 0xa3 0x83 0x83 0x8b 0xcb 0xcb 0xcb 0xcb 0xcb 0xcb 0xcb 0xcb 0xdb 0xcb 0xcb)
          (v128.and (local.get $previous) (i8x16.splat (i32.const 15)))))
      (i8x16.swizzle
        (v128.const i8x16 1 1 1 1 1 1 1 1 0xe6 0xae 0xba 0xba 1 1 1 1)
        (i8x16.shr_u (local.get $block) (i32.const 4))))))

;; Not zero where the block ends within a sequence.
(func $utf8_unfinished (param $block v128) (result v128)
  (i8x16.sub_sat_u
    (local.get $block)
    (v128.const i8x16 255 255 255 255 255 255 255 255 255 255 255 255 255 0xef 0xdf 0xbf)))

(func $copy_string (param $to i32) (param $at i32) (param $size i32)
  (local $last i32) (local $to_last i32)
  (if (i32.gt_u (local.get $size) (i32.const 128))
    (then
      (memory.copy $callee_memory $caller_memory (local.get $to) (local.get $at) (local.get $size))
      (return)))
  (if (i32.ge_u (local.get $size) (i32.const 16))
    (then
      (local.set $last (i32.sub (local.get $size) (i32.const 16)))
      (v128.store $callee_memory
        (i32.add (local.get $to) (local.get $last))
        (v128.load $caller_memory (i32.add (local.get $at) (local.get $last))))
      (local.set $last (i32.add (local.get $at) (local.get $last)))
      (block $done
        (loop $next
          (br_if $done (i32.ge_u (local.get $at) (local.get $last)))
          (v128.store $callee_memory (local.get $to) (v128.load $caller_memory (local.get $at)))
          (local.set $at (i32.add (local.get $at) (i32.const 16)))
          (local.set $to (i32.add (local.get $to) (i32.const 16)))
          (br $next)))
      (return)))
  (if (i32.ge_u (local.get $size) (i32.const 8))
    (then
      (local.set $last (i32.sub (local.get $size) (i32.const 8)))
      (i64.store $callee_memory align=1 (local.get $to) (i64.load $caller_memory align=1 (local.get $at)))
      (i64.store $callee_memory align=1
        (i32.add (local.get $to) (local.get $last))
        (i64.load $caller_memory align=1 (i32.add (local.get $at) (local.get $last))))
      (return)))
  (block $done
    (loop $next
      (br_if $done (i32.eqz (local.get $size)))
      (i32.store8 $callee_memory (local.get $to) (i32.load8_u $caller_memory (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (local.set $to (i32.add (local.get $to) (i32.const 1)))
      (local.set $size (i32.sub (local.get $size) (i32.const 1)))
      (br $next))))

;; Of 8 to 16 bytes, which most strings have, all are seen and copied in two words.
(func $pass_string (param $at i32) (param $size i32) (result i32)
  (local $to i32) (local $left i32) (local $first i64) (local $last i64)
  (if (i32.ge_u (local.get $size) (i32.const 0x10000000)) (then (unreachable)))
  (if (i64.gt_u
        (i64.add (i64.extend_i32_u (local.get $at)) (i64.extend_i32_u (local.get $size)))
        (i64.shl (i64.extend_i32_u (memory.size $caller_memory)) (i64.const 16)))
    (then (unreachable)))
  (block $other
    (local.set $left (i32.sub (local.get $size) (i32.const 8)))
    (br_if $other (i32.gt_u (local.get $left) (i32.const 8)))
    (local.set $first (i64.load $caller_memory align=1 (local.get $at)))
    (local.set $last
      (i64.load $caller_memory align=1 (i32.add (local.get $at) (local.get $left))))
    (br_if $other
      (i64.ne
        (i64.and (i64.or (local.get $first) (local.get $last)) (i64.const 0x8080808080808080))
        (i64.const 0)))
    (local.set $to (call $callee_realloc (i32.const 0) (i32.const 0) (i32.const 1) (local.get $size)))
    (if (i64.gt_u
          (i64.add (i64.extend_i32_u (local.get $to)) (i64.extend_i32_u (local.get $size)))
          (i64.shl (i64.extend_i32_u (memory.size $callee_memory)) (i64.const 16)))
      (then (unreachable)))
    (i64.store $callee_memory align=1 (local.get $to) (local.get $first))
    (i64.store $callee_memory align=1 (i32.add (local.get $to) (local.get $left)) (local.get $last))
    (return (local.get $to)))
  (call $check_utf8 (local.get $at) (local.get $size))
  (local.set $to (call $callee_realloc (i32.const 0) (i32.const 0) (i32.const 1) (local.get $size)))
  (if (i64.gt_u
        (i64.add (i64.extend_i32_u (local.get $to)) (i64.extend_i32_u (local.get $size)))
        (i64.shl (i64.extend_i32_u (memory.size $callee_memory)) (i64.const 16)))
    (then (unreachable)))
  (call $copy_string (local.get $to) (local.get $at) (local.get $size))
  (local.get $to))
