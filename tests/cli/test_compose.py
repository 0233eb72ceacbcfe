#!/usr/bin/env python3
"""The options that say how several inputs come together: what each does to the world of the whole.

    MELD=build/release/meld python tests/cli/test_compose.py

That the compositions run as they should is for tests/compose; what wrong inputs give is in the table of docs/cli.md.
"""

import os
import re
import subprocess
import unittest

from test_command import EMPTY_MODULE, InFolder, meld

# A world, as far as it matters here: sorted lines "import NAME" and "export NAME".
WORLD_ITEM = re.compile(r"^  ((?:import|export) [^;\n]*?)(?:: interface \{|: func.*|;)?$", re.MULTILINE)


class Composed(InFolder):
    def composed(self, *arguments, **options):
        """What `meld fuse --compose-only` makes of it, which has to be valid."""
        run = meld("fuse", "--compose-only", *arguments, "-o", "whole.wasm", **options)
        self.assertEqual((run.returncode, run.stdout, run.stderr), (0, b"", b""))
        subprocess.run(["wasm-tools", "validate", "whole.wasm"], check=True, timeout=60)
        return self.read("whole.wasm")

    def world(self, *arguments, **options):
        self.composed(*arguments, **options)
        wit = subprocess.run(["wasm-tools", "component", "wit", "whole.wasm"], capture_output=True, check=True, text=True, timeout=60)
        head = wit.stdout.split("\n}\n", 1)[0]
        return sorted(WORLD_ITEM.findall(head))

    def assert_refused(self, message, *arguments):
        run = meld("fuse", *arguments, "-o", "out.wasm")
        self.assertEqual(run.returncode, 1)
        self.assertIn(message, run.stderr.decode())


class Matching(Composed):
    def test_an_import_meets_a_newer_export(self):
        self.assertEqual(self.world("shop.wasm", "store.wasm"), [])

    def test_the_order_of_the_inputs_is_no_matter(self):
        self.assertEqual(self.world("store.wasm", "app.wasm", "shop.wasm"), [])

    def test_what_no_input_exports_stays_open(self):
        self.assertEqual(self.world("shop.wasm", "app.wasm"), ["import test:kv/store@0.2.0"])

    def test_the_same_version_is_the_best(self):
        # Of the one that fits best; that it has another type shows that it was taken.
        self.assert_refused('it is given by "bad-store"', "shop.wasm", "store.wasm", "bad-store.wasm")

    def test_one_import_of_the_host_for_all(self):
        self.assertEqual(self.world("shop.wasm", "--name", "second=shop.wasm"), ["import test:kv/store@0.2.0"])

    def test_names_do_not_change_what_is_made(self):
        os.rename("store.wasm", "x.wasm")
        os.rename("shop.wasm", "y.wasm")
        renamed = self.composed("y.wasm", "x.wasm")
        self.assertEqual(renamed, self.composed("--name", "shop=y.wasm", "--name=store=x.wasm"))

    def test_standard_input(self):
        self.assertEqual(self.world("shop.wasm", "-", input=self.read("store.wasm")), [])

    def test_one_input_alone_is_not_changed(self):
        alone = self.read("store.wasm")
        self.assertEqual(self.composed("store.wasm"), alone)
        self.assertEqual(self.composed("store.wasm", "--require-closed"), alone)


class Faults(Composed):
    def test_what_is_wrong_is_told_of_the_input_that_it_is_in(self):
        # A call of a function that there is not, in place of the constant that "get" gives.
        self.write("broken.wasm", self.read("store.wasm").replace(b"\x41\x00\x0b", b"\x10\x7f\x0b", 1))
        alone = meld("fuse", "broken.wasm", "-o", "out.wasm").stderr
        self.assertRegex(alone, rb"^meld: broken\.wasm:0x[0-9a-f]+: in core module 0, function 0: call: function index 127 is out of range")
        for inputs in (["shop.wasm", "broken.wasm"], ["broken.wasm", "app.wasm"], ["app.wasm", "broken.wasm", "--compose-only"]):
            self.assertEqual(meld("fuse", *inputs, "-o", "out.wasm").stderr, alone)


class Options(Composed):
    def test_link(self):
        for link in ("shop:test:kv/store@0.2.0=cache:test:kv/store@0.2.1", "shop:test:kv/store=cache", "shop:*=cache:test:kv/*"):
            world = self.world("shop.wasm", "store.wasm", "cache.wasm", "--link", link)
            self.assertEqual(world, ["export test:kv/store@0.2.1"], link)

    def test_a_link_goes_over_versions(self):
        self.assertEqual(self.world("shop.wasm", "store3.wasm", "--link", "shop:test:kv/store=store3:test:kv/store"), [])

    def test_a_link_is_checked_by_type(self):
        self.assert_refused('it is given by "left"', "shop.wasm", "left.wasm", "--link", "shop:test:kv/store=left:test:ring/left")

    def test_host(self):
        for item in ("test:kv/store", "test:kv/store@0.2.0", "test:*", "shop:test:kv/store"):
            self.assertEqual(
                self.world("shop.wasm", "store.wasm", "--host", item), ["export test:kv/store@0.2.1", "import test:kv/store@0.2.0"]
            )

    def test_host_for_one_input(self):
        world = self.world("shop.wasm", "--name", "other=shop.wasm", "store.wasm", "--host", "other:test:kv/store")
        self.assertEqual(world, ["import test:kv/store@0.2.0"])

    def test_host_in_place_of_a_version_that_is_not_compatible(self):
        world = self.world("shop.wasm", "store3.wasm", "--host", "test:kv/store")
        self.assertEqual(world, ["export test:kv/store@0.3.0", "import test:kv/store@0.2.0"])

    def test_host_breaks_a_circle(self):
        self.assertEqual(
            self.world("left.wasm", "right.wasm", "--host", "left:test:ring/right"),
            ["export test:ring/right", "import test:ring/right"],
        )

    def test_export(self):
        self.assertEqual(self.world("shop.wasm", "store.wasm", "--export", "test:kv/store"), ["export test:kv/store@0.2.1"])

    def test_hide(self):
        self.assertEqual(self.world("app.wasm", "store.wasm", "--hide", "store:*"), [])
        self.assertEqual(self.world("cache.wasm", "store.wasm", "--hide", "store:test:kv/store"), ["export test:kv/store@0.2.1"])

    def test_types_come_out_with_names(self):
        # What mentions them is written with the names that they have outside; `composed` checks that it is valid.
        whole = self.composed("user.wasm", "things.wasm", "--export", "thing", "--hide", "use")
        for form in ("--component", "--strip"):
            self.assertEqual(meld("fuse", form, "whole.wasm", "-o", "out.wasm").stderr, b"")
            subprocess.run(["wasm-tools", "validate", "out.wasm"], check=True, timeout=60)
        hidden = self.composed("user.wasm", "things.wasm", "--hide", "make", "--hide", "count", "--hide", "pair")
        self.assertLess(len(hidden), len(whole))

    def test_the_input_at_fault_is_the_one_that_wrote_it(self):
        """A component that another input gives, and that is instantiated elsewhere."""
        for order in (["giver.wasm", "taker.wasm"], ["taker.wasm", "giver.wasm"]):
            run = meld("fuse", *order, "-o", "out.wasm")
            found = re.fullmatch(r"meld: giver.wasm:0x([0-9a-f]+): in component instance \$C: the component instantiates the "
                                 r'imported component "d"; .*\n', run.stderr.decode())
            self.assertTrue(found and run.returncode == 1, run.stderr)
            at = int(found[1], 16)
            self.assertEqual(self.read("giver.wasm")[at - 3 : at + 3], b"\5\4\1\0\0\0")  # a section with one instance

    def test_require_closed(self):
        self.assertEqual(self.world("shop.wasm", "store.wasm", "--require-closed"), [])
        for words in (["--require-closed=test:*"], ["--require-closed", "--require-closed=test:kv/store"]):
            self.assertEqual(self.world("shop.wasm", "app.wasm", *words), ["import test:kv/store@0.2.0"])

    def test_deps_dir(self):
        # The versions differ, and a script takes names as they are.
        self.write("run.wac", b"package a:b; let s = new test:store {}; let t = new test:shop { store: s.store }; export s...;")
        os.makedirs("parts/test")
        os.rename("shop.wasm", "parts/test/shop.wasm")
        os.rename("store.wasm", "parts/test/store.wasm")
        self.assertEqual(self.world("run.wac", "--deps-dir", "parts"), ["export test:kv/store@0.2.1"])
        os.rename("parts", "deps")
        self.assertEqual(self.world("run.wac"), ["export test:kv/store@0.2.1"])
        self.assertEqual(self.world("run.wac", "--require-closed"), ["export test:kv/store@0.2.1"])
        os.rename("deps/test/shop.wasm", "elsewhere.wasm")
        self.assertEqual(self.world("run.wac", "--name", "test:shop=elsewhere.wasm"), ["export test:kv/store@0.2.1"])

    def test_a_script_that_leaves_something_open(self):
        self.write("open.wac", b"package a:b; let t = new test:shop { ... };")
        names = ["--name", "test:shop=shop.wasm"]
        self.assertEqual(self.world("open.wac", *names), ["import test:kv/store@0.2.0"])
        self.assert_refused('imports stay open: "t:test:kv/store@0.2.0"', "open.wac", *names, "--require-closed")
        self.write("given.wac", b"package a:b;\n\nlet t = new test:shop {};")
        self.assert_refused('given.wac: in line 3: "test:shop" is not given its import', "given.wac", *names)

    def test_compose_only_and_fused(self):
        self.composed("shop.wasm", "store.wasm")
        self.assertEqual(meld("fuse", "shop.wasm", "store.wasm", "-o", "out.wasm").returncode, 0)
        self.assertTrue(self.read("out.wasm").startswith(EMPTY_MODULE))
        self.assertEqual(meld("fuse", "whole.wasm", "-o", "again.wasm").returncode, 0)
        self.assertEqual(self.read("out.wasm"), self.read("again.wasm"))

    def test_dumps_are_of_the_whole(self):
        self.composed("shop.wasm", "store.wasm")
        for what in ("component", "plan"):
            run = meld("fuse", f"--dump={what}", "shop.wasm", "store.wasm")
            self.assertEqual((run.returncode, run.stderr), (0, b""))
            self.assertEqual(run.stdout, meld("fuse", f"--dump={what}", "whole.wasm").stdout)


if __name__ == "__main__":
    unittest.main()
