#!/usr/bin/env python3
"""One input gives another a core module or a component: what that turns out to have is looked at when it is instantiated.

    MELD=build/release/meld python tests/cli/test_given.py

An input that is valid by itself says of what it imports no more than a type. Here each thing that such a type can say is given
otherwise, and is refused in words, on each way to an output.
"""

import os
import pathlib
import subprocess
import tempfile
import unittest

MELD = os.path.abspath(os.environ.get("MELD", "build/release/meld"))

MODULE_TAKER = """
(component
  (import "m" (core module $m
    (export "f" (func (param i32 i32) (result i32)))
    (export "memory" (memory 1))
    (export "realloc" (func (param i32 i32 i32 i32) (result i32)))))
  (core instance $i (instantiate $m))
  (func (export "run") (param "s" string) (result u32)
    (canon lift (core func $i "f") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
"""
F = '(func (export "f") (param i32 i32) (result i32) (i32.const 0))'
MEMORY = '(memory (export "memory") 1)'
REALLOC = '(func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0))'
# What the module is made of, and what is said of it; null: it fits.
MODULES = [
    (F + MEMORY + REALLOC, None),
    (F + MEMORY + REALLOC + '(func (export "more"))', None),
    (MEMORY + REALLOC, 'core instance 0 has no export "f"'),
    ('(global (export "f") i32 (i32.const 0))' + MEMORY + REALLOC, 'the export "f" of core instance 0 is not of sort core func'),
    (F.replace("i32 i32", "i64 i32") + MEMORY + REALLOC, "the core function that is lifted has to be of type [i32 i32] -> [i32]"),
    (F + '(memory (export "memory") i64 1)' + REALLOC, "the realloc has to be of type [i64 i64 i64 i64] -> [i64]"),
    (F + '(memory (export "memory") 1 1 shared)' + REALLOC, "the shared flag differs"),
    (F + '(memory (export "memory") 0)' + REALLOC, 'export "memory" of import "m" is memory 0 in the arguments, but memory 1'),
    (F + '(table (export "memory") 1 funcref)' + REALLOC, 'the export "memory" of core instance 0 is not of sort core memory'),
    (F + MEMORY + REALLOC.replace("i32 i32 i32 i32", "i32"), "the realloc has to be of type [i32 i32 i32 i32] -> [i32]"),
    ('(import "x" "y" (func))' + F + MEMORY + REALLOC, 'the core module imports from "x", but there is no argument of that name'),
]

COMPONENT_TAKER = """
(component
  (import "c" (component $c
    (import "in" (func (param "x" u32)))
    (export "out" (func (param "x" u32) (result u32)))
    (export "i" (instance (export "r" (type (sub resource))) (export "g" (func))))))
  (core module $n (func (export "f") (param i32)))
  (core instance $n (instantiate $n))
  (func $in (param "x" u32) (canon lift (core func $n "f")))
  (instance $k (instantiate $c (with "in" (func $in))))
  (alias export $k "i" (instance $i))
  (alias export $i "r" (type $r))
  (alias export $i "g" (func $g))
  (export "r" (type $r))
  (export "g" (func $g))
  (export "out" (func $k "out")))
"""
COMPONENT_GIVER = """
(component
  (component $c
    @imports@
    (core module $n (func (export "out") (param @core@) (result i32) (i32.const 1)) (func (export "g")))
    (core instance $n (instantiate $n))
    (type $r @type@)
    (func $g (canon lift (core func $n "g")))
    (func $o (param "x" @value@) (result u32) (canon lift (core func $n "out")))
    (instance $i @instance@)
    @exports@)
  (export "c" (component $c)))
"""
USUAL = {"imports": '(import "in" (func (param "x" u32)))', "core": "i32", "value": "u32", "type": "(resource (rep i32))",
         "instance": '(export "r" (type $r)) (export "g" (func $g))', "exports": '(export "out" (func $o)) (export "i" (instance $i))'}
COMPONENTS = [
    ({}, None),
    ({"imports": ""}, None),
    ({"imports": USUAL["imports"] + '(import "more" (func))'}, 'nothing is given for the import "more" of sort func'),
    ({"imports": '(import "in" (func (param "x" u64)))'}, 'the import "in" is of type func(x: u64), but what is given'),
    ({"imports": '(import "in" (instance))'}, 'the import "in" is of sort instance, but what is given for it is of sort func'),
    ({"value": "u64", "core": "i64"}, 'the export "out" is of type func(x: u32) -> u32, but what is given'),
    ({"exports": '(export "i" (instance $i))'}, 'nothing is given for the export "out" of sort func'),
    ({"exports": '(export "out" (func $o))'}, 'nothing is given for the export "i" of sort instance'),
    ({"exports": '(export "out" (func $o)) (export "i" (func $g))'}, 'the export "i" is of sort instance, but what is given'),
    ({"instance": '(export "g" (func $g))'}, 'nothing is given for the export "r" of sort type'),
    ({"instance": '(export "r" (type $r))'}, 'nothing is given for the export "g" of sort func'),
    ({"type": "u32"}, 'the export "r" is a resource type, but what is given for it is not'),
    ({"instance": '(export "r" (type $r)) (export "g" (type $r))'}, 'the export "g" is of sort func, but what is given'),
]


class Given(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="meld-given-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def assemble(self, name, text):
        subprocess.run(["wasm-tools", "parse", "-", "-o", self.folder / name], input=text.encode(), check=True, timeout=60)

    def expect(self, taker, giver, message):
        self.assemble("taker.wasm", taker)
        self.assemble("giver.wasm", giver)
        for form in ([], ["--component"], ["--compose-only"]):
            with self.subTest(f"{giver} {form}"):
                run = subprocess.run([MELD, "fuse", "taker.wasm", "giver.wasm", "-o", "out.wasm", *form], cwd=self.folder,
                                     capture_output=True, timeout=60, check=False)
                self.assertEqual(run.returncode, 1 if message else 0, run.stderr)
                if message:
                    self.assertIn(message, run.stderr.decode())
                else:
                    subprocess.run(["wasm-tools", "validate", "--features", "all", self.folder / "out.wasm"], check=True, timeout=60)

    def test_core_modules(self):
        for content, message in MODULES:
            self.expect(MODULE_TAKER, f'(component (core module $m {content}) (export "m" (core module $m)))', message)

    def test_components(self):
        for change, message in COMPONENTS:
            text = COMPONENT_GIVER
            for key, value in {**USUAL, **change}.items():
                text = text.replace(f"@{key}@", value)
            self.expect(COMPONENT_TAKER, text, message)


if __name__ == "__main__":
    unittest.main()
