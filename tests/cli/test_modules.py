#!/usr/bin/env python3
"""Core modules as inputs: the components that they become, against those of `wasm-tools component new`.

    MELD=build/release/meld python tests/cli/test_modules.py

A module in tests/cli/modules says in the lines before it what it is:

    ;; world: NAME [ENCODING]    a world of world.wit that it is given a section for; several make several sections
    ;; adapt: NAME               the adapter that it needs
    ;; with: NAME                the module that exports what it imports
    ;; run() = 42                what comes out when all of that is put together

What wrong modules give is in the table of docs/cli.md.
"""

import pathlib
import re
import subprocess
import unittest

from test_command import EMPTY_MODULE, MODULES, InFolder, facts, meld, modules

EXPECTATION = re.compile(r"^;; ([\w-]+)\(\) = (\d+)$", re.MULTILINE)
WORLD_ITEM = re.compile(r"^  ((?:import|export) [^;\n{]*)", re.MULTILINE)


def run(*command):
    made = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60)
    assert made.returncode == 0, f"{command}: {made.stderr}"
    return made.stdout


def world(component):
    head = run("wasm-tools", "component", "wit", component).split("\n}\n", 1)[0]
    return sorted(WORLD_ITEM.findall(head))


def invoke(wasm, export, is_core):
    return run("wasmtime", "run", "-W", "all-proposals=y", "--invoke", export if is_core else f"{export}()", wasm).strip()


class Modules(InFolder):
    def fuse(self, *arguments):
        made = meld("fuse", *arguments)
        self.assertEqual((made.returncode, made.stderr), (0, b""), arguments)

    def test_each_module(self):
        count = 0
        for path in sorted(MODULES.glob("*.wat")):
            name, text = path.stem, path.read_text()
            expectations = EXPECTATION.findall(text)
            if not expectations:
                continue
            adapt = [word for adapter in facts(text, "adapt") for word in ("--adapt", f"{adapter}={adapter}.core.wasm")]
            others = [f"{other}.core.wasm" for other in facts(text, "with")]
            with self.subTest(name):
                run("wasm-tools", "component", "new", f"{name}.core.wasm", *adapt, "-o", "reference.wasm")
                self.fuse(f"{name}.core.wasm", *adapt, "--compose-only", "-o", "made.wasm")
                run("wasm-tools", "validate", "--features", "all", "made.wasm")
                self.assertEqual(world("made.wasm"), world("reference.wasm"))
                self.fuse("reference.wasm", *others, "--component", "-o", "oracle.wasm")
                self.fuse(f"{name}.core.wasm", *others, *adapt, "--compose-only", "-o", "whole.wasm")
                self.fuse(f"{name}.core.wasm", *others, *adapt, "--component", "-o", "component.wasm")
                self.fuse(f"{name}.core.wasm", *others, *adapt, "-o", "core.wasm")
                for export, value in expectations:
                    for wasm in ("oracle.wasm", "whole.wasm", "component.wasm", "core.wasm"):
                        self.assertEqual(invoke(wasm, export, wasm == "core.wasm"), value, wasm)
                        count += 1
        self.assertGreater(count, 40)

    def test_what_is_imported_is_what_is_used(self):
        self.fuse("app.core.wasm", "--compose-only", "-o", "made.wasm")
        self.assertNotIn(b"unused", self.read("made.wasm"))
        self.fuse("adapted.core.wasm", "--adapt", "old.core.wasm", "--compose-only", "-o", "made.wasm")
        self.assertNotIn(b"unused", self.read("made.wasm"))
        self.fuse("provider.core.wasm", "--compose-only", "-o", "made.wasm")
        self.assertEqual(world("made.wasm"), ["export test:kv/store@0.2.3"])

    def test_the_section_is_gone(self):
        self.fuse("app.core.wasm", "--compose-only", "-o", "made.wasm")
        self.assertIn(b"component-type", self.read("app.core.wasm"))
        self.assertNotIn(b"component-type", self.read("made.wasm"))

    def test_components_and_modules_together(self):
        run("wasm-tools", "component", "new", "provider.core.wasm", "-o", "provider.wasm")
        run("wasm-tools", "component", "new", "app.core.wasm", "-o", "main.wasm")
        for inputs in (["app.core.wasm", "provider.wasm"], ["main.wasm", "provider.core.wasm"], ["provider.core.wasm", "app.core.wasm"]):
            self.fuse(*inputs, "--require-closed", "--component", "-o", "out.wasm")
            self.assertEqual(invoke("out.wasm", "run", False), "4203")

    def test_a_fused_module_is_an_input_again(self):
        self.fuse("two-worlds.core.wasm", "provider.core.wasm", "-o", "core.wasm")
        self.fuse("core.wasm", "--component", "-o", "again.wasm")
        self.assertEqual(invoke("again.wasm", "count", False), "8")
        self.fuse("app.core.wasm", "-o", "open.wasm")
        self.fuse("open.wasm", "provider.core.wasm", "-o", "closed.wasm")
        self.assertEqual(invoke("closed.wasm", "run", True), "4203")

    def test_an_adapter_is_called_by_its_file(self):
        self.write("old.of-some-kind.wasm", self.read("old.core.wasm"))
        self.fuse("adapted.core.wasm", "--adapt=old.of-some-kind.wasm", "--compose-only", "-o", "made.wasm")
        self.fuse("adapted.core.wasm", "--adapt", "old=old.core.wasm", "--compose-only", "-o", "named.wasm")
        self.assertEqual(self.read("made.wasm"), self.read("named.wasm"))

    def test_no_part_of_a_module_is_one(self):
        # Cut off, or with a byte changed: never a crash, never an output that is not valid.
        for name in ("two-worlds", "provider"):
            whole = self.read(f"{name}.core.wasm")
            for at in range(8, len(whole), 3):
                for changed in (whole[:at], whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :]):
                    made = meld("fuse", "-", "--compose-only", "-o", "out.wasm", input=changed)
                    self.assertIn(made.returncode, (0, 1), changed)
                    self.assertTrue(made.returncode == 0 or made.stderr.startswith(b"meld: <standard input>"), made.stderr)
                    self.assertNotIn(b"internal", made.stderr)
        self.assertTrue(self.read("core.wasm").startswith(EMPTY_MODULE))


if __name__ == "__main__":
    unittest.main()
