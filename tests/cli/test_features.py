#!/usr/bin/env python3
"""--features: instructions on vectors are added where the input has some, or where the option says so; and what comes out
does the same.

    MELD=build/release/meld python tests/cli/test_features.py
"""

import os
import pathlib
import subprocess
import tempfile
import unittest

import wasmtime

MELD = os.path.abspath(os.environ.get("MELD", "build/release/meld"))

# The callee gives the number of bytes; the caller's text is "<text>". @body@ is in a function that is never called.
COMPONENT = """
(component
  (component $callee
    (core module $m
      (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4096))
      (func (export "size") (param i32 i32) (result i32)
        (i32.add (local.get 1) (i32.load8_u (i32.add (local.get 0) (i32.const 16))))))
    (core instance $i (instantiate $m))
    (func (export "size") (param "text" string) (result u32)
      (canon lift (core func $i "size") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
  (component $caller
    (import "size" (func $size (param "text" string) (result u32)))
    (core module $libc
      (memory (export "memory") 1)
      (data (i32.const 64) "@text@"))
    (core instance $libc (instantiate $libc))
    (core func $size' (canon lower (func $size) (memory (core memory $libc "memory"))))
    (component $inner
      (core module $m
        (func @body@)))
    (core module $m
      (import "" "size" (func $size (param i32 i32) (result i32)))
      (func (export "run") (result i32) (call $size (i32.const 64) (i32.const 20))))
    (core instance $i (instantiate $m (with "" (instance (export "size" (func $size'))))))
    (func (export "run") (result u32) (canon lift (core func $i "run"))))
  (instance $a (instantiate $callee))
  (instance $b (instantiate $caller (with "size" (func $a "size"))))
  (export "run" (func $b "run")))
"""
GOOD = r"0123456789abcdef\c3\a9yz"  # one character is not ASCII; byte 16 is 0xc3
BAD = r"0123456789abcdef\c3zyz"
VECTORS = "(drop (i8x16.bitmask (v128.const i64x2 1 2)))"


class Features(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="meld-features-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def fuse(self, text, body, *options):
        wat = COMPONENT.replace("@text@", text).replace("@body@", body)
        subprocess.run(["wasm-tools", "parse", "-", "-o", self.folder / "in.wasm"], input=wat.encode(), check=True)
        subprocess.run([MELD, "fuse", *options, self.folder / "in.wasm", "-o", self.folder / "out.wasm"], check=True)
        return (self.folder / "out.wasm").read_bytes()

    def has_vectors(self, module):
        text = subprocess.run(["wasm-tools", "print", "-"], input=module, stdout=subprocess.PIPE, check=True).stdout
        return b"v128" in text

    def run_of(self, module):
        config = wasmtime.Config()
        config.wasm_multi_memory = True
        store = wasmtime.Store(wasmtime.Engine(config))
        return wasmtime.Instance(store, wasmtime.Module(store.engine, module), []).exports(store)["run"](store)

    def test_which_code_is_added(self):
        for body, options, expected in (
            ("", (), False),
            ("", ("--features=-simd",), False),
            ("", ("--features=+simd",), True),
            ("", ("--features", "-simd"), False),
            ("", ("--validate",), False),
            (VECTORS, (), True),
            (VECTORS, ("--validate",), True),
            (VECTORS, ("--features=-simd",), False),
            (VECTORS, ("--features=+simd",), True),
            (VECTORS, ("--features=+simd", "--features=-simd"), False),
        ):
            with self.subTest(body=body, options=options):
                module = self.fuse(GOOD, body, *options)
                self.assertEqual(self.has_vectors(module), expected)
                self.assertEqual(self.run_of(module), 20 + 0xC3)

    def test_the_same_trap(self):
        for option in ("--features=-simd", "--features=+simd"):
            with self.subTest(option), self.assertRaises(wasmtime.Trap) as raised:
                self.run_of(self.fuse(BAD, "", option))
            self.assertEqual(raised.exception.frames[0].func_name, "trap: invalid utf-8")


if __name__ == "__main__":
    unittest.main()
