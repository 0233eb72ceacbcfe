#!/usr/bin/env python3
"""Each option of src/cli/options.def does what the help says: one test for each, and one that there is one for each.

    MELD=build/release/meld python tests/cli/test_options.py

The inputs are the example of three components and a shop with its stores. What an option does in all cases is the matter of other
tests; here it is that it does it at all, and that without it that is not done.
"""

import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from binary import *  # noqa: E402
from test_command import modules  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
MELD = os.path.abspath(os.environ.get("MELD", "build/release/meld"))
TABLE = (ROOT / "src/cli/options.def").read_text()
COMPONENTS = {path.stem: path for path in (ROOT / "tests/cli/components").glob("*.wat")}
COMPONENTS["app"] = ROOT / "examples/three-components/app.wat"


def option_names():
    return re.findall(r'^OPTION\(\w+, \w+, [^"]*"([a-z-]+)"', TABLE, re.MULTILINE)


class Options(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="meld-options-")
        self.addCleanup(folder.cleanup)
        before = os.getcwd()
        os.chdir(folder.name)
        self.addCleanup(os.chdir, before)
        for name in ("app", "shop", "store", "cache"):
            subprocess.run(["wasm-tools", "parse", COMPONENTS[name], "-o", f"{name}.wasm"], check=True, timeout=60)

    def meld(self, *words, code=0):
        run = subprocess.run([MELD, *words], capture_output=True, timeout=60, check=False)
        self.assertEqual(run.returncode, code, run.stderr)
        return run

    def fuse(self, *words):
        """What goes to standard output."""
        return self.meld("fuse", *words, "-o", "-").stdout

    def world(self, *words):
        """The imports and exports of what the inputs become."""
        pathlib.Path("world.wasm").write_bytes(self.fuse(*words, "--component"))
        run = subprocess.run(["wasm-tools", "print", "world.wasm"], capture_output=True, check=True, timeout=60)
        return re.findall(r'^  \((import|export) (?:\(;.*?;\) )?"([^"]*)"', run.stdout.decode(), re.MULTILINE)

    def greeting(self, wasm):
        pathlib.Path("greet.wasm").write_bytes(wasm)
        run = subprocess.run(["wasmtime", "run", "--invoke", 'greet("ada")', "greet.wasm"], capture_output=True, check=True, timeout=60)
        return json.loads(run.stdout)

    def test_there_is_a_test_for_each(self):
        names = option_names()
        self.assertEqual(len(names), TABLE.count("\nOPTION("))
        for name in names:
            self.assertTrue(hasattr(self, f"test_option_{name.replace('-', '_')}"), f"--{name} has no test here")

    def test_option_output(self):
        self.assertEqual(self.meld("fuse", "app.wasm", "--output", "out.wasm").stdout, b"")
        self.assertEqual(pathlib.Path("out.wasm").read_bytes(), self.meld("fuse", "app.wasm", "-o-").stdout)

    def test_option_component(self):
        self.assertTrue(self.fuse("app.wasm").startswith(MODULE))
        fused = self.fuse("app.wasm", "--component")
        self.assertTrue(fused.startswith(COMPONENT))
        self.assertEqual(self.greeting(fused), self.greeting(pathlib.Path("app.wasm").read_bytes()))

    def test_option_compose_only(self):
        composed = self.fuse("shop.wasm", "store.wasm", "--compose-only")
        self.assertIn(pathlib.Path("shop.wasm").read_bytes(), composed)
        self.assertIn(pathlib.Path("store.wasm").read_bytes(), composed)

    def test_option_strip(self):
        self.assertIn(b"shout", self.fuse("app.wasm"))
        self.assertLess(len(self.fuse("app.wasm", "--strip")), len(self.fuse("app.wasm")))
        self.assertNotIn(b"counter-new", self.fuse("app.wasm", "--strip"))

    def test_option_keep_debug(self):
        core = module([functype()], [], [0], exports=[export("f", 0, 0)], bodies=[body(b"")],
                      customs=[section(0, name(".debug_info") + b"lines")])
        whole = component(core_module(core), core_instances(instantiate_core(0)), types(func()), aliases(core_export(0, "f")),
                          canons(lift(0, 0)), exports(export_("f", FUNC, 0)))
        pathlib.Path("debug.wasm").write_bytes(whole)
        self.assertNotIn(b".debug_info", self.fuse("debug.wasm"))
        self.assertIn(name(".debug_info") + b"lines", self.fuse("debug.wasm", "--keep-debug"))
        self.assertNotIn(b"\5units", self.fuse("app.wasm"))
        self.assertIn(b"\5units", self.fuse("app.wasm", "--keep-debug"))
        self.assertNotIn(b"\5units", self.fuse("app.wasm", "--keep-debug", "--strip"))

    def test_option_producers(self):
        self.assertIn(b"processed-by", self.fuse("app.wasm"))
        self.assertNotIn(b"processed-by", self.fuse("app.wasm", "--producers=none"))

    def test_option_features(self):
        self.assertNotEqual(self.fuse("app.wasm", "--features=+simd"), self.fuse("app.wasm"))
        self.assertEqual(self.fuse("app.wasm", "--features=-simd"), self.fuse("app.wasm"))
        fused = self.fuse("app.wasm", "--features", "+simd", "--component")
        self.assertEqual(self.greeting(fused), self.greeting(pathlib.Path("app.wasm").read_bytes()))

    def test_option_adapt(self):
        for name in ("adapted", "old"):
            pathlib.Path(f"{name}.core.wasm").write_bytes(modules()[f"{name}.core.wasm"])
        run = self.meld("fuse", "adapted.core.wasm", "-o", "out.wasm", code=1)
        self.assertIn(b'imports "size" of "old"', run.stderr)
        self.assertIn(("import", "test:kv/store@0.2.3"), self.world("adapted.core.wasm", "--adapt", "old.core.wasm"))

    def test_option_name(self):
        run = self.meld("fuse", "--name=left=store.wasm", "--name", "right=store.wasm", "-o", "out.wasm", code=1)
        self.assertIn(b'"left" and "right" both export', run.stderr)

    def test_option_link(self):
        inputs = ["shop.wasm", "store.wasm", "cache.wasm"]
        self.assertIn(b"more than one input exports", self.meld("fuse", *inputs, "-o", "out.wasm", code=1).stderr)
        self.meld("fuse", *inputs, "--link", "shop:test:kv/store=store", "-o", "out.wasm")

    def test_option_host(self):
        self.assertNotIn(("import", "test:kv/store@0.2.0"), self.world("shop.wasm", "store.wasm"))
        self.assertIn(("import", "test:kv/store@0.2.0"), self.world("shop.wasm", "store.wasm", "--host", "test:kv/store"))

    def test_option_export(self):
        self.assertNotIn(("export", "test:kv/store@0.2.1"), self.world("shop.wasm", "store.wasm"))
        self.assertIn(("export", "test:kv/store@0.2.1"), self.world("shop.wasm", "store.wasm", "--export", "test:kv/store"))

    def test_option_hide(self):
        self.assertIn(("export", "test:kv/store@0.2.1"), self.world("app.wasm", "store.wasm"))
        self.assertNotIn(("export", "test:kv/store@0.2.1"), self.world("app.wasm", "store.wasm", "--hide=test:kv/store"))

    def test_option_require_closed(self):
        self.meld("fuse", "shop.wasm", "-o", "out.wasm")
        self.assertIn(b"imports stay open", self.meld("fuse", "shop.wasm", "--require-closed", "-o", "out.wasm", code=1).stderr)
        self.meld("fuse", "shop.wasm", "--require-closed=test:*", "-o", "out.wasm")
        self.meld("fuse", "shop.wasm", "store.wasm", "--require-closed", "-o", "out.wasm")

    def test_option_deps_dir(self):
        pathlib.Path("top.wac").write_text("package test:top;\nlet store = new test:store {};\nexport store...;\n")
        os.makedirs("packages/test")
        os.rename("store.wasm", "packages/test/store.wasm")
        self.meld("fuse", "top.wac", "-o", "out.wasm", code=3)
        self.meld("fuse", "top.wac", "--deps-dir", "packages", "-o", "out.wasm")

    def test_option_validate(self):
        # The structure of the body is right, its type is not: it leaves an i32 where nothing is to be left.
        core = module([functype()], [], [0], exports=[export("f", 0, 0)], bodies=[body(b"\x41\0")])
        pathlib.Path("wrong.wasm").write_bytes(component(core_module(core)))
        self.meld("fuse", "wrong.wasm", "-o", "out.wasm")
        self.assertIn(b"core module 0, function 0", self.meld("fuse", "wrong.wasm", "--validate", "-o", "out.wasm", code=1).stderr)

    def test_option_format(self):
        self.assertTrue(self.meld("inspect", "app.wasm").stdout.startswith(b"world {"))
        for form, start in (("text", b"world {"), ("json", b"{\n"), ("dot", b"digraph {"), ("html", b"<!DOCTYPE html>")):
            self.assertTrue(self.meld("inspect", f"--format={form}", "app.wasm").stdout.startswith(start))

    def test_option_dump(self):
        self.assertIn(b"core instance", self.meld("fuse", "app.wasm", "--dump=plan").stdout)
        self.assertIn(b'component 0 "counting"', self.meld("fuse", "app.wasm", "--dump", "component").stdout)

    def test_option_stats(self):
        self.assertEqual(self.meld("fuse", "app.wasm", "-o", "out.wasm").stderr, b"")
        self.assertIsInstance(json.loads(self.meld("fuse", "app.wasm", "-o", "out.wasm", "--stats=json").stderr), dict)

    def test_option_explain(self):
        self.assertIn(b"shout", self.meld("fuse", "app.wasm", "-o", "out.wasm", "--explain").stderr)

    def test_option_map(self):
        self.meld("fuse", "app.wasm", "-o", "out.wasm", "--map=text:out.map")
        self.assertIn("memory", pathlib.Path("out.map").read_text())

    def test_option_why(self):
        self.assertIn(b"greet", self.meld("fuse", "app.wasm", "-o", "out.wasm", "--why", "greet").stderr)

    def test_option_dry_run(self):
        self.meld("fuse", "app.wasm", "-o", "out.wasm", "--dry-run")
        self.assertFalse(os.path.exists("out.wasm"))

    def test_option_depfile(self):
        self.meld("fuse", "shop.wasm", "store.wasm", "-o", "out.wasm", "--depfile", "out.d")
        self.assertEqual(pathlib.Path("out.d").read_text().splitlines()[0], "out.wasm: shop.wasm store.wasm")

    def test_option_attest(self):
        run = subprocess.run([MELD, "fuse", "app.wasm", "-o", "out.wasm", "--attest", "out.json"], capture_output=True, timeout=60, check=False)
        if b"--attest" in run.stderr:
            self.skipTest(run.stderr.decode())
        self.assertIn(hashlib.sha256(pathlib.Path("out.wasm").read_bytes()).hexdigest(), pathlib.Path("out.json").read_text())

    def test_option_reproduce(self):
        self.meld("fuse", "app.wasm", "-o", "out.wasm", "--reproduce", "bug")
        self.assertEqual(pathlib.Path("bug/0-app.wasm").read_bytes(), pathlib.Path("app.wasm").read_bytes())

    def test_option_jobs(self):
        """Whatever it says, what comes out is the same, and so is what is found wrong."""
        good, wrong = [body(b"\x41\x07\x1a" * 100)] * 4000, body(b"\x10\xff\x7f")  # a call of what is not there
        wanted = None
        for bodies, code in ((good, 0), (good[:50] + [wrong] + good[51:3000] + [wrong] + good[3001:], 1)):
            core = module([functype()], [], [0] * len(bodies), exports=[export("f", 0, 0)], bodies=bodies)
            whole = component(core_module(core), core_instances(instantiate_core(0)), types(func()),
                              aliases(core_export(0, "f")), canons(lift(0, 0)), exports(export_("f", FUNC, 0)))
            pathlib.Path("large.wasm").write_bytes(whole)
            results = {(run.stdout, run.stderr) for run in (
                self.meld("fuse", "large.wasm", "-o", "-", *words, code=code)
                for words in ((), ("-j", "1"), ("-j2",), ("--jobs=3", "--validate"), ("--jobs", "999999")))}
            self.assertEqual(len(results), 1)
            wanted = results.pop()
        self.assertIn(b"in core module 0, function 50: call: function index", wanted[1])
        for word in ("0", "", "x", "-1", "1.5", "1000000"):
            run = self.meld("fuse", "app.wasm", "-o", "out.wasm", f"--jobs={word}", code=2)
            self.assertIn(b"is no number of threads", run.stderr)

    def test_option_quiet(self):
        for word in ("-q", "--quiet"):
            self.assertEqual(self.meld("validate", word, "missing.wasm", code=3).stderr, b"")

    def test_option_message_format(self):
        error = json.loads(self.meld("validate", "--message-format", "json", "missing.wasm", code=3).stderr)
        self.assertEqual((error["code"], error["file"]), ("system", "missing.wasm"))

    def test_option_color(self):
        self.assertIn(b"\x1b[", self.meld("validate", "--color=always", "missing.wasm", code=3).stderr)
        self.assertNotIn(b"\x1b[", self.meld("validate", "--color=never", "missing.wasm", code=3).stderr)

    def test_option_help(self):
        for word in ("-h", "--help"):
            shown = "".join(self.meld(command, word).stdout.decode() for command in ("fuse", "inspect"))
            for option in option_names():
                self.assertIn(f"--{option}", shown)

    def test_option_version(self):
        self.assertEqual(self.meld("fuse", "--version").stdout, self.meld("version").stdout)


if __name__ == "__main__":
    unittest.main()
