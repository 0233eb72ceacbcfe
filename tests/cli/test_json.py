#!/usr/bin/env python3
"""What meld writes as JSON: valid, in UTF-8, on lines that nothing disturbs, and no two names are the same in it.

    MELD=build/release/meld python tests/cli/test_json.py

docs/cli.md, "JSON", has the rule that is read here.
"""

import json
import os
import pathlib
import re
import sys
import unittest

from test_attest import has_libcrypto
from test_command import InFolder, meld

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from binary import (I32, body, canons, component, core_export, core_instances, core_module, export, export_,  # noqa: E402
                    exports, func, functype, instantiate_core, lift, module, name, section, types, u32, vec, aliases)

# As pairs that are alike where bytes or escapes are taken for one another.
NAMES = [
    b"plain", "\u00e4\U0001f600\ufffd".encode(), b"\xff", b"\\xff", b"\\x5cxff", b"\\\xff", b"\\\\xff", b"\\xFF", b"\\xf", b"\\x",
    b"\\", b"\\x5c", b"\\u001b", b"\x1b", b"\\u{1b}", b'"', b'\\"', b"\0", b"\n", b"\x7f", "\x9b".encode(), b"\x9b", b"\xed\xa0\x80",
    b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\xe2\x82\xac", "\u2028\u202e\u2066\u200f".encode(), b"\\x\xff", b"\xff\\xff",
]


def name_of(text):
    """The bytes of a name, by the rule."""
    return re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes([int(found[1], 16)]), text.encode())


def escaped(name):
    """What the rule makes of it, without regard to how meld does it."""
    text = re.sub(rb"\\(?=x[0-9a-f]{2})", rb"\\x5c", name)
    return re.sub("[\udc80-\udcff]", lambda byte: f"\\x{ord(byte[0]) - 0xdc00:02x}", text.decode(errors="surrogateescape"))


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def named_functions(names):
    """A component whose core module has a function of each name; all of them are needed."""
    count = len(names)
    raw = lambda text: u32(len(text)) + text
    named = name("name") + b"\1" + (lambda content: u32(len(content)) + content)(vec(u32(i) + raw(names[i]) for i in range(count)))
    code = [body(b"".join(b"\x10" + u32(i) for i in range(1, count)))] + [body(b"\x41" + u32(i) + b"\x24\0") for i in range(1, count)]
    data = module([functype()], [], [0] * count, globals_=[I32 + b"\1\x41\0\x0b"], exports=[export("run", 0, 0)], bodies=code,
                  customs=[section(0, named)])
    return component(core_module(data), core_instances(instantiate_core(0)), aliases(core_export(0, "run")), types(func()),
                     canons(lift(0, 0)), exports(export_("run", b"\1", 0)))


DOCUMENT = (pathlib.Path(__file__).resolve().parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")


class Json(InFolder):
    def read_json(self, text):
        """It is what JSON's grammar has, and no line of it does what a line should not."""
        text = text.decode()
        self.assertNotRegex(text, "[\0-\t\v-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
        self.assertTrue(text.endswith("\n"))
        value = json.loads(text, strict=True)
        for string in strings(value):
            string.encode()  # no half of a surrogate pair
        return value

    def assert_names(self, found, names=NAMES):
        self.assertEqual([name_of(text) for text in found], names)
        self.assertEqual(found, [escaped(name) for name in names])
        self.assertEqual(len(set(found)), len(names))


class Names(Json):
    # A name section with anything else is malformed, and gives no names.
    names = [name for name in NAMES if name.decode(errors="ignore").encode() == name]

    def setUp(self):
        super().setUp()
        self.write("named.wasm", named_functions([b"run"] + self.names))

    def report(self, option):
        run = meld("fuse", "named.wasm", "-o", "out.wasm", f"{option}:report")
        self.assertEqual(run.returncode, 0, run.stderr)
        return self.read_json(pathlib.Path("report").read_bytes())

    def test_the_rule_says_it_of_these(self):
        for name, text in ((b"a", "a"), (b"\xff", "\\xff"), (b"\\xff", "\\x5cxff"), (b"\\xFF", "\\xFF"), (b"\\x5c", "\\x5cx5c")):
            self.assertEqual(escaped(name), text)
        reader, = re.findall(r"\n    (re\.sub\(.*\))\n", DOCUMENT)
        for name in NAMES:
            self.assertEqual(name_of(escaped(name)), name)
            self.assertEqual(eval(reader, {"re": re, "text": escaped(name)}), name)

    def test_the_map(self):
        self.assert_names([item["name"] for item in self.report("--map=json")["items"] if item["kind"] == "func"][1:],
                          self.names)

    def test_inspection(self):
        run = meld("inspect", "--format=json", "named.wasm")
        self.assertEqual(run.returncode, 0, run.stderr)
        functions = self.read_json(run.stdout)["core_modules"][0]["functions"]
        self.assert_names([function["name"] for function in functions][1:], self.names)


class Files(Json):
    names = [name for name in NAMES if b"\0" not in name]

    def test_messages(self):
        found = []
        for name in self.names:
            run = meld("validate", "--message-format=json", name)
            self.assertEqual(run.returncode, 3)
            found.append(self.read_json(run.stderr)["file"])
        self.assert_names(found, self.names)

    def test_sentences_are_as_people_read_them(self):
        for word in (b"--a\xff\\xff\x1b", "--\u202e\u00e4".encode()):
            sentence = meld("validate", word).stderr.decode()
            message = self.read_json(meld("validate", "--message-format=json", word).stderr)
            self.assertEqual(sentence, f"meld: {message['message']}; {message['hint']}\n" if message["hint"] else f"meld: {message['message']}\n")

    @unittest.skipUnless(has_libcrypto(), "libcrypto is not there")
    def test_attestation(self):
        for name in self.names:
            self.write(os.fsdecode(name + b".wasm"), pathlib.Path("app.wasm").read_bytes())
            run = meld("fuse", name + b".wasm", "-o", b"out" + name, "--attest=-")
            self.assertEqual(run.returncode, 0, run.stderr)
            statement = self.read_json(run.stdout)
            self.assert_names([statement["subject"][0]["name"]], [b"out" + name])
            self.assert_names([statement["predicate"]["buildDefinition"]["resolvedDependencies"][0]["annotations"]["file"]], [name + b".wasm"])


if __name__ == "__main__":
    unittest.main()
