#!/usr/bin/env python3
"""What each thing that an input can have many of costs, in instructions and in memory.

    MELD=build/release/meld python tests/limits/test_growth.py

The inputs are those that the benchmark grows. Instructions are counted by valgrind, which the load of the machine does
not change, at a number of items and at ten times as many: what one item more costs has to stay the same, and below what
BUDGETS says, which is a fifth more than it was when this was written (gcc 12, -O2). Memory is the peak that the
system says, which may be some megabytes more than what is used, where it gives large pages.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
import inputs  # noqa: E402

MELD = os.path.abspath(os.environ.get("MELD", "build/release/meld"))

# kind: (items, instructions for each; items, bytes of memory for each)
BUDGETS = {
    "instances": (100, 20_000, 10_000, 4_500),
    "components": (100, 48_000, 10_000, 11_500),
    "functions": (1_000, 2_900, 100_000, 600),
    "types": (500, 6_500, 50_000, 1_550),
    "boundaries": (100, 120_000, 10_000, 12_500),
}


def is_optimised():
    """A build without optimisation takes several times as many instructions."""
    cache = pathlib.Path(MELD).parent / "CMakeCache.txt"
    return not cache.exists() or "CMAKE_BUILD_TYPE:STRING=Release" in cache.read_text(encoding="utf-8")


@unittest.skipIf(os.environ.get("MELD_SANITIZE"), "a sanitizer counts too")
@unittest.skipUnless(is_optimised(), "a build that is not optimised")
class Growth(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="meld-growth-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def command(self, kind, count):
        source, path = self.folder / f"{kind}-{count}.wat", self.folder / f"{kind}-{count}.wasm"
        source.write_text(inputs.generate(kind, count), encoding="utf-8")
        subprocess.run(["wasm-tools", "parse", source, "-o", path], check=True)
        return [MELD, "fuse", "-j", "1", str(path), "-o", str(self.folder / "fused.wasm")]

    def instructions(self, kind, count):
        command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *self.command(kind, count)]
        run = subprocess.run(command, capture_output=True, check=True, timeout=300)
        return int(re.search(rb"Collected : (\d+)", run.stderr).group(1))

    @unittest.skipUnless(shutil.which("valgrind"), "valgrind counts the instructions")
    def test_instructions(self):
        for kind, (count, most, _, _) in BUDGETS.items():
            with self.subTest(kind):
                few, some, many = (self.instructions(kind, n * count) for n in (1, 4, 10))
                first, last = (some - few) / (3 * count), (many - some) / (6 * count)
                self.assertLess(last, most)
                self.assertLess(last, 1.15 * first, "the more there are, the more each takes")

    def test_memory(self):
        for kind, (_, _, count, most) in BUDGETS.items():
            with self.subTest(kind):
                process = subprocess.Popen(self.command(kind, count))
                _, status, usage = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
                self.assertEqual(process.returncode, 0)
                self.assertLess(usage.ru_maxrss * 1024 / count, most)


if __name__ == "__main__":
    unittest.main()
