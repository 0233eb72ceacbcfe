#!/usr/bin/env python3
"""The command line, from outside: what it prints where, how it exits, and what it does to files.

    MELD=build/release/meld python tests/cli/test_command.py

The messages are those of the table in docs/cli.md, which is read here: each has to be there word for word.
"""

import functools
import os
import pathlib
import re
import resource
import stat
import subprocess
import tempfile
import threading
import unittest

MELD = os.path.abspath(os.environ.get("MELD", "build/release/meld"))
MANUAL = pathlib.Path(__file__).resolve().parents[2] / "docs" / "cli.md"

COMPONENTS = pathlib.Path(__file__).resolve().parent / "components"

EMPTY_COMPONENT = b"\0asm\x0d\0\1\0"
EMPTY_MODULE = b"\0asm\1\0\0\0"
# A custom section that claims five bytes and has one.
BROKEN_COMPONENT = EMPTY_COMPONENT + b"\0\5\1"


def meld(*arguments, **options):
    options.setdefault("stdin", subprocess.DEVNULL)
    if "input" in options:
        del options["stdin"]
    return subprocess.run([MELD, *arguments], capture_output=True, timeout=60, **options)


# Of a script that gives an import that there is not.
SCRIPT = b"""package test:top;
let store = new test:store {};
let shop = new test:shop { stores: store.store };
"""


@functools.cache
def components():
    """The components of tests/cli/components: file name to content."""
    found = {}
    for path in COMPONENTS.glob("*.wat"):
        made = subprocess.run(["wasm-tools", "parse", path], capture_output=True, check=True, timeout=60)
        found[f"{path.stem}.wasm"] = made.stdout
    return found


class InFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="meld-cli-")
        self.addCleanup(folder.cleanup)
        before = os.getcwd()
        os.chdir(folder.name)
        self.addCleanup(os.chdir, before)
        self.write("app.wasm", EMPTY_COMPONENT)
        self.write("core.wasm", EMPTY_MODULE)
        self.write("broken.wasm", BROKEN_COMPONENT)
        self.write("empty.wasm", b"")
        self.write("text.wat", b"(component)")
        self.write("script.wac", SCRIPT)
        for name, content in components().items():
            self.write(name, content)
        os.mkdir("folder.wasm")

    def write(self, name, content):
        pathlib.Path(name).write_bytes(content)

    def read(self, name):
        return pathlib.Path(name).read_bytes()

    def files(self):
        return sorted(os.listdir("."))

    def assert_fails(self, run, code, message):
        self.assertEqual(run.stderr.decode(), message + "\n")
        self.assertEqual(run.returncode, code)
        self.assertEqual(run.stdout, b"")


class Messages(InFolder):
    """Each row of the manual's table: the command line, the exit status, the message."""

    def rows(self):
        for line in MANUAL.read_text().splitlines():
            found = re.fullmatch(r"\| `meld(.*?)` \| ([123]) \| `(.*)` \|", line)
            if found:
                yield found.group(1).split(), int(found.group(2)), found.group(3)

    def test_each_row_of_the_manual(self):
        rows = list(self.rows())
        self.assertGreater(len(rows), 10)
        before = self.files()
        for arguments, code, message in rows:
            with self.subTest(" ".join(arguments)):
                self.assert_fails(meld(*arguments), code, message)
                self.assertEqual(self.files(), before)


class Output(InFolder):
    def test_help_and_version(self):
        for arguments in (["--help"], ["-h"], ["help"], ["fuse", "--help"], ["fuse", "app.wasm", "-h"]):
            run = meld(*arguments)
            self.assertEqual((run.returncode, run.stderr), (0, b""))
            self.assertTrue(run.stdout.startswith(b"Usage: meld fuse"))
        for arguments in (["--version"], ["version"], ["fuse", "--version"]):
            self.assertRegex(meld(*arguments).stdout, rb"\Ameld \d+\.\d+\.\d+\n\Z")

    def test_the_manual_lists_every_option(self):
        options = re.findall(r"--[a-z-]+", meld("--help").stdout.decode())
        manual = MANUAL.read_text()
        for option in options:
            self.assertIn(f"`{option}", manual)

    def test_a_file_is_made_and_nothing_is_printed(self):
        before = self.files()
        run = meld("fuse", "app.wasm", "-o", "out.wasm")
        self.assertEqual((run.returncode, run.stdout, run.stderr), (0, b"", b""))
        self.assertTrue(self.read("out.wasm").startswith(EMPTY_MODULE))
        self.assertEqual(self.files(), sorted([*before, "out.wasm"]))

    def test_every_way_to_say_the_output(self):
        for words in (["-o", "a"], ["-oa"], ["--output", "a"], ["--output=a"]):
            self.assertEqual(meld("fuse", *words, "app.wasm").returncode, 0)
            os.remove("a")

    def test_component(self):
        meld("fuse", "--component", "app.wasm", "-o", "out.wasm")
        self.assertTrue(self.read("out.wasm").startswith(EMPTY_COMPONENT))

    def test_standard_streams(self):
        run = meld("fuse", "-", "-o", "-", input=EMPTY_COMPONENT)
        self.assertEqual((run.returncode, run.stderr), (0, b""))
        meld("fuse", "app.wasm", "-o", "out.wasm")
        self.assertEqual(run.stdout, self.read("out.wasm"))

    def test_dumps_go_to_standard_output(self):
        for what in ("component", "plan"):
            run = meld("fuse", f"--dump={what}", "app.wasm")
            self.assertEqual((run.returncode, run.stderr), (0, b""))
            run.stdout.decode("utf-8")

    def test_input_and_output_may_be_one_file(self):
        self.assertEqual(meld("fuse", "app.wasm", "-o", "app.wasm").returncode, 0)
        self.assertTrue(self.read("app.wasm").startswith(EMPTY_MODULE))

    def test_input_from_a_named_pipe(self):
        os.mkfifo("pipe")
        writer = threading.Thread(target=self.write, args=("pipe", EMPTY_COMPONENT))
        writer.start()
        self.assertEqual(meld("fuse", "pipe", "-o", "out.wasm").returncode, 0)
        writer.join()

    def test_names_that_look_like_options(self):
        self.write("-app.wasm", EMPTY_COMPONENT)
        self.assertEqual(meld("fuse", "-o", "out.wasm", "--", "-app.wasm").returncode, 0)


class Files(InFolder):
    def test_a_failure_leaves_the_old_file_alone(self):
        self.write("out.wasm", b"old")
        self.assertEqual(meld("fuse", "broken.wasm", "-o", "out.wasm").returncode, 1)
        self.assertEqual(self.read("out.wasm"), b"old")

    def test_a_full_disk_leaves_the_old_file_alone(self):
        self.write("out.wasm", b"old")
        before = self.files()
        run = meld("fuse", "app.wasm", "-o", "out.wasm",
                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4, 4)))
        self.assert_fails(run, 3, "meld: out.wasm: cannot write: File too large")
        self.assertEqual(self.read("out.wasm"), b"old")
        self.assertEqual(self.files(), before)

    def test_the_mode_of_a_file_stays(self):
        self.write("out.wasm", b"old")
        os.chmod("out.wasm", 0o640)
        meld("fuse", "app.wasm", "-o", "out.wasm")
        self.assertEqual(stat.S_IMODE(os.stat("out.wasm").st_mode), 0o640)

    def test_a_new_file_has_the_mode_that_the_umask_leaves(self):
        meld("fuse", "app.wasm", "-o", "out.wasm", preexec_fn=lambda: os.umask(0o027))
        self.assertEqual(stat.S_IMODE(os.stat("out.wasm").st_mode), 0o640)

    def test_a_symbolic_link_stays_one(self):
        os.mkdir("elsewhere")
        self.write("elsewhere/out.wasm", b"old")
        os.symlink("elsewhere/out.wasm", "link.wasm")
        meld("fuse", "app.wasm", "-o", "link.wasm")
        self.assertTrue(os.path.islink("link.wasm"))
        self.assertTrue(self.read("elsewhere/out.wasm").startswith(EMPTY_MODULE))

    def test_devices_are_written_to(self):
        self.assertEqual(meld("fuse", "app.wasm", "-o", "/dev/null").returncode, 0)
        self.assertFalse(stat.S_ISREG(os.stat("/dev/null").st_mode))

    @unittest.skipUnless(os.path.exists("/dev/full"), "there is no /dev/full")
    def test_a_device_that_is_full(self):
        message = "meld: /dev/full: cannot write: No space left on device"
        self.assert_fails(meld("fuse", "app.wasm", "-o", "/dev/full"), 3, message)

    def test_a_closed_pipe(self):
        reader, writer = os.pipe()
        os.close(reader)
        run = subprocess.run([MELD, "fuse", "app.wasm", "-o", "-"], stdout=writer, stderr=subprocess.PIPE, timeout=60)
        os.close(writer)
        self.assertEqual(run.stderr.decode(), "meld: <standard output>: cannot write: Broken pipe\n")
        self.assertEqual(run.returncode, 3)


if __name__ == "__main__":
    unittest.main()
