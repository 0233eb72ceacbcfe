#!/usr/bin/env python3
"""Components made at random, judged by meld and by wasm-tools: where the two differ.

    python tests/validation/random_components.py --judge build/release/tests/judge --count 5000

Where a mutant is mostly refused for the first index that it breaks, these are made by rules that know what each index is, so
that about half of them are valid, and what is refused is refused for the types: resources that are not the same,
types that have no external name, arguments that do not match. A nested component often starts as a copy of the one around
it, and is instantiated with what that one has under the same names, or with something else.

Judges, known differences and exit status as in mutate_components.py.
"""

import argparse
import collections
import concurrent.futures
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

from mutate_components import BATCH, SKIPPED, Comparison, judge_by_meld, judge_by_wasm_tools

PRIMITIVES = ("u8", "s32", "string", "bool")
NAMES = ("a", "b", "c", "r", "s", "f", "g", "i", "x:y/z")
DEPTH = 3


class Item:
    """What an index denotes: its sort, for types of which kind, for instances what it exports."""

    def __init__(self, kind, name="", exports=None, imports=None):
        self.kind, self.name, self.exports, self.imports = kind, name, exports or {}, imports or {}


class Scope:
    def __init__(self, rng, kind, outer=None):
        self.rng, self.kind, self.outer = rng, kind, outer
        self.depth = outer.depth + 1 if outer else 0
        self.lines, self.log = [], []  # the text; and how each line changed the index spaces
        self.types, self.funcs, self.instances, self.components = [], [], [], []
        self.imports, self.exports = {}, {}

    def space(self, sort):
        return {"type": self.types, "func": self.funcs, "instance": self.instances, "component": self.components}[sort]

    def add(self, line, sort=None, item=None):
        self.lines.append(line)
        self.log.append((line, sort, item))
        if sort:
            self.space(sort).append(item)

    def pick_type(self, kind):
        found = [index for index, item in enumerate(self.types) if item.kind == kind]
        if self.rng.random() < 0.01:
            return self.rng.randrange(len(self.types) + 1)
        return self.rng.choice(found[-4:] if self.rng.random() < 0.6 else found) if found else None

    def pick(self, sort):
        return self.rng.randrange(len(self.space(sort))) if self.space(sort) else None

    def value(self):
        index = self.pick_type("value") if self.rng.random() < 0.7 else None
        return str(index) if index is not None else self.rng.choice(PRIMITIVES)

    # Definitions; each returns nothing where it has not what it needs.

    def define_value(self):
        rng, resource = self.rng, self.pick_type("resource")
        forms = [
            lambda: f'(record (field "a" {self.value()}) (field "b" {self.value()}))',
            lambda: f'(record (field "a" {self.value()}))',
            lambda: f'(variant (case "a" {self.value()}) (case "b"))',
            lambda: '(enum "a" "b")',
            lambda: '(flags "a" "b")',
            lambda: f"(list {self.value()})",
            lambda: f"(option {self.value()})",
            lambda: f"(tuple {self.value()} {self.value()})",
            lambda: f"(result {self.value()} (error {self.value()}))",
            lambda: f"(stream {self.value()})",
        ]
        if resource is not None:
            forms += [lambda: f"(own {resource})"] * 6 + [lambda: f"(borrow {resource})"] * 2
        self.add(f"(type {rng.choice(forms)()})", "type", Item("value"))

    def define_func_type(self):
        rng = self.rng
        params = "".join(f' (param "{name}" {self.value()})' for name in ("a", "b")[: rng.randrange(3)])
        result = f" (result {self.value()})" if rng.random() < 0.4 else ""
        self.add(f"(type (func{params}{result}))", "type", Item("func"))

    def define_resource(self):
        if self.kind == "component" or self.rng.random() < 0.02:
            self.add("(type (resource (rep i32)))", "type", Item("resource"))

    def nested(self, kind):
        scope = Scope(self.rng, kind, self)
        if self.kind == "component" and kind == "component" and self.rng.random() < 0.7:
            copy_prefix(self, scope)
        scope.fill(self.rng.randrange(1, 9))
        return scope

    def define_instance_type(self):
        if self.depth < DEPTH:
            scope = self.nested("instance")
            self.add(f"(type (instance {' '.join(scope.lines)}))", "type", Item("instance", exports=scope.exports))

    def define_component_type(self):
        if self.depth < DEPTH:
            scope = self.nested("component type")
            item = Item("component", exports=scope.exports, imports=scope.imports)
            self.add(f"(type (component {' '.join(scope.lines)}))", "type", item)

    def define_component(self):
        if self.kind == "component" and self.depth < DEPTH:
            scope = self.nested("component")
            self.add(f"(component {' '.join(scope.lines)})", "component", Item("component", exports=scope.exports, imports=scope.imports))

    def outer_alias(self):
        scope, count = self.outer, 1
        while scope and scope.outer and self.rng.random() < 0.3:
            scope, count = scope.outer, count + 1
        if scope and scope.types:
            index = self.rng.randrange(len(scope.types))
            self.add(f"(alias outer {count} {index} (type))", "type", scope.types[index])

    def alias_export(self):
        index = self.pick("instance")
        exports = self.instances[index].exports if index is not None else {}
        wanted = [(name, sort, item) for name, (sort, item) in exports.items() if self.kind == "component" or sort in ("type", "instance")]
        if wanted:
            name, sort, item = self.rng.choice(wanted)
            self.add(f'(alias export {index} "{name}" ({sort}))', sort, item)

    def new_name(self, names):
        free = [name for name in NAMES if name not in names]
        return self.rng.choice(free) if free and self.rng.random() < 0.99 else None

    def extern_type(self):
        """A sort, its text, and what it makes."""
        sort = self.rng.choice(("type", "type", "type", "func", "func", "func", "instance", "instance", "component"))
        if sort == "type" and self.rng.random() < 0.4:
            return sort, "(type (sub resource))", Item("resource")
        if sort == "type":
            index = self.pick_type(self.rng.choice(("value", "value", "resource", "func", "instance")))
            return (sort, f"(type (eq {index}))", self.types[index]) if index is not None and index < len(self.types) else None
        index = self.pick_type(sort)
        if index is None or index >= len(self.types):
            return None
        made = self.types[index]
        return sort, f"({sort} (type {index}))", Item(made.kind, exports=made.exports, imports=made.imports)

    def declare(self, role, names):
        made, name = self.extern_type(), self.new_name(names)
        if made and name:
            sort, text, item = made
            names[name] = (sort, item)
            self.add(f'({role} "{name}" {text})', sort, item)

    def define_import(self):
        if self.kind != "instance":
            self.declare("import", self.imports)

    def define_export(self):
        if self.kind != "component":
            self.declare("export", self.exports)
            return
        sort = self.rng.choice(("type", "type", "func", "instance", "component"))
        index, name = self.pick(sort), self.new_name(self.exports)
        if index is None or not name:
            return
        item = self.space(sort)[index]
        ascribed = ""
        if self.rng.random() < 0.15:
            made = self.extern_type()
            ascribed = f" {made[1]}" if made and made[0] == sort else ""
        self.exports[name] = (sort, item)
        self.add(f'(export "{name}" ({sort} {index}){ascribed})', sort, item)

    def find_argument(self, name, sort, item):
        """Most often what has the same name here."""
        same = [index for index, other in enumerate(self.space(sort)) if other.name == name]
        alike = [index for index, other in enumerate(self.space(sort)) if other.kind == item.kind]
        choice = same if same and self.rng.random() < 0.9 else alike
        return self.rng.choice(choice) if choice else None

    def define_instance(self):
        index = self.pick("component")
        if self.kind != "component":
            return
        if index is None or self.rng.random() < 0.2:
            self.collect_exports()
            return
        component, arguments = self.components[index], ""
        for name, (sort, item) in component.imports.items():
            argument = self.find_argument(name, sort, item)
            if argument is None:
                return
            arguments += f' (with "{name}" ({sort} {argument}))'
        self.add(f"(instance (instantiate {index}{arguments}))", "instance", Item("instance", exports=component.exports))

    def collect_exports(self):
        exports, text = {}, ""
        for name in self.rng.sample(NAMES, self.rng.randrange(1, 4)):
            sort = self.rng.choice(("type", "func", "instance", "component"))
            index = self.pick(sort)
            if index is not None:
                exports[name] = (sort, self.space(sort)[index])
                text += f' (export "{name}" ({sort} {index}))'
        self.add(f"(instance{text})", "instance", Item("instance", exports=exports))

    def define_canon(self):
        index = self.pick_type("resource")
        if self.kind == "component" and index is not None:
            self.add(f"(core func (canon resource.{self.rng.choice(('drop', 'new', 'rep'))} {index}))")

    def fill(self, count):
        steps = [self.define_value] * 5 + [self.define_func_type] * 4 + [self.define_resource] * 2
        steps += [self.define_instance_type] * 2 + [self.define_component_type, self.outer_alias] + [self.alias_export] * 3
        steps += [self.define_import] * 7 + [self.define_export] * 6 + [self.define_component] * 3
        steps += [self.define_instance] * 6 + [self.define_canon]
        for _ in range(count):
            self.rng.choice(steps)()


def change_type(rng, line):
    """The same type but for a primitive, a label, or which of own and borrow it is."""
    old, new = rng.choice((("u8", "s32"), ("s32", "u8"), ("string", "bool"), ('"b"', '"c"'), ("(own", "(borrow"), ("list", "option")))
    return line.replace(old, new, 1)


def copy_prefix(source, target):
    """The types and imports that `source` starts with; from now on they have names in `source`, to be given as arguments."""
    changes = source.rng.random() < 0.4
    for line, sort, item in source.log:
        if changes and line.startswith("(type") and source.rng.random() < 0.2:
            line = change_type(source.rng, line)
        if not line.startswith(("(type", "(import")) or (source.rng.random() < 0.05):
            break
        if line.startswith("(import"):
            name = line.split('"')[1]
            target.imports[name] = (sort, item)
            item.name = name
        target.add(line, sort, item)


class Body:
    """The declarations of an instance type, each a text and what it exports."""

    def __init__(self, rng, outer=None, depth=0):
        self.rng, self.depth = rng, depth
        self.lines, self.exports, self.values, self.resources = [], [], [], []
        self.types = self.instances = 0
        if outer and outer.resources and rng.random() < 0.6:
            self.type(f"(alias outer 1 {rng.choice(outer.resources)} (type))", self.resources)
        for _ in range(rng.randrange(2, 7)):
            rng.choice((self.resource, self.value, self.value, self.func, self.func, self.instance))()

    def type(self, line, into=None):
        self.lines.append(line)
        self.types += 1
        if into is not None:
            into.append(self.types - 1)
        return self.types - 1

    def export(self, sort, text):
        name = f"{sort[0]}{len(self.exports)}"
        self.exports.append((name, sort))
        return f'(export "{name}" {text})'

    def resource(self):
        self.type(self.export("type", "(type (sub resource))"), self.resources)

    def any_value(self):
        return self.rng.choice([*PRIMITIVES, *self.values[-3:]])

    def value(self):
        forms = [f'(record (field "a" {self.any_value()}))', '(enum "a" "b")', f"(list {self.any_value()})", f"(option {self.any_value()})"]
        if self.resources:
            forms += [f"(own {self.rng.choice(self.resources)})"] * 4
        form = self.rng.choice(forms)
        index = self.type(f"(type {form})")
        if form.startswith(("(record", "(enum")) or self.rng.random() < 0.3:
            self.type(self.export("type", f"(type (eq {index}))"), self.values)
        else:
            self.values.append(index)

    def func(self):
        result = f" (result {self.any_value()})" if self.rng.random() < 0.5 else ""
        index = self.type(f'(type (func (param "b" {self.any_value()}){result}))')
        self.lines.append(self.export("func", f"(func (type {index}))"))

    def instance(self):
        if self.depth == 2:
            return
        inner = Body(self.rng, self, self.depth + 1)
        index = self.type(f"(type (instance {' '.join(inner.lines)}))")
        self.lines.append(self.export("instance", f"(instance (type {index}))"))
        for name, sort in inner.exports:
            if sort == "type" and self.rng.random() < 0.6:
                kind = self.resources if f'"{name}" (type (sub' in " ".join(inner.lines) else self.values
                self.type(f'(alias export {self.instances} "{name}" (type))', kind)
        self.instances += 1

    def text(self, chance):
        """All declarations, with a change in one of them by this chance."""
        lines = list(self.lines)
        if self.rng.random() < chance:
            at = self.rng.randrange(len(lines))
            lines[at] = change_type(self.rng, lines[at])
        return " ".join(lines)


def make_chain(rng):
    """An instance passes through components that import it at a type like its own; then its items come from several."""
    body = Body(rng)
    names = [name for name, _ in body.exports]
    passed = [each for each in body.exports if rng.random() < 0.8]
    aliases = " ".join(f'(alias export 0 "{name}" ({sort} ${name})) (export "{name}" ({sort} ${name}))' for name, sort in passed)
    own = '(type $n (resource (rep i32))) (export "n" (type $n))' if rng.random() < 0.5 else ""
    lines = [
        f"(type $b (instance {body.text(0)}))",
        f'(import "p" (instance $p (type $b))) (import "q" (instance $q (type {"$b" if rng.random() < 0.5 else "$p2"})))',
        f'(component $c (type $b (instance {body.text(0.3)})) (import "i" (instance (type $b))) {aliases} {own})',
        f'(instance $c1 (instantiate $c (with "i" (instance ${rng.choice("pq")}))))',
        f'(instance $c2 (instantiate $c (with "i" (instance ${rng.choice("pq")}))))',
    ]
    lines[1] = lines[1].replace("(type $p2)", body.text(0.3))
    sources = {name: [("$p", name), ("$q", name)] for name in names}
    for name, _ in passed:
        sources[name] += [("$c1", name), ("$c2", name)]
    favourite = rng.randrange(4)
    mixed = ""
    for name, sort in body.exports:
        choice = sources[name][favourite % len(sources[name])] if rng.random() < 0.8 else rng.choice(sources[name])
        mixed += f' (export "{name}" ({sort} {choice[0]} "{choice[1]}"))'
    lines += [
        f"(instance $m{mixed})",
        f'(component $d (type $b (instance {body.text(0.2)})) (import "i" (instance $i (type $b))) (export "j" (instance $i)))',
        f'(instance $e (instantiate $d (with "i" (instance ${rng.choice(("m", "m", "c1", "p"))}))))',
    ]
    if rng.random() < 0.7:
        lines.append(f'(export "x" (instance ${rng.choice(("m", "c1", "c2", "e"))}))')
    if rng.random() < 0.5:
        lines.append('(alias export $e "j" (instance $j)) (instance (instantiate $c (with "i" (instance $j))))')
    return "(component\n  " + "\n  ".join(lines) + ")"


def make_component(rng):
    if rng.random() < 0.5:
        return make_chain(rng)
    scope = Scope(rng, "component")
    scope.fill(rng.randrange(4, 24))
    return "(component\n  " + "\n  ".join(scope.lines) + ")"


def assemble(job):
    text, path = job
    return subprocess.run(["wasm-tools", "parse", "-", "-o", str(path)], input=text, text=True, capture_output=True, check=False).stderr


def compare(options, temporary):
    rng, comparison, errors = random.Random(options.random), Comparison(options.keep), collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for first in range(0, options.count, BATCH):
            indices = range(first, min(first + BATCH, options.count))
            jobs = [(make_component(rng), temporary / f"random-{options.random}-{index}.wasm") for index in indices]
            failed = list(pool.map(assemble, jobs))
            errors.update(error.splitlines()[0] for error in failed if error)
            paths = [path for (_, path), error in zip(jobs, failed) if not error]
            ours, theirs = judge_by_meld(options.judge, paths), pool.map(judge_by_wasm_tools, paths)
            for path, meld, other in zip(paths, ours, theirs):
                comparison.add(path, meld, other)
                if options.verbose:
                    print(" ".join(meld), "||", other)
                os.unlink(path)
    return comparison, errors


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--judge", required=True, help="the program made of judge.c")
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--random", type=int, default=1, help="start of the random numbers")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=pathlib.Path, help="keep what is judged differently in this folder")
    parser.add_argument("-v", "--verbose", action="store_true", help="what both say of each")
    options = parser.parse_args()
    if not shutil.which("wasm-tools"):
        print("skipped: wasm-tools is not there")
        return SKIPPED
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="random-") as name:
        comparison, errors = compare(options, pathlib.Path(name))
    for error, often in errors.items():
        print(f"not assembled: {often} × {error}")
    return comparison.report(f"{options.count} components")


if __name__ == "__main__":
    sys.exit(main())
