#!/usr/bin/env python3
"""--attest: what the statement says is so, it is the same each time, and it is there with its output or not at all.

    MELD=build/release/meld MELD_WITHOUT_LIBCRYPTO=... python tests/cli/test_attest.py
"""

import hashlib
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from binary import *  # noqa: E402

MELD = os.path.abspath(os.environ.get("MELD", "build/release/meld"))
PLAIN = os.environ.get("MELD_WITHOUT_LIBCRYPTO")
COMPONENTS = pathlib.Path(__file__).resolve().parent / "components"
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
SCRIPT = """package test:top;
let store = new test:store {};
let shop = new test:shop { "test:kv/store@0.2.0": store["test:kv/store@0.2.1"] };
"""


def has_libcrypto():
    run = subprocess.run([MELD, "fuse", "-", "-o", "/dev/null", "--attest=-"], input=COMPONENT, capture_output=True, check=False)
    assert run.returncode == 0 or re.search(b"--attest (is not built in|needs)", run.stderr), run.stderr
    return run.returncode == 0


class InFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="meld-attest-")
        self.addCleanup(folder.cleanup)
        before = os.getcwd()
        os.chdir(folder.name)
        self.addCleanup(os.chdir, before)
        for name in ("shop", "store"):
            subprocess.run(["wasm-tools", "parse", COMPONENTS / f"{name}.wat", "-o", f"{name}.wasm"], check=True, timeout=60)
        self.write("empty.wasm", COMPONENT)

    def write(self, name, content):
        pathlib.Path(name).write_bytes(content)

    def read(self, name):
        return pathlib.Path(name).read_bytes()

    def meld(self, *words, code=0, program=MELD, **options):
        options.setdefault("env", ENVIRONMENT)
        run = subprocess.run([program, "fuse", *words], capture_output=True, timeout=60, check=False, **options)
        self.assertEqual(run.returncode, code, run.stderr)
        return run

    def attest(self, *words, **options):
        """The statement, whose form is checked, and the output."""
        self.meld(*words, "-o", "out.wasm", "--attest", "out.json", **options)
        statement = json.loads(self.read("out.json"))
        self.check_form(statement)
        return statement, self.read("out.wasm")

    def check_form(self, statement):
        """What in-toto's and SLSA's specifications ask for."""
        self.assertEqual(set(statement), {"_type", "subject", "predicateType", "predicate"})
        self.assertEqual(statement["_type"], "https://in-toto.io/Statement/v1")
        self.assertEqual(statement["predicateType"], "https://slsa.dev/provenance/v1")
        self.assertEqual(set(statement["predicate"]), {"buildDefinition", "runDetails"})
        definition, details = statement["predicate"]["buildDefinition"], statement["predicate"]["runDetails"]
        self.assertEqual(set(definition), {"buildType", "externalParameters", "resolvedDependencies"})
        self.assertRegex(definition["buildType"], r"\Apkg:\S+\Z")
        self.assertRegex(details["builder"]["id"], r"\Apkg:\S+\Z")
        version = subprocess.run([MELD, "version"], capture_output=True, text=True, check=True).stdout.split()[1]
        self.assertEqual(details["builder"]["version"], {"wasm-meld": version})
        for described in statement["subject"] + definition["resolvedDependencies"]:
            self.assertRegex(described["digest"]["sha256"], r"\A[0-9a-f]{64}\Z")

    def dependencies(self, statement):
        return [(found["name"], found["digest"]["sha256"], found.get("annotations", {}).get("file"))
                for found in statement["predicate"]["buildDefinition"]["resolvedDependencies"]]

    def parameters(self, statement):
        return statement["predicate"]["buildDefinition"]["externalParameters"]


def digest(content):
    return hashlib.sha256(content).hexdigest()


class Statements(InFolder):
    def test_what_was_read_and_written(self):
        statement, output = self.attest("shop.wasm", "--name", "kv=store.wasm", "--component")
        self.assertEqual(statement["subject"], [{"name": "out.wasm", "digest": {"sha256": digest(output)}}])
        self.assertEqual(self.dependencies(statement), [("shop", digest(self.read("shop.wasm")), "shop.wasm"),
                                                        ("kv", digest(self.read("store.wasm")), "store.wasm")])
        self.assertEqual(self.parameters(statement), {"command": "fuse", "options": ["--component"], "inputs": ["shop", "kv"]})
        self.assertNotIn("metadata", statement["predicate"]["runDetails"])

    def test_the_output_does_not_depend_on_it(self):
        output = self.attest("shop.wasm", "store.wasm")[1]
        self.meld("shop.wasm", "store.wasm", "-o", "plain.wasm")
        self.assertEqual(output, self.read("plain.wasm"))

    def test_options_in_the_order_of_the_help(self):
        """Those on which it depends what is made, however they are written."""
        statement = self.attest("--hide", "test:*", "--strip", "-q", "--color", "never", "--host=test:kv/store", "--component",
                                "--message-format=text", "--producers", "own", "--stats=text:stats", "--depfile=out.d", "shop.wasm",
                                "store.wasm", "--hide=store:test:kv/store@0.2.1")[0]
        self.assertEqual(self.parameters(statement)["options"],
                         ["--component", "--strip", "--producers=own", "--host=test:kv/store", "--hide=test:*",
                          "--hide=store:test:kv/store@0.2.1"])

    def test_a_script_and_its_packages(self):
        os.makedirs("deps/test")
        shutil.copy("shop.wasm", "deps/test/shop.wasm")
        self.write("top.wac", SCRIPT.encode())
        statement, output = self.attest("top.wac", "--name", "test:store=store.wasm")
        self.assertEqual(self.dependencies(statement), [
            ("top.wac", digest(SCRIPT.encode()), "top.wac"),
            ("test:store", digest(self.read("store.wasm")), "store.wasm"),
            ("test:shop", digest(self.read("shop.wasm")), "shop.wasm")])
        self.assertEqual(self.parameters(statement), {"command": "fuse", "options": [], "script": "top.wac",
                                                      "inputs": ["test:store", "test:shop"]})
        self.assertEqual(statement["subject"][0]["digest"]["sha256"], digest(output))

    def test_standard_streams(self):
        content = self.read("store.wasm")
        run = self.meld("-", "-o", "-", "--attest=out.json", input=content)
        statement = json.loads(self.read("out.json"))
        self.check_form(statement)
        self.assertEqual(statement["subject"], [{"digest": {"sha256": digest(run.stdout)}}])
        self.assertEqual(self.dependencies(statement), [("stdin", digest(content), None)])
        run = self.meld("store.wasm", "-o", "out.wasm", "--attest=-")
        self.assertEqual(json.loads(run.stdout)["subject"][0]["digest"]["sha256"], digest(self.read("out.wasm")))

    def test_what_was_read_counts_and_not_what_is_there_after(self):
        content = self.read("store.wasm")
        self.meld("store.wasm", "-o", "store.wasm", "--attest=out.json")
        statement = json.loads(self.read("out.json"))
        self.assertEqual(self.dependencies(statement), [("store", digest(content), "store.wasm")])
        self.assertEqual(statement["subject"][0]["digest"]["sha256"], digest(self.read("store.wasm")))
        self.assertNotEqual(content, self.read("store.wasm"))

    def test_the_same_each_time_and_in_each_folder(self):
        self.attest("shop.wasm", "store.wasm")
        first = self.read("out.json")
        self.attest("shop.wasm", "store.wasm", env={**ENVIRONMENT, "TZ": "Asia/Tokyo", "LC_ALL": "C"})
        self.assertEqual(self.read("out.json"), first)
        os.makedirs("else/where")
        for name in ("shop.wasm", "store.wasm"):
            shutil.copy(name, "else/where")
        self.meld(os.path.abspath("else/where/shop.wasm"), "else/where/store.wasm", "-o", "else/out.wasm", "--attest=else/out.json")
        self.assertEqual(self.read("else/out.json"), first)

    def test_a_time_that_is_given(self):
        for epoch, time in (("0", "1970-01-01T00:00:00Z"), ("1700000000", "2023-11-14T22:13:20Z"), ("253402300799", "9999-12-31T23:59:59Z")):
            statement = self.attest("empty.wasm", env={**ENVIRONMENT, "SOURCE_DATE_EPOCH": epoch, "TZ": "Asia/Tokyo"})[0]
            self.assertEqual(statement["predicate"]["runDetails"]["metadata"], {"startedOn": time, "finishedOn": time})
        self.assertNotIn("metadata", self.attest("empty.wasm", env={**ENVIRONMENT, "SOURCE_DATE_EPOCH": ""})[0]["predicate"]["runDetails"])
        os.remove("out.wasm")
        for epoch in ("now", "-1", "1.5", " 1", "253402300800", "9" * 30):
            run = self.meld("empty.wasm", "-o", "out.wasm", "--attest=out.json", code=2, env={**ENVIRONMENT, "SOURCE_DATE_EPOCH": epoch})
            self.assertIn(f'SOURCE_DATE_EPOCH is "{epoch}"', run.stderr.decode())
            self.assertFalse(os.path.exists("out.wasm"))

    def test_names_that_need_escapes(self):
        names = ['a"b\\.wasm', "a\nb.wasm", "a\u202eb.wasm", os.fsdecode(b"a\xff.wasm"), "\u00e4" * 100 + ".wasm"]
        for name in names:
            self.write(name, COMPONENT)
            (found, hexadecimal, file), = self.dependencies(self.attest(name)[0])
            self.assertEqual((hexadecimal, file), (digest(COMPONENT), found + ".wasm"))
        self.assertEqual(found, "\u00e4" * 100)

    def test_what_is_not_fused_but_composed(self):
        statement, output = self.attest("shop.wasm", "store.wasm", "--compose-only")
        self.assertEqual(statement["subject"][0]["digest"]["sha256"], digest(output))
        self.assertEqual(self.parameters(statement)["options"], ["--compose-only"])


class BothOrNeither(InFolder):
    def assert_nothing_is_left(self, *words, code, **options):
        before = {name: self.read(name) for name in os.listdir(".") if os.path.isfile(name)}
        self.meld(*words, code=code, **options)
        self.assertEqual({name: self.read(name) for name in os.listdir(".") if os.path.isfile(name)}, before)

    def test_where_the_statement_cannot_be_written(self):
        for place in ("missing/out.json", "/dev/full", "folder"):
            os.makedirs("folder", exist_ok=True)
            self.assert_nothing_is_left("empty.wasm", "-o", "out.wasm", "--attest", place, code=3)
        self.write("out.wasm", b"old")
        self.assert_nothing_is_left("empty.wasm", "-o", "out.wasm", "--attest", "missing/out.json", code=3)
        # What can't be taken back has not been given yet.
        self.assertEqual(self.meld("empty.wasm", "-o", "-", "--attest", "missing/out.json", code=3).stdout, b"")
        self.assertEqual(self.meld("empty.wasm", "-o", "-", "--attest", "/dev/full", code=3).stdout, b"")

    def test_where_the_output_cannot_be_written(self):
        self.write("out.json", b"old")
        for place in ("missing/out.wasm", "/dev/full", "folder"):
            os.makedirs("folder", exist_ok=True)
            self.assert_nothing_is_left("empty.wasm", "-o", place, "--attest", "out.json", code=3)

    def test_where_the_disk_is_full(self):
        self.write("out.json", b"old")
        for size in (0, 4, 100, 700):
            self.assert_nothing_is_left("shop.wasm", "store.wasm", "-o", "out.wasm", "--attest", "out.json", code=3,
                                        preexec_fn=lambda limit=size: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))

    def test_where_a_signal_ends_it(self):
        """Both are complete but for their names, and a report is for a pipe that nobody reads."""
        os.mkfifo("pipe")
        self.write("out.wasm", b"old")
        before = sorted(os.listdir("."))
        with subprocess.Popen([MELD, "fuse", "empty.wasm", "-o", "out.wasm", "--attest=out.json", "--map=text:pipe"]) as process:
            while len(os.listdir(".")) < len(before) + 2:
                self.assertIsNone(process.poll())
                time.sleep(0.01)
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(60), -signal.SIGTERM)
        self.assertEqual((self.read("out.wasm"), sorted(os.listdir("."))), (b"old", before))

    def test_pipes_get_the_statement_first(self):
        """What can't be taken back is given when the rest is there."""
        self.meld("empty.wasm", "-o", "out.wasm", "--attest", "out.json", "--component")
        os.mkfifo("pipe")
        with subprocess.Popen([MELD, "fuse", "empty.wasm", "-o", "pipe", "--attest=-", "--component"], stdout=subprocess.PIPE) as process:
            statement = json.loads(os.read(process.stdout.fileno(), 1 << 16))
            output = self.read("pipe")
            self.assertEqual(process.wait(60), 0)
        self.assertEqual(output, self.read("out.wasm"))
        self.assertEqual(statement["subject"], [{"name": "pipe", "digest": {"sha256": digest(output)}}])

    def test_where_nothing_is_made(self):
        self.write("broken.wasm", COMPONENT + b"\0\5\1")
        self.assert_nothing_is_left("broken.wasm", "-o", "out.wasm", "--attest", "out.json", code=1)
        self.assert_nothing_is_left("empty.wasm", "--dry-run", "--attest", "out.json", code=0)

    def test_modes_and_links(self):
        self.write("elsewhere.json", b"old")
        os.chmod("elsewhere.json", 0o640)
        os.symlink("elsewhere.json", "link.json")
        self.meld("empty.wasm", "-o", "out.wasm", "--attest", "link.json")
        self.assertTrue(os.path.islink("link.json"))
        self.assertEqual(stat.S_IMODE(os.stat("elsewhere.json").st_mode), 0o640)
        self.assertEqual(json.loads(self.read("elsewhere.json"))["subject"][0]["digest"]["sha256"], digest(self.read("out.wasm")))
        # By another way to the same file.
        os.symlink("out.wasm", "other.json")
        self.assertIn(b"another output goes to the same file", self.meld("empty.wasm", "-o", "out.wasm", "--attest", "other.json", code=3).stderr)


class WithoutLibcrypto(InFolder):
    def test_it_is_refused_with_a_word(self):
        if not PLAIN:
            self.skipTest("MELD_WITHOUT_LIBCRYPTO leads to no command")
        run = self.meld("empty.wasm", "-o", "out.wasm", "--attest", "out.json", code=2, program=PLAIN)
        self.assertEqual(run.stderr.decode(), "meld: --attest is not built in; it is where CMake finds OpenSSL's headers "
                                              '("libssl-dev" in Debian) and MELD_ATTEST is not off\n')
        self.assertFalse(os.path.exists("out.wasm") or os.path.exists("out.json"))
        self.meld("empty.wasm", "-o", "out.wasm", program=PLAIN)


if __name__ == "__main__":
    if not has_libcrypto():
        print("skipped, but for what is refused: this command is built without libcrypto")
        unittest.main(defaultTest="WithoutLibcrypto")
    unittest.main()
