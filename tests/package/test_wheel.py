#!/usr/bin/env python3
"""The wheel: pip installs it without a network, and what it brings runs from there.

    MELD=build/release/meld python tests/package/test_wheel.py
"""

import base64
import csv
import hashlib
import io
import platform
import subprocess
import sys
import zipfile

from installation import *


class Wheel(Workplace):
    times = {}

    def setUp(self):
        super().setUp()
        need("musl-gcc")
        if not pathlib.Path("/usr/share/doc/musl-dev/copyright").is_file():
            self.skipTest("there is no licence of musl to bring along")
        self.build = self.build_static("wheel")
        self.wheel, = self.build.glob(f"wasm_meld-{VERSION}-*.whl")

    def make(self, status=0, **changed):
        """What the script makes, with other arguments than the build gives it."""
        given = {"command": self.build / "meld", "version": VERSION, "license": ROOT / "LICENSE",
                 "license-of-libc": "/usr/share/doc/musl-dev/copyright", **changed}
        words = [word for name, value in given.items() for word in (f"--{name}", value)]
        return self.run_as(status, sys.executable, ROOT / "python/wheel.py", *words, "-o", self.folder,
                           env={**self.environment, **self.times})

    def environment_of_python(self):
        """A fresh one, with the wheel installed."""
        self.run_well(sys.executable, "-m", "venv", "fresh")
        python = self.folder / "fresh/bin/python"
        self.run_well(python, "-m", "pip", "--disable-pip-version-check", "install", "--no-index", self.wheel)
        return python

    def test_pip_installs_it(self):
        python = self.environment_of_python()
        self.assemble("shop", "store", "bad-store")
        expected = self.fused("shop", "store")
        here = python.parent
        for command in ([here / "meld"], [here / "wasm-meld"], [python, "-m", "wasm_meld"]):
            with self.subTest(command[-1]):
                self.assertEqual(self.run_well(*command, "--version").stdout, f"meld {VERSION}\n")
                self.run_well(*command, "fuse", "--strip", "shop.wasm", "store.wasm", "-o", "out.wasm")
                self.assertEqual((self.folder / "out.wasm").read_bytes(), expected)
                (self.folder / "out.wasm").unlink()
                wrong = self.run_as(1, *command, "fuse", "shop.wasm", "bad-store.wasm", "-o", "out.wasm")
                self.assertTrue(wrong.stderr.startswith("meld: "), wrong.stderr)
        found = self.run_well(python, "-c", "import wasm_meld; print(wasm_meld.command())").stdout.strip()
        self.assertEqual(found, os.path.realpath(here / "meld"))
        shown = self.run_well(python, "-m", "pip", "--disable-pip-version-check", "show", "wasm-meld").stdout
        self.assertIn(f"Version: {VERSION}\n", shown)
        self.run_well(python, "-m", "pip", "--disable-pip-version-check", "check")

    def test_it_leaves_nothing_behind(self):
        python = self.environment_of_python()
        self.run_well(python, "-c", "import wasm_meld")
        self.run_well(python, "-m", "pip", "--disable-pip-version-check", "uninstall", "-y", "wasm-meld")
        self.assertEqual([str(path) for path in python.parents[1].rglob("*meld*")], [])
        self.assertIn("No module named", self.run_as(1, python, "-c", "import wasm_meld").stderr)

    def test_into_a_folder(self):
        self.run_well(sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--no-index", "--target", "there",
                      self.wheel)
        command = [sys.executable, "-c", "import wasm_meld; wasm_meld.main()", "--version"]
        environment = {**self.environment, "PYTHONPATH": str(self.folder / "there")}
        self.assertEqual(self.run_well(*command, env=environment).stdout, f"meld {VERSION}\n")
        (self.folder / "there/bin/meld").unlink()
        self.assertIn("was wasm-meld installed as a whole?", self.run_as(1, *command, env=environment).stderr)

    def test_what_is_in_it(self):
        inside = f"wasm_meld-{VERSION}.dist-info"
        with zipfile.ZipFile(self.wheel) as wheel:
            self.assertIsNone(wheel.testzip())
            files = {name: wheel.read(name) for name in wheel.namelist()}
            modes = {entry.filename: entry.external_attr >> 16 for entry in wheel.infolist()}
        rows = list(csv.reader(io.StringIO(files[f"{inside}/RECORD"].decode())))
        self.assertEqual([row[0] for row in rows], list(files))
        for name, digest, size in rows[:-1]:
            actual = base64.urlsafe_b64encode(hashlib.sha256(files[name]).digest()).decode().rstrip("=")
            self.assertEqual((digest, int(size)), (f"sha256={actual}", len(files[name])))
        self.assertEqual(rows[-1], [f"{inside}/RECORD", "", ""])
        # The tags in the file's name are those inside.
        version, *tags = self.wheel.stem.split("-")[1:]
        self.assertEqual(version, VERSION)
        said = [line.removeprefix("Tag: ") for line in files[f"{inside}/WHEEL"].decode().splitlines() if line.startswith("Tag: ")]
        self.assertEqual(said, [f"py3-none-{one}" for one in tags[2].split(".")])
        self.assertIn(f"manylinux2014_{platform.machine()}", tags[2])
        self.assertIn(f"musllinux_1_1_{platform.machine()}", tags[2])
        metadata = files[f"{inside}/METADATA"].decode()
        self.assertIn("Name: wasm-meld\n", metadata)
        self.assertIn("License-Expression: Apache-2.0 WITH LLVM-exception", metadata)
        self.assertEqual(files[f"{inside}/licenses/LICENSE"], (ROOT / "LICENSE").read_bytes())
        self.assertIn(b"Rich Felker", files[f"{inside}/licenses/LICENSE.libc"])
        executable = [name for name, mode in modes.items() if mode & 0o111]
        self.assertEqual(executable, [f"wasm_meld-{VERSION}.data/scripts/meld"])
        self.assertEqual(files[executable[0]], (self.build / "meld").read_bytes())

    def test_the_same_bytes_each_time(self):
        copied = shutil.copy(self.build / "meld", self.folder / "another-name")
        os.chmod(copied, 0o600)
        os.utime(copied, (1, 1))
        self.make(command=copied)
        self.assertEqual((self.folder / self.wheel.name).read_bytes(), self.wheel.read_bytes())
        self.times = {"SOURCE_DATE_EPOCH": "1800000000"}
        self.make()
        self.assertNotEqual((self.folder / self.wheel.name).read_bytes(), self.wheel.read_bytes())

    def test_what_is_not_static_is_refused(self):
        text = self.folder / "text"
        text.write_text("no program")
        for command, message in ((text, "it is no ELF file"), (shutil.which("env"), "it needs other files to run")):
            with self.subTest(command):
                self.assertIn(message, self.make(status=1, command=command).stderr)
                self.assertEqual(list(self.folder.glob("*.whl")), [])


if __name__ == "__main__":
    sys.exit(main())
