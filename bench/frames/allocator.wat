;; An allocator that takes memory from one end to the other; its owner gives all of it back at once.
(global $@side@_top (mut i32) (i32.const 65536))
(func $@side@_reset (global.set $@side@_top (i32.const 65536)))
(func $@side@_realloc (param $old i32) (param $old_size i32) (param $alignment i32) (param $size i32) (result i32)
  (local $at i32)
  (if (i32.le_u (local.get $size) (local.get $old_size)) (then (return (local.get $old))))
  (local.set $at
    (i32.and
      (i32.add (global.get $@side@_top) (i32.sub (local.get $alignment) (i32.const 1)))
      (i32.sub (i32.const 0) (local.get $alignment))))
  (global.set $@side@_top (i32.add (local.get $at) (local.get $size)))
  (if (local.get $old_size)
    (then
      (memory.copy $@side@_memory $@side@_memory (local.get $at) (local.get $old) (local.get $old_size))))
  (local.get $at))
