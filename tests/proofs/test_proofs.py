#!/usr/bin/env python3
"""Each proof of src/fuse/proofs.def where it holds, and where it must not be used.

Where it holds, the fused core module is looked at: what it would have otherwise is not there. Where it must not be
used, the program says so itself, by its result or its trap, which are those of the unfused component in wasmtime.

Requires  MELD in the environment, wasm-tools in PATH.
Exit      0, or 1 when something is wrong.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import wasmtime
import wasmtime.component

MELD = os.environ["MELD"]
PROOFS = pathlib.Path(__file__).resolve().parents[2] / "src" / "fuse" / "proofs.def"
LIBC = """(memory (export "memory") 1) (global $top (mut i32) (i32.const 1024))
  (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))
    (global.set $top (i32.add (local.get $at) (local.get 3)))
    (local.get $at))"""
OPTIONS = '(memory (core memory $m "memory")) (realloc (core func $m "realloc"))'


def pair(signature, core, callee, caller, lift=OPTIONS, lower='(memory (core memory $libc "memory"))', types=""):
    """A component whose `run` calls the function f of another."""
    given = re.sub(r"\(type \$(\w+) (.*?)\)\n", r"""(type $\1' \2) (import "\1" (type $\1 (eq $\1')))""" + "\n", types)
    made = re.sub(r"\(type \$(\w+) (.*?)\)\n", r"""(type $\1' \2) (export $\1 "\1" (type $\1'))""" + "\n", types)
    arguments = " ".join(f'(with "{name}" (type $b "{name}"))' for name in re.findall(r"\(type \$(\w+) ", types))
    return f"""(component
  (component $b {made}
    (core module $m {LIBC} {callee})
    (core instance $m (instantiate $m))
    (func (export "f") {signature} (canon lift (core func $m "f") {lift})))
  (component $a {given}
    (import "f" (func $f {signature}))
    (core module $libc {LIBC})
    (core instance $libc (instantiate $libc))
    (core func $f (canon lower (func $f) {lower}))
    (core module $m (import "libc" "memory" (memory 1)) (import "" "f" (func $f {core}))
      (func (export "run") (result i32) {caller}))
    (core instance $m (instantiate $m (with "libc" (instance $libc)) (with "" (instance (export "f" (func $f))))))
    (func (export "run") (result u32) (canon lift (core func $m "run"))))
  (instance $b (instantiate $b))
  (instance $a (instantiate $a (with "f" (func $b "f")) {arguments}))
  (export "run" (func $a "run")))"""


def through_table(shim, fixups, start=""):
    """`run` calls f, which gives 1, through what `shim` exports; g gives 2. `fixups` are put in after the caller."""
    fill = "".join(f'(core module $x{i} (import "" "f" (func $f (result i32))) (import "" "g" (func $g (result i32)))'
                   f' (import "" "table" (table 1 funcref)) {fixup})'
                   f'(core instance $x{i} (instantiate $x{i} (with "" (instance (export "f" (func $f))'
                   f' (export "g" (func $g)) (export "table" (table $shim "table"))))))' for i, fixup in enumerate(fixups))
    return f"""(component
  (component $b
    (core module $m (func (export "f") (result i32) (i32.const 1)) (func (export "g") (result i32) (i32.const 2)))
    (core instance $m (instantiate $m))
    (func (export "f") (result u32) (canon lift (core func $m "f")))
    (func (export "g") (result u32) (canon lift (core func $m "g"))))
  (instance $b (instantiate $b))
  (core func $f (canon lower (func $b "f")))
  (core func $g (canon lower (func $b "g")))
  (core module $shim (type $t (func (result i32))) (table (export "table") 2 2 funcref) {shim})
  (core instance $shim (instantiate $shim))
  (core module $m (import "" "f" (func $f (result i32))) {start}
    (func (export "run") (result i32) (call $f)))
  (core instance $m (instantiate $m (with "" (instance $shim))))
  {fill}
  (func (export "run") (result u32) (canon lift (core func $m "run"))))"""


CALL = '(func (export "f") (result i32) (call_indirect (type $t) (i32.const 0)))'

REENTERED = """(component
  (core module $p (type $t (func (result i32))) (table (export "table") 1 funcref)
    (func (export "back") (result i32) (call_indirect (type $t) (i32.const 0))))
  (core instance $p (instantiate $p))
  (func $back (result u32) (canon lift (core func $p "back")))
  (component $b (import "back" (func $back (result u32))) (core func $back (canon lower (func $back)))
    (core module $m (import "" "back" (func $back (result i32))) (func (export "f") (result i32) (call $back)))
    (core instance $m (instantiate $m (with "" (instance (export "back" (func $back))))))
    (func (export "f") (result u32) (canon lift (core func $m "f"))))
  (instance $b (instantiate $b (with "back" (func $back))))
  (component $a (import "f" (func $f (result u32))) (core func $f (canon lower (func $f)))
    (core module $m (import "" "f" (func $f (result i32)))
      (func (export "run") (result i32) (call $f)) (func (export "g") (result i32) (i32.const 1)))
    (core instance $m (instantiate $m (with "" (instance (export "f" (func $f))))))
    (func (export "run") (result u32) (canon lift (core func $m "run")))
    (func (export "g") (result u32) (canon lift (core func $m "g"))))
  (instance $a (instantiate $a (with "f" (func $b "f"))))
  (core func $g (canon lower (func $a "g")))
  (core module $fill (import "" "g" (func $g (result i32))) (import "" "table" (table 1 funcref))
    (elem (i32.const 0) func $g))
  (core instance $fill (instantiate $fill
    (with "" (instance (export "g" (func $g)) (export "table" (table $p "table"))))))
  (export "run" (func $a "run")))"""

LENT_TO_A_CHILD = """(component
  (component $d (type $r' (resource (rep i32))) (export $r "r" (type $r')) (core func $new (canon resource.new $r'))
    (core module $m (import "" "new" (func $new (param i32) (result i32)))
      (func (export "make") (result i32) (call $new (i32.const 7))))
    (core instance $m (instantiate $m (with "" (instance (export "new" (func $new))))))
    (func (export "make") (result (own $r)) (canon lift (core func $m "make"))))
  (instance $d (instantiate $d)) (alias export $d "r" (type $r))
  (core func $make (canon lower (func $d "make"))) (core func $drop (canon resource.drop $r))
  (core module $p (import "" "make" (func $make (result i32))) (import "" "drop" (func $drop (param i32)))
    (type $t (func (param i32) (result i32))) (table (export "table") 1 funcref) (global $h (mut i32) (i32.const 0))
    (func (export "back") (call $drop (global.get $h)))
    (func (export "run") (result i32) (global.set $h (call $make))
      (call_indirect (type $t) (global.get $h) (i32.const 0))))
  (core instance $p (instantiate $p (with "" (instance (export "make" (func $make)) (export "drop" (func $drop))))))
  (func $back (canon lift (core func $p "back")))
  (component $c (import "r" (type $r (sub resource))) (import "back" (func $back))
    (core func $back (canon lower (func $back))) (core func $drop (canon resource.drop $r))
    (core module $m (import "" "back" (func $back)) (import "" "drop" (func $drop (param i32)))
      (func (export "f") (param i32) (result i32) (call $back) (call $drop (local.get 0)) (i32.const 7)))
    (core instance $m (instantiate $m (with "" (instance (export "back" (func $back)) (export "drop" (func $drop))))))
    (func (export "f") (param "x" (borrow $r)) (result u32) (canon lift (core func $m "f"))))
  (instance $c (instantiate $c (with "r" (type $r)) (with "back" (func $back))))
  (core func $f (canon lower (func $c "f")))
  (core module $fill (import "" "f" (func $f (param i32) (result i32))) (import "" "table" (table 1 funcref))
    (elem (i32.const 0) func $f))
  (core instance (instantiate $fill (with "" (instance (export "f" (func $f)) (export "table" (table $p "table"))))))
  (func (export "run") (result u32) (canon lift (core func $p "run"))))"""

LEFT_IN_REALLOC = """(component
  (component $c (core module $m (func (export "g"))) (core instance $m (instantiate $m))
    (func (export "g") (canon lift (core func $m "g"))))
  (component $b (import "g" (func $g)) (core func $g (canon lower (func $g)))
    (core module $m (import "" "g" (func $g)) (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (call $g) (i32.const 0))
      (func (export "f") (param i32 i32)))
    (core instance $m (instantiate $m (with "" (instance (export "g" (func $g))))))
    (func (export "f") (param "s" string) (canon lift (core func $m "f")
      (memory (core memory $m "memory")) (realloc (core func $m "realloc")))))
  (component $a (import "f" (func $f (param "s" string)))
    (core module $libc (memory (export "memory") 1)) (core instance $libc (instantiate $libc))
    (core func $f (canon lower (func $f) (memory (core memory $libc "memory"))))
    (core module $m (import "" "f" (func $f (param i32 i32)))
      (func (export "run") (result i32) (call $f (i32.const 0) (i32.const 1)) (i32.const 0)))
    (core instance $m (instantiate $m (with "" (instance (export "f" (func $f))))))
    (func (export "run") (result u32) (canon lift (core func $m "run"))))
  (instance $c (instantiate $c))
  (instance $b (instantiate $b (with "g" (func $c "g"))))
  (instance $a (instantiate $a (with "f" (func $b "f"))))
  (export "run" (func $a "run")))"""


def with_resource(parameters, arguments, count):
    """f takes handles of a resource of its own; each of `arguments` is the handle $h or made anew. It gives the sum of
    the representations, which are 7."""
    return f"""(component
  (component $b
    (type $r' (resource (rep i32))) (export $r "r" (type $r'))
    (core func $new (canon resource.new $r')) (core func $rep (canon resource.rep $r'))
    (core module $m (import "" "new" (func $new (param i32) (result i32)))
      (import "" "rep" (func $rep (param i32) (result i32)))
      (func (export "new") (result i32) (call $new (i32.const 7)))
      (func (export "f") (param {"i32 " * count}) (result i32)
        {"(local.get 0)" if count == 1 else "(i32.add (local.get 0) (call $rep (local.get 1)))"}))
    (core instance $m (instantiate $m (with "" (instance (export "new" (func $new)) (export "rep" (func $rep))))))
    (func (export "new") (result (own $r)) (canon lift (core func $m "new")))
    (func (export "f") {parameters} (result u32) (canon lift (core func $m "f"))))
  (component $a
    (import "r" (type $r (sub resource)))
    (import "new" (func $new (result (own $r)))) (import "f" (func $f {parameters} (result u32)))
    (core func $new (canon lower (func $new))) (core func $f (canon lower (func $f)))
    (core module $m (import "" "new" (func $new (result i32)))
      (import "" "f" (func $f (param {"i32 " * count}) (result i32)))
      (func (export "run") (result i32) (local $h i32) (local.set $h (call $new)) (call $f {arguments})))
    (core instance $m (instantiate $m (with "" (instance (export "new" (func $new)) (export "f" (func $f))))))
    (func (export "run") (result u32) (canon lift (core func $m "run"))))
  (instance $b (instantiate $b))
  (instance $a (instantiate $a (with "r" (type $b "r")) (with "new" (func $b "new")) (with "f" (func $b "f"))))
  (export "run" (func $a "run")))"""


BORROW = '(param "self" (borrow $r))'


def with_host(signature, core, body, lower='(memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))'):
    """`run` calls a function of the host. The handle of the host's resource makes it use a memory of its own."""
    return f"""(component
  (import "f" (func $f {signature}))
  (core module $libc {LIBC})
  (core instance $libc (instantiate $libc))
  (core module $other (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 8)) (func (export "g") (param i32 i32)))
  (core instance $other (instantiate $other))
  (func (export "another-memory") (param "s" string) (canon lift (core func $other "g")
    (memory (core memory $other "memory")) (realloc (core func $other "realloc"))))
  (core func $f (canon lower (func $f) {lower}))
  (core module $m (import "libc" "memory" (memory 1)) (import "" "f" (func $f {core}))
    (func (export "run") (result i32) {body}))
  (core instance $m (instantiate $m (with "libc" (instance $libc)) (with "" (instance (export "f" (func $f))))))
  (func (export "run") (result u32) (canon lift (core func $m "run"))))"""


def two_counters():
    return """(component
  (component $c (core module $m (global $n (mut i32) (i32.const 0))
      (func $step (result i32) (i32.const 1))
      (func (export "f") (result i32) (global.set $n (i32.add (global.get $n) (call $step))) (global.get $n)))
    (core instance $m (instantiate $m))
    (func (export "f") (result u32) (canon lift (core func $m "f"))))
  (instance $x (instantiate $c)) (instance $y (instantiate $c))
  (core func $f (canon lower (func $x "f"))) (core func $g (canon lower (func $y "f")))
  (core module $m (import "" "f" (func $f (result i32))) (import "" "g" (func $g (result i32)))
    (func (export "run") (result i32) (drop (call $f)) (drop (call $f))
      (i32.add (i32.mul (call $f) (i32.const 10)) (call $g))))
  (core instance $m (instantiate $m (with "" (instance (export "f" (func $f)) (export "g" (func $g))))))
  (func (export "run") (result u32) (canon lift (core func $m "run"))))"""


def alone(module):
    return f"""(component (core module $m {module}) (core instance $m (instantiate $m))
  (func (export "run") (result u32) (canon lift (core func $m "run"))))"""


ZEROS = "\\00" * 40


def zeros_in(segments, second=51):
    """`run` gives the sum of what is at 9 and at `second`, 16 bits each."""
    return alone(f'(memory 1) {segments.replace("@zeros@", ZEROS)} (func (export "run") (result i32)'
                 f' (i32.add (i32.load16_u (i32.const 9)) (i32.load16_u (i32.const {second}))))')


def zeros_in_another():
    return f"""(component
  (core module $first (memory (export "memory") 1) (func $s (i32.store16 (i32.const 9) (i32.const 0x6261))) (start $s))
  (core instance $first (instantiate $first))
  (core module $m (import "" "memory" (memory 1)) (data (i32.const 8) "{ZEROS}cd")
    (func (export "run") (result i32) (i32.add (i32.load16_u (i32.const 9)) (i32.load16_u (i32.const 48)))))
  (core instance $m (instantiate $m (with "" (instance $first))))
  (func (export "run") (result u32) (canon lift (core func $m "run"))))"""


NUMBER = pair('(param "x" u32) (result u32)', "(param i32) (result i32)",
              '(func (export "f") (param i32) (result i32) (local.get 0))', "(call $f (i32.const 257))", "", "")
NARROW = pair('(param "x" u8) (result u32)', "(param i32) (result i32)",
              '(func (export "f") (param i32) (result i32) (local.get 0))', "(call $f (i32.const 257))", "", "")
FIRST_TWO = '(func (export "f") (param i32 i32) (result i32) (i32.load16_u (local.get 0)))'


def string_of(stored, count):
    return pair('(param "s" string) (result u32)', "(param i32 i32) (result i32)", FIRST_TWO,
                f"(i32.store16 (i32.const 16) (i32.const {stored})) (call $f (i32.const 16) (i32.const {count}))")


def list_of(element, stored, count, callee=FIRST_TWO):
    return pair(f'(param "l" (list {element})) (result u32)', "(param i32 i32) (result i32)", callee,
                f"(i64.store (i32.const 16) (i64.const {stored})) (call $f (i32.const 16) (i32.const {count}))")


# Where wasmtime 50 does not do what the specification asks (may_enter_from).
NOT_IN_WASMTIME = ("one calls another, which calls its parent, which calls the first",)

STRING = string_of(0x6261, 2)

# A record with padding after its first field; the callee's memory is zero there, the caller's is not.
PADDED = pair('(param "l" (list $p)) (result u32)', "(param i32 i32) (result i32)",
              '(func (export "f") (param i32 i32) (result i32) (i32.or (i32.load (local.get 0)) '
              "(i32.shl (i32.load offset=4 (local.get 0)) (i32.const 8))))",
              "(i64.store (i32.const 16) (i64.const 0x05aaaaaa03)) (call $f (i32.const 16) (i32.const 1))",
              types='(type $p (record (field "a" u8) (field "b" u32)))\n')


def spilled(fields, sum_of, stores):
    """17 and more parameters, so that they cross from memory to memory."""
    parameters = " ".join(f'(param "p{i}" {field})' for i, field in enumerate(fields))
    return pair(f"{parameters} (result u32)", "(param i32) (result i32)",
                f'(func (export "f") (param i32) (result i32) {sum_of})', f"{stores} (call $f (i32.const 16))")


BYTES = spilled(["u8"] * 24, "(i32.add (i32.load8_u offset=23 (local.get 0)) (i32.load8_u offset=8 (local.get 0)))",
                "(i32.store8 offset=23 (i32.const 16) (i32.const 5)) (i32.store8 offset=8 (i32.const 16) (i32.const 6))")
BOOLEAN = spilled(["u8"] * 8 + ["bool"] + ["u8"] * 15, "(i32.load8_u offset=8 (local.get 0))",
                  "(i64.store offset=8 (i32.const 16) (i64.const 0x02))")
GAP = spilled(["u8"] * 17 + ["u16"] * 3, "(i32.load offset=16 (local.get 0))",
              "(i32.store offset=16 (i32.const 16) (i32.const 0x0003aa02))")

GIVES_OPTION = ('(result (option u32))', "(param i32)", "(call $f (i32.const 16)) (i32.load offset=4 (i32.const 16))")
TAKES_OPTION = ('(param "o" (option string))', "(param i32 i32 i32)",
                "(call $f (i32.const 2) (i32.const 16) (i32.const 1)) (i32.const 0)")
TAKES_STRING = ('(param "s" string)', "(param i32 i32)",
                "(i32.store8 (i32.const 16) (i32.const 0xff)) (call $f (i32.const 16) (i32.const 1)) (i32.const 0)")
TAKES_TEXT = ('(param "s" string)', "(param i32 i32)",
              "(i32.store8 (i32.const 16) (i32.const 0x61)) (call $f (i32.const 16) (i32.const 1)) (i32.const 5)")
ONE_MEMORY = """(component (core module $m (memory (export "memory") 1)
    (func (export "run") (result i32) (i32.store (i32.const 8) (i32.const 16)) (i32.const 8))) (core instance $m (instantiate $m))
  (func (export "run") (result string) (canon lift (core func $m "run") (memory (core memory $m "memory")))))"""


HOST_TEXT = """(component (core module $m (memory (export "memory") 1) (func (export "realloc") (param i32 i32 i32 i32)
    (result i32) (i32.const 8)) (func (export "run") (param i32 i32) (result i32) (local.get 1))) (core instance $m (instantiate $m))
  (func (export "run") (param "s" string) (result u32) (canon lift (core func $m "run") (memory (core memory $m "memory"))
    (realloc (core func $m "realloc")))))"""
HOST_RESULT = """(component (core module $m (memory (export "memory") 1) (func $post (export "post") (param i32))
    (func (export "run") (result i32) (i32.store (i32.const 8) (i32.const 16)) (i32.const 8))) (core instance $m (instantiate $m))
  (func (export "run") (result string) (canon lift (core func $m "run") (memory (core memory $m "memory"))
    (post-return (core func $m "post")))))"""


def has(*words):
    return lambda text: all(word in text for word in words)


def lacks(*words):
    return lambda text: not any(word in text for word in words)


def has_no_adapter(text):
    return not re.search(r"root\S* calls root", text)


def data_is(segments):
    """These are the data segments of one memory: text, as it is printed, by address."""
    def look(text):
        found = re.findall(r'\(data \(;\d+;\) \(i32\.const (\d+)\) "([^"]*)"\)', text)
        return {int(at): content for at, content in found} == segments
    return look


def adapter_lacks(*words):
    def look(text):
        return not any(word in adapter for adapter in re.findall(r'\(func \$"\S+ calls .*?\n  \)', text, re.DOTALL) for word in words)
    return look


def looks_inline(text):
    """The adapter itself says what is wrong, beside the function that looks handles up."""
    return text.count("call $refuse") > 1


def moves_strings_inline(text):
    """The adapter loads and stores words of a string, beside the function that takes any string."""
    return any("call $utf8_to_utf8" in function and "i64.store" in function for function in text.split("(func $"))


def memories(count):
    return lambda text: len(re.findall(r"^  \(memory ", text, re.MULTILINE)) == count


# proof, what, component, what `run` gives or says when it traps (None: not run), what the fused module looks like
CASES = (
    ("enter", "no way back", STRING, 0x6261, lacks("cannot enter")),
    ("enter", "one calls another, which calls its parent, which calls the first", REENTERED, "cannot enter component instance",
     has("cannot enter")),
    ("leave", "a realloc that only counts", STRING, 0x6261, lacks("cannot leave")),
    ("leave", "a realloc that calls another component", LEFT_IN_REALLOC, "cannot leave component instance",
     has("cannot leave")),
    ("lend", "a borrow alone", with_resource(BORROW, "(local.get $h)", 1), 7, lacks("scope_check")),
    ("lend", "a borrow, and another that is given away",
     with_resource(f'{BORROW} (param "o" (own $r))', "(local.get $h) (call $new)", 2), 14, has("scope_check")),
    ("lend", "a borrow of what the same call gives away",
     with_resource(f'{BORROW} (param "o" (own $r))', "(local.get $h) (local.get $h)", 2),
     "cannot remove owned resource while borrowed", has("scope_check")),
    ("lend", "a borrow for a child, which calls its parent, which drops the handle", LENT_TO_A_CHILD,
     "cannot remove owned resource while borrowed", has("scope_check")),
    ("direct", "numbers of 32 bits", NUMBER, 257, has_no_adapter),
    ("direct", "a number of 8 bits, of which more are given", NARROW, 1, lambda text: not has_no_adapter(text)),
    ("direct", "a string that the host gives, in the guest's own memory", HOST_TEXT, None, lacks("host calls")),
    ("direct", "one with a post-return that the host calls", HOST_RESULT, None, has('(export "cabi_post_run" (func $post))')),
    ("tables", "filled once", through_table(CALL, ["(elem (i32.const 0) func $f)"]), 1, lacks("call_indirect")),
    ("tables", "called by a start function before it is filled",
     through_table(CALL, ["(elem (i32.const 0) func $f)"], "(func $s (drop (call $f))) (start $s)"),
     "uninitialized element", has("call_indirect")),
    ("tables", "filled twice", through_table(CALL, ["(elem (i32.const 0) func $f)", "(elem (i32.const 0) func $g)"]),
     2, has("call_indirect")),
    ("tables", "written by code",
     through_table(CALL, ["(elem (i32.const 0) func $f)",
                          "(elem declare func $g) (func $s (table.set (i32.const 0) (ref.func $g))) (start $s)"]),
     2, has("call_indirect")),
    ("tables", "a place that stays empty", through_table(CALL, ["(elem (i32.const 1) func $f)"]),
     "uninitialized element", has("call_indirect")),
    ("tables", "of another type than the call's",
     through_table(CALL, ["(func $h (param i32)) (elem (i32.const 0) func $h)"]), "indirect call type mismatch",
     has("call_indirect")),
    ("tables", "code that does more than the call",
     through_table('(func (export "f") (result i32) (i32.add (call_indirect (type $t) (i32.const 0)) (i32.const 9)))',
                   ["(elem (i32.const 0) func $f)"]), 10, has("call_indirect")),
    ("handles", "a handle that is there", with_resource(BORROW, "(local.get $h)", 1), 7, looks_inline),
    ("handles", "one that is not", with_resource(BORROW, "(i32.const 5)", 1), "unknown handle index", has("(func $refuse")),
    ("plain", "list<u16>", list_of("u16", 0x0203, 1), 0x0203, lacks("loop")),
    ("plain", "list<bool> with a 2", list_of("bool", 0x0200, 2), 0x0100, has("loop")),
    ("plain", "list<char> with a surrogate", list_of("char", 0xD800, 1), "char", has("loop")),
    ("plain", "records with padding", PADDED, 0x0503, has("loop")),
    ("wide", "24 bytes", BYTES, 11, has("i64.load")),
    ("wide", "a boolean between them", BOOLEAN, 1, has("i32.load8_u")),
    ("wide", "a byte that is none of the fields", GAP, 0x00030002, has("i32.load16_u")),
    ("strings", "12 bytes", string_of(0x6261, 12), 0x6261, moves_strings_inline),
    ("strings", "two bytes", STRING, 0x6261, moves_strings_inline),
    ("strings", "16 bytes, of which two are no ASCII", string_of(0xA9C3, 16), 0xA9C3, moves_strings_inline),
    ("strings", "17 bytes", string_of(0x6261, 17), 0x6261, moves_strings_inline),
    ("strings", "two bytes that are no string", string_of(0x61C3, 2), "utf-8", moves_strings_inline),
    ("strings", "another encoding",
     pair('(param "s" string) (result u32)', "(param i32 i32) (result i32)", FIRST_TWO,
          "(i64.store (i32.const 16) (i64.const 0x6161616161616261)) (call $f (i32.const 16) (i32.const 8))",
          lift=OPTIONS + " string-encoding=latin1+utf16"), 0x6261, lambda text: not moves_strings_inline(text)),
    ("host", "an option that the host gives", with_host(*GIVES_OPTION), None, lacks("invalid variant discriminant")),
    ("host", "an option for the host, with a third case", with_host(*TAKES_OPTION), "discriminant",
     has("invalid variant discriminant")),
    ("host", "an option of another component, with a third case",
     pair('(param "o" (option u32)) (result u32)', "(param i32 i32) (result i32)", FIRST_TWO,
          "(call $f (i32.const 2) (i32.const 1))"), "discriminant", has("invalid variant discriminant")),
    ("short", "a string for the host", with_host(*TAKES_TEXT), 5, lacks("i64.store")),
    ("short", "bytes that are no string, for the host", with_host(*TAKES_STRING), "utf-8", has("invalid utf-8")),
    ("memory", "one memory", ONE_MEMORY, None, memories(1)),
    ("memory", "two memories whose strings cross", with_host(*TAKES_TEXT), 5, memories(3)),
    ("prune", "a function that nothing reaches",
     alone('(func $gone (drop (i32.const 12345))) (func (export "run") (result i32) (i32.const 1))'), 1,
     lacks("12345")),
    ("prune", "a function that only a table holds",
     alone('(type $t (func (result i32))) (table 1 funcref) (elem (i32.const 0) func $held) '
           '(func $held (result i32) (i32.const 12345)) '
           '(func (export "run") (result i32) (call_indirect (type $t) (i32.const 0)))'), 12345, has("12345")),
    ("prune", "a segment that nothing reads and that does not fit",
     alone('(memory 1) (data (i32.const 65535) "ab") (func (export "run") (result i32) (i32.const 1))'),
     "out of bounds", has("data")),
    ("fold", "equal functions that touch nothing", two_counters(), 31,
     lambda text: len(re.findall(r"\(func .*step", text)) == 1),
    ("fold", "equal functions that touch a state of their own", two_counters(), 31, lambda text: text.count("global.set") > 1),
    ("zeros", "40 zeros between others", zeros_in('(data (i32.const 8) "\\00ab@zeros@cd\\00")'), 0x6261 + 0x6463,
     data_is({9: "ab", 51: "cd"})),
    ("zeros", "fewer, which are not worth a segment", zeros_in('(data (i32.const 9) "ab" "\\00\\00\\00" "cd")', 14), 0x6261 + 0x6463,
     data_is({9: "ab\\00\\00\\00cd"})),
    ("zeros", "nothing but zeros, and what is behind them", zeros_in('(data (i32.const 9) "@zeros@") (data (i32.const 51) "cd")'),
     0x6463, data_is({9: "", 51: "cd"})),
    ("zeros", "over what another segment has put there",
     zeros_in('(data (i32.const 9) "ab") (data (i32.const 10) "@zeros@cd")', 50), 0x61 + 0x6463, has(ZEROS)),
    ("zeros", "under what another segment puts there", zeros_in('(data (i32.const 9) "@zeros@cd") (data (i32.const 20) "ab")', 49),
     0x6463, has(ZEROS)),
    ("zeros", "in two segments that are not in order",
     zeros_in('(data (i32.const 51) "cd@zeros@") (data (i32.const 8) "\\00ab")'), 0x6261 + 0x6463, data_is({9: "ab", 51: "cd"})),
    ("zeros", "that do not fit", zeros_in('(data (i32.const 65535) "a@zeros@")'), "out of bounds", has(ZEROS)),
    ("zeros", "in a memory of another instance, which a start function has written to", zeros_in_another(), 0x6463,
     has(ZEROS)),
    ("zeros", "behind a segment that code drops", alone('(memory 1) (data $d (i32.const 8) "ab@zeros@cd") (data $p "ef@zeros@gh")'
     .replace("@zeros@", ZEROS) + '(func (export "run") (result i32) (data.drop $d) (memory.init $p (i32.const 100)'
     ' (i32.const 42) (i32.const 2)) (i32.add (i32.load16_u (i32.const 50)) (i32.load16_u (i32.const 100))))'),
     0x6463 + 0x6867, lambda text: text.count(ZEROS) == 1),
    ("tidy", "a number of 8 bits", NARROW, 1, adapter_lacks("local.set", "local.tee")),
    ("tidy", "a local that changes in a loop", list_of("bool", 0x0200, 2), 0x0100, has("loop", "local.tee")),
)


# Proofs that --explain has nothing of: they are of the fused module.
OF_THE_MODULE = {"prune", "fold", "zeros", "tidy"}
# How the check begins that a proof makes unnecessary.
REPLACED = {"enter": "cannot enter", "leave": "cannot leave", "lend": "borrow handles still remain", "host": "invalid variant"}
# Traps of the guests' own code.
OF_THE_GUEST = {"uninitialized element", "indirect call type mismatch", "out of bounds"}
# Proofs that hold for no boundary of their further cases, but for those where the host calls.
ALL_OR_NOTHING = {"direct", "tables", "plain"}


def run_component(engine, path):
    """What `run` gives, or why it traps; the host's function f takes anything."""
    component = wasmtime.component.Component.from_file(engine, str(path))
    store = wasmtime.Store(engine)
    linker = wasmtime.component.Linker(engine)
    try:
        with linker.root() as root:
            root.add_func("f", lambda *_: None)
        instance = linker.instantiate(store, component)
        return instance.get_func(store, "run")(store)
    except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
        return str(error)


def run_core(engine, path):
    module = wasmtime.Module.from_file(engine, str(path))
    store = wasmtime.Store(engine)
    imports = [wasmtime.Func(store, i.type, lambda *_: None) for i in module.imports]
    try:
        return wasmtime.Instance(store, module, imports).exports(store)["run"](store)
    except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
        return str(error)


def is_trap(outcome):
    return isinstance(outcome, str)


def run_words(*words):
    return subprocess.run([str(word) for word in words], check=True, stdout=subprocess.PIPE, text=True).stdout


def try_case(folder, engine, component, outcome, look, is_compared):
    """What is wrong."""
    source, unfused, fused = folder / "case.wat", folder / "case.wasm", folder / "fused.wasm"
    source.write_text(component, encoding="utf-8")
    run_words("wasm-tools", "parse", source, "-o", unfused)
    run_words(MELD, "fuse", unfused, "-o", fused)
    run_words("wasm-tools", "validate", "--features", "all", fused)
    if outcome is not None:
        got = run_core(engine, fused)
        if got != outcome and not (is_trap(outcome) and is_trap(got) and outcome in got):
            yield f"fused: {got}"
        got = run_component(engine, unfused)
        if is_compared and got != outcome and not (is_trap(outcome) and is_trap(got)):
            yield f"unfused: {got}"
    if not look(run_words("wasm-tools", "print", fused)):
        yield "the fused module does not look like it"


def told(folder):
    """The proofs that the report of the boundaries of the last case names, the checks, and the proofs without those of
    calls of the host's."""
    report = folder / "explain.json"
    run_words(MELD, "fuse", f"--explain=json:{report}", folder / "case.wasm", "-o", folder / "fused.wasm")
    boundaries = json.loads(report.read_text(encoding="utf-8"))["boundaries"]
    return ({proof["name"] for boundary in boundaries for proof in boundary["proofs"]},
            {check for boundary in boundaries for check in boundary["checks"]},
            {proof["name"] for boundary in boundaries if boundary["caller"] is not None for proof in boundary["proofs"]})


def try_report(folder, name, is_first, outcome):
    """What is wrong with what is told of a case: a proof's first case is one where it holds."""
    proofs, checks, inside = told(folder)
    if is_first and name not in OF_THE_MODULE and name not in proofs:
        yield "the report does not name it"
    if not is_first and name in ALL_OR_NOTHING and name in inside:
        yield "the report names it"
    if is_first and any(check.startswith(REPLACED.get(name, "none")) for check in checks):
        yield "the report has the check that the proof is for"
    if is_trap(outcome) and outcome not in OF_THE_GUEST and not any(outcome in check for check in checks):
        yield "the report does not have the check that it ends in"
    if proofs & OF_THE_MODULE:
        yield "the report names a proof that is of no boundary"


def main():
    engine, failed, tried = wasmtime.Engine(), 0, set()
    names = set(re.findall(r'^PROOF\(\w+, "(\w+)"', PROOFS.read_text(encoding="utf-8"), re.MULTILINE))
    for name in sorted(names - {case[0] for case in CASES}):
        print(f"FAILED {name}: has no case")
        failed += 1
    with tempfile.TemporaryDirectory(prefix="meld-proofs-") as folder:
        for name, what, component, outcome, look in CASES:
            assert name in names, name
            place = pathlib.Path(folder)
            wrongs = list(try_case(place, engine, component, outcome, look, what not in NOT_IN_WASMTIME))
            wrongs += try_report(place, name, name not in tried, outcome)
            tried.add(name)
            for wrong in wrongs:
                print(f"FAILED {name}: {what}: {wrong}")
                failed += 1
    print(f"{len(CASES)} cases, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
