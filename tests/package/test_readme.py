#!/usr/bin/env python3
"""The README holds: what it says to type does what it shows, for somebody new, and its figures are those of the documentation.

    MELD=build/release/meld python tests/package/test_readme.py
"""

import re
import sys

from installation import *

README = (ROOT / "README.md").read_text()


def rows(text):
    """The rows of a table, by their first cell."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    return {row[0]: row[1:] for row in cells}


class Readme(Workplace):
    def setUp(self):
        super().setUp()
        # What a new machine has, and nothing of this one's tools but those that the build would install.
        self.environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": self.environment["HOME"],
                            "Python3_ROOT_DIR": sys.base_prefix}
        self.clone = self.folder / "meld"
        self.clone.mkdir()
        copy_sources(self.clone)
        for name in ("tests", "fuzz"):
            shutil.copytree(ROOT / name, self.clone / name)
        (self.clone / "build").mkdir()
        (self.clone / "build/tools").symlink_to(pathlib.Path(sys.prefix))

    def test_try_it(self):
        need("cmake", "ninja", "cc", "python3", "bash")
        part = README[README.index("## Try it"):README.index("## Install it")]
        demo, by_hand, check, *_ = re.findall(r"(?:^    .*\n)+", part, re.MULTILINE)
        self.assertEqual(demo.strip(), "cmake --workflow --preset demo")
        self.assertEqual(check.strip(), "cmake --workflow --preset check")
        said = self.run_well("bash", "-euc", demo, cwd=self.clone).stdout
        shown = re.search(r"```\n(.*?)```", part, re.DOTALL)[1]
        self.assertEqual(said[said.index("$ wasm-tools"):].rstrip(), shown.rstrip())
        self.assertEqual(self.run_well("bash", "-euc", by_hand, cwd=self.clone).stdout,
                         '"HELLO, GRACE! YOU ARE VISITOR 1"\nHELLO, GRACE! YOU ARE VISITOR 1\n')
        excerpt = re.search(r"```wat\n(.*?)```", README, re.DOTALL)[1]
        wiring = (ROOT / "examples/three-components/app.wat").read_text()
        for line in excerpt.splitlines():
            self.assertIn(line, wiring)

    def test_install_it(self):
        part = README[README.index("## Install it"):README.index("## What it does")]
        presets = set(re.findall(r"cmake (?:--workflow )?--preset (\w+)", part))
        self.assertEqual(presets, {"deb", "static"})
        for preset in presets:
            self.assertIn(preset, self.run_well("cmake", "--list-presets", cwd=self.clone).stdout)

    def test_figures(self):
        performance = (ROOT / "docs/performance.md").read_text()
        part = README[README.index("in nanoseconds for one call:"):README.index("What other people's tests say:")]
        in_readme = rows(part)
        measured = {}
        for engine in ("wasmtime", "V8"):
            section = performance[performance.index(f"### Calls, in {engine}\n"):]
            table = rows(section[:section.index("\n###", 4)])
            names = next(iter(table.values()))
            measured[engine] = {name: (row[names.index("unfused")], row[names.index("**meld**")]) for name, row in table.items()}
        compared = 0
        for name, figures in in_readme.items():
            if name and not name.startswith("--"):
                self.assertEqual(tuple(figures), measured["wasmtime"][name] + measured["V8"][name], name)
                compared += 1
        self.assertGreater(compared, 3)

    def test_links(self):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
            self.assertTrue((ROOT / target).exists(), target)


if __name__ == "__main__":
    sys.exit(main())
