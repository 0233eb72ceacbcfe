#!/usr/bin/env python3
"""The static command: one file, which needs no other, and the same bytes from wherever it was built.

    MELD=build/release/meld python tests/package/test_static.py
"""

import re
import subprocess
import sys

from installation import *


class Static(Workplace):
    def setUp(self):
        super().setUp()
        self.command = self.build_static() / "meld"

    def test_it_needs_no_other_file(self):
        need("readelf")
        program = self.run_well("readelf", "--program-headers", "--dynamic", self.command).stdout
        self.assertNotRegex(program, r"INTERP|NEEDED")
        self.assertIn("LOAD", program)
        need("file", "ldd")
        self.assertRegex(self.run_well("file", self.command).stdout, "statically linked|static-pie linked")
        loaded = subprocess.run(["ldd", self.command], env=self.environment, capture_output=True, text=True)
        self.assertRegex(loaded.stdout + loaded.stderr, "not a dynamic executable|statically linked")

    def test_it_runs_where_nothing_is(self):
        """Without environment, and where root may do so, in a folder that holds it and its inputs alone."""
        self.assemble("shop", "store", "bad-store")
        expected = self.fused("shop", "store")
        (self.folder / "root").mkdir()
        for name in (self.command, "shop.wasm", "store.wasm", "bad-store.wasm"):
            shutil.copy(self.folder / name, self.folder / "root")
        runs = ["env", "-i"]
        chroot = shutil.which("chroot", path=f"{self.environment['PATH']}:/usr/sbin")
        if os.geteuid() == 0 and chroot:
            runs += [chroot, self.folder / "root"]
        # Absolute from a root of its own, relative to the folder in which it runs otherwise: the same words for both.
        options = {"cwd": self.folder / "root"}
        self.assertEqual(self.run_well(*runs, "./meld", "version", **options).stdout, f"meld {VERSION}\n")
        fuse = [*runs, "./meld", "fuse", "--strip", "shop.wasm"]
        self.run_well(*fuse, "store.wasm", "-o", "out.wasm", **options)
        self.assertEqual((self.folder / "root/out.wasm").read_bytes(), expected)
        wrong = self.run_as(1, *fuse, "bad-store.wasm", "-o", "wrong.wasm", **options)
        self.assertIn("is of type func(key: string) -> u32", wrong.stderr)
        self.assertFalse((self.folder / "root/wrong.wasm").exists())

    def test_the_same_bytes_from_other_folders(self):
        """Other sources' and other builds' folders, another time, another language, all at once."""
        source = self.folder / "a folder of quite another length" / "meld"
        source.mkdir(parents=True)
        copy_sources(source)
        environment = {**self.environment, "SOURCE_DATE_EPOCH": "1", "TZ": "Asia/Kathmandu", "LC_ALL": "C", "USER": "somebody"}
        self.run_well("cmake", "--preset", "static", "-B", self.folder / "b", "-D", "MELD_TESTS=OFF", cwd=source, env=environment)
        self.run_well("cmake", "--build", self.folder / "b", "--target", "meld", "-j", "1", env=environment)
        first, second = self.command.read_bytes(), (self.folder / "b/meld").read_bytes()
        self.assertTrue(first == second, "the bytes differ")
        for folder in (ROOT, BUILD, self.folder, source):
            self.assertNotIn(os.fsencode(folder), second)

    def test_nothing_of_its_making_is_in_it(self):
        need("readelf")
        sections = self.run_well("readelf", "--sections", "--wide", self.command).stdout
        self.assertNotRegex(sections, r"build-id|\.symtab|\.debug")
        self.assertRegex(sections, r"\.text")


if __name__ == "__main__":
    sys.exit(main())
