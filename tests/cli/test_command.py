#!/usr/bin/env python3
"""The command line, from outside: what it prints where, how it exits, and what it does to files.

    MELD=build/release/meld python tests/cli/test_command.py

The messages are those of the table in docs/cli.md, which is read here: each has to be there word for word.
"""

import functools
import json
import os
import pathlib
import pty
import re
import resource
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from binary import *  # noqa: E402

MELD = os.path.abspath(os.environ.get("MELD", "build/release/meld"))
MANUAL = pathlib.Path(__file__).resolve().parents[2] / "docs" / "cli.md"

COMPONENTS = pathlib.Path(__file__).resolve().parent / "components"
MODULES = pathlib.Path(__file__).resolve().parent / "modules"

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


def facts(text, kind):
    """What the lines `;; KIND: ...` before a module say."""
    return re.findall(rf"^;; {kind}: (.*)$", text, re.MULTILINE)


@functools.cache
def modules():
    """The core modules of tests/cli/modules: file name to content, with a section for each of their worlds."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="meld-cli-") as folder:
        core = pathlib.Path(folder) / "core.wasm"
        for path in MODULES.glob("*.wat"):
            subprocess.run(["wasm-tools", "parse", path, "-o", core], check=True, timeout=60)
            for world in facts(path.read_text(), "world"):
                name, *encoding = world.split()
                words = ["-w", name, *(word for one in encoding for word in ("--encoding", one))]
                embed = ["wasm-tools", "component", "embed", MODULES / "world.wit", *words, core, "-o", core]
                subprocess.run(embed, check=True, timeout=60)
            found[f"{path.stem}.core.wasm"] = core.read_bytes()
    broken = found["app.core.wasm"]
    at = broken.index(b"component-type") + 40
    found["corrupt.core.wasm"] = broken[:at] + b"\xff" + broken[at + 1 :]
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
        for name, content in (components() | modules()).items():
            self.write(name, content)
        os.mkdir("folder.wasm")

    def write(self, name, content):
        pathlib.Path(name).write_bytes(content)

    def read(self, name):
        return pathlib.Path(name).read_bytes()

    def files(self):
        return sorted(os.listdir("."))

    def errors(self, run):
        """The objects of --message-format=json."""
        return [json.loads(line) for line in run.stderr.decode().splitlines()]

    def assert_fails(self, run, code, *messages):
        """More than one message: as several C libraries put it."""
        self.assertIn(run.stderr.decode(), [message + "\n" for message in messages])
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

    def test_each_script_of_the_manual(self):
        rows = re.findall(r"^\| `((?!meld\b).*?)` \| ([123]) \| `(.*)` \|$", MANUAL.read_text(), re.MULTILINE)
        self.assertGreater(len(rows), 10)
        self.write("wrong.wac", b"")
        before = self.files()
        for text, code, message in rows:
            with self.subTest(text):
                self.write("wrong.wac", f"package test:top;\n{text}".encode())
                words = ["--name", "test:shop=shop.wasm", "--name", "test:store=store.wasm", "-o", "out.wasm"]
                self.assert_fails(meld("fuse", "wrong.wac", *words), int(code), message)
                self.assertEqual(self.files(), before)


class Output(InFolder):
    def test_help_and_version(self):
        for arguments in (["--help"], ["-h"], ["help"], ["fuse", "--help"], ["fuse", "app.wasm", "-h"]):
            run = meld(*arguments)
            self.assertEqual((run.returncode, run.stderr), (0, b""))
            self.assertTrue(run.stdout.startswith(b"Usage: meld fuse"))
        self.assertEqual(meld("help", "fuse").stdout, meld("fuse", "--help").stdout)
        self.assertNotIn(b"--strip", meld("help", "validate").stdout)
        self.assertTrue(meld("validate", "-h").stdout.startswith(b"Usage: meld validate"))
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

    def test_a_binary_is_not_printed_on_a_terminal(self):
        outer, inner = pty.openpty()
        for words, code in ((["app.wasm", "-o", "-"], 2), (["app.wasm", "--component", "-o-"], 2), (["app.wasm", "--dump=plan"], 0)):
            run = subprocess.run([MELD, "fuse", *words], stdout=inner, stderr=subprocess.PIPE, timeout=60, check=False)
            self.assertEqual((run.returncode, b"standard output is a terminal" in run.stderr), (code, code == 2))
        os.close(inner)
        os.close(outer)

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


def large_component(size):
    """One of `size` bytes and more, that is fused to as much: data in a memory that an exported function reads."""
    core = module([functype()], [], [0], memories=[b"\0" + u32(size // 65536 + 1)], exports=[export("f", 0, 0)],
                  bodies=[body(b"\x41\0\x2d\0\0\x1a")], datas=[b"\0\x41\0\x0b" + u32(size) + b"x" * size])
    return component(core_module(core), core_instances(instantiate_core(0)), types(func()), aliases(core_export(0, "f")),
                     canons(lift(0, 0)), exports(export_("f", FUNC, 0)))


class Validate(InFolder):
    def test_nothing_is_said_of_what_is_valid(self):
        run = meld("validate", "app.wasm", "core.wasm", "app.wasm")
        self.assertEqual((run.returncode, run.stdout, run.stderr), (0, b"", b""))

    def test_each_input_that_is_not_valid_gets_its_message(self):
        run = meld("validate", "broken.wasm", "app.wasm", "empty.wasm", "text.wat")
        self.assertEqual(run.returncode, 1)
        self.assertEqual([line.split(":")[1].strip() for line in run.stderr.decode().splitlines()],
                         ["broken.wasm", "empty.wasm", "text.wat"])

    def test_the_worst_of_all_is_the_status(self):
        self.assertEqual(meld("validate", "missing.wasm", "broken.wasm", "app.wasm").returncode, 3)

    def test_code_of_core_modules_is_looked_at(self):
        body = b"\0\x10\7\x0b"  # calls function 7, which there is not
        module = EMPTY_MODULE + b"\1\4\1\x60\0\0" + b"\3\2\1\0" + b"\x0a\6\1\4" + body
        self.write("calls.wasm", module)
        self.write("holds.wasm", EMPTY_COMPONENT + b"\1" + bytes([len(module)]) + module)
        self.assertEqual(meld("validate", "calls.wasm").returncode, 1)
        run = meld("validate", "--message-format=json", "holds.wasm")
        self.assertEqual(run.returncode, 1)
        self.assertEqual(self.errors(run)[0]["path"], [
            {"what": "core module", "index": 0, "name": None}, {"what": "function", "index": 0, "name": None}])
        self.assertEqual(self.errors(run)[0]["offset"], 8 + 2 + len(module) - 2)

    def test_standard_input(self):
        self.assertEqual(meld("validate", "-", input=EMPTY_MODULE).returncode, 0)


class MessageForms(InFolder):
    def test_json_has_all_fields_in_each_message(self):
        run = meld("validate", "--message-format=json", "broken.wasm", "missing.wasm", "text.wat")
        errors = self.errors(run)
        self.assertEqual([error["code"] for error in errors], ["input", "system", "input"])
        for error in errors:
            self.assertEqual(list(error), ["severity", "code", "file", "offset", "path", "message", "hint"])
        self.assertEqual(errors[0]["offset"], 10)
        self.assertIsNone(errors[1]["offset"])
        self.assertEqual(errors[2]["hint"], '"wasm-tools parse" makes a binary of it')

    def test_names_of_files_are_escaped(self):
        names = ['a"b.wasm', "a\nb.wasm", "a\x1b[31m.wasm", "a\\b.wasm", "\u202ea.wasm"]
        for file in names:
            self.write(file, b"")
            for form in ("text", "json"):
                text = meld("validate", f"--message-format={form}", file).stderr.decode()
                self.assertEqual(text.count("\n"), 1)
                self.assertFalse(any(ord(c) < 0x20 or c == "\u202e" for c in text[:-1]))
        error = self.errors(meld("validate", "--message-format=json", 'a"b.wasm'))[0]
        self.assertEqual(error["file"], 'a"b.wasm')
        self.assertIn(b'meld: a\\"b.wasm: ', meld("validate", 'a"b.wasm').stderr)
        self.assertIn(b"meld: a\\u{a}b.wasm: ", meld("validate", "a\nb.wasm").stderr)

    def test_names_that_are_not_utf8(self):
        file = b"a\xff\xc3.wasm"
        self.write(os.fsdecode(file), b"")
        self.assertIn(b"meld: a\\xff\\xc3.wasm: ", meld("validate", file).stderr)
        self.assertEqual(self.errors(meld("validate", "--message-format=json", file))[0]["file"], "a\\xff\\xc3.wasm")
        run = meld("validate", b"--a\xff")
        self.assertEqual(run.stderr, b'meld: there is no option "--a\\xff"; "meld --help" lists them\n')

    def test_names_in_the_input_are_escaped(self):
        # (import "a\1b\x1b" (func (type 5))): there is no such type.
        self.write("named.wasm", EMPTY_COMPONENT + b'\x0a\x0a\1\0\5a"b\x1bc\1\5')
        for form in ("text", "json"):
            text = meld("validate", f"--message-format={form}", "named.wasm").stderr
            self.assertNotIn(b"\x1b", text)
            self.assertEqual(text.count(b"\n"), 1)

    def test_a_long_name_of_a_file(self):
        file = "/".join(["x" * 200] * 15) + ".wasm"
        run = meld("validate", "--message-format=json", file)
        self.assertEqual((run.returncode, self.errors(run)[0]["file"]), (3, file))

    def test_quiet(self):
        for words in (["validate", "-q", "broken.wasm"], ["fuse", "--quiet", "broken.wasm", "-o", "out.wasm"]):
            run = meld(*words)
            self.assertEqual((run.returncode, run.stdout, run.stderr), (1, b"", b""))
        self.assertEqual(meld("fuse", "-q", "app.wasm", "-o", "missing/out.wasm").stderr, b"")

    def test_colors_when_asked_for(self):
        for words, environment, is_colored in (([], {}, False), (["--color=always"], {}, True),
                                               (["--color=always"], {"NO_COLOR": "1"}, True), (["--color=never"], {}, False)):
            run = meld("validate", *words, "text.wat", env={**os.environ, **environment})
            self.assertEqual(b"\x1b[" in run.stderr, is_colored)

    def on_terminal(self, *words, **environment):
        outer, inner = pty.openpty()
        environment = {"TERM": "xterm", **{k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TERM")}, **environment}
        subprocess.run([MELD, *words], stderr=inner, timeout=60, env=environment, check=False)
        os.close(inner)
        text = os.read(outer, 4096)
        os.close(outer)
        return text

    def test_colors_on_a_terminal(self):
        words = ["validate", "text.wat"]
        self.assertIn(b"\x1b[", self.on_terminal(*words))
        for change in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            self.assertNotIn(b"\x1b[", self.on_terminal(*words, **change))
        self.assertIn(b"\x1b[", self.on_terminal(*words, NO_COLOR=""))
        self.assertNotIn(b"\x1b[", self.on_terminal(*words, "--color=never"))
        self.assertNotIn(b"\x1b[", self.on_terminal(*words, "--message-format=json"))


class Inputs(InFolder):
    def quickly(self, words, mebibytes=64, **options):
        """Runs with little memory, and not for long."""
        if os.environ.get("MELD_SANITIZE"):
            return meld(*words, **options)
        limit = mebibytes << 20
        return meld(*words, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)), **options)

    def test_a_file_that_is_too_large(self):
        for size in ((1 << 30) + 1, 5 << 30):
            self.write("large.wasm", EMPTY_COMPONENT)
            os.truncate("large.wasm", size)
            started = time.monotonic()
            run = self.quickly(["validate", "large.wasm"])
            self.assert_fails(run, 1, "meld: large.wasm: the input is larger than 1 GiB, the most that meld reads")
            self.assertLess(time.monotonic() - started, 2)

    def test_a_source_without_end_that_is_no_wasm(self):
        for device in ("/dev/zero", "/dev/urandom"):
            run = self.quickly(["validate", device])
            self.assertEqual(run.returncode, 1)
            self.assertIn(b"is not WebAssembly", run.stderr)

    def test_a_source_without_end_that_starts_well(self):
        """Custom sections for ever; only so much of them is read."""
        os.mkfifo("pipe")
        custom = section(0, b"\0" + b"x" * (1 << 20))

        def feed():
            try:
                with open("pipe", "wb") as pipe:
                    pipe.write(EMPTY_COMPONENT)
                    while True:
                        pipe.write(custom)
            except BrokenPipeError:
                pass

        writer = threading.Thread(target=feed)
        writer.start()
        run = meld("validate", "pipe")
        self.assert_fails(run, 1, "meld: pipe: the input is larger than 1 GiB, the most that meld reads")
        writer.join()

    def test_memory_that_runs_out_while_reading(self):
        if os.environ.get("MELD_SANITIZE"):
            self.skipTest("a sanitizer needs more memory")
        self.write("large.wasm", EMPTY_COMPONENT)
        os.truncate("large.wasm", 100 << 20)
        run = self.quickly(["validate", "large.wasm"])
        says = "meld: large.wasm: cannot read:"
        self.assert_fails(run, 3, f"{says} Cannot allocate memory", f"{says} Out of memory")

    def test_an_input_that_changes_while_it_is_read(self):
        """Cut and grown over and over: there is some answer each time, no signal, and no output of a mixture."""
        whole = large_component(4 << 20)
        self.write("changing.wasm", whole)
        self.assertEqual(meld("fuse", "changing.wasm", "-o", "out.wasm").returncode, 0)
        fused = self.read("out.wasm")
        stop = threading.Event()

        def change():
            while not stop.is_set():
                os.truncate("changing.wasm", 100)
                self.write("changing.wasm", whole)

        changer = threading.Thread(target=change)
        changer.start()
        try:
            for _ in range(60):
                run = meld("fuse", "changing.wasm", "-o", "out.wasm")
                self.assertIn(run.returncode, (0, 1, 3), run.stderr)
                self.assertEqual(self.read("out.wasm"), fused)
        finally:
            stop.set()
            changer.join()

    def start_and_wait(self, *words):
        """Starts to fuse large.wasm and a pipe, and waits until the former is there, for the latter is being opened."""
        self.write("large.wasm", large_component(4 << 20))
        os.mkfifo("pipe")
        process = subprocess.Popen([MELD, "fuse", "large.wasm", "pipe", "-o", "out.wasm", *words], stderr=subprocess.PIPE)
        return process, open("pipe", "wb")

    def test_a_file_that_is_cut_while_it_is_read(self):
        message = "cannot read: an input became shorter while it was read"
        for words, wanted in (((), f"meld: {message}\n"), (("-q",), ""), (("--message-format=json",), message)):
            process, pipe = self.start_and_wait(*words)
            with process, pipe:
                os.truncate("large.wasm", 100)
                pipe.write(EMPTY_COMPONENT)
                pipe.close()
                said = process.stderr.read().decode()
                self.assertEqual(process.wait(60), 3)
            self.assertEqual(json.loads(said)["message"] if "json" in str(words) else said, wanted)
            self.assertFalse(os.path.exists("out.wasm"))
            os.unlink("pipe")

    def test_a_file_that_is_changed_while_it_is_read(self):
        process, pipe = self.start_and_wait()
        with process, pipe:
            time.sleep(0.02)  # more than file systems take for one moment
            os.utime("large.wasm")
            pipe.write(EMPTY_COMPONENT)
            pipe.close()
            self.assertEqual(process.stderr.read(), b"meld: large.wasm: cannot read: it was changed meanwhile\n")
            self.assertEqual(process.wait(60), 3)
        self.assertFalse(os.path.exists("out.wasm"))

    def test_a_file_that_another_one_takes_the_place_of(self):
        process, pipe = self.start_and_wait()
        with process, pipe:
            self.write("other", EMPTY_COMPONENT)
            os.rename("other", "large.wasm")
            pipe.write(EMPTY_COMPONENT)
            pipe.close()
            self.assertEqual(process.stderr.read(), b"")
            self.assertEqual(process.wait(60), 0)
        self.assertGreater(os.path.getsize("out.wasm"), 4 << 20)

    def test_a_file_that_is_longer_than_it_says(self):
        run = meld("validate", "/proc/self/status")
        self.assertEqual(run.returncode, 1)
        self.assertIn(b"is not WebAssembly", run.stderr)

    def test_an_input_that_may_not_be_read(self):
        if os.geteuid() == 0:
            self.skipTest("root reads everything")
        os.chmod("app.wasm", 0)
        self.assert_fails(meld("validate", "app.wasm"), 3, "meld: app.wasm: cannot open: Permission denied")

    def test_a_loop_of_links(self):
        os.symlink("loop.wasm", "loop.wasm")
        self.assertEqual(meld("validate", "loop.wasm").returncode, 3)
        says = "meld: loop.wasm: cannot write:"
        run = meld("fuse", "app.wasm", "-o", "loop.wasm")
        self.assert_fails(run, 3, f"{says} Too many levels of symbolic links", f"{says} Symbolic link loop")

    def test_a_link_that_leads_to_nothing(self):
        os.symlink("nothing.wasm", "link.wasm")
        before = self.files()
        message = "meld: link.wasm: cannot write: No such file or directory"
        self.assert_fails(meld("fuse", "app.wasm", "-o", "link.wasm"), 3, message)
        self.assertTrue(os.path.islink("link.wasm"))
        self.assertEqual(self.files(), before)


class Interrupted(InFolder):
    """What ends the command before its time leaves the old file as it was, or the new one, and nothing else."""

    words = []  # what is asked for besides

    def setUp(self):
        super().setUp()
        self.write("large.wasm", large_component(8 << 20))
        self.command = [MELD, "fuse", *self.words, "large.wasm", "-o"]
        self.assertEqual(meld(*self.command[1:], "out.wasm").returncode, 0)
        self.new = self.read("out.wasm")
        self.assertGreater(len(self.new), 8 << 20)
        self.write("out.wasm", b"old")
        self.before = self.files()

    def assert_old_or_new(self):
        self.assertIn(self.read("out.wasm"), (b"old", self.new))
        self.assertEqual(self.files(), self.before)

    def test_signals(self):
        ends = set()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            for step in range(12):
                self.write("out.wasm", b"old")
                with subprocess.Popen([*self.command, "out.wasm"], stderr=subprocess.PIPE) as process:
                    time.sleep(step * 0.004)
                    process.send_signal(number)
                    process.wait(60)
                ends.add(process.returncode)
                self.assertIn(process.returncode, (0, -number))
                self.assert_old_or_new()
        self.assertGreater(len(ends), 1)  # some were in time

    def test_a_file_that_may_not_grow(self):
        for size in (0, 1, 4096, len(self.new) - 1):
            run = meld(*self.command[1:], "out.wasm",
                       preexec_fn=lambda limit=size: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
            self.assert_fails(run, 3, "meld: out.wasm: cannot write: File too large")
            self.assertEqual(self.read("out.wasm"), b"old")
            self.assertEqual(self.files(), self.before)

    @unittest.skipUnless(os.geteuid() == 0 and sys.platform == "linux", "mounting takes root")
    def test_a_full_disk(self):
        os.mkdir("disk")
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "meld-test", "disk"], capture_output=True,
                          check=False).returncode:
            self.skipTest("nothing can be mounted here")
        try:
            self.write("disk/out.wasm", b"old")
            run = meld(*self.command[1:], "disk/out.wasm")
            self.assert_fails(run, 3, "meld: disk/out.wasm: cannot write: No space left on device")
            self.assertEqual((self.read("disk/out.wasm"), os.listdir("disk")), (b"old", ["out.wasm"]))
        finally:
            subprocess.run(["umount", "disk"], check=True)

    def test_a_reader_that_goes_away(self):
        with subprocess.Popen([*self.command, "-"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            self.assertEqual(process.stdout.read(8), self.new[:8])
            process.stdout.close()
            self.assertEqual(process.stderr.read(), b"meld: <standard output>: cannot write: Broken pipe\n")
            self.assertEqual(process.wait(60), 3)

    def test_streams_that_are_closed(self):
        """The file that is opened next must not take the place of a stream."""
        for closed in ([0], [1], [2], [0, 1, 2]):
            run = subprocess.run([*self.command, "out.wasm"], timeout=60, check=False,
                                 preexec_fn=lambda: [os.close(number) for number in closed])
            self.assertEqual((run.returncode, self.read("out.wasm")), (0, self.new))
            self.write("out.wasm", b"old")
        run = subprocess.run([MELD, "fuse", "broken.wasm", "-o", "out.wasm"], timeout=60, check=False,
                             preexec_fn=lambda: os.close(2))
        self.assertEqual((run.returncode, self.read("out.wasm")), (1, b"old"))
        for words in (["fuse", "app.wasm", "-o", "-"], ["--help"], ["fuse", "--dump=plan", "app.wasm"]):
            run = subprocess.run([MELD, *words], stderr=subprocess.PIPE, timeout=60, check=False,
                                 preexec_fn=lambda: os.close(1))
            self.assertEqual(run.stderr, b"meld: <standard output>: cannot write: Bad file descriptor\n")
            self.assertEqual(run.returncode, 3)

    def test_a_reader_that_is_slow(self):
        """A pipe that takes little at a time, and one that does not wait."""
        reader, writer = os.pipe()
        with subprocess.Popen([*self.command, "-"], stdout=writer, stderr=subprocess.PIPE) as process:
            os.close(writer)
            with open(reader, "rb", buffering=0) as pipe:
                read = b"".join(iter(lambda: pipe.read(1 << 12), b""))
            self.assertEqual((process.wait(60), read), (0, self.new))

    def test_a_named_pipe(self):
        os.mkfifo("pipe")
        with subprocess.Popen([*self.command, "pipe"], stderr=subprocess.PIPE) as process:
            self.assertEqual((self.read("pipe"), process.wait(60)), (self.new, 0))
        self.assertTrue(stat.S_ISFIFO(os.stat("pipe").st_mode))

    def test_standard_output_by_its_name(self):
        run = meld(*self.command[1:], "/dev/stdout")
        self.assertEqual((run.returncode, run.stdout), (0, self.new))
        with open("out.wasm", "wb") as file:
            run = subprocess.run([*self.command, "/dev/stdout"], stdout=file, timeout=60, check=False)
        self.assertEqual(run.returncode, 0)
        self.assert_old_or_new()

    def test_the_input_is_the_output(self):
        shutil.copy("large.wasm", "same.wasm")
        old = self.read("same.wasm")
        run = meld("fuse", *self.words, "same.wasm", "-o", "same.wasm",
                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, 4 << 20)))
        self.assertEqual((run.returncode, self.read("same.wasm")), (3, old))
        self.assertEqual(meld("fuse", *self.words, "same.wasm", "-o", "same.wasm").returncode, 0)
        self.assertEqual((self.read("same.wasm"), self.files()), (self.new, sorted([*self.before, "same.wasm"])))

    def wait_for_a_temporary_file(self):
        for _ in range(1000):
            if self.files() != self.before:
                return
            time.sleep(0.01)
        self.fail("there is none")

    def test_a_signal_while_it_waits(self):
        """The output has been made, and a report is for a pipe that nobody reads."""
        os.mkfifo("pipe")
        self.before = self.files()
        for words in (["--map=text:pipe"], ["--depfile=pipe"]):
            with subprocess.Popen([*self.command, "out.wasm", *words], stderr=subprocess.PIPE) as process:
                self.wait_for_a_temporary_file()
                process.send_signal(signal.SIGTERM)
                self.assertEqual(process.wait(60), -signal.SIGTERM)
            self.assertEqual((self.read("out.wasm"), self.files()), (b"old", self.before))

    def test_a_signal_that_is_ignored(self):
        os.mkfifo("pipe")
        self.before = self.files()
        with subprocess.Popen([*self.command, "out.wasm", "--map=text:pipe"], stderr=subprocess.PIPE,
                              preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) as process:
            self.wait_for_a_temporary_file()
            process.send_signal(signal.SIGHUP)
            self.assertIn(b"func 0", self.read("pipe"))
            self.assertEqual(process.wait(60), 0)
        self.assertEqual((self.read("out.wasm"), self.files()), (self.new, self.before))

    def test_two_outputs_for_one_file(self):
        for words in (["--map=text:./out.wasm"], ["--depfile=out.wasm"]):
            run = meld(*self.command[1:], "out.wasm", *words)
            self.assertEqual((run.returncode, b"another output goes to the same file" in run.stderr), (3, True))
            self.assertEqual((self.read("out.wasm"), self.files()), (b"old", self.before))


class InterruptedComponent(Interrupted):
    words = ["--component"]


if __name__ == "__main__":
    unittest.main()
