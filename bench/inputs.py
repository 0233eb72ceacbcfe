"""What is fused when fusing is measured: real components, and generated ones that grow in one direction.

    instances   a chain: each instance calls the one before it, all of one component
    components  a chain of as many components, none like another
    functions   one component with that many functions, all in one table
    body        one component with one function of that many bytes
    types       one component with that many function types, each of one function
    boundaries  two components, of which one exports that many functions of strings, and the other imports and exports them

Provides  KINDS, generate(kind, items) -> text; guests_of_a_host() -> text; real_inputs(cache, tools) -> (what, path or a
          reason)
Requires  for the real ones tests/real/make.py, which has to find npm or Python's componentize-py
"""

import argparse
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
GROUP = 100  # instances in one component; a component may have a thousand

LINK = """(component {name}
  (import "f" (func $f (param "x" u32) (result u32)))
  (core func $f (canon lower (func $f)))
  (core module $code
    (import "" "f" (func $f (param i32) (result i32)))
    (func (export "f") (param i32) (result i32)
      (i32.add (call $f (i32.xor (local.get 0) (i32.const {number}))) (i32.const 1))))
  (core instance $code (instantiate $code (with "" (instance (export "f" (func $f))))))
  (func (export "f") (param "x" u32) (result u32) (canon lift (core func $code "f"))))
"""

FIRST = """(core module $first (func (export "f") (param i32) (result i32) (local.get 0)))
(core instance $first (instantiate $first))
(func $f0 (param "x" u32) (result u32) (canon lift (core func $first "f")))
"""


def chained(names):
    """Instances of components, each given the function of the one before; and the last one's."""
    lines = []
    for i, name in enumerate(names):
        lines.append(f'(instance $i{i + 1} (instantiate {name} (with "f" (func $f{i}))))')
        lines.append(f'(alias export $i{i + 1} "f" (func $f{i + 1}))')
    lines.append(f'(export "f" (func $f{len(names)}))')
    return "\n".join(lines)


def instances(count):
    groups = max(1, count // GROUP)
    inner = chained(["$link"] * (count // groups))
    group = f'(component $group (import "f" (func $f0 (param "x" u32) (result u32)))\n{inner})\n'
    return f"(component\n{LINK.format(name='$link', number=1)}{group}{FIRST}{chained(['$group'] * groups)})"


def components(count):
    groups, parts = max(1, count // GROUP), []
    for g in range(groups):
        size = count // groups
        links = "".join(LINK.format(name=f"$c{i}", number=g * size + i) for i in range(size))
        inner = chained([f"$c{i}" for i in range(size)])
        parts.append(f'(component $g{g} (import "f" (func $f0 (param "x" u32) (result u32)))\n{links}{inner})\n')
    return f"(component\n{''.join(parts)}{FIRST}{chained([f'$g{g}' for g in range(groups)])})"


def one_module(items, count):
    """A component with one module, whose functions are all in a table that its export calls through."""
    return (f'(component (core module $code (type $t (func (param i32) (result i32))) (table {count} funcref)\n{items}\n'
            '(func (export "f") (param i32) (result i32) '
            "(call_indirect (type $t) (local.get 0) (local.get 0))))\n"
            "(core instance $code (instantiate $code))\n"
            '(func (export "f") (param "x" u32) (result u32) (canon lift (core func $code "f"))))')


def chain_result(kind, count, x):
    """What the export `f` of a chain gives."""
    for i in reversed(range(count)):
        x ^= i if kind == "components" else 1
    return x + count


def functions(count):
    lines = [f"(func $f{i} (type $t) (i32.add (local.get 0) (i32.const {i})))" for i in range(count)]
    return one_module("\n".join(lines) + f"\n(elem (i32.const 0) func {' '.join(f'$f{i}' for i in range(count))})", count)


def body(size):
    """Of `size` bytes: a step is 9 of them."""
    step = "(local.set 0 (i32.add (i32.xor (local.get 0) (i32.const 99)) (i32.const 1)))\n"
    return one_module(f"(func $f0 (type $t)\n{step * (size // 11)}(local.get 0))\n(elem (i32.const 0) func $f0)", 1)


def types(count):
    lines = []
    for i in range(count):
        params = " ".join(("i32", "i64", "f32", "f64")[i >> 2 * digit & 3] for digit in range(8))
        lines.append(f"(func $g{i} (param {params}))")
    return one_module("\n".join(lines) + f"\n(elem (i32.const 0) func {' '.join(f'$g{i}' for i in range(count))})", count)


def boundaries(count):
    """The memory is in the first component, and the second has one of its own: each call copies a string."""
    memory = """(memory (export "m") 1)
    (func (export "r") (param i32 i32 i32 i32) (result i32) (i32.const 1024))"""
    aliases = '(alias core export $memory "m" (core memory $m)) (alias core export $memory "r" (core func $r))'
    numbers = range(count)
    lifted = "".join(f'(func $l{i} (export "f{i}") (param "x" string) (result u32)\n'
                     f'  (canon lift (core func $code "f{i}") (memory $m) (realloc $r)))\n'
                     for i in numbers)
    first = "".join(f'(func (export "f{i}") (param i32 i32) (result i32) (i32.const {i}))\n' for i in numbers)
    second = "".join(f'(func (export "f{i}") (param i32 i32) (result i32) (call $f{i} (local.get 0) (local.get 1)))\n'
                     for i in numbers)
    taken = "".join(f'(import "" "f{i}" (func $f{i} (param i32 i32) (result i32)))\n' for i in numbers)
    imports = "".join(f'(import "f{i}" (func $f{i} (param "x" string) (result u32)))\n' for i in numbers)
    lowered = "".join(f'(core func $c{i} (canon lower (func $f{i}) (memory $m) (realloc $r)))\n' for i in numbers)
    given = "".join(f'(export "f{i}" (func $c{i}))' for i in numbers)
    links = "".join(f'(with "f{i}" (func $a "f{i}"))' for i in numbers)
    exports = "".join(f'(export "f{i}" (func $b "f{i}"))\n' for i in numbers)
    return f"""(component
(component $first (core module $m {memory} {first}) (core instance $memory (instantiate $m))
  {aliases} {lifted.replace("$code", "$memory")})
(component $second {imports} (core module $n {memory}) (core instance $memory (instantiate $n))
  {aliases} {lowered}
  (core module $m (import "m" "m" (memory 1)) (import "m" "r" (func $r (param i32 i32 i32 i32) (result i32))) {taken}
    (export "m" (memory 0)) (export "r" (func $r)) {second})
  (core instance $code (instantiate $m (with "m" (instance $memory)) (with "" (instance {given})))) {lifted})
(instance $a (instantiate $first)) (instance $b (instantiate $second {links})) {exports})"""


GUEST = """(component {name}
  (import "file" (type $file (sub resource)))
  (import "open" (func $open (param "name" string) (result (result (own $file) (error u8)))))
  (import "read" (func $read (param "file" (borrow $file)) (param "seek" bool) (result (list string))))
  (core module $memory
    (memory (export "memory") 1)
    (global $free (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.set $free (i32.add (global.get $free) (i32.const 64)))
      (global.get $free)))
  (core instance $m (instantiate $memory))
  (alias core export $m "memory" (core memory $memory))
  (alias core export $m "realloc" (core func $realloc))
  (core func $open (canon lower (func $open) (memory $memory) (realloc $realloc)))
  (core func $read (canon lower (func $read) (memory $memory) (realloc $realloc)))
  (core func $close (canon resource.drop $file))
  (core module $code
    (import "m" "memory" (memory 1))
    (import "host" "open" (func $open (param i32 i32 i32)))
    (import "host" "read" (func $read (param i32 i32 i32)))
    (import "host" "close" (func $close (param i32)))
    (func (export "run") (param i32) (result i32)
      (call $open (i32.const 0) (local.get 0) (i32.const 8))
      (call $read (i32.load (i32.const 12)) (i32.const 1) (i32.const 16))
      (call $close (i32.load (i32.const 12)))
      (i32.load (i32.const 20))))
  (core instance $c (instantiate $code
    (with "m" (instance $m))
    (with "host" (instance (export "open" (func $open)) (export "read" (func $read)) (export "close" (func $close))))))
  (func (export "run") (param "n" u32) (result u32) (canon lift (core func $c "run"))))
"""


def guests_of_a_host():
    """Two components that call the host with all that crosses to it in another way than between components."""
    given = '(with "file" (type $file)) (with "open" (func $open)) (with "read" (func $read))'
    return f"""(component
(import "file" (type $file (sub resource)))
(import "open" (func $open (param "name" string) (result (result (own $file) (error u8)))))
(import "read" (func $read (param "file" (borrow $file)) (param "seek" bool) (result (list string))))
{GUEST.format(name="$first")}{GUEST.format(name="$second")}
(instance $first (instantiate $first {given})) (instance $second (instantiate $second {given}))
(export "one" (func $first "run")) (export "two" (func $second "run")))"""


# kind: (what an item is, how to make it, numbers of items)
KINDS = {
    "instances": ("instance", instances, (10, 100, 1_000, 10_000)),
    "components": ("component", components, (10, 100, 1_000, 10_000)),
    "functions": ("function", functions, (10_000, 100_000)),
    "body": ("byte", body, (500_000, 5_000_000)),
    "types": ("type", types, (5_000, 50_000)),
    "boundaries": ("function", boundaries, (1_000, 10_000)),
}


def generate(kind, count):
    return KINDS[kind][1](count)


def real_inputs(cache, wasm_tools):
    """(what, path) of each real component; a sentence in place of the path of one that can't be made."""
    sys.path.insert(0, str(HERE.parent / "tests" / "real"))
    import make  # pylint: disable=import-outside-toplevel,import-error

    kitchen = make.Kitchen(argparse.Namespace(cache=pathlib.Path(cache), wasm_tools=wasm_tools))
    for name, what in (("js_hello", "componentize-js hello"), ("python_hello", "componentize-py hello")):
        try:
            yield what, kitchen.make(name)
        except (make.Missing, OSError) as why:
            yield what, str(why)
