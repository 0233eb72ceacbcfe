"""What the tests of packages share: a folder of their own, an empty HOME, and what `cmake --install` gives.

They need MELD, the command, and MELD_BUILD, the folder that it was built in. A tool that is not there skips the test, with a
word.
"""

import fcntl
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MELD = pathlib.Path(os.environ.get("MELD", ROOT / "build/release/meld")).absolute()
BUILD = pathlib.Path(os.environ.get("MELD_BUILD", MELD.parent)).absolute()
COMPONENTS = ROOT / "tests/cli/components"
VERSION = re.search(r"^project\(meld VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text(), re.MULTILINE)[1]


def need(*tools):
    """Skips the test where one of the tools is missing."""
    for tool in tools:
        if not shutil.which(tool):
            raise unittest.SkipTest(f"there is no {tool}")


def options():
    """The names of the options in the table."""
    return re.findall(r'^OPTION\([^"]*"([a-z-]+)"', (ROOT / "src/cli/options.def").read_text(), re.MULTILINE)


def copy_sources(folder):
    """What a build of the command reads, in a folder that is there afterwards."""
    for name in ("src", "include", "cmake", "docs", "examples", "bench", "python"):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md"):
        shutil.copy(ROOT / name, folder / name)


def public_names():
    """The functions of meld.h."""
    header = (ROOT / "include/meld.h").read_text()
    return sorted(re.findall(r"^MELD_API [^;(]*?(meld_\w+)\(", header, re.MULTILINE))


class Workplace(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="meld-package-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        home = self.folder / "home"
        home.mkdir()
        keep = {name: value for name, value in os.environ.items() if name in ("PATH", "CC", "TMPDIR")}
        self.environment = {**keep, "HOME": str(home), "LC_ALL": "C.UTF-8"}

    def run_as(self, status, *command, **options):
        """Runs a command in the folder, which has to exit with `status`."""
        options = {"cwd": self.folder, "env": self.environment, "stdin": subprocess.DEVNULL, "timeout": 600, **options}
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, **options)
        self.assertEqual(done.returncode, status, f"{command}\n{done.stdout}{done.stderr}")
        return done

    def run_well(self, *command, **options):
        return self.run_as(0, *command, **options)

    def install(self, *arguments):
        """What is installed, in a folder that is moved after that."""
        self.run_well("cmake", "--install", BUILD, "--prefix", self.folder / "first", *arguments)
        return (self.folder / "first").rename(self.folder / "prefix")

    def build_static(self, target="meld"):
        """The folder of a static build, which all tests that want one share."""
        need("musl-gcc", "ninja")
        folder = BUILD / "static"
        with open(BUILD / "static.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.run_well("cmake", "--preset", "static", "-B", folder, "-D", "MELD_TESTS=OFF", cwd=ROOT)
            self.run_well("cmake", "--build", folder, "--target", target, "-j", "2")
        return folder

    def build_debian(self):
        """The packages for Debian, by their names."""
        need("ninja", "scdoc", "gzip", "file", "dpkg-deb", "dpkg-shlibdeps")
        folder = BUILD / "deb"
        self.run_well("cmake", "--preset", "deb", "-B", folder, cwd=ROOT)
        self.run_well("cmake", "--build", folder, "-j", "2")
        return self.pack_debian(folder, folder / "packages")

    def pack_debian(self, build, folder, **options):
        shutil.rmtree(folder, ignore_errors=True)
        self.run_well("cpack", "--config", build / "CPackConfig.cmake", "-B", folder, **options)
        return {path.name.split("_")[0]: path for path in folder.glob("*.deb")}

    def assemble(self, *names):
        """Components of tests/cli/components, in binary form in the folder."""
        for name in names:
            self.run_well("wasm-tools", "parse", COMPONENTS / f"{name}.wat", "-o", f"{name}.wasm")

    def fused(self, *names):
        """What the command makes of them."""
        self.run_well(MELD, "fuse", "--strip", *(f"{name}.wasm" for name in names), "-o", "expected.wasm")
        return (self.folder / "expected.wasm").read_bytes()


def main():
    if os.environ.get("MELD_SANITIZE"):
        print("skipped: programs of others do not link what is built with sanitizers")
        return 77
    return 0 if unittest.main(exit=False, verbosity=2).result.wasSuccessful() else 1
