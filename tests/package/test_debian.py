#!/usr/bin/env python3
"""Debian's packages: what is in them, that they share no file with Debian's package `meld`, and that they work.

    MELD=build/release/meld python tests/package/test_debian.py
"""

import gzip
import os
import re
import subprocess
import sys

from installation import *

# The files of the package `meld` of Debian 12, 3.22.0-2, as patterns where there are many of a kind.
FILES_OF_MELD = """
usr/bin/meld
usr/lib/python3/dist-packages/meld/.*
usr/share/applications/org.gnome.Meld.desktop
usr/share/doc/meld/.*
usr/share/glib-2.0/schemas/org.gnome.meld.gschema.xml
usr/share/help/[^/]+/meld/.*
usr/share/icons/hicolor/[a-z]+/apps/org.gnome.Meld.*
usr/share/locale/[^/]+/LC_MESSAGES/meld.mo
usr/share/man/man1/meld.1.gz
usr/share/meld/.*
usr/share/metainfo/org.gnome.Meld.appdata.xml
usr/share/mime/packages/org.gnome.Meld.xml
""".split()
# What they hold in the packages' own words: a page whose maintainer is not one of Debian's, who closes no bug there by an
# upload; and that cpack writes scripts which call ldconfig, beside the trigger that does.
SUPPRESSED = "initial-upload-closes-no-bugs,maintscript-calls-ldconfig"
LIBRARY = "libmeld" + ".".join(VERSION.split(".")[:2])


class Debian(Workplace):
    built = None

    def setUp(self):
        super().setUp()
        Debian.built = self.packages = Debian.built or self.build_debian()
        self.root = self.folder / "root"

    def unpack(self):
        for package in self.packages.values():
            self.run_well("dpkg-deb", "-x", package, self.root)

    def files(self, package):
        """Those that are no folders."""
        listing = self.run_well("dpkg-deb", "-c", self.packages[package]).stdout.splitlines()
        return [re.search(r" \./(\S+)", line)[1] for line in listing if not line.startswith("d")]

    def test_the_packages(self):
        self.assertEqual(set(self.packages), {"wasm-meld", LIBRARY, "libmeld-dev"})
        for name, path in self.packages.items():
            with self.subTest(name):
                field = lambda name: self.run_well("dpkg-deb", "-f", path, name).stdout.strip()
                self.assertEqual(field("Package"), name)
                self.assertEqual(field("Version"), f"{VERSION}-1")
                self.assertEqual(field("Source"), "wasm-meld")
                # What the compiler has linked, which dpkg-shlibdeps finds; or what the others are built for.
                depends = rf"{re.escape(LIBRARY)} \(= {VERSION}-1\), wasm-meld \(= {VERSION}-1\)"
                self.assertRegex(field("Depends"), depends if name == "libmeld-dev" else r"^libc6 \(>= 2\.[0-9]+\)$")

    def test_no_file_is_one_of_meld(self):
        taken = re.compile("|".join(FILES_OF_MELD))
        self.assertTrue(taken.fullmatch("usr/share/man/man1/meld.1.gz"))
        for package in self.packages:
            self.assertGreater(len(self.files(package)), 3)
            self.assertEqual([name for name in self.files(package) if taken.fullmatch(name)], [])
        self.assertIn("usr/bin/wasm-meld", self.files("wasm-meld"))
        named = [name for name in self.files("wasm-meld") if re.fullmatch(r"_?meld(\..*)?", name.rsplit("/")[-1])]
        self.assertEqual(named, ["usr/lib/wasm-meld/bin/meld", "usr/lib/wasm-meld/man/man1/meld.1.gz"])

    def test_dpkg_unpacks_them_beside_meld(self):
        """In a root of its own; it refuses a package that has a file of another one."""
        need("dpkg")
        if os.geteuid() != 0:
            self.skipTest("only root unpacks for others")
        # The one in the place of Debian's package, the other one as this project's would be if it had that name.
        for package in ("meld", "greedy"):
            tree = self.folder / package
            for path in ("usr/bin/meld", "usr/share/man/man1/meld.1.gz", "usr/share/doc/meld/copyright"):
                (tree / path).parent.mkdir(parents=True)
                (tree / path).write_text("another program's\n")
            (tree / "DEBIAN").mkdir()
            (tree / "DEBIAN/control").write_text(f"Package: {package}\nVersion: 3\nArchitecture: all\n"
                                                 "Maintainer: A <a@b.example>\nDescription: another program\n")
            self.run_well("dpkg-deb", "--build", "--root-owner-group", tree, f"{package}.deb")
        (self.root / "var/lib/dpkg/updates").mkdir(parents=True)
        (self.root / "var/lib/dpkg/status").touch()
        environment = {**self.environment, "PATH": self.environment["PATH"] + ":/usr/sbin:/sbin"}
        dpkg = ["dpkg", f"--root={self.root}", "--unpack"]
        self.run_well(*dpkg, "meld.deb", *self.packages.values(), env=environment)
        self.assertEqual((self.root / "usr/bin/meld").read_text(), "another program's\n")
        self.assertTrue((self.root / "usr/bin/wasm-meld").is_file())
        refused = self.run_as(1, *dpkg, "greedy.deb", env=environment)
        self.assertIn("trying to overwrite '/usr/bin/meld'", refused.stderr)

    def test_the_command_runs_from_there(self):
        self.unpack()
        self.assemble("shop", "store")
        expected = self.fused("shop", "store")
        path = f"{self.root}/usr/lib/wasm-meld/bin:{self.environment['PATH']}"
        for command in (self.root / "usr/bin/wasm-meld", "meld"):
            self.run_well("env", command, "fuse", "--strip", "shop.wasm", "store.wasm", "-o", "out.wasm",
                          env={**self.environment, "PATH": path})
            self.assertEqual((self.folder / "out.wasm").read_bytes(), expected)
            (self.folder / "out.wasm").unlink()

    def test_programs_are_built_with_it(self):
        self.unpack()
        self.run_well("cmake", "-G", "Ninja", "-S", ROOT / "examples/library", "-B", "built",
                      f"-DCMAKE_PREFIX_PATH={self.root}/usr")
        self.run_well("cmake", "--build", "built")
        needed = self.run_well("readelf", "-d", "built/fuse").stdout
        self.assertIn(f"[libmeld.so.{LIBRARY.removeprefix('libmeld')}]", needed)
        self.assemble("shop", "store")
        self.run_well("built/fuse", "shop.wasm", "store.wasm", "out.wasm")
        self.assertEqual((self.folder / "out.wasm").read_bytes(), self.fused("shop", "store"))

    def test_the_manual_has_the_name_of_the_command(self):
        self.unpack()
        page = self.root / "usr/lib/wasm-meld/man/man1/meld.1.gz"
        text = gzip.decompress(page.read_bytes()).decode().replace("\\-", "-").replace("\\&", "")
        self.assertIn('.TH "wasm-meld" "1"', text)
        self.assertIn("\nwasm-meld - fuse WebAssembly components into core modules\n", text)
        self.assertIn("/usr/lib/wasm-meld/bin", text)
        self.assertNotRegex(text, r"(?m)^meld |^\\fBmeld ")
        self.assertRegex(text, "--strip")

    def test_completions_leave_the_name_alone(self):
        self.unpack()
        share = self.root / "usr/share"
        with self.subTest("bash"):
            said = self.run_well("bash", "-c", f"source {share}/bash-completion/completions/wasm-meld; complete -p").stdout
            self.assertEqual(said, "complete -F _meld wasm-meld\n")
        with self.subTest("zsh"):
            need("zsh")
            found = self.run_well("zsh", "-fc", f"fpath=({share}/zsh/vendor-completions $fpath); autoload -Uz compinit; "
                                  "compinit -u -d dump; print \"$_comps[meld],$_comps[wasm-meld]\"").stdout
            self.assertEqual(found, ",_wasm-meld\n")
        with self.subTest("fish"):
            need("fish")
            offered = lambda line: self.run_well("fish", "--no-config", "-c", f"source {share}/fish/vendor_completions.d/"
                                                 f"wasm-meld.fish; complete -C '{line}'").stdout.split()
            self.assertIn("fuse", offered("wasm-meld f"))
            self.assertNotIn("fuse", offered("meld f"))

    def test_the_same_bytes_from_other_folders(self):
        source = self.folder / "a folder of quite another length" / "meld"
        source.mkdir(parents=True)
        copy_sources(source)
        environment = {**self.environment, "TZ": "Asia/Kathmandu", "LC_ALL": "C", "USER": "somebody"}
        options = {"env": environment, "umask": 0o077}
        self.run_well("cmake", "--preset", "deb", "-B", self.folder / "b", cwd=source, **options)
        self.run_well("cmake", "--build", self.folder / "b", "-j", "1", **options)
        again = self.pack_debian(self.folder / "b", self.folder / "packages-of-b", env=environment)
        self.assertEqual(set(again), set(self.packages))
        for name, path in again.items():
            self.assertTrue(path.read_bytes() == self.packages[name].read_bytes(), f"the bytes of {name} differ")
        # Where cpack runs with another umask, that of the packages' own frames differs, and nothing inside.
        secret = self.pack_debian(self.folder / "b", self.folder / "secret", **options)
        for name, path in secret.items():
            contents = [self.run_well("dpkg-deb", "-c", package).stdout for package in (path, self.packages[name])]
            self.assertEqual(*contents)
        # It is the time that is asked for.
        later = self.pack_debian(self.folder / "b", self.folder / "later", env={**environment, "SOURCE_DATE_EPOCH": "1800000000"})
        self.assertNotEqual(later["wasm-meld"].read_bytes(), self.packages["wasm-meld"].read_bytes())

    def test_lintian(self):
        need("lintian")
        said = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", "--suppress-tags", SUPPRESSED,
                               *map(str, self.packages.values())],
                              env={**self.environment, "TMPDIR": str(self.folder)}, capture_output=True, text=True)
        self.assertEqual((said.returncode, said.stdout), (0, ""), said.stderr)


if __name__ == "__main__":
    sys.exit(main())
