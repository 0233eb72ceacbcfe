#!/usr/bin/env python3
"""The world of what was fused, as `wasm-tools component wit` reads it, is the one of the input.

    MELD=build/release/meld python tests/cli/test_worlds.py

Each file in tests/cli/worlds has a world of its own name. A module that does nothing is made for it, and fused as a module
and as the component that `wasm-tools component new` makes of it, to a component, to that again, and to a core module.
"""

import pathlib
import re
import subprocess
import unittest

from test_command import InFolder, meld

WORLDS = sorted((pathlib.Path(__file__).resolve().parent / "worlds").glob("*.wit"))
INTERFACE = re.compile(r"^  interface (\S+) \{\n(.*?)^  \}\n", re.MULTILINE | re.DOTALL)
ITEM = re.compile(r"^    (\w.*?(?:;| \{\n.*?^    \}))\n", re.MULTILINE | re.DOTALL)


def tool(*words):
    return subprocess.run(["wasm-tools", *words], check=True, capture_output=True, text=True, timeout=60).stdout


def interfaces(file):
    """The items of each; imports that are pruned leave fewer. Names that are used from elsewhere, one by one."""
    found = {}
    for name, body in INTERFACE.findall(tool("component", "wit", file)):
        items = set()
        for item in ITEM.findall(body):
            used = re.fullmatch(r"use (\S+)\.\{(.*)\};", item)
            items.update([f"use {used[1]}.{{{each}}};" for each in used[2].split(", ")] if used else [item])
        found[name] = items
    return found


def exported(file):
    world, = re.findall(r"^world root \{\n(.*?)^\}\n", tool("component", "wit", file), re.MULTILINE | re.DOTALL)
    return re.findall(r"^  export \S+/([\w-]+);", world, re.MULTILINE)


class Worlds(InFolder):
    def assert_world(self, output, *words):
        """Of the component in.wasm."""
        made = meld("fuse", *words, "-o", output)
        self.assertEqual((made.returncode, made.stderr), (0, b""), words)
        tool("validate", "--features", "all", output)
        wanted, found = interfaces("in.wasm"), interfaces(output)
        for name in exported("in.wasm"):
            self.assertEqual(found[name], wanted[name], (words, name))
        for name in found:
            self.assertLessEqual(found[name], wanted[name], (words, name))

    def test_each(self):
        self.assertTrue(WORLDS)
        for path in WORLDS:
            with self.subTest(path.stem):
                tool("component", "embed", "--dummy", str(path), "--world", path.stem, "-o", "module.wasm")
                tool("component", "new", "module.wasm", "-o", "in.wasm")
                self.assertGreater(len(exported("in.wasm")), 1)
                self.assert_world("out.wasm", "--component", "in.wasm")
                self.assert_world("again.wasm", "--component", "out.wasm")
                self.assert_world("made.wasm", "--component", "module.wasm")
                self.assert_world("core.wasm", "in.wasm")
                self.assert_world("core-of-module.wasm", "module.wasm")


if __name__ == "__main__":
    unittest.main()
