#!/usr/bin/env python3
"""Trees of components at random in which each can call its parent, its children and the siblings before it: who may enter whom.

    python tests/random/reentrance.py --meld build/release/meld --count 100

wasmtime does not have the specification's rule for this, so that the oracle is the rule itself, in Python. A number says which way
the calls take: each function takes a digit off it, and calls what its table holds there. What comes back names all that were
entered, if none was on the stack already.

Exit  0 all are as the specification says, 1 not.
Spec  CanonicalABI.md "Component Instance State": entering_set, may_enter_from.
"""

import argparse
import pathlib
import random
import subprocess
import sys
import tempfile

import wasmtime

WAYS = 60  # of each program
LENGTH = 7  # of a way, in calls, as far as it fits into 32 bits


class Node:
    """A component instance. `targets` are the instances that it can call, in the order of its table."""

    def __init__(self, rng, number, parent, before):
        self.number, self.parent = number[0], parent
        number[0] += 1
        self.imports = ([parent] if parent else []) + [sibling for sibling in before if rng.random() < 0.7]
        self.children = []
        depth = len(self.ancestors())
        for _ in range(rng.choice((1, 2, 3)) if depth == 1 else rng.choice((0, 0, 1, 2)) if depth < 4 else 0):
            self.children.append(Node(rng, number, self, list(self.children)))
        self.targets = [target for target in self.imports + self.children if rng.random() < 0.8]

    def ancestors(self):
        """With itself."""
        return {self} | (self.parent.ancestors() if self.parent else set())

    def all(self):
        return [self] + [node for child in self.children for node in child.all()]

    def text(self):
        imports = "\n".join(f'(import "i{target.number}" (func $f{target.number} (param "x" u32) (result u32)))' for target in self.imports)
        count = len(self.targets)
        called = f"""(i32.add (i32.const {self.number + 1}) (i32.mul (i32.const 31) (call_indirect (type $t)
        (i32.div_u (i32.sub (local.get $x) (i32.const 1)) (i32.const {count}))
        (i32.rem_u (i32.sub (local.get $x) (i32.const 1)) (i32.const {count})))))""" if count else f"(i32.const {self.number + 1})"
        children = "\n".join(child.text() for child in self.children)
        lowered = "\n".join(f"(core func $l{i} (canon lower (func $f{target.number})))" for i, target in enumerate(self.targets))
        wanted = " ".join(f'(import "" "{i}" (func (param i32) (result i32)))' for i in range(count))
        given = " ".join(f'(export "{i}" (func $l{i}))' for i in range(count))
        return f"""(component $C{self.number} {imports}
    (core module $m (type $t (func (param i32) (result i32))) (table (export "table") {count} funcref)
      (func (export "f") (param $x i32) (result i32)
        (if (i32.eqz (local.get $x)) (then (return (i32.const {self.number + 1})))) {called}))
    (core instance $m (instantiate $m))
    (func $f{self.number} (param "x" u32) (result u32) (canon lift (core func $m "f")))
    {children} {lowered}
    (core module $fill {wanted} (import "" "table" (table {count} funcref))
      (elem (i32.const 0) func {' '.join(str(i) for i in range(count))}))
    (core instance (instantiate $fill (with "" (instance {given} (export "table" (table $m "table"))))))
    (export "f" (func $f{self.number}))
    {' '.join(f'(export "f{node.number}" (func $f{node.number}))' for child in self.children for node in child.all())})
  {self.instance_text()}"""

    def instance_text(self):
        """For the component around it: the instance, and the functions of all that are inside."""
        given = " ".join(f'(with "i{target.number}" (func $f{target.number}))' for target in self.imports)
        names = f'(alias export $c{self.number} "f" (func $f{self.number}))' + " ".join(
            f'(alias export $c{self.number} "f{node.number}" (func $f{node.number}))' for child in self.children for node in child.all())
        return f"(instance $c{self.number} (instantiate $C{self.number} {given})) {names}"


def called(node, x, caller, entered):
    """What the function of the node gives, or None where it traps."""
    entering = node.ancestors() - (caller.ancestors() if caller else set())
    if entering & entered:
        return None
    if not x or not node.targets:
        return node.number + 1
    result = called(node.targets[(x - 1) % len(node.targets)], (x - 1) // len(node.targets), node, entered | entering)
    return None if result is None else (node.number + 1 + 31 * result) & 0xFFFFFFFF


def way(rng, node):
    """A number that leads through a few calls."""
    steps, at = [], node
    for _ in range(rng.randint(1, LENGTH)):
        if not at.targets:
            break
        digit = rng.randrange(len(at.targets))
        steps.append((digit, len(at.targets)))
        at = at.targets[digit]
    x = 0
    for digit, count in reversed(steps):
        x = x * count + digit + 1
    return x if x < 1 << 32 else 1


def run(engine, module, name, x):
    store = wasmtime.Store(engine)
    function = wasmtime.Instance(store, module, []).exports(store)[name]
    try:
        return function(store, x - (1 << 32) if x >> 31 else x) & 0xFFFFFFFF
    except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
        return None if "cannot enter component instance" in str(error) else str(error)


def try_seed(options, engine, seed, folder):
    """How many ways, how many of them trap, what is wrong."""
    rng = random.Random(seed)
    root = Node(rng, [0], None, [])
    nodes = root.all()
    source, fused = folder / "tree.wasm", folder / "fused.wasm"
    source.write_bytes(wasmtime.wat2wasm(root.text().rsplit("(instance $c0", 1)[0]))
    ways = []
    for _ in range(WAYS):
        first = rng.choice(nodes)
        ways.append((first, way(rng, first)))
    expected = [called(first, x, None, set()) for first, x in ways]
    wrong = []
    subprocess.run([options.meld, "fuse", source, "-o", fused], check=True, timeout=60)
    module = wasmtime.Module.from_file(engine, str(fused))
    for (first, x), wanted in zip(ways, expected):
        got = run(engine, module, "f" if first is root else f"f{first.number}", x)
        if got != wanted:
            wrong.append(f"f{first.number}({x}) gives {got}, not {wanted}")
    return len(ways), expected.count(None), wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--meld", required=True)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=100)
    options = parser.parse_args()
    engine, ways, traps, failed = wasmtime.Engine(), 0, 0, 0
    with tempfile.TemporaryDirectory(prefix="meld-trees-") as folder:
        for seed in range(options.first, options.first + options.count):
            count, trapping, wrong = try_seed(options, engine, seed, pathlib.Path(folder))
            ways += count
            traps += trapping
            failed += bool(wrong)
            for line in wrong[:5]:
                print(f"FAILED seed {seed}: {line}")
    print(f"{options.count} trees, {ways} ways, {traps} of them trap, {failed} trees differ")
    return 1 if failed or not traps else 0


if __name__ == "__main__":
    sys.exit(main())
