#!/usr/bin/env python3
"""Limits: what a small input may ask for, and that large ones take time and memory in proportion.

    MELD=build/release/meld python tests/limits/test_limits.py

Each limit of the table in docs/cli.md is reached, and gone over by one where that is cheap; the message names it. Inputs
with ten thousand and more of each thing, and all that once was quadratic or worse, are made in a second or two.
"""

import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from binary import *  # noqa: E402

MELD = os.path.abspath(os.environ.get("MELD", "build/release/meld"))
MANUAL = pathlib.Path(__file__).resolve().parents[2] / "docs" / "cli.md"
IS_SANITIZED = bool(os.environ.get("MELD_SANITIZE"))
SECONDS = 30 if IS_SANITIZED else 2  # of processor time, for any one command
MEBIBYTE = 1 << 20
FUSE, WRAP, VALIDATE = ["fuse", "-o", "/dev/null"], ["fuse", "--component", "-o", "/dev/null"], ["validate"]
INSPECT = [["inspect", f"--format={form}", "-o", "/dev/null"] for form in ("text", "json", "dot", "html")]
ALL = [FUSE, WRAP, VALIDATE]


def limit_memory(mebibytes):
    if mebibytes and not IS_SANITIZED:
        resource.setrlimit(resource.RLIMIT_AS, (mebibytes * MEBIBYTE, mebibytes * MEBIBYTE))


class Limits(unittest.TestCase):
    def run_meld(self, command, data, mebibytes=0):
        with tempfile.TemporaryDirectory(prefix="meld-limits-") as folder:
            path = pathlib.Path(folder) / "input.wasm"
            path.write_bytes(data)
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            run = subprocess.run([MELD, *command, path], capture_output=True, timeout=SECONDS * 10, check=False,
                                 preexec_fn=lambda: limit_memory(mebibytes))
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        self.assertLess(spent, SECONDS, f"meld {' '.join(command)} of {len(data)} bytes")
        return run

    def accepts(self, data, commands=ALL, mebibytes=1024, inspect=INSPECT):
        """Others accept it too, as far as their limits go: an input of a test says nothing if it is not valid."""
        run = subprocess.run(["wasm-tools", "validate", "--features", "all"], input=data, capture_output=True, check=False)
        if run.returncode:
            self.assertRegex(run.stderr.decode(), r"^error: \S+ count exceeds limit of \d+ ")
        for command in [*commands, *inspect]:  # whatever is valid can be looked at
            run = self.run_meld(command, data, mebibytes)
            self.assertEqual((run.returncode, run.stderr.decode()[-500:]), (0, ""))

    def refuses(self, data, message, commands=ALL, mebibytes=1024):
        for command in commands:
            run = self.run_meld(command, data, mebibytes)
            self.assertEqual(run.returncode, 1, run.stderr.decode())
            self.assertIn(message, run.stderr.decode())


# Parts of inputs.


def doubling(count, first, make, at=s33):
    """`count` types, each but the first made of the one before."""
    return [first, *(make(at(index)) for index in range(count - 1))]


def named(index):
    """Type `index` of crossing(), by its external name: it has another index without one."""
    return s33(2 * index + 1)


def crossing(definitions, params):
    """A component calls another one with a value of the last type; `params`: its core parameters. The types have external
    names, as those of a function must.
    """
    count = len(definitions)
    function = func([("x", named(count - 1))])
    reallocate, zero = functype([I32] * 4, [I32]), b"\x41\0"
    callee_core = module([functype(params), reallocate], [], [0, 1], memories=[b"\0\1"], bodies=[body(b""), body(zero)],
                         exports=[export("f", 0, 0), export("realloc", 0, 1), export("memory", 2, 0)])
    callee = component(*(types(d) + exports(export_(f"t{i}", TYPE, 2 * i)) for i, d in enumerate(definitions)),
                       types(function), core_module(callee_core), core_instances(instantiate_core(0)),
                       aliases(core_export(0, "f"), core_export(0, "realloc"), core_export(0, "memory", 2)),
                       canons(lift(0, 2 * count, [memory(0), realloc(1)])), exports(export_("f", FUNC, 0)))
    constant = {I32: b"\x41\0", I64: b"\x42\0"}
    caller_core = module([functype(params), functype()], [name("m") + name("f") + b"\0\0"], [1],
                         exports=[export("run", 0, 1)],
                         bodies=[body(b"".join(constant[p] for p in params) + b"\x10\0")])
    memory_core = module(memories=[b"\0\1"], exports=[export("memory", 2, 0)])
    caller = component(*(types(d) + imports(import_(f"t{i}", b"\3\0" + u32(2 * i))) for i, d in enumerate(definitions)),
                       types(function, func()), imports(import_("f", of_func(2 * count))),
                       core_module(memory_core), core_instances(instantiate_core(0)),
                       aliases(core_export(0, "memory", 2)), canons(lower(0, [memory(0)])), core_module(caller_core),
                       core_instances(bag([("f", 0, 0)]), instantiate_core(1, [("m", 1)])),
                       aliases(core_export(2, "run")), canons(lift(1, 2 * count + 1)), exports(export_("run", FUNC, 1)))
    return component(nested(callee), nested(caller), instances(instantiate(0)),
                     aliases(*(instance_export(0, f"t{i}", TYPE) for i in range(count)), instance_export(0, "f")),
                     instances(instantiate(1, [*((f"t{i}", TYPE, i) for i in range(count)), ("f", FUNC, 0)])),
                     aliases(instance_export(1, "run")), exports(export_("run", FUNC, 1)))


def variants(count):
    """Types whose adapters double: each case of a variant is code of its own."""
    return doubling(count, variant([("a", STRING), ("b", U32)]), lambda t: variant([("a", t), ("b", t), ("c", U32)]), named)


def exporting(count, *before, code=b""):
    """`count` core functions, each lifted and exported."""
    return component(*before, core_module(simple_module(count, code)), core_instances(instantiate_core(0)),
                     types(func()), aliases(*(core_export(0, f"f{i}") for i in range(count))),
                     canons(*(lift(i, 0) for i in range(count))),
                     exports(*(export_(f"f{i}", FUNC, i) for i in range(count))))


def instantiating(count, data, text="f0"):
    """`count` instances of one core module, a function of each exported."""
    return component(core_module(data), core_instances(*[instantiate_core(0)] * count), types(func()),
                     aliases(*(core_export(i, text) for i in range(count))), canons(*(lift(i, 0) for i in range(count))),
                     exports(*(export_(f"f{i}", FUNC, i) for i in range(count))))


class NamedLimits(Limits):
    def test_the_manual_gives_the_same_numbers(self):
        rows = MANUAL.read_text().split("## Limits")[1].split("\n## ")[0]
        numbers = re.findall(r"^\| [^|]+? \| ([\d,]+(?: [GM]iB|\^\d+)?)", rows, re.MULTILINE)
        self.assertEqual(len(numbers), 13)
        tests = pathlib.Path(__file__).read_text()
        for number in numbers:
            self.assertRegex(tests, r"\b" + re.escape(number.replace(",", "")) + r"\b")

    def test_bytes_of_an_input(self):
        """A file of 1 GiB and a byte, most of it not there; see test_command.py for sources without end."""
        with tempfile.TemporaryDirectory(prefix="meld-limits-") as folder:
            path = pathlib.Path(folder) / "input.wasm"
            path.write_bytes(component())
            os.truncate(path, (1 << 30) + 1)
            run = subprocess.run([MELD, "validate", path], capture_output=True, timeout=SECONDS, check=False,
                                 preexec_fn=lambda: limit_memory(64))
        self.assertEqual(run.returncode, 1)
        self.assertIn("the input is larger than 1 GiB, the most that meld reads", run.stderr.decode())

    def test_nesting_of_components(self):
        data = component()
        for _ in range(99):
            data = component(nested(data))
        self.accepts(data)
        self.refuses(component(nested(data)), "components and types are nested more than 100 deep")

    def test_nesting_of_inputs(self):
        """What is composed is nested in the whole; it is told of the input that is too deep for it."""
        data = component()
        for _ in range(98):
            data = component(nested(data))
        self.composes([component(types(func())), data])
        self.composes([component(types(func())), component(nested(data))],
                      "1.wasm:0x0: in component 1: components and types are nested more than 100 deep")

    def test_definitions_of_inputs(self):
        first = component(section(7, u32(125000) + U8 * 125000))
        self.composes([first, component(section(7, u32(124996) + U8 * 124996))])  # and two components, two instances
        self.composes([first, component(section(7, u32(124999) + U8 * 124999))],
                      "1.wasm:0x0: in component 1: there are more than 250000 definitions")

    def composes(self, inputs, message=""):
        with tempfile.TemporaryDirectory(prefix="meld-limits-") as folder:
            paths = [pathlib.Path(folder) / f"{i}.wasm" for i in range(len(inputs))]
            for path, data in zip(paths, inputs):
                path.write_bytes(data)
            for words in ([], ["--component"], ["--compose-only"]):
                run = subprocess.run([MELD, "fuse", *words, *paths, "-o", pathlib.Path(folder) / "out.wasm"],
                                     capture_output=True, timeout=SECONDS * 10, check=False)
                self.assertEqual(run.stderr.decode(), f"meld: {folder}/{message}\n" if message else "")
                self.assertEqual(run.returncode, 1 if message else 0)

    def test_nesting_of_types(self):
        data = instance_type()
        for _ in range(98):
            data = instance_type(declare_type(data))
        self.accepts(component(types(data)))
        self.refuses(component(types(instance_type(declare_type(data)))),
                     "components and types are nested more than 100 deep")

    def test_nesting_is_not_recursion(self):
        data = component()
        for _ in range(5000):
            data = component(nested(data))
        self.refuses(data, "nested more than 100 deep")

    def test_nesting_of_value_types(self):
        inside = doubling(99, list_(U8), list_)  # and u8, the innermost
        self.accepts(component(types(*inside)))
        self.refuses(component(types(*inside, list_(s33(98)))), "types are nested more than 100 deep in one another")

    def test_definitions(self):
        self.accepts(component(section(7, u32(250000) + U8 * 250000)))
        self.refuses(component(section(7, u32(250001) + U8 * 250001)), "there are more than 250000 definitions")

    def test_definitions_of_the_output(self):
        inner = exporting(2000)
        data = component(nested(inner), instances(*[instantiate(0)] * 60),
                         exports(*(export_(f"x{i}", INSTANCE, i) for i in range(60))))
        self.accepts(data, [FUSE, VALIDATE])
        self.refuses(data, "the component made would have more than 250000 definitions", [WRAP])

    def test_items_of_a_plan(self):
        data = component()
        for _ in range(30):
            data = component(nested(data), instances(instantiate(0), instantiate(0)))
        self.accepts(data, [VALIDATE])  # which instantiates nothing
        self.refuses(data, "makes more than 250000 instances", [FUSE, WRAP])

    def test_steps(self):
        # A thousand definitions in each of four thousand instances.
        data = component(section(7, u32(1000) + U8 * 1000))
        for _ in range(12):
            data = component(nested(data), instances(instantiate(0), instantiate(0)))
        self.accepts(data, [VALIDATE])
        self.refuses(data, "takes more than 4000000 steps", [FUSE, WRAP])

    def test_size_of_a_value(self):
        message = "exceeds the maximum byte size: it can take 2^28 bytes of memory or more"
        self.accepts(component(types(fixed_list(U8, (1 << 28) - 1))))
        self.refuses(component(types(fixed_list(U8, 1 << 28))), message)
        self.refuses(component(types(fixed_list(U8, 1 << 14), fixed_list(s33(0), 1 << 14))), message)
        self.refuses(component(types(fixed_list(STRING, (1 << 32) - 1))), message)

    def test_size_of_a_type(self):
        pairs = doubling(90, tuple_([STRING] * 2), lambda t: tuple_([t] * 2))
        self.accepts(component(types(*pairs[:18])))
        self.refuses(component(types(*pairs)), "a type consists of 1000000 types or more")

    def test_code_of_one_adapter(self):
        self.accepts(crossing(variants(16), [I32]))
        data = crossing(variants(17), [I32])
        self.accepts(data, [VALIDATE])
        self.refuses(data, "bytes; the limit is 7654321", [FUSE, WRAP])

    def test_code_of_adapters(self):
        """Each is of 4 MiB."""
        data = component(nested(crossing(variants(16), [I32])), instances(*[instantiate(0)] * 20))
        self.accepts(data, [VALIDATE])
        self.refuses(data, "their adapters would have more than 32 MiB", [FUSE, WRAP])

    def test_code_and_data(self):
        data = instantiating(10000, simple_module(1, b"\x41\0\x1a" * 5000))
        self.refuses(data, "would hold more than 64 MiB and 8 times the input", [FUSE, WRAP])

    def test_items_of_core_instances(self):
        data = component(core_module(simple_module(10000)), core_instances(*[instantiate_core(0)] * 10000))
        self.refuses(data, "have more than 16000000 functions, types and other items", [FUSE, WRAP])

    def test_memories(self):
        core = module([functype()], [], [0], memories=[b"\0\1"], exports=[export("f0", 0, 0)],
                      bodies=[body(b"\x3f\0\x1a")])
        self.accepts(instantiating(100, core))
        self.refuses(instantiating(101, core), "would have 101 memories; the limit is 100", [FUSE, WRAP])


    def test_text_of_the_world(self):
        long = "a" * 60000
        parameters = func([(f"p{i}", s33(1)) for i in range(1000)])
        data = component(types(U8), imports(import_(long, b"\3\0\0")), types(parameters), imports(import_("f", of_func(2))))
        self.accepts(data, [VALIDATE])
        data = component(types(U8), imports(import_(long, b"\3\0\0")), types(parameters),
                         imports(import_("f", of_func(2)), import_("g", of_func(2))))
        self.accepts(data, [VALIDATE], inspect=[])
        self.refuses(data, "the types of the imports and exports take more than 64 MiB as text", INSPECT)

    def test_items_of_graphs(self):
        def bags(count, takers):
            """Each has the one before it twice, and the last is given to others."""
            inside = [b"\1" + vec(b"\0" + name(n) + (INSTANCE + u32(i - 1) if i else FUNC + u32(0)) for n in "ab")
                      for i in range(count)]
            whole = instance_type(declare_type(func()), declare_export("f", of_func(0)))
            taker = component(types(whole), imports(import_("x", of_instance(0))))
            last = instances(b"\1" + vec([b"\0" + name("x") + INSTANCE + u32(count - 1), b"\0" + name("f") + FUNC + u32(0)]))
            return component(nested(taker), types(func()), imports(import_("f", of_func(0))), *map(instances, inside), last,
                             instances(*[instantiate(0, [("x", INSTANCE, count)])] * takers))

        self.accepts(bags(17, 3), [VALIDATE])
        data = bags(17, 4)
        self.accepts(data, [VALIDATE], inspect=INSPECT[:2])
        self.refuses(data, "instances are given more than 1000000 items, which is too many for a graph", INSPECT[2:])


class SmallInputsLargeWishes(Limits):
    def test_doubling_types_of_an_import(self):
        definitions = [instance_type(declare_type(func()), declare_export("f", of_func(0)))]
        for index in range(89):  # an instance type that has the one before it twice
            outer = b"\2\3\2\1" + u32(index)
            definitions.append(instance_type(outer, declare_export("a", of_instance(0)), declare_export("b", of_instance(0))))
        self.refuses(component(types(*definitions)), "a type consists of 1000000 types or more")
        data = component(types(*definitions[:18]), imports(import_("x", of_instance(17))))
        self.accepts(data, [VALIDATE])
        self.refuses(data, "makes more than 250000 externs", [FUSE, WRAP])

    def test_doubling_types_in_loops(self):
        """Adapters of lists are loops: nothing doubles but the size of a value."""
        self.accepts(crossing(doubling(16, tuple_([STRING] * 2), lambda t: tuple_([t] * 2), named), [I32]))

    def test_fixed_lists(self):
        self.accepts(crossing([fixed_list(STRING, 1000), fixed_list(named(0), 1000)], [I32]))

    def test_variants_of_records(self):
        records = tuple_([STRING] * 20)
        self.accepts(crossing([records, variant([(f"c{i}", named(0)) for i in range(9999)])], [I32]))

    def test_wide_types(self):
        self.accepts(crossing([record([(f"a{i}", STRING) for i in range(9999)])], [I32]))
        self.accepts(crossing([enum([f"c{i}" for i in range(9999)])], [I32]))

    def test_exports_of_exports(self):
        def exports_of_exports(count):
            bag_ = b"\1" + vec(b"\0" + name(f"e{i}") + FUNC + u32(0) for i in range(count))
            return component(types(func()), imports(import_("f", of_func(0))), instances(bag_),
                             exports(*(export_(f"x{i}", INSTANCE, 0) for i in range(count))))

        self.accepts(exports_of_exports(600), [VALIDATE])
        self.refuses(exports_of_exports(600), "makes more than 250000 externs", [FUSE, WRAP])
        self.refuses(exports_of_exports(3000), "a type consists of 1000000 types or more")

    def test_long_names_of_many_instances(self):
        text = "a" * 60000
        inner = component(section(0, name("component-name") + section(0, name(text))))
        self.accepts(component(nested(inner), instances(*[instantiate(0)] * 20000)))

    def test_instances_in_instances(self):
        """Names of what is deep inside are put together from all above it."""
        bags = [instances(b"\1" + vec([b"\0" + name("i") + INSTANCE + u32(i)])) for i in range(90)]
        self.accepts(component(types(func()), imports(import_("f", of_func(0))),
                               instances(b"\1" + vec([b"\0" + name("f") + FUNC + u32(0)])), *bags,
                               exports(export_("x", INSTANCE, 90))))

    def test_large_groups_of_types(self):
        """Each import's type is of a group that is compared once."""
        count = 40000
        group = b"\x4e" + vec(b"\x60" + vec([b"\x63" + s33(i)]) + vec([]) for i in range(count))
        giver = module([group], [], list(range(count)), exports=[export(f"f{i}", 0, i) for i in range(count)],
                       bodies=[body(b"")] * count)
        taker = module([group], [name("m") + name(f"f{i}") + b"\0" + u32(i) for i in range(count)])
        data = component(core_module(giver), core_module(taker),
                         core_instances(instantiate_core(0), instantiate_core(1, [("m", 0)])))
        self.accepts(data)


    def test_long_types_below_others(self):
        """Each import's type is compared with that of what is given and with 58 types above it."""
        count = 20000
        chain = [b"\x50" + vec([u32(depth - 1)] if depth else []) + functype([I32] * 1000) for depth in range(60)]
        giver = module(chain, [], [59], exports=[export(f"f{i}", 0, 0) for i in range(count)], bodies=[body(b"")])
        taker = module(chain[:2], [name("m") + name(f"f{i}") + b"\0\1" for i in range(count)])
        data = component(core_module(giver), core_module(taker),
                         core_instances(instantiate_core(0), instantiate_core(1, [("m", 0)])))
        self.refuses(data, "the component needs more than 20000000 steps to be checked")


@unittest.skipUnless(sys.platform == "linux" and not IS_SANITIZED, "memory is limited as Linux does it")
class Memory(unittest.TestCase):
    """What is large is neither copied nor made in memory: what a run may write to, besides inputs that are mapped."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="meld-limits-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def fuse(self, mebibytes, inputs, *words):
        def limit():
            resource.setrlimit(resource.RLIMIT_DATA, (mebibytes * MEBIBYTE, mebibytes * MEBIBYTE))
            resource.setrlimit(resource.RLIMIT_STACK, (MEBIBYTE, MEBIBYTE))  # of each thread

        paths = [self.folder / f"{i}.wasm" for i in range(len(inputs))]
        for path, data in zip(paths, inputs):
            path.write_bytes(data)
        return subprocess.run([MELD, "fuse", *words, *paths, "-o", self.folder / "out.wasm"], capture_output=True,
                              timeout=SECONDS * 10, check=False, preexec_fn=limit)

    def takes(self, mebibytes, inputs, *kinds):
        for words in kinds:
            run = self.fuse(mebibytes, inputs, *words)
            self.assertEqual((run.returncode, run.stderr.decode()), (0, ""), f"meld fuse {' '.join(words)}")
            self.assertGreater((self.folder / "out.wasm").stat().st_size, 0.9 * max(map(len, inputs)))

    @staticmethod
    def data(size, byte):
        core = module([functype()], [], [0], memories=[b"\0" + u32(size // 65536 + 1)], exports=[export("f", 0, 0)],
                      bodies=[body(b"\x41\0\x2d\0\0\x1a")], datas=[b"\0\x41\0\x0b" + u32(size) + byte * size])
        return exporting_f(core)

    def test_data(self):
        statement, report = f"--attest={self.folder}/out.json", f"--stats=text:{self.folder}/stats"
        kinds = [[], ["--component"], ["--compose-only"], [report], ["--component", report]]
        if subprocess.run([MELD, "fuse", statement, "--dry-run", "-"], input=component(), capture_output=True, check=False).returncode == 0:
            kinds += [[statement], ["--component", statement]]
        self.takes(8, [self.data(32 * MEBIBYTE, b"x")], *kinds)

    def test_data_of_several_inputs(self):
        inputs = [self.data(32 * MEBIBYTE, b"x"), self.data(24 * MEBIBYTE, b"y")]
        self.takes(8, inputs, *([*words, "--hide=1:f"] for words in ([], ["--component"], ["--compose-only"])))

    def test_code(self):
        """What is noted of it takes about as much as it does."""
        count = 20000
        steps = [b"".join(b"\x20\0\x41" + s33(64 * i + k) + b"\x6a\x21\0" for k in range(40)) for i in range(count)]
        core = module([functype([I32])], [], [0] * count, exports=[export("f", 0, 0)],
                      bodies=[body(step + b"\x20\0\x10" + u32(min(i + 1, count - 1))) for i, step in enumerate(steps)])
        data = exporting_f(core, [("x", b"\x79")])
        self.assertEqual(len(data) // MEBIBYTE, 7)
        self.takes(16, [data], [], ["--component"], ["--compose-only"])
        run = self.fuse(1, [data])
        self.assertEqual((run.returncode, run.stderr.endswith(b"out of memory\n")), (3, True))  # the limit is one


def exporting_f(core, params=()):
    return component(core_module(core), core_instances(instantiate_core(0)), types(func(list(params))),
                     aliases(core_export(0, "f")), canons(lift(0, 0)), exports(export_("f", FUNC, 0)))


class ManyOfEach(Limits):
    def test_exported_functions(self):
        self.accepts(exporting(20000))

    def test_functions_of_one_name(self):
        count = 20000
        names = section(0, name("name") + section(1, vec(u32(i) + name("f") for i in range(count))))
        core = module([functype()], [], [0] * count, exports=[export(f"f{i}", 0, i) for i in range(count)],
                      bodies=[body(b"")] * count, customs=[names])
        self.accepts(component(core_module(core), core_instances(instantiate_core(0)), types(func()),
                               aliases(*(core_export(0, f"f{i}") for i in range(count))),
                               canons(*(lift(i, 0) for i in range(count))),
                               exports(*(export_(f"f{i}", FUNC, i) for i in range(count)))))

    def test_functions_with_reallocs_and_post_returns_of_their_own(self):
        """What the host needs of each is exported by a name that is taken."""
        count = 5000
        core = module([functype([I32] * 4, [I32]), functype([I32, I32], [I32]), functype([I32])], [],
                      [0] * count + [1] * count + [2] * count, memories=[b"\0\1"],
                      exports=[*(export(f"{'rfp'[i // count]}{i % count}", 0, i) for i in range(3 * count)),
                               export("memory", 2, 0)],
                      bodies=[body(b"\x41\0")] * (2 * count) + [body(b"")] * count)
        options = [[memory(0), realloc(i), b"\5" + u32(2 * count + i)] for i in range(count)]
        self.accepts(component(types(func([("s", STRING)], STRING)), core_module(core),
                               core_instances(instantiate_core(0)),
                               aliases(*(core_export(0, f"{'rfp'[i // count]}{i % count}") for i in range(3 * count)),
                                       core_export(0, "memory", 2)),
                               canons(*(lift(count + i, 0, options[i]) for i in range(count))),
                               exports(*(export_(f"f{i}", FUNC, i) for i in range(count)))))

    def test_imported_functions(self):
        count = 20000
        core = module([functype()], [name("m") + name(f"f{i}") + b"\0\0" for i in range(count)], [0],
                      exports=[export("run", 0, count)], bodies=[body(b"".join(b"\x10" + u32(i) for i in range(count)))])
        self.accepts(component(types(func()), imports(*(import_(f"f{i}", of_func(0)) for i in range(count))),
                               canons(*(lower(i) for i in range(count))), core_module(core),
                               core_instances(bag([(f"f{i}", 0, i) for i in range(count)]), instantiate_core(0, [("m", 0)])),
                               aliases(core_export(1, "run")), canons(lift(count, 0)), exports(export_("run", FUNC, count))))

    def test_core_instances(self):
        self.accepts(instantiating(20000, simple_module()))

    def test_component_instances(self):
        inner = exporting(1)
        self.accepts(component(nested(inner), instances(*[instantiate(0)] * 20000),
                               aliases(*(instance_export(i, "f0") for i in range(20000))),
                               exports(*(export_(f"f{i}", FUNC, i) for i in range(20000)))))

    def test_a_chain_of_components(self):
        core = module([functype()], [name("m") + name("f") + b"\0\0"], [0], exports=[export("g", 0, 1)],
                      bodies=[body(b"\x10\0")])
        link = component(types(func()), imports(import_("f", of_func(0))), canons(lower(0)), core_module(core),
                         core_instances(bag([("f", 0, 0)]), instantiate_core(0, [("m", 0)])), aliases(core_export(1, "g")),
                         canons(lift(1, 0)), exports(export_("f", FUNC, 1)))
        steps = b"".join(instances(instantiate(0, [("f", FUNC, i)])) + aliases(instance_export(i, "f")) for i in range(20000))
        self.accepts(component(types(func()), imports(import_("f", of_func(0))), nested(link), steps,
                               exports(export_("run", FUNC, 20000))))

    def test_core_types(self):
        count = 20000
        shapes = [functype([I32 if i >> bit & 1 else I64 for bit in range(16)]) for i in range(count)]
        core = module([*shapes, functype()], [], [*range(count), count], exports=[export("f0", 0, count)],
                      bodies=[body(b"")] * count + [body(b"".join(b"\xd2" + u32(i) + b"\x1a" for i in range(count)))],
                      elements=[b"\3\0" + vec(u32(i) for i in range(count))])
        self.accepts(instantiating(1, core))

    def test_record_types(self):
        count = 10000
        self.accepts(component(types(*(record([(f"a{i}", U32)]) for i in range(count))),
                               imports(*(import_(f"t{i}", b"\3\0" + u32(i)) for i in range(count))),
                               types(*(func([("x", s33(count + i))]) for i in range(count))),
                               imports(*(import_(f"f{i}", of_func(2 * count + i)) for i in range(count)))))

    def test_resources_and_functions_that_return_them(self):
        count = 10000
        core = module([functype([], [I32])], [], [0] * count, exports=[export(f"f{i}", 0, i) for i in range(count)],
                      bodies=[body(b"\x41\0")] * count)
        self.accepts(component(types(*[RESOURCE] * count), exports(*(export_(f"r{i}", TYPE, i) for i in range(count))),
                               core_module(core), core_instances(instantiate_core(0)),
                               aliases(*(core_export(0, f"f{i}") for i in range(count))),
                               types(*(b"\x69" + s33(count + i) for i in range(count))),
                               types(*(func([], s33(2 * count + i)) for i in range(count))),
                               canons(*(lift(i, 3 * count + i) for i in range(count))),
                               exports(*(export_(f"f{i}", FUNC, i) for i in range(count)))))

    def test_segments(self):
        count = 20000
        core = module([functype()], [], [0], tables=[b"\x70\0" + u32(count)], memories=[b"\0\1"],
                      exports=[export("f0", 0, 0)], elements=[b"\0\x41\0\x0b" + vec([u32(0)])] * count,
                      bodies=[body(b"\x41\0\x11\0\0\x3f\0\x1a")], datas=[b"\0\x41\0\x0b\1x"] * count)
        self.accepts(instantiating(1, core))

    def test_globals_that_are_made_of_each_other(self):
        first = module(globals_=[b"\x7f\0\x41\1\x0b"], exports=[export("g", 3, 0)])
        link = module([functype()], [name("m") + name("g") + b"\3\x7f\0"], [0], globals_=[b"\x7f\0\x23\0\x0b"],
                      exports=[export("f0", 0, 0), export("g", 3, 1)], bodies=[body(b"\x23\1\x1a")])
        count = 20000
        self.accepts(component(core_module(first), core_module(link), core_instances(
            instantiate_core(0), *(instantiate_core(1, [("m", i)]) for i in range(count))), types(func()),
            aliases(core_export(count, "f0")), canons(lift(0, 0)), exports(export_("f0", FUNC, 0))))

    def test_blocks(self):
        self.accepts(exporting(1, code=b"\x02\x40" * 100000 + b"\x0b" * 100000))

    def test_sections(self):
        self.accepts(component(b"\0\1\0" * 100000, b"\7\1\0" * 100000))


if __name__ == "__main__":
    unittest.main()
