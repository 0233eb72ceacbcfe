;; handles.wat -- the handle tables of all component instances, and the scopes of calls that lend or borrow.
;;
;; A component instance has one table, whatever the number of resource types. An entry lives at
;; `entries + 16 * handle`, so that a handle is an index and nothing is searched for:
;;
;;     header, at 16 * table    | entries | capacity | length  | free    |   free: most recently freed handle, 0: none
;;     entry                    | type    | rep      | scope   | lends   |   scope 0: an own handle; else a borrow's
;;     entry that is free       | 0       | next     | 0       | 0       |   next: handle freed before it, 0: none
;;
;; Memory is the headers, 16 bytes that stay free (so that no address is 0), and a heap that only grows. It holds
;; tables (a table that grows is copied to twice its size) and cells of 16 bytes, which are used again:
;;
;;     scope                    | borrows | lends   |              a call: borrow handles it gave, list of lends
;;     lend                     | next    | table   | handle |     an entry that may not be removed before the call ends
;;
;; Entry 0 is never written, so that handle 0 looks like a free one. Table.MAX_LENGTH is 2^28 - 1 entries, or 4 GiB of
;; this memory: it always runs out first.
;;
;; What every handle that crosses needs is in three functions without calls, `find`, `reuse` and `take`, which adapters
;; have inline. They give up where something is wrong or seldom, and a function that does it all is called then.
;;
;; Requires  `type` and `scope` are not 0; `table` is less than table_count; a scope is left once; the memory is large
;;           enough for the headers from the start.
;; Provides  resource.new, resource.rep, resource.drop; own and borrow handles lifted and lowered; scopes of calls.
;; Spec      CanonicalABI.md: Table, ResourceHandle, lift_own, lift_borrow, lower_own, lower_borrow,
;;           canon_resource_new, canon_resource_drop, canon_resource_rep; Task.num_borrows, Subtask.lenders.
(module $handles
  (import "meld" "table_count" (global $table_count i32))
  (memory $memory (export "memory") 1)

  (global $heap (mut i32) (i32.const 0))  ;; where it ends; 0: nothing has been allocated, and all tables are empty
  (global $cells (mut i32) (i32.const 0)) ;; list of free cells, linked by their first field

  (func $"trap: unknown handle index" unreachable)
  (func $"trap: handle index used with the wrong type, expected guest-defined resource but found a different guest-defined resource"
    unreachable)
  (func $"trap: cannot remove owned resource while borrowed" unreachable)
  (func $"trap: cannot lift own resource from a borrow" unreachable)
  (func $"trap: borrow handles still remain at the end of the call" unreachable)
  (func $"trap: out of memory for handles" unreachable)

  ;; Address of the entry `handle`, which may be free.
  (func $entry_at (param $table i32) (param $handle i32) (result i32)
    (i32.add
      (i32.load (i32.shl (local.get $table) (i32.const 4)))
      (i32.shl (local.get $handle) (i32.const 4))))

  ;; Zeroed memory, `size` a multiple of 16. The first call puts the heap behind the headers; it can't be done before, for
  ;; table_count may be defined after this module's globals.
  (func $allocate (param $size i32) (result i32)
    (local $address i32) (local $end i64) (local $missing i64)
    (if (i32.eqz (global.get $heap))
      (then (global.set $heap (i32.shl (i32.add (global.get $table_count) (i32.const 1)) (i32.const 4)))))
    (local.set $address (global.get $heap))
    (local.set $end (i64.add (i64.extend_i32_u (local.get $address)) (i64.extend_i32_u (local.get $size))))
    (if (i64.gt_u (local.get $end) (i64.const 0xffff_fff0))
      (then (call $"trap: out of memory for handles") (unreachable)))
    (local.set $missing
      (i64.sub
        (i64.shr_u (i64.add (local.get $end) (i64.const 0xffff)) (i64.const 16))
        (i64.extend_i32_u (memory.size))))
    (if (i64.gt_s (local.get $missing) (i64.const 0))
      (then
        (if (i32.eq (memory.grow (i32.wrap_i64 (local.get $missing))) (i32.const -1))
          (then (call $"trap: out of memory for handles") (unreachable)))))
    (global.set $heap (i32.wrap_i64 (local.get $end)))
    (local.get $address))

  (func $new_cell (result i32)
    (local $cell i32)
    (local.set $cell (global.get $cells))
    (if (local.get $cell)
      (then
        (global.set $cells (i32.load (local.get $cell)))
        (return (local.get $cell))))
    (call $allocate (i32.const 16)))

  (func $free_cell (param $cell i32)
    (i32.store (local.get $cell) (global.get $cells))
    (global.set $cells (local.get $cell)))

  ;; Doubles the room of a table.
  (func $grow_table (param $header i32)
    (local $capacity i32) (local $entries i32)
    (local.set $capacity (i32.load offset=4 (local.get $header)))
    (if (i32.ge_u (local.get $capacity) (i32.const 0x800_0000)) ;; twice as many entries are 4 GiB
      (then (call $"trap: out of memory for handles") (unreachable)))
    (local.set $entries
      (call $allocate
        (select
          (i32.shl (local.get $capacity) (i32.const 5))
          (i32.const 128)
          (local.get $capacity))))
    (memory.copy
      (local.get $entries)
      (i32.load (local.get $header))
      (i32.shl (local.get $capacity) (i32.const 4)))
    (i32.store (local.get $header) (local.get $entries))
    (i32.store offset=4 (local.get $header)
      (select
        (i32.shl (local.get $capacity) (i32.const 1))
        (i32.const 8)
        (local.get $capacity))))

  ;; Address of the entry `handle`; 0 where there is none of type `type`.
  (func $find (param $table i32) (param $handle i32) (param $type i32) (result i32)
    (local $header i32) (local $entry i32)
    (local.set $header (i32.shl (local.get $table) (i32.const 4)))
    (if (result i32) (i32.lt_u (local.get $handle) (i32.load offset=8 (local.get $header)))
      (then
        (local.set $entry (i32.add (i32.load (local.get $header)) (i32.shl (local.get $handle) (i32.const 4))))
        (if (result i32) (i32.eq (i32.load (local.get $entry)) (local.get $type))
          (then (local.get $entry))
          (else (i32.const 0))))
      (else (i32.const 0))))

  ;; resource_rep of an entry that is there. Else it comes to its end, where whoever has it inline says what is wrong.
  (func (export "find_rep") (param $table i32) (param $handle i32) (param $type i32) (result (;rep;) i32)
    (local $header i32) (local $entry i32)
    (local.set $header (i32.shl (local.get $table) (i32.const 4)))
    (block $none
      (br_if $none (i32.ge_u (local.get $handle) (i32.load offset=8 (local.get $header))))
      (local.set $entry (i32.add (i32.load (local.get $header)) (i32.shl (local.get $handle) (i32.const 4))))
      (br_if $none (i32.ne (i32.load (local.get $entry)) (local.get $type)))
      (br 1 (i32.load offset=4 (local.get $entry))))
    (unreachable))

  ;; An own handle in the place that was freed last; 0 where none is free.
  (func $reuse (export "reuse") (param $table i32) (param $type i32) (param $rep i32) (result i32)
    (local $header i32) (local $handle i32) (local $entry i32)
    (local.set $header (i32.shl (local.get $table) (i32.const 4)))
    (local.set $handle (i32.load offset=12 (local.get $header)))
    (if (local.get $handle)
      (then
        (local.set $entry (i32.add (i32.load (local.get $header)) (i32.shl (local.get $handle) (i32.const 4))))
        (i32.store offset=12 (local.get $header) (i32.load offset=4 (local.get $entry)))
        (i32.store (local.get $entry) (local.get $type))
        (i32.store offset=4 (local.get $entry) (local.get $rep))))
    (local.get $handle))

  ;; Removes an own handle that is not lent, and gives its representation; -1 where `handle` is not one of type `type`.
  (func $take (export "take") (param $table i32) (param $handle i32) (param $type i32) (result i64)
    (local $header i32) (local $entry i32) (local $rep i64)
    (local.set $rep (i64.const -1))
    (local.set $header (i32.shl (local.get $table) (i32.const 4)))
    (if (i32.lt_u (local.get $handle) (i32.load offset=8 (local.get $header)))
      (then
        (local.set $entry (i32.add (i32.load (local.get $header)) (i32.shl (local.get $handle) (i32.const 4))))
        (if (i32.eq (i32.load (local.get $entry)) (local.get $type))
          (then
            (if (i64.eqz (i64.load offset=8 (local.get $entry)))
              (then
                (local.set $rep (i64.load32_u offset=4 (local.get $entry)))
                (i32.store (local.get $entry) (i32.const 0))
                (i32.store offset=4 (local.get $entry) (i32.load offset=12 (local.get $header)))
                (i32.store offset=12 (local.get $header) (local.get $handle))))))))
    (local.get $rep))

  ;; Table.get: address of the entry `handle`, which must be there and of type `type`.
  (func $get (param $table i32) (param $handle i32) (param $type i32) (result i32)
    (local $entry i32)
    (local.set $entry (call $find (local.get $table) (local.get $handle) (local.get $type)))
    (if (i32.eqz (local.get $entry))
      (then (call $refuse (local.get $table) (local.get $handle)) (unreachable)))
    (local.get $entry))

  ;; Says what is wrong with a handle that is not there with the type that was asked for.
  (func $refuse (export "refuse") (param $table i32) (param $handle i32)
    (if (i32.lt_u (local.get $handle) (i32.load offset=8 (i32.shl (local.get $table) (i32.const 4))))
      (then
        (if (i32.load (call $entry_at (local.get $table) (local.get $handle)))
          (then
            (call $"trap: handle index used with the wrong type, expected guest-defined resource but found a different guest-defined resource")
            (unreachable)))))
    (call $"trap: unknown handle index"))

  ;; canon_resource_new, and lower_own. Table.add: the handle freed last is used again first; else the table gets longer.
  (func $resource_new (export "resource_new") (param $table i32) (param $type i32) (param $rep i32) (result i32)
    (local $header i32) (local $handle i32) (local $entry i32)
    (local.set $handle (call $reuse (local.get $table) (local.get $type) (local.get $rep)))
    (if (local.get $handle) (then (return (local.get $handle))))
    (local.set $header (i32.shl (local.get $table) (i32.const 4)))
    (local.set $handle (i32.load offset=8 (local.get $header)))
    (if (i32.eqz (local.get $handle))
      (then (local.set $handle (i32.const 1))))
    (if (i32.ge_u (local.get $handle) (i32.load offset=4 (local.get $header)))
      (then (call $grow_table (local.get $header))))
    (i32.store offset=8 (local.get $header) (i32.add (local.get $handle) (i32.const 1)))
    (local.set $entry (call $entry_at (local.get $table) (local.get $handle)))
    (i32.store (local.get $entry) (local.get $type))
    (i32.store offset=4 (local.get $entry) (local.get $rep))
    (local.get $handle))

  ;; canon_resource_rep; also lift_borrow where nothing can remove the entry before the call ends.
  (func (export "resource_rep") (param $table i32) (param $handle i32) (param $type i32) (result i32)
    (i32.load offset=4 (call $get (local.get $table) (local.get $handle) (local.get $type))))

  ;; lift_own
  (func (export "lift_own") (param $table i32) (param $handle i32) (param $type i32) (result (;rep;) i32)
    (local $rep i64)
    (local.set $rep (call $take (local.get $table) (local.get $handle) (local.get $type)))
    (if (i64.lt_s (local.get $rep) (i64.const 0))
      (then
        (if (i32.load offset=12 (call $get (local.get $table) (local.get $handle) (local.get $type)))
          (then (call $"trap: cannot remove owned resource while borrowed") (unreachable)))
        (call $"trap: cannot lift own resource from a borrow")
        (unreachable)))
    (i32.wrap_i64 (local.get $rep)))

  ;; canon_resource_drop, but for the destructor, which the caller runs with `rep` if `is_own` is 1.
  (func (export "resource_drop") (param $table i32) (param $handle i32) (param $type i32)
    (result (;is_own;) i32 (;rep;) i32)
    (local $rep i64) (local $entry i32) (local $scope i32)
    (local.set $rep (call $take (local.get $table) (local.get $handle) (local.get $type)))
    (if (i64.ge_s (local.get $rep) (i64.const 0))
      (then (return (i32.const 1) (i32.wrap_i64 (local.get $rep)))))
    (local.set $entry (call $get (local.get $table) (local.get $handle) (local.get $type)))
    (if (i32.load offset=12 (local.get $entry))
      (then (call $"trap: cannot remove owned resource while borrowed") (unreachable)))
    (local.set $scope (i32.load offset=8 (local.get $entry))) ;; it is a borrow
    (i32.store (local.get $scope) (i32.sub (i32.load (local.get $scope)) (i32.const 1)))
    (i32.store offset=8 (local.get $entry) (i32.const 0))
    (i32.const 0)
    (i32.wrap_i64 (call $take (local.get $table) (local.get $handle) (local.get $type))))

  ;; lift_borrow: Subtask.add_lender. The lend names the entry, not its address, for the table may be moved.
  (func (export "lift_borrow") (param $table i32) (param $handle i32) (param $type i32) (param $scope i32)
    (result (;rep;) i32)
    (local $entry i32) (local $lend i32)
    (local.set $entry (call $get (local.get $table) (local.get $handle) (local.get $type)))
    (local.set $lend (call $new_cell))
    (i32.store (local.get $lend) (i32.load offset=4 (local.get $scope)))
    (i32.store offset=4 (local.get $lend) (local.get $table))
    (i32.store offset=8 (local.get $lend) (local.get $handle))
    (i32.store offset=4 (local.get $scope) (local.get $lend))
    (i32.store offset=12 (local.get $entry)
      (i32.add (i32.load offset=12 (local.get $entry)) (i32.const 1)))
    (i32.load offset=4 (local.get $entry)))

  ;; lower_borrow, into an instance that does not define the resource.
  (func (export "lower_borrow") (param $table i32) (param $type i32) (param $rep i32) (param $scope i32)
    (result (;handle;) i32)
    (local $handle i32)
    (i32.store (local.get $scope) (i32.add (i32.load (local.get $scope)) (i32.const 1)))
    (local.set $handle (call $resource_new (local.get $table) (local.get $type) (local.get $rep)))
    (i32.store offset=8 (call $entry_at (local.get $table) (local.get $handle)) (local.get $scope))
    (local.get $handle))

  ;; The Task and Subtask of one call.
  (func (export "scope_enter") (result (;scope;) i32)
    (local $scope i32)
    (local.set $scope (call $new_cell))
    (i64.store (local.get $scope) (i64.const 0))
    (local.get $scope))

  ;; Task.return_ traps while borrow handles remain.
  (func $scope_check (export "scope_check") (param $scope i32)
    (if (i32.load (local.get $scope))
      (then (call $"trap: borrow handles still remain at the end of the call") (unreachable))))

  ;; The same, and Subtask.deliver_resolve: the lends end.
  (func (export "scope_leave") (param $scope i32)
    (local $lend i32) (local $next i32) (local $entry i32)
    (call $scope_check (local.get $scope))
    (local.set $lend (i32.load offset=4 (local.get $scope)))
    (block $done
      (loop $lends
        (br_if $done (i32.eqz (local.get $lend)))
        (local.set $entry
          (call $entry_at (i32.load offset=4 (local.get $lend)) (i32.load offset=8 (local.get $lend))))
        (i32.store offset=12 (local.get $entry)
          (i32.sub (i32.load offset=12 (local.get $entry)) (i32.const 1)))
        (local.set $next (i32.load (local.get $lend)))
        (call $free_cell (local.get $lend))
        (local.set $lend (local.get $next))
        (br $lends)))
    (call $free_cell (local.get $scope)))
)
