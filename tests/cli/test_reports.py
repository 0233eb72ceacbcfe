#!/usr/bin/env python3
"""What meld tells of what it did: --explain, --map, --why, --stats, --depfile, --dry-run and --reproduce.

    MELD=build/release/meld python tests/cli/test_reports.py
    MELD=build/release/meld python tests/cli/test_reports.py --update

The texts for the example of three components are in tests/cli/reports; --update writes them anew. What the JSON says is
compared with what is read here from the output itself.
"""

import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import unittest

from test_command import MELD, InFolder, meld

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE / "reports"
EXAMPLE = HERE.parents[1] / "examples" / "three-components" / "app.wat"
KINDS = {"func": 0, "table": 1, "memory": 2, "global": 3, "tag": 4}
REPORTS = ("stats", "explain", "map", "why")
UPDATE = "--update" in sys.argv

# Two instances of one module: what touches no memory or global of its own is the same function in both.
TWINS = b"""(component
  (core module $m (memory 1)
    (func $pure (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
    (func $twice (param i32) (result i32) (call $pure (call $pure (local.get 0))))
    (func $count (result i32) (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
      (i32.load (i32.const 0)))
    (func (export "run") (result i32) (call $twice (call $count))))
  (core instance $a (instantiate $m))
  (core instance $b (instantiate $m))
  (func (export "a") (result u32) (canon lift (core func $a "run")))
  (func (export "b") (result u32) (canon lift (core func $b "run"))))"""


# A function that gives a string with task.return.
ASYNC = b"""(component
  (component $b
    (core module $libc (memory (export "memory") 1))
    (core instance $libc (instantiate $libc))
    (core func $return (canon task.return (result string) (memory (core memory $libc "memory"))))
    (core module $m (import "" "return" (func $return (param i32 i32)))
      (func (export "f") (call $return (i32.const 0) (i32.const 2))))
    (core instance $m (instantiate $m (with "" (instance (export "return" (func $return))))))
    (func (export "f") async (result string) (canon lift (core func $m "f") async (memory (core memory $libc "memory")))))
  (instance $b (instantiate $b))
  (component $a
    (import "f" (func $f async (result string)))
    (core module $libc (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 16)))
    (core instance $libc (instantiate $libc))
    (core func $f (canon lower (func $f) (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
    (core module $m (import "" "f" (func $f (param i32)))
      (func (export "run") (call $f (i32.const 0))))
    (core instance $m (instantiate $m (with "" (instance (export "f" (func $f))))))
    (func (export "run") (canon lift (core func $m "run"))))
  (instance $a (instantiate $a (with "f" (func $b "f"))))
  (export "run" (func $a "run")))"""


# A table whose function is called.
TABLE = b"""(component
  (core module $m (type $t (func)) (table 1 funcref) (elem (i32.const 0) func $held) (func $held)
    (func (export "run") (call_indirect (type $t) (i32.const 0))))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))"""


class Reader:
    """A core module, as far as it is needed here: counts, sizes of bodies, contents of segments."""

    def __init__(self, data):
        assert data[:8] == b"\0asm\1\0\0\0"
        self.data, self.at = data, 8
        self.imported = dict.fromkeys(KINDS, 0)
        self.counts, self.bodies, self.exports, self.custom_bytes = {}, [], [], 0
        while self.at < len(data):
            number, size = self.byte(), self.u32()
            end = self.at + size
            self.read_section(number, end)
            self.at = end

    def byte(self):
        self.at += 1
        return self.data[self.at - 1]

    def u32(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def name(self):
        size = self.u32()
        self.at += size
        return self.data[self.at - size:self.at].decode()

    def read_section(self, number, end):
        if number == 0:
            self.name()
            self.custom_bytes += end - self.at
            return
        count = self.u32()
        self.counts[number] = count
        if number == 7:
            self.exports = [(self.name(), self.byte(), self.u32()) for _ in range(count)]
        if number == 10:
            for _ in range(count):
                size = self.u32()
                self.bodies.append(size)
                self.at += size

    def count(self, number):
        return self.counts.get(number, 0)


class Reported(InFolder):
    def setUp(self):
        super().setUp()
        self.parse("example.wasm", EXAMPLE.read_bytes())
        self.parse("twins.wasm", TWINS)

    def parse(self, name, text):
        subprocess.run(["wasm-tools", "parse", "-", "-o", name], input=text, check=True, timeout=60)

    def fuse(self, *arguments, **options):
        """Fuses to out.wasm, which has to go well; what is said on standard error."""
        run = meld("fuse", *arguments, "-o", "out.wasm", **options)
        self.assertEqual((run.returncode, run.stdout), (0, b""), run.stderr.decode())
        return run.stderr.decode()

    def told(self, option, *inputs):
        """The object that a report is as JSON."""
        return json.loads(self.fuse(option, *inputs))


def without_times(text):
    return re.sub(r"(?m)^ +\d+\.\d{3} ms", "    0.000 ms", re.sub(r'"nanoseconds":\d+', '"nanoseconds":0', text))


class Golden(Reported):
    def check(self, name, text):
        path = GOLDEN / name
        if UPDATE:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        self.assertEqual(text, path.read_text())

    def test_the_example(self):
        for name, option in (("explain", "--explain"), ("map", "--map"), ("stats", "--stats"), ("why", "--why=append")):
            with self.subTest(name):
                self.check(f"{name}.txt", without_times(self.fuse(option, "example.wasm")))
                as_json = option.replace("=", "=json:") if "=" in option else option + "=json"
                text = without_times(self.fuse(as_json, "example.wasm"))
                json.loads(text)
                self.check(f"{name}.json", text)

    def test_interfaces(self):
        self.parse("interfaces.wasm", (GOLDEN / "interfaces.wat").read_bytes())
        self.check("interfaces.txt", self.fuse("--explain", "interfaces.wasm"))

    def test_what_is_folded(self):
        self.check("folded.txt", self.fuse("--map", "twins.wasm"))


def keys_of(value):
    """All names of fields in what JSON gives."""
    if isinstance(value, dict):
        return set(value).union(*map(keys_of, value.values()))
    return set().union(*map(keys_of, value)) if isinstance(value, list) else set()


class Documented(Reported):
    """docs/cli.md: the samples are what is printed, and each field of the JSON is there, and no other."""

    def setUp(self):
        super().setUp()
        text = (HERE.parents[1] / "docs" / "cli.md").read_text(encoding="utf-8")
        self.section = text.split("\n## Reports\n")[1].split("\n## ")[0]

    def test_samples(self):
        told = "".join(self.fuse(option, "example.wasm") for option in ("--stats", "--explain", "--map", "--why=append"))
        samples = re.findall(r"(?m)(?:^    .*\n)+", self.section)
        self.assertEqual(len(samples), 4)
        for sample in samples:
            lines = re.sub(r"(?m)^    ", "", sample)
            if "calls" in lines or "which is exported" in lines:
                self.assertIn(lines, told)
            for line in lines.splitlines():
                self.assertIn(line + "\n", told)

    def test_fields(self):
        self.parse("interfaces.wasm", (GOLDEN / "interfaces.wat").read_bytes())
        self.parse("table.wasm", TABLE)
        tables = re.findall(r"(?m)^\| in .*?`--(\w+)` \| \|\n\|---\|---\|\n((?:\|.*\n)+)", self.section)
        self.assertEqual([name for name, _ in tables], list(REPORTS))
        for name, rows in tables:
            option = "--why=json:{}" if name == "why" else f"--{name}=json"
            got = set()
            for input, symbol in (("example.wasm", "append"), ("twins.wasm", "run"), ("interfaces.wasm", "run"),
                                  ("table.wasm", "run")):
                got |= keys_of(self.told(option.format(symbol), input))
            for key in got - {"boundaries", "items"}:
                self.assertIn(f"`{key}`", rows, name)
            for key in re.findall(r"`(\w+)`", "".join(re.findall(r"(?m)^\|(.*?)\|", rows))):
                self.assertIn(key, got, name)


class SameBytes(Reported):
    def test_the_output_does_not_depend_on_what_is_told(self):
        for inputs in (["example.wasm"], ["twins.wasm"], ["user.wasm", "things.wasm", "--export", "things:thing"], ["--component", "example.wasm"],
                       ["--strip", "example.wasm"]):
            self.fuse(*inputs)
            plain = self.read("out.wasm")
            why = "--why=func 0"
            for options in (["--stats"], ["--explain"], ["--map"], [why], ["--stats=json", "--explain=json", "--map=json",
                                                                         why.replace("=", "=json:")]):
                with self.subTest(inputs=inputs, options=options):
                    self.fuse(*options, *inputs)
                    self.assertEqual(self.read("out.wasm"), plain)


class Facts(Reported):
    """What is told is what is there."""

    INPUTS = (["example.wasm"], ["twins.wasm"], ["shop.wasm", "store.wasm"], ["shop.wasm"], ["user.wasm", "things.wasm", "--export", "things:thing"])

    def test_map_has_each_item_of_the_output(self):
        for inputs in self.INPUTS:
            with self.subTest(inputs):
                items = self.told("--map=json", *inputs)["items"]
                module = Reader(self.read("out.wasm"))
                rows = {}
                for item in items:
                    rows.setdefault(item["kind"], []).append(item)
                for kind, of in rows.items():
                    self.assertEqual([item["index"] for item in of], list(range(len(of))), kind)
                functions = [item for item in rows.get("func", []) if item["source"] != "import"]
                self.assertEqual([item["bytes"] for item in functions], module.bodies)
                for kind, section in (("table", 4), ("memory", 5), ("global", 6), ("elem", 9), ("data", 11), ("tag", 13)):
                    defined = [item for item in rows.get(kind, []) if item["source"] != "import"]
                    self.assertEqual(len(defined), module.count(section), kind)
                self.assertEqual(sum(item["source"] == "import" for item in items), module.count(2))

    def test_stats_add_up(self):
        for inputs in self.INPUTS:
            with self.subTest(inputs):
                stats = self.told("--stats=json", *inputs)
                output = self.read("out.wasm")
                module = Reader(output)
                self.assertEqual(stats["output_bytes"], len(output))
                self.assertEqual(stats["functions"], len(module.bodies))
                self.assertEqual(stats["code_bytes"], sum(module.bodies))
                self.assertEqual(stats["custom_bytes"], module.custom_bytes)
                self.assertEqual(stats["types"], module.count(1))
                self.assertEqual(stats["imports"], module.count(2))
                self.assertEqual(stats["exports"], len(module.exports))
                for key in ("functions", "code_bytes", "data_bytes", "tables", "memories", "globals", "tags",
                            "element_segments", "data_segments"):
                    self.assertEqual(stats[key], sum(origin[key] for origin in stats["origins"]), key)
                self.assertEqual(stats["code_bytes"] + stats["data_bytes"] + stats["custom_bytes"] + stats["rest_bytes"],
                                 len(output))

    def test_all_origins_of_what_is_folded(self):
        items = self.told("--map=json", "twins.wasm")["items"]
        origins = [[(o["core_instance"], o["index_there"], o["name"]) for o in (item, *item["folded"])]
                   for item in items if item["kind"] == "func"]
        self.assertIn([("root.$m", 0, "pure"), ("root.$m#2", 0, "pure")], origins)
        # Each function of the program that is live is there once.
        flat = [origin for of in origins for origin in of]
        self.assertEqual(len(flat), len(set(flat)))
        self.assertEqual(sum(name == "count" for *_, name in flat), 2)

    def test_explain_has_each_boundary(self):
        boundaries = self.told("--explain=json", "example.wasm")["boundaries"]
        self.assertEqual([(b["caller"], b["callee"], b["function"]) for b in boundaries],
                         [("root/$greeting", "root/$counting", "[constructor]counter"),
                          ("root/$greeting", "root/$counting", "[method]counter.next"),
                          ("root/$greeting", "root/$shouting", "shout"), (None, "root/$greeting", "greet")])
        self.assertEqual([b["core_function"] for b in boundaries], ["new", "next", "shout", "greet"])

    def test_explain_names_what_is_in_interfaces(self):
        self.parse("interfaces.wasm", (GOLDEN / "interfaces.wat").read_bytes())
        boundaries = self.told("--explain=json", "interfaces.wasm")["boundaries"]
        self.assertEqual([(b["function"], b["core_function"]) for b in boundaries],
                         [("test:kv/store@1.0.0#get", "get-core"), ("test:kv/store@1.0.0#[constructor]key", "key-core"),
                          ("test:log/sink#put", None), ("run", "run")])
        self.assertEqual([[(r["name"], r["interface"], r["definer"]) for r in b["resources"]] for b in boundaries],
                         [[], [("key", "test:kv/store@1.0.0", "root/$store")], [("line", "test:log/sink", None)], []])
        for boundary in boundaries:
            for resource in boundary["resources"]:
                self.assertIn(f"<{resource['number']}>", boundary["type"])

    def test_explain_has_each_check_of_an_asynchronous_result(self):
        """What task.return moves is a part of the call, though the adapter does not call it."""
        self.parse("async.wasm", ASYNC)
        boundary, = [b for b in self.told("--explain=json", "async.wasm")["boundaries"] if b["callee"] == "root/$b"]
        self.assertIn("strings", boundary["moves"])
        self.assertIn("invalid utf-8", boundary["checks"])
        self.assertIn("async-lifted export failed to produce a result", boundary["checks"])

    def test_what_keeps_an_item_in(self):
        found = self.told("--why=json:append-number", "example.wasm")["found"]
        self.assertEqual([step["name"] for step in found[0]["named_by"]][0], "greet")
        self.assertEqual((found[0]["root"], found[0]["export"]), ("export", "greet"))
        # `func N` of the map is the same item.
        index = found[0]["index"]
        self.assertEqual(self.told(f"--why=json:func {index}", "example.wasm")["found"], found)


class Files(Reported):
    def test_a_report_goes_to_a_file(self):
        self.assertEqual(self.fuse("--map=json:app.map", "--stats=text:app.stats", "example.wasm"), "")
        json.loads(self.read("app.map"))
        self.assertIn(b"together", self.read("app.stats"))

    def test_a_report_that_cannot_be_written(self):
        run = meld("fuse", "--map=text:folder.wasm/missing/map", "example.wasm", "-o", "out.wasm")
        self.assertEqual(run.returncode, 3)
        self.assertIn(b"cannot write", run.stderr)
        self.assertFalse(os.path.exists("out.wasm"))

    def test_a_symbol_that_there_is_not(self):
        run = meld("fuse", "--why=gret", "example.wasm", "-o", "out.wasm")
        self.assertEqual(run.returncode, 2)
        self.assertIn('there is "greet"', run.stderr.decode())
        self.assertFalse(os.path.exists("out.wasm"))

    def test_a_symbol_that_is_left_out(self):
        self.assertEqual(self.fuse("--why=resource_rep", "example.wasm"),
                         '"resource_rep" is left out: nothing that can run names it\n')

    def test_a_dry_run_writes_nothing(self):
        before = self.files()
        for arguments in (["example.wasm"], ["-o", "out.wasm", "--depfile", "out.d", "example.wasm"],
                          ["-o", "-", "example.wasm"]):
            run = meld("fuse", "--dry-run", *arguments)
            self.assertEqual((run.returncode, run.stdout, run.stderr), (0, b"", b""))
            self.assertEqual(self.files(), before)

    def test_a_dry_run_fails_as_a_run_does(self):
        for arguments in (["broken.wasm"], ["missing.wasm"], ["--why=nothing-like-it", "example.wasm"]):
            dry, wet = meld("fuse", "--dry-run", *arguments), meld("fuse", *arguments, "-o", "out.wasm")
            self.assertEqual((dry.returncode, dry.stderr), (wet.returncode, wet.stderr))
            self.assertNotEqual(dry.returncode, 0)


class Depfile(Reported):
    NAMES = ["a b.wasm", "c$d.wasm", "e#f.wasm", "g\\h.wasm", "i\\ j.wasm", "k:l.wasm", "m$$n ##.wasm", "plain.wasm"]

    def setUp(self):
        super().setUp()
        for name in self.NAMES:
            shutil.copy("example.wasm", name)
        shutil.copy("cache.wasm", "other $#.wasm")

    def run_in(self, *command):
        run = subprocess.run(command, capture_output=True, text=True, timeout=60)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        return run.stdout

    def age(self, name, seconds):
        at = os.stat("out of.wasm").st_mtime + seconds
        os.utime(name, (at, at))

    @unittest.skipUnless(shutil.which("ninja"), "there is no ninja")
    def test_ninja(self):
        for name in self.NAMES:
            with self.subTest(name):
                # Ninja itself knows of no input: what it knows it has from the depfile.
                pathlib.Path("fuse.sh").write_text(
                    f"'{MELD}' fuse '{name}' -o 'out of.wasm' --depfile out.d && echo fused")
                pathlib.Path("build.ninja").write_text(
                    "rule fuse\n  command = sh fuse.sh\n  depfile = out.d\n  deps = gcc\nbuild out$ of.wasm: fuse\n")
                for path in (".ninja_log", ".ninja_deps", "out of.wasm"):
                    pathlib.Path(path).unlink(missing_ok=True)
                self.assertIn("fused", self.run_in("ninja"))
                self.assertIn("no work to do", self.run_in("ninja"))
                self.assertEqual(self.run_in("ninja", "-t", "deps").splitlines()[1:2], [f"    {name}"])
                self.age(name, 100)
                self.assertIn("fused", self.run_in("ninja"))
                self.age(name, -100)
                self.assertIn("no work to do", self.run_in("ninja"))

    @unittest.skipUnless(shutil.which("make"), "there is no make")
    def test_make(self):
        for name in self.NAMES:
            with self.subTest(name):
                pathlib.Path("Makefile").write_text(
                    "out\\ of.wasm:\n\t@sh fuse.sh\n-include out.d\n")
                pathlib.Path("fuse.sh").write_text(
                    f"'{MELD}' fuse '{name}' -o 'out of.wasm' --depfile out.d && echo fused")
                for path in ("out.d", "out of.wasm"):
                    pathlib.Path(path).unlink(missing_ok=True)
                self.assertIn("fused", self.run_in("make"))
                self.age(name, -100)
                self.assertNotIn("fused", self.run_in("make"))
                self.age(name, 100)
                self.assertIn("fused", self.run_in("make"))

    def test_what_stands_in_it(self):
        run = meld("fuse", "shop.wasm", "-o", "out.wasm", "--name", "s=store.wasm", "--depfile", "out.d")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(self.read("out.d"), b"out.wasm: shop.wasm store.wasm\n")

    def test_a_script_and_its_packages(self):
        self.write("good.wac", b"package test:top;\nlet store = new test:store {};\nexport store...;\n")
        run = meld("fuse", "good.wac", "-o", "out.wasm", "--name", "test:store=store.wasm", "--depfile", "out.d")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(self.read("out.d"), b"out.wasm: good.wac store.wasm\n")

    def test_standard_input_is_no_file(self):
        run = meld("fuse", "-", "-o", "out.wasm", "--depfile", "out.d", input=self.read("example.wasm"))
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(self.read("out.d"), b"out.wasm:\n")

    def test_names_that_no_build_reads(self):
        for name in ("line\nend.wasm", "tab\t.wasm"):
            shutil.copy("example.wasm", name)
            run = meld("fuse", name, "-o", "out.wasm", "--depfile", "out.d")
            self.assertEqual(run.returncode, 3)
            self.assertEqual(run.stderr, b"meld: out.d: cannot write: the name of a file has a line end or a tab in it\n")
            self.assertFalse(os.path.exists("out.wasm") or os.path.exists("out.d"))


class Reproduce(Reported):
    def reproduce(self, *arguments, **options):
        """The output of a run, and of the command that it left."""
        run = meld("fuse", *arguments, "-o", "out.wasm", "--reproduce", "bug", **options)
        made = (run.returncode, self.read("out.wasm") if run.returncode == 0 else None)
        os.rename("bug", "else where")
        again = subprocess.run(["sh", "command", "-o", "../again.wasm"], cwd="else where", capture_output=True, timeout=60,
                               env={"PATH": f"{os.path.dirname(MELD)}:{os.environ['PATH']}"})
        got = (again.returncode, self.read("again.wasm") if again.returncode == 0 else None)
        self.assertEqual(got, made, again.stderr.decode())
        return run, again

    def test_one_input(self):
        self.reproduce("example.wasm")

    def test_options_that_say_what_is_made(self):
        self.reproduce("--component", "--strip", "--features", "+simd", "example.wasm", "--stats=json:told")

    def test_the_comment_is_the_command_line(self):
        words = ["--name", "s=store.wasm", "--name=shop=shop.wasm", "--features", "+simd", "--export", "s:test:kv/store@0.2.1", "it's.wasm"]
        shutil.copy("example.wasm", "it's.wasm")
        self.reproduce(*words)
        comment = pathlib.Path("else where/command").read_text(encoding="utf-8").splitlines()[2]
        self.assertEqual(shlex.split(comment[1:]), [MELD, "fuse", *words, "-o", "out.wasm", "--reproduce", "bug"])

    def test_several_inputs(self):
        self.reproduce("shop.wasm", "--name", "s=store.wasm", "--export", "s:test:kv/store@0.2.1")

    def test_names_for_a_shell(self):
        shutil.copy("example.wasm", "it's $HOME `id` \"x\" \\n.wasm")
        self.reproduce("it's $HOME `id` \"x\" \\n.wasm")

    def test_files_of_one_name(self):
        os.mkdir("sub")
        shutil.copy("store.wasm", "sub/shop.wasm")
        self.reproduce("shop.wasm", "--name", "s=sub/shop.wasm")

    def test_standard_input(self):
        self.reproduce("-", input=self.read("example.wasm"))

    def test_a_script(self):
        self.write("good.wac", b"package test:top;\nlet store = new test:store {};\nexport store...;\n")
        os.makedirs("deps/test")
        shutil.copy("store.wasm", "deps/test/store.wasm")
        self.reproduce("good.wac")

    def test_what_fails(self):
        run, again = self.reproduce("broken.wasm")
        self.assertEqual(run.returncode, 1)
        self.assertEqual(again.stderr, run.stderr.replace(b"broken.wasm", b"0-broken.wasm"))

    def test_the_folder_has_to_be_empty(self):
        os.mkdir("bug")
        self.fuse("--reproduce", "bug", "example.wasm")
        self.assertEqual(sorted(os.listdir("bug")), ["0-example.wasm", "command"])
        os.remove("out.wasm")
        run = meld("fuse", "--reproduce", "bug", "example.wasm", "-o", "out.wasm")
        self.assert_fails(run, 3, "meld: bug: the folder to reproduce with is not empty")
        self.assertFalse(os.path.exists("out.wasm"))

    def test_a_file_is_no_folder(self):
        run = meld("fuse", "--reproduce", "app.wasm", "example.wasm", "-o", "out.wasm")
        self.assert_fails(run, 3, "meld: app.wasm: cannot read the folder: Not a directory")


class Names(Reported):
    """Names that no writer of JSON expects, as they are in the input's name section."""

    TEXT = rb"""(component
      (core module $m (memory 1) (func $inner (@name "a\01\1b\"\\\7fZZZZ\c3\a9") (i32.store (i32.const 0) (i32.const 1)))
        (func (export "run") (call $inner)))
      (core instance $i (instantiate $m))
      (func (export "run") (canon lift (core func $i "run"))))"""

    def names(self, name):
        text = self.fuse("--map=json", name)
        self.assertTrue(text.isascii() or "\u00e9" in text)
        self.assertNotRegex(text, "[\0-\t\v-\x1f\x7f]")
        return json.dumps(json.loads(text), ensure_ascii=False)

    def test_control_characters_and_quotes_are_read_back(self):
        self.parse("hostile.wasm", self.TEXT)
        self.assertIn(json.dumps("a\x01\x1b\"\\\x7fZZZZ\u00e9", ensure_ascii=False), self.names("hostile.wasm"))

    def test_no_names(self):
        self.parse("named.wasm", self.TEXT)
        subprocess.run(["wasm-tools", "strip", "--all", "named.wasm", "-o", "bare.wasm"], check=True, timeout=60)
        self.assertNotIn("ZZZZ", self.names("bare.wasm"))
        for option in ("--map", "--stats", "--explain", "--why=run"):
            self.assertTrue(self.fuse(option, "bare.wasm"))


@unittest.skipIf(os.environ.get("MELD_SANITIZE"), "a sanitizer and valgrind do not go together")
@unittest.skipUnless(shutil.which("valgrind"), "valgrind counts the instructions")
class Growth(Reported):
    """Ten times the boundaries take about ten times the instructions, each report's own."""

    @staticmethod
    def text(n):
        each = lambda form: "".join(form.replace("#", str(i)) for i in range(n))
        return f"""(component
          (component $C
            (core module $m (memory (export "memory") 1)
              (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0))
              {each('(func (export "f#") (param i32 i32))')})
            (core instance $i (instantiate $m))
            {each('(func (export "f#") (param "s" string) (canon lift (core func $i "f#") '
                  '(memory (core memory $i "memory")) (realloc (core func $i "realloc"))))')})
          (instance $c (instantiate $C))
          (component $D
            (import "x" (instance $x {each('(export "f#" (func (param "s" string)))')}))
            (core module $l (memory (export "memory") 1))
            (core instance $l (instantiate $l))
            {each('(core func $g# (canon lower (func $x "f#") (memory (core memory $l "memory"))))')}
            (core module $m {each('(import "h" "f#" (func $f# (param i32 i32)))')}
              (func (export "run") {each('(call $f# (i32.const 0) (i32.const 0))')}))
            (core instance $k (instantiate $m
              (with "h" (instance {each('(export "f#" (func $g#))')}))))
            (func (export "run") (canon lift (core func $k "run"))))
          (instance $d (instantiate $D (with "x" (instance $c))))
          (export "run" (func $d "run")))""".encode()

    def instructions(self, *arguments):
        command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", MELD, "fuse", *arguments]
        run = subprocess.run([*command, "-o", "out.wasm"], capture_output=True, check=True, timeout=300)
        return int(re.search(rb"Collected : (\d+)", run.stderr).group(1))

    def test_an_instance_that_is_exported_again_and_again(self):
        sizes = (90, 900)
        for n in sizes:
            each = lambda form: "".join(form.replace("#", str(i)) for i in range(n))
            self.parse(f"{n}.wasm", f"""(component
              (core module $m (func (export "f")))
              (core instance $i (instantiate $m))
              {each('(func $f# (canon lift (core func $i "f")))')}
              (component $C (import "x" (instance $x {each('(export "f#" (func))')})) {each('(export "x#" (instance $x))')})
              (instance $x {each('(export "f#" (func $f#))')})
              (instance $c (instantiate $C (with "x" (instance $x))))
              (export "run" (func $f0)))""".encode())
        own = [self.instructions("--explain", f"{n}.wasm") - self.instructions(f"{n}.wasm") for n in sizes]
        self.assertLess(own[1], 14 * own[0], own)

    def test_boundaries(self):
        sizes = (200, 2000)
        for n in sizes:
            self.parse(f"{n}.wasm", self.text(n))
        plain = [self.instructions(f"{n}.wasm") for n in sizes]
        for report in ("--stats", "--explain", "--map", "--why=run"):
            own = [self.instructions(report, f"{n}.wasm") - p for n, p in zip(sizes, plain)]
            self.assertLess(own[1], 14 * own[0], f"{report}: {own}")


if __name__ == "__main__":
    unittest.main(argv=[argument for argument in sys.argv if argument != "--update"])
