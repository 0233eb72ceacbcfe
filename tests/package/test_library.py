#!/usr/bin/env python3
"""libmeld, as other people's builds find and use it: installed to a prefix, which is moved, and used from there.

    MELD=build/release/meld python tests/package/test_library.py
"""

import ctypes
import importlib.util
import re
import shutil
import sys

from installation import *

EXAMPLES = ROOT / "examples/library"


class Installed(Workplace):
    def setUp(self):
        super().setUp()
        self.prefix = self.install()
        self.libraries = next(path.parent for path in self.prefix.glob("lib*/**/libmeld.a"))

    def configure(self, *arguments, status=0, source=EXAMPLES):
        return self.run_as(status, "cmake", "-G", "Ninja", "-S", source, "-B", "built", f"-DCMAKE_PREFIX_PATH={self.prefix}",
                           *arguments)


class Libraries(Installed):
    def assert_fuses(self, *program, **options):
        """The program makes of components what the command makes of them, and says what is wrong with wrong ones."""
        self.assemble("shop", "store", "bad-store")
        self.run_well(*program, "shop.wasm", "store.wasm", "out.wasm", **options)
        self.assertEqual((self.folder / "out.wasm").read_bytes(), self.fused("shop", "store"))
        (self.folder / "out.wasm").unlink()
        wrong = self.run_as(1, *program, "shop.wasm", "bad-store.wasm", "out.wasm", **options)
        self.assertIn("shop.wasm", wrong.stderr)
        self.assertIn("is of type func(key: string) -> u32", wrong.stderr)
        self.assertFalse((self.folder / "out.wasm").exists())
        self.run_as(2, *program, **options)

    def test_only_public_names_come_out(self):
        need("nm")
        shared = self.run_well("nm", "-D", "--defined-only", self.libraries / "libmeld.so").stdout
        version = ".".join(VERSION.split(".")[:2])
        self.assertEqual(sorted(re.findall(r" T (\S+)", shared)), [f"{name}@@MELD_{version}" for name in public_names()])
        self.assertEqual(re.findall(r" [^TA] (\S+)", shared), [])
        static = self.run_well("nm", "-g", "--defined-only", self.libraries / "libmeld.a").stdout
        self.assertEqual(sorted(re.findall(r" [A-Z] (\S+)", static)), public_names())

    def test_the_shared_library_says_its_version(self):
        need("readelf")
        version = ".".join(VERSION.split(".")[:2])
        dynamic = self.run_well("readelf", "-d", self.libraries / "libmeld.so").stdout
        self.assertIn(f"soname: [libmeld.so.{version}]", dynamic)
        self.assertEqual(self.run_well(self.prefix / "bin/meld", "version").stdout, f"meld {VERSION}\n")

    def test_pkg_config(self):
        need("pkg-config", "cc")
        environment = {**self.environment, "PKG_CONFIG_PATH": str(self.libraries / "pkgconfig")}
        self.assertEqual(self.run_well("pkg-config", "--modversion", "meld", env=environment).stdout.strip(), VERSION)
        flags = self.run_well("pkg-config", "--cflags", "--libs", "meld", env=environment).stdout.split()
        strict = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror"]
        self.run_well("cc", *strict, EXAMPLES / "fuse.c", *flags, "-o", "fuse")
        self.assert_fuses("./fuse", env={**self.environment, "LD_LIBRARY_PATH": str(self.libraries)})

    def test_the_header_in_cpp(self):
        need("c++")
        (self.folder / "main.cpp").write_text("#include <meld.h>\nint main() { return meld_version()[0] == 0; }\n")
        self.run_well("c++", "-Wall", "-Wextra", "-Werror", f"-I{self.prefix}/include", "main.cpp", self.libraries / "libmeld.a",
                      "-o", "main")
        self.run_well("./main")

    def test_inner_names_meet_none_of_the_program(self):
        need("cc", "nm")
        inner = self.run_well("nm", "--defined-only", self.libraries / "libmeld.a").stdout
        names = sorted(set(re.findall(r" t ([a-z]\w+)$", inner, re.MULTILINE)))
        self.assertGreater(len(names), 100)
        (self.folder / "names.c").write_text("".join(f"int {name}_(void) __asm__(\"{name}\");\nint {name}_(void) {{ return 0; }}\n"
                                                     for name in names))
        self.run_well("cc", EXAMPLES / "fuse.c", "names.c", f"-I{self.prefix}/include", self.libraries / "libmeld.a", "-o", "fuse")
        self.assert_fuses("./fuse")

    def test_find_package(self):
        need("ninja")
        self.configure()
        self.run_well("cmake", "--build", "built")
        self.assert_fuses("built/fuse")
        self.assert_fuses("built/fuse_static")

    def test_find_package_of_another_version(self):
        (self.folder / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.25)\nproject(other LANGUAGES C)\nfind_package(meld 0.0.9 REQUIRED)\n")
        self.assertIn("meld", self.configure(status=1, source=self.folder).stderr)

    def test_python(self):
        self.environment["LIBMELD"] = str(self.libraries / "libmeld.so")
        self.assert_fuses(sys.executable, EXAMPLES / "fuse.py")

    def test_python_has_the_structures_of_the_header(self):
        need("cc")
        specification = importlib.util.spec_from_file_location("fuse", EXAMPLES / "fuse.py")
        fuse = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(fuse)
        structures = [(name, getattr(fuse, name.capitalize())) for name in ("options", "place", "result", "input", "composition")]
        fields = [(name, field) for name, structure in structures for field, _ in structure._fields_]
        lines = [f'printf("%zu\\n", sizeof(meld_{name}));' for name, _ in structures]
        lines += [f'printf("%zu\\n", offsetof(meld_{name}, {field}));' for name, field in fields]
        (self.folder / "sizes.c").write_text(
            "#include <meld.h>\n#include <stdio.h>\nint main(void) {\n" + "\n".join(lines) + "\n}\n")
        self.run_well("cc", "sizes.c", f"-I{self.prefix}/include", "-o", "sizes")
        expected = [ctypes.sizeof(structure) for _, structure in structures]
        expected += [getattr(dict(structures)[name], field).offset for name, field in fields]
        self.assertEqual(list(map(int, self.run_well("./sizes").stdout.split())), expected)


class MeldFuse(Installed):
    """The CMake function meld_fuse()."""

    def setUp(self):
        super().setUp()
        need("ninja")
        self.assemble("shop", "store", "cache")

    def write(self, *lines):
        head = ["cmake_minimum_required(VERSION 3.25)", "project(use LANGUAGES C)", "find_package(meld REQUIRED)"]
        (self.folder / "CMakeLists.txt").write_text("\n".join([*head, *lines]) + "\n")

    def build(self):
        return self.run_well("cmake", "--build", "built").stdout

    def test_it_fuses_when_an_input_has_changed(self):
        self.write("meld_fuse(whole OUTPUT whole.wasm INPUTS shop.wasm store.wasm OPTIONS --strip)")
        self.configure(source=self.folder)
        self.build()
        self.assertEqual((self.folder / "built/whole.wasm").read_bytes(), self.fused("shop", "store"))
        self.assertIn("no work to do", self.build())
        shutil.copy(self.folder / "cache.wasm", self.folder / "store.wasm")
        self.assertIn("Fusing whole.wasm", self.build())
        self.assertIn("no work to do", self.build())

    def test_the_output_of_one_step_is_the_input_of_another(self):
        self.write("meld_fuse(whole OUTPUT whole.wasm INPUTS first.wasm)",
                   "meld_fuse(first OUTPUT first.wasm INPUTS shop.wasm store.wasm OPTIONS --component)")
        self.configure(source=self.folder)
        self.build()
        self.run_well("wasm-tools", "validate", "built/whole.wasm")

    def test_the_example(self):
        self.configure(f"-DINPUTS={self.folder}/shop.wasm;{self.folder}/store.wasm")
        self.build()
        self.assertEqual((self.folder / "built/fused.wasm").read_bytes(), self.fused("shop", "store"))

    def test_wrong_calls(self):
        for call, message in (
            ("meld_fuse(whole INPUTS shop.wasm)", "OUTPUT is missing"),
            ("meld_fuse(whole OUTPUT out.wasm)", "INPUTS is missing"),
            ("meld_fuse(whole out.wasm INPUTS shop.wasm)", "is said of nothing"),
        ):
            with self.subTest(call):
                self.write(call)
                self.assertIn(message, " ".join(self.configure(status=1, source=self.folder).stderr.split()))

    def test_a_failure_ends_the_build(self):
        self.assemble("bad-store")
        self.write("meld_fuse(whole OUTPUT whole.wasm INPUTS shop.wasm bad-store.wasm)")
        self.configure(source=self.folder)
        failed = self.run_as(1, "cmake", "--build", "built")
        self.assertIn('it is given by "bad-store"', failed.stdout + failed.stderr)
        self.assertFalse((self.folder / "built/whole.wasm").exists())


if __name__ == "__main__":
    sys.exit(main())
