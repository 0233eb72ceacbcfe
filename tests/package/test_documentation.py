#!/usr/bin/env python3
"""The library's documentation has all of meld.h, and what is not documented fails.

    MELD=build/release/meld python tests/package/test_documentation.py
"""

import html
import re
import sys

from installation import *


class Documentation(Workplace):
    def setUp(self):
        super().setUp()
        need("doxygen", "ninja")
        self.source = self.folder / "a folder"
        self.source.mkdir()
        copy_sources(self.source)
        self.run_well("cmake", "--preset", "release", "-D", "MELD_TESTS=OFF", "-B", self.folder / "built", cwd=self.source)

    def make(self, status=0):
        done = self.run_as(status, "cmake", "--build", "built", "--target", "doc")
        return done.stdout + done.stderr

    def add(self, text):
        header = self.source / "include/meld.h"
        header.write_text(header.read_text().replace("\n#ifdef __cplusplus\n}\n", f"\n{text}\n\n#ifdef __cplusplus\n}}\n"))
        self.assertIn(text, header.read_text())

    def test_all_of_the_header_is_there(self):
        said = self.make()
        self.assertNotRegex(said, "warning|error")
        folder = self.folder / "built/doc/html"
        page = html.unescape(re.sub(r"<[^>]*>", "", (folder / "meld_8h.html").read_text()))
        self.assertGreater(len(public_names()), 5)
        for name in public_names():
            self.assertIn(f"◆\u00a0{name}()", page)
        # Comments before and behind what they are of.
        self.assertIn("Frees the output of a result.", page)
        self.assertIn("memory ran out", page)
        self.assertIn("which input is at fault", (folder / "structmeld__result.html").read_text())
        for example in ("fuse_8c", "fuse_8py"):
            self.assertIn("meld_fuse_all", (folder / f"{example}-example.html").read_text())
        self.assertIn("fuse.py", (folder / "index.html").read_text())

    def test_what_is_not_documented_fails(self):
        for text in ("MELD_API int meld_mystery(void);", "/* It does. */\ntypedef struct meld_box {\n  int lid;\n} meld_box;"):
            with self.subTest(text):
                self.add(text)
                self.assertRegex(self.make(status=1), r"(meld_mystery|lid).* is not documented")


if __name__ == "__main__":
    sys.exit(main())
