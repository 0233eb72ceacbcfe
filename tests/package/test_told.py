#!/usr/bin/env python3
"""What the table of options becomes: help, completions and the manual page have all of it, and shells can use them.

    MELD=build/release/meld python tests/package/test_told.py
"""

import re
import sys

from installation import *


class Told(Workplace):
    def told(self, form):
        return self.run_well(MELD, "help", f"--format={form}").stdout

    def test_each_option_is_in_all_of_them(self):
        self.assertGreater(len(options()), 15)
        for form in ("text", "bash", "zsh", "fish", "scdoc"):
            text = self.told(form)
            for name in options():
                with self.subTest(form=form, option=name):
                    self.assertRegex(text, rf"-l {name}\b" if form == "fish" else rf"--{name}(?![a-z-])")

    def complete_in_bash(self, *words):
        """What bash offers for the last of the words, which are as bash splits them."""
        (self.folder / "meld.bash").write_text(self.told("bash"))
        script = 'source meld.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _meld; printf "%s\\n" "${COMPREPLY[@]}"'
        return self.run_well("bash", "-uec", script, "bash", *words).stdout.split()

    def test_bash(self):
        need("bash")
        (self.folder / "app.wasm").touch()
        (self.folder / "apples").mkdir()
        for words, expected in (
            (["meld", "f"], ["fuse"]),
            (["wasm-meld", "fuse", "--dum"], ["--dump"]),
            (["meld", "fuse", "--dump", ""], ["component", "plan"]),
            (["meld", "fuse", "--dump", "="], ["component", "plan"]),
            (["meld", "fuse", "--color", "=", "al"], ["always"]),
            (["meld", "fuse", "--deps-dir", "a"], ["apples"]),
            (["meld", "fuse", "-o", "app."], ["app.wasm"]),
            (["meld", "fuse", "--name", "x", "=", "app."], ["app.wasm"]),
            (["meld", "fuse", "--link", "a"], []),
            (["meld", "fuse", "--require-closed", "=", "a"], []),
            (["meld", "fuse", "--require-closed", "app."], ["app.wasm"]),
            (["meld", "validate", "app."], ["app.wasm"]),
            (["meld", "validate", "--st"], []),
            (["meld", "fuse", "--str"], ["--strip"]),
            (["meld", "help", "v"], ["validate"]),
        ):
            with self.subTest(words):
                self.assertEqual(self.complete_in_bash(*words), expected)

    def test_fish(self):
        need("fish")
        (self.folder / "meld.fish").write_text(self.told("fish"))
        for line, expected in (("meld f", ["fuse"]), ("wasm-meld fuse --dump=", ["--dump=component", "--dump=plan"]),
                               ("meld validate --st", []), ("meld fuse --str", ["--strip"])):
            with self.subTest(line):
                offered = self.run_well("fish", "--no-config", "-c", f"source meld.fish; complete -C '{line}'").stdout
                self.assertEqual([word.split("\t")[0] for word in offered.splitlines()], expected)

    def test_zsh(self):
        need("zsh")
        (self.folder / "_meld").write_text(self.told("zsh"))
        self.run_well("zsh", "-n", "_meld")
        # It is loaded by its first line, and found for both names.
        found = self.run_well("zsh", "-fc", "fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -d dump; "
                              "print $_comps[meld] $_comps[wasm-meld]").stdout
        self.assertEqual(found, "_meld _meld\n")
        # The first call completes already, under both names that the file can have.
        (self.folder / "_wasm-meld").write_text(self.told("zsh"))
        for name in ("_meld", "_wasm-meld"):
            with self.subTest(name):
                script = ("fpath=($PWD $fpath); words=(meld fuse -); CURRENT=3; compdef() { print waits; }; "
                          f"_arguments() {{ print completes; }}; autoload -Uz {name}; {name}")
                self.assertEqual(self.run_well("zsh", "-fc", script).stdout, "completes\n")

    def test_the_manual_page(self):
        need("scdoc")
        page = (self.install() / "share/man/man1/meld.1").read_text().replace("\\-", "-")
        for name in options():
            self.assertRegex(page, rf"--{name}(?![a-z-])")
        self.assertIn(f"meld {VERSION}", page)
        self.assertNotIn("@", page)
        need("mandoc")
        # Empty paragraphs, of which it warns, are how scdoc writes.
        self.run_well("mandoc", "-T", "lint", "-W", "error", self.folder / "prefix/share/man/man1/wasm-meld.1")


if __name__ == "__main__":
    sys.exit(main())
