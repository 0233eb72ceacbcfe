#!/usr/bin/env python3
"""What a file consists of: the texts of `meld inspect` as they are expected, and its facts as wasm-tools has them.

    MELD=build/release/meld python tests/cli/test_inspect.py
    MELD=build/release/meld python tests/cli/test_inspect.py --rewrite     the expected texts are what is printed now
"""

import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from binary import *  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
MELD = os.path.abspath(os.environ.get("MELD", "build/release/meld"))
EXPECTED = pathlib.Path(__file__).resolve().parent / "inspect"
FORMS = {"text": "txt", "json": "json", "dot": "dot"}
HOSTILE = "</script><img src=x onerror=alert(1)>\"\\&amp;\n\x1b[31m\u202e'"

# What wasm-tools calls the sections.
SECTION_NAMES = {
    "component types": "type", "component imports": "import", "component exports": "export", "component alias": "alias",
    "component instances": "instance", "core instances": "core instance", "core types": "core type",
    "canonical functions": "canon", "component": "component", "module": "core module",
    "types": "type", "imports": "import", "functions": "function", "tables": "table", "memories": "memory",
    "tags": "tag", "globals": "global", "exports": "export", "start": "start", "elements": "element",
    "data count": "data_count", "code": "code", "data": "data",
}


def run(*command, **options):
    done = subprocess.run(list(map(str, command)), capture_output=True, timeout=60, check=False, **options)
    if done.returncode:
        raise AssertionError(f"{command}: {done.stderr.decode()}")
    return done.stdout


def inspect(data, form="text"):
    return run(MELD, "inspect", f"--format={form}", "-", input=data).decode()


def facts(data):
    return json.loads(inspect(data, "json"))


def parse(text):
    return run("wasm-tools", "parse", "-", input=text.encode())


def example():
    return run("wasm-tools", "parse", ROOT / "examples/three-components/app.wat")


def dummy(path, world):
    """A component of that world, with a core module that does nothing."""
    with tempfile.TemporaryDirectory(prefix="meld-inspect-") as folder:
        core = pathlib.Path(folder) / "core.wasm"
        run("wasm-tools", "component", "embed", path, "--world", world, "--dummy-names", "legacy", "-o", core)
        return run("wasm-tools", "component", "new", core)


def worlds():
    """Components of all kinds: name, bytes."""
    yield "three-components", example()
    yield "everything", dummy(EXPECTED / "everything.wit", "artist")
    for name in ("leaf", "worker", "intermediate", "runner"):
        yield name, dummy(ROOT / "tests/scenarios/resource-import-and-export/world.wit", name)
    for name in ("leaf", "middle", "app"):
        yield f"words-{name}", dummy(ROOT / "tests/real/sources/words/wit/world.wit", name)
    for path in sorted((ROOT / "tests/cli/components").glob("*.wat")):
        yield path.stem, run("wasm-tools", "parse", path)


class Texts(unittest.TestCase):
    """The whole text, in each form."""

    def check(self, name, data):
        for form, ending in FORMS.items():
            path = EXPECTED / f"{name}.{ending}"
            text = inspect(data, form)
            if "--rewrite" in sys.argv:
                path.write_text(text)
            with self.subTest(form):
                self.assertEqual(text, path.read_text())

    def test_example(self):
        self.check("three-components", example())

    def test_types_of_each_kind(self):
        text = inspect(dummy(EXPECTED / "everything.wit", "artist"))
        path = EXPECTED / "everything.txt"
        world = text[:text.index("\n}\n") + 3]
        if "--rewrite" in sys.argv:
            path.write_text(world)
        self.assertEqual(world, path.read_text())

    def test_core_module(self):
        self.check("core", parse("""(module $adder (import "env" "log" (func $log (param i32)))
            (memory (export "memory") 1 4) (global (export "count") (mut i64) (i64.const 0)) (table 2 funcref)
            (func $add (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
            (func (export "run") (call $log (i32.const 0))) (data (i32.const 0) "hello"))"""))

    def test_output_goes_where_it_is_asked_for(self):
        with tempfile.TemporaryDirectory(prefix="meld-inspect-") as folder:
            path = pathlib.Path(folder) / "app.wasm"
            path.write_bytes(example())
            self.assertEqual(run(MELD, "inspect", path, "-o", f"{folder}/out.txt"), b"")
            self.assertEqual((pathlib.Path(folder) / "out.txt").read_text(), inspect(example()))
            self.assertEqual(run(MELD, "inspect", path).decode(), inspect(example()))

    def test_empty_ones(self):
        self.assertEqual(facts(COMPONENT)["world"], {"imports": [], "exports": []})
        self.assertIsNone(facts(MODULE)["world"])
        for data in (COMPONENT, MODULE):
            for form in FORMS:
                self.assertTrue(inspect(data, form))


class Facts(unittest.TestCase):
    """What wasm-tools says of the same file."""

    def test_sections(self):
        rows = re.compile(r"\s*(.+?)\s*\|\s*0x([0-9a-f]+)\s*-\s*0x([0-9a-f]+)\s*\|\s*(\d+) bytes \| (\d+) count")
        checked = 0
        for whole, data in worlds():
            theirs, ours = collections.Counter(), collections.Counter()
            for line in run("wasm-tools", "objdump", "-", input=data).decode().splitlines():
                row = rows.fullmatch(line)
                if row:
                    what, start, end, size, count = row.groups()
                    is_custom = what.startswith("custom ")
                    what = what if is_custom else SECTION_NAMES[what]
                    count = None if is_custom or what in ("component", "core module", "data_count", "start") else int(count)
                    theirs[what, int(start, 16), int(end, 16), count] += 1
            found = facts(data)
            for part in found["components"] + found["core_modules"]:
                for section_ in part["sections"]:
                    start, what = section_["offset"], section_["name"]
                    if what == "custom":
                        what = f'custom "{section_["custom"]}"'
                        start += len(name(section_["custom"]))
                    ours[what, start, section_["offset"] + section_["size"], section_.get("count")] += 1
            with self.subTest(whole):
                self.assertEqual(ours, theirs)
                checked += sum(theirs.values())
        self.assertGreater(checked, 300)

    def test_functions_of_the_world(self):
        """Each line of a function in the WIT that wasm-tools prints is one of ours."""
        checked = 0
        by_hand = {path.stem for path in (ROOT / "tests/cli/components").glob("*.wat")}
        for whole, data in worlds():
            if whole in by_hand - {"shop", "store", "store3", "cache"}:
                continue  # it has what WIT can't say, or says by a `use` that is not written
            theirs = self.functions(run("wasm-tools", "component", "wit", "/dev/stdin", input=data).decode())
            text = inspect(data)
            with self.subTest(whole):
                self.assertEqual(self.functions(text[:text.index("\n}\n")]), theirs)
            checked += len(theirs)
        self.assertGreater(checked, 30)

    @staticmethod
    def functions(text):
        lines = (line.strip().replace("%", "") for line in text.splitlines())
        return {line for line in lines if re.search(r"\bfunc\(|^constructor\(", line) and not line.startswith("//")}

    def test_code_and_data(self):
        for whole, data in worlds():
            for module_ in facts(data)["core_modules"]:
                with self.subTest(f"{whole} {module_['id']}"):
                    core = data[module_["offset"]:module_["offset"] + module_["size"]]
                    self.assertTrue(core.startswith(MODULE))
                    self.assertEqual(sum(f["size"] for f in module_["functions"]), module_["code_size"])
                    alone = facts(core)["core_modules"][0]
                    for field in ("size", "code_size", "data_size", "imports", "exports", "functions", "memories"):
                        self.assertEqual(alone[field], module_[field])

    def test_names_of_functions_and_producers(self):
        text = """(module (@producers (processed-by "a" "1.0") (language "b" "")) (func $one nop) (func $two) (func))"""
        module_ = facts(parse(text))["core_modules"][0]
        self.assertEqual([f["name"] for f in module_["functions"]], ["one", "two", None])
        self.assertEqual([f["size"] for f in module_["functions"]], [3, 2, 2])
        self.assertTrue(module_["has_names"])
        self.assertCountEqual(module_["producers"], [
            {"field": "processed-by", "name": "a", "version": "1.0"}, {"field": "language", "name": "b", "version": ""}])
        self.assertFalse(facts(run("wasm-tools", "strip", "-a", "-", input=parse(text)))["core_modules"][0]["has_names"])

    def test_where_items_come_from(self):
        found = facts(parse("""(component
            (import "host" (func $host (param "x" u32)))
            (import "store" (instance $store (export "get" (func (result u32)))))
            (core module $m (import "a" "f" (func (param i32))) (import "a" "g" (func (result i32))) (func (export "run")))
            (core func $f (canon lower (func $host)))
            (core func $g (canon lower (func $store "get")))
            (core instance $bag (export "f" (func $f)) (export "g" (func $g)))
            (core instance $i (instantiate $m (with "a" (instance $bag))))
            (alias core export $i "run" (core func $run))
            (func $lifted (canon lift (core func $run)))
            (export $again "first" (func $lifted))
            (export "second" (func $again)))"""))
        bag, of_m = found["instances"]
        self.assertEqual(bag["exports"], [
            {"name": "f", "sort": "core func", "through": "lower", "import": "host"},
            {"name": "g", "sort": "core func", "through": "lower", "import": "store", "member": "get"}])
        self.assertEqual(of_m["of"], {"sort": "core module", "core_module": 0})
        self.assertEqual(of_m["arguments"], [{"name": "a", "sort": "core instance", "instance": 0}])
        for export in found["components"][0]["exports"]:
            self.assertEqual({**export, "name": ""},
                             {"name": "", "sort": "func", "through": "lift", "instance": 1, "export": "run"})

    def test_what_is_aliased_from_outside(self):
        found = facts(parse("""(component $top
            (core module $m) (component $c)
            (component $inner (alias outer $top $m (core module $n)) (alias outer $top $c (component $d))
              (core instance (instantiate $n)) (instance (instantiate $d)))
            (instance (instantiate $inner)))"""))
        self.assertEqual([i["of"] for i in found["instances"]], [
            {"sort": "core module", "core_module": 0}, {"sort": "component", "component": 1},
            {"sort": "component", "component": 2}])

    def test_what_cannot_be_fused(self):
        """A component that imports a component, and one whose function waits."""
        text = """(component (import "c" (component $c (import "x" (func)) (export "f" (func))))
            (import "x" (func $x)) (instance $i (instantiate $c (with "x" (func $x)))) (export "f" (func $i "f")))"""
        self.assertIn("import c: component {\n    import x: func();\n    export f: func();\n  }", inspect(parse(text)))
        self.assertEqual(facts(parse(text))["instances"][0]["of"], {"sort": "component", "import": "c"})


class Hostile(unittest.TestCase):
    """Names that would break what they stand in."""

    def component(self):
        names = section(0, name("name") + b"\1" + u32(len(vec([u32(0) + name(HOSTILE)]))) + vec([u32(0) + name(HOSTILE)]))
        core = module([functype()], [], [0], exports=[export(HOSTILE, 0, 0)], bodies=[body(b"")],
                      customs=[names, section(0, name(HOSTILE) + b"x")])
        instance_names = b"\0\x12" + vec([u32(0) + name(HOSTILE)])
        return component(core_module(core), core_instances(instantiate_core(0)), types(func()),
                         aliases(core_export(0, HOSTILE)), canons(lift(0, 0)), exports(export_("f", FUNC, 0)),
                         section(0, name("component-name") + b"\0" + u32(len(name(HOSTILE))) + name(HOSTILE) + b"\1" +
                                 u32(len(instance_names)) + instance_names))

    def test_text_has_no_control_characters(self):
        text = inspect(self.component())
        self.assertIn("\\u{a}", text)
        self.assertFalse([c for c in text if (ord(c) < 0x20 and c != "\n") or c == "\u202e"])

    def test_json_has_the_names_as_they_are(self):
        found = facts(self.component())
        self.assertEqual(found["components"][0]["name"], HOSTILE)
        self.assertEqual(found["instances"][0]["name"], HOSTILE)
        self.assertEqual(found["core_modules"][0]["functions"][0]["name"], HOSTILE)
        self.assertEqual(found["core_modules"][0]["exports"][0]["name"], HOSTILE)

    @unittest.skipUnless(shutil.which("dot"), "there is no Graphviz")
    def test_dot_has_the_names_as_text_shows_them(self):
        drawn = run("dot", "-Tjson", input=inspect(self.component(), "dot").encode())
        labels = {thing["label"] for thing in json.loads(drawn)["objects"] + json.loads(drawn)["edges"]}
        self.assertTrue(any("onerror" in label for label in labels), labels)

    def test_malformed_names_are_none(self):
        for content in (b"\1\5\1\0", b"\1\x7f", b"\0\2\5a", b"\1\4\1\0\1\xff", b"\xff" * 12):
            core = module([functype()], [], [0], bodies=[body(b"")], customs=[section(0, name("name") + content)])
            for form in FORMS:
                inspect(core, form)
            self.assertIsNone(facts(core)["core_modules"][0]["functions"][0]["name"])

    def test_long_names_are_cut_in_text_alone(self):
        long = "x" * 100000
        core = module(customs=[section(0, name("name") + b"\0" + u32(len(name(long))) + name(long))])
        self.assertLess(len(inspect(core)), 2000)
        self.assertEqual(facts(core)["core_modules"][0]["name"], long)


@unittest.skipUnless(shutil.which("dot"), "there is no Graphviz")
class Graphs(unittest.TestCase):
    def test_others_read_them(self):
        for whole, data in [*worlds(), ("core", MODULE)]:
            with self.subTest(whole):
                drawn = json.loads(run("dot", "-Tjson", input=inspect(data, "dot").encode()))
                instances = [i for i in facts(data)["instances"] if i["of"]]
                nodes = [o for o in drawn.get("objects", ()) if o["name"].startswith("instance_")]
                self.assertEqual(len(nodes), len(instances))

    def test_edges_of_the_example(self):
        drawn = json.loads(run("dot", "-Tjson", input=inspect(example(), "dot").encode()))
        names = {o["_gvid"]: o["label"] for o in drawn["objects"]}
        edges = {(names[e["tail"]], e["label"], names[e["head"]]) for e in drawn["edges"]}
        self.assertIn(('instance 0 "counting"', "counting", 'instance 2 "greeting"'), edges)
        self.assertIn(("counting", "new, next", 'core instance 3 "code"'), edges)
        self.assertIn(('instance 2 "greeting"', "greet", "greet"), edges)


if __name__ == "__main__":
    unittest.main(argv=[word for word in sys.argv if word != "--rewrite"])
