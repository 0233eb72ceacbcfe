#!/usr/bin/env python3
"""What the output says of itself: the sections of its parts, each by the rule that docs/metadata.md states for it.

    MELD=build/release/meld python tests/cli/test_metadata.py

What comes out is read by `wasm-tools metadata show`.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from binary import *  # noqa: E402

MELD = os.path.abspath(os.environ.get("MELD", "build/release/meld"))
MANUAL = pathlib.Path(__file__).resolve().parents[2] / "docs" / "metadata.md"
VERSION = subprocess.run([MELD, "version"], capture_output=True, text=True, check=True).stdout.split()[1]


def custom(title, content):
    return section(0, name(title) + (content.encode() if isinstance(content, str) else content))


def producers(fields):
    """`fields`: name to a list of pairs."""
    return vec(name(field) + vec(name(tool) + name(version) for tool, version in tools) for field, tools in fields)


def program(*sections):
    return module([functype()], [], [0], memories=[b"\0\1"], exports=[export("f", 0, 0)], bodies=[body(b"")], customs=sections)


def part(modules=(), customs=(), components=(), unused=(), has_export=False):
    """A component that instantiates core modules and components, and defines modules that it does not instantiate."""
    parts = [core_module(m) for m in modules] + [nested(c) for c in components]
    if modules:
        parts.append(core_instances(*(instantiate_core(i) for i in range(len(modules)))))
    if components:
        parts.append(instances(*(instantiate(i) for i in range(len(components)))))
    if has_export:
        parts += [types(func()), aliases(core_export(0, "f")), canons(lift(0, 0)), exports(export_("f", FUNC, 0))]
    return component(*parts, *map(core_module, unused), *customs)


class InFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="meld-metadata-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def fuse(self, *inputs, options=()):
        names = []
        for i, wasm in enumerate(inputs):
            names.append(self.folder / f"input{i}.wasm")
            names[-1].write_bytes(wasm)
        target = self.folder / "out.wasm"
        subprocess.run([MELD, "fuse", *options, *names, "-o", target], check=True, timeout=60)
        subprocess.run(["wasm-tools", "validate", "--features", "all", target], check=True, timeout=60)
        return target.read_bytes()

    def shown(self, wasm):
        """What wasm-tools reads: the fields of the whole, and those of what is nested in it."""
        path = self.folder / "shown.wasm"
        path.write_bytes(wasm)
        run = subprocess.run(["wasm-tools", "metadata", "show", "--json", path], capture_output=True, check=True, timeout=60)
        read = json.loads(run.stdout)
        whole = read["module"] if "module" in read else read["component"]["metadata"]
        return whole, [child["module"] for child in read.get("component", {}).get("children", []) if "module" in child]

    def both(self, *inputs, options=()):
        """What is said of both outputs, which has to be the same, and in the component only once."""
        core = self.shown(self.fuse(*inputs, options=options))[0]
        whole, modules = self.shown(self.fuse(*inputs, options=["--component", *options]))
        ignored = {"range", "name"}
        self.assertEqual({k: v for k, v in core.items() if k not in ignored}, {k: v for k, v in whole.items() if k not in ignored})
        for inner in modules:
            self.assertEqual({k for k, v in inner.items() if v and k not in ignored}, set())
        return core

    def tools(self, metadata):
        return {field: dict(tools) for field, tools in metadata["producers"]}


MELD_ALONE = {"processed-by": {"meld": VERSION}}


class Producers(InFolder):
    def test_the_tools_of_all_parts_are_named(self):
        inner = part([program(custom("producers", producers([("language", [("C11", "")]), ("processed-by", [("clang", "19.1.7")])])))],
                     [custom("producers", producers([("sdk", [("an-sdk", "1")])]))])
        root = part([], [custom("producers", producers([("processed-by", [("wit-component", "0.245.1")])]))], [inner])
        self.assertEqual(self.tools(self.both(root)), {
            "language": {"C11": ""}, "processed-by": {"clang": "19.1.7", "meld": VERSION, "wit-component": "0.245.1"},
            "sdk": {"an-sdk": "1"}})

    def test_versions_are_joined_and_sorted(self):
        def made_by(*tools):
            return program(custom("producers", producers([("processed-by", tools)])))

        first, second = made_by(("rustc", "1.80.0"), ("b", "1")), made_by(("rustc", "1.70.0"), ("a", ""), ("rustc", "1.80.0"), ("b", ""))
        expected = {"processed-by": {"a": "", "b": "1", "meld": VERSION, "rustc": "1.70.0; 1.80.0"}}
        outputs = [self.fuse(part([first, second])), self.fuse(part([second, first]))]
        self.assertEqual(dict(custom_sections(outputs[0]))["producers"], dict(custom_sections(outputs[1]))["producers"])
        self.assertEqual(self.tools(self.shown(outputs[0])[0]), expected)
        # What has been joined once is taken apart before it is joined again.
        again = part([made_by(("rustc", "1.70.0; 1.80.0")), made_by(("rustc", "1.75.0"))])
        self.assertEqual(self.tools(self.shown(self.fuse(again))[0])["processed-by"]["rustc"], "1.70.0; 1.75.0; 1.80.0")

    def test_an_output_that_is_fused_again_says_the_same(self):
        root = part([program(custom("producers", producers([("processed-by", [("rustc", "1.70.0"), ("rustc", "1.80.0")])])))])
        once = self.fuse(root, options=["--component"])
        self.assertEqual(self.shown(self.fuse(once))[0]["producers"], self.shown(once)[0]["producers"])

    def test_fields_that_there_are_not_are_left_out(self):
        root = part([program(custom("producers", producers([("colour", [("red", "1")]), ("sdk", [("s", "1")])])))])
        self.assertEqual(self.tools(self.both(root)), {**MELD_ALONE, "sdk": {"s": "1"}})

    def test_a_malformed_section_says_nothing(self):
        good = producers([("language", [("C11", "")])])
        for wrong in (b"", good + b"\0", good[:-1], b"\xff\xff\xff\xff\x0f" + good[1:], b"\xff\xff\xff\xff\xff", b"\2" + good[1:],
                      producers([("language", [("C11", "")])]).replace(b"C11", b"\xff\xfe\xfd")):
            with self.subTest(wrong.hex()):
                for root in (part([program(custom("producers", wrong))]), part([], [custom("producers", wrong)])):
                    self.assertEqual(self.tools(self.both(root)), MELD_ALONE)
                root = part([program(custom("producers", wrong)), program(custom("producers", good))])
                self.assertEqual(self.tools(self.both(root)), {"language": {"C11": ""}, **MELD_ALONE})

    def test_the_option(self):
        root = part([program(custom("producers", producers([("language", [("C11", "")])])))])
        self.assertEqual(self.tools(self.both(root, options=["--producers=all"])), {"language": {"C11": ""}, **MELD_ALONE})
        self.assertEqual(self.tools(self.both(root, options=["--producers", "own"])), MELD_ALONE)
        self.assertIsNone(self.both(root, options=["--producers=none"])["producers"])
        self.assertIn("C11", str(self.both(root, options=["--strip"])["producers"]))

    def test_a_composition_says_who_composed_it(self):
        inputs = [part([program(custom("producers", producers([("sdk", [(tool, "1")])])))]) for tool in ("one", "two")]
        composed = self.fuse(*inputs, options=["--compose-only"])
        self.assertEqual(self.tools(self.shown(composed)[0]), MELD_ALONE)
        self.assertIn(inputs[0], composed)
        self.assertIsNone(self.shown(self.fuse(*inputs, options=["--compose-only", "--producers=none"]))[0]["producers"])
        self.assertEqual(self.fuse(inputs[0], options=["--compose-only"]), inputs[0])
        self.assertEqual(self.fuse(composed), self.fuse(*inputs))
        self.assertEqual(self.tools(self.both(*inputs)), {**MELD_ALONE, "sdk": {"one": "1", "two": "1"}})


class Licenses(InFolder):
    def licenses(self, *texts):
        others = [part([], [custom("licenses", text)]) for text in texts[1:]]
        return self.both(part([], [custom("licenses", texts[0])], others))["licenses"]

    def test_all_have_to_be_kept(self):
        for texts, expected in (
                (["MIT"], "MIT"),
                (["MIT OR Apache-2.0"], "MIT OR Apache-2.0"),
                (["MIT", "MIT"], "MIT"),
                (["MIT OR Apache-2.0", "BSD-3-Clause", "MIT"], "(MIT OR Apache-2.0) AND BSD-3-Clause AND MIT"),
                (["Apache-2.0 WITH LLVM-exception", "GPL-3.0-or-later"], "Apache-2.0 WITH LLVM-exception AND GPL-3.0-or-later"),
                (["(MIT OR (Zlib AND ISC))", "LicenseRef-ours"], "((MIT OR (Zlib AND ISC))) AND LicenseRef-ours"),
        ):
            with self.subTest(texts):
                self.assertEqual(self.licenses(*texts), expected)

    def test_what_is_no_expression_is_left_out(self):
        for wrong in ("", "MIT/Apache-2.0", "MIT OR", "OR MIT", "MIT) OR (ISC", "(MIT", "MIT ISC", "MIT AND AND ISC", "()", "MIT WITH",
                      "MIT WITH OR", b"MIT\0", b"\xff", "WITH", "MIT\nOR ISC"):
            with self.subTest(wrong):
                self.assertEqual(self.licenses(wrong, "Zlib OR ISC"), "Zlib OR ISC")
                self.assertIsNone(self.licenses(wrong))

    def test_parentheses_are_no_recursion(self):
        deep = "(" * 1_000_000 + "MIT" + ")" * 1_000_000
        self.assertIn(("licenses", deep.encode()), custom_sections(self.fuse(part([], [custom("licenses", deep)]))))


class OfTheRootAndItsParts(InFolder):
    def test_authors_are_joined(self):
        root = part([program(custom("authors", "Cy"))], [custom("authors", "Ada")],
                    [part([], [custom("authors", "Bob")]), part([], [custom("authors", "Ada")]), part([], [custom("authors", b"\xff")])])
        self.assertEqual(self.both(root)["authors"], "Ada, Bob, Cy")

    def test_the_last_of_two_is_the_roots(self):
        self.assertEqual(self.both(part([], [custom("version", "1"), custom("version", "2")]))["version"], "2")

    def test_several_inputs_have_no_root_that_says_something(self):
        inputs = [part([], [custom("version", version), custom("licenses", text)]) for version, text in (("1", "MIT"), ("2", "ISC"))]
        said = self.both(*inputs)
        self.assertEqual((said["version"], said["licenses"]), (None, "MIT AND ISC"))

    def test_what_is_not_instantiated_says_nothing(self):
        root = part([program()], [], [part()], [program(custom("authors", "Eve"))])
        unused = component(*[nested(part([], [custom("licenses", "GPL-3.0-only")]))])
        self.assertIsNone(self.both(root)["authors"])
        self.assertIsNone(self.both(unused)["licenses"])

    def test_a_part_that_is_instantiated_twice_says_it_once(self):
        twice = component(core_module(program(custom("authors", "Ada"))),
                          core_instances(instantiate_core(0), instantiate_core(0)))
        self.assertEqual(self.both(twice)["authors"], "Ada")

    def test_the_name_of_the_root_component(self):
        named = part([program()], [custom("component-name", b"\0" + u32(5) + name("shop"))])
        self.assertEqual(self.shown(self.fuse(named, options=["--component"]))[0]["name"], "shop")


class EachRowOfTheManual(InFolder):
    """A section in the root, another in a part and in a core module; and what the manual says of it."""

    def rows(self):
        for line in MANUAL.read_text().splitlines():
            found = re.fullmatch(r"\| (.*?) \| (.*?) \| .* \|", line)
            if found and found.group(1) not in ("section", "---"):
                titles = re.findall(r"`([^`]*[^*`])`", found.group(1)) or ["something-else"]
                yield [title.replace("…", "shop") for title in titles], found.group(2)

    def contents(self, title):
        """Of the root, of a part, of a core module; well-formed."""
        if title == "producers":
            return [producers([("sdk", [(tool, "1")])]) for tool in ("root", "part", "core")]
        if title == "target_features":
            return [b"\1+" + name(feature) for feature in ("simd128", "sign-ext", "multivalue")]
        if title == "name":
            return [b"\1\4\1\0\1" + letter for letter in (b"r", b"p", b"c")]
        if title == "component-name":
            return [b"\0\2\1" + letter for letter in (b"r", b"p", b"c")]
        return [b"MIT", b"ISC", b"Zlib"]

    def said(self, title, contents, *options):
        root = part([program(custom(title, contents[2]))], [custom(title, contents[0])], [part([], [custom(title, contents[1])])],
                    has_export=True)
        core = [content for found, content in custom_sections(self.fuse(root, options=options)) if found == title]
        whole = [content for found, content in custom_sections(self.fuse(root, options=["--component", *options])) if found == title]
        return core, whole

    def test_each_row(self):
        seen = set()
        for titles, rule in self.rows():
            for title in titles:
                with self.subTest(title):
                    seen.add(rule)
                    root, inner, core = contents = self.contents(title)
                    module_has, component_has = self.said(title, contents)
                    kept = self.said(title, contents, "--keep-debug")
                    if rule == "`--keep-debug`":
                        self.assertEqual((module_has, component_has, kept), ([], [], ([core], [])))
                        continue
                    self.assertEqual(kept, (module_has, component_has))
                    if rule == "left out":
                        self.assertEqual((module_has, component_has), ([], []))
                    elif rule == "of the root":
                        self.assertEqual(component_has, [root])
                        self.assertEqual(module_has, [] if title == "component-name" else [root])
                    elif rule == "joined by `AND`":
                        self.assertEqual((module_has, component_has), ([b"MIT AND ISC AND Zlib"],) * 2)
                    elif rule == "joined by commas":
                        self.assertEqual((module_has, component_has), ([b"MIT, ISC, Zlib"],) * 2)
                    elif rule == "if it is one":
                        self.assertEqual((module_has, component_has), ([], []))
                        self.assertEqual(self.said(title, [root] * 3), ([root], [root]))
                    elif title == "producers":
                        everything = [producers([("processed-by", [("meld", VERSION)]),
                                                 ("sdk", [("core", "1"), ("part", "1"), ("root", "1")])])]
                        self.assertEqual((module_has, component_has), (everything, everything))
                    elif title == "target_features":
                        self.assertEqual((module_has, component_has), ([core], []))
                    elif title == "name":
                        self.assertEqual((len(module_has), component_has), (1, []))
                        self.assertEqual(self.said(title, contents, "--strip"), ([], []))
                    else:
                        self.assertEqual((title, rule), ("component-type:shop", "made anew"))
                        self.assertEqual((module_has, component_has), ([], []))
        self.assertEqual(seen, {"merged", "joined by `AND`", "joined by commas", "of the root", "if it is one", "made anew", "`--keep-debug`",
                                "left out"})


if __name__ == "__main__":
    unittest.main()
