#!/usr/bin/env python3
"""The rule meld_fuse() of bazel/meld.bzl: builds examples/bazel, with the command from its sources.

    MELD=build/release/meld python tests/package/test_bazel.py

Nothing is fetched. What Bazel itself wants to have is Debian's (bazel-bootstrap, bazel-rules-java, bazel-rules-proto,
bazel-skylib, bazel-platforms); but its rules_cc is too new for its Bazel, so that bazel/rules_cc here leads to the rules in it.
"""

import json
import sys

from installation import *

DEBIAN = pathlib.Path("/usr/share/bazel")
REPOSITORIES = {
    "rules_cc": ROOT / "tests/package/bazel/rules_cc",
    "rules_java": DEBIAN / "rules/java",
    "rules_proto": DEBIAN / "rules/proto",
    "bazel_skylib": DEBIAN / "tools/skylib",
    "platforms": DEBIAN / "tools/platforms",
}


class Bazel(Workplace):
    def setUp(self):
        super().setUp()
        need("bazel")
        for name, path in REPOSITORIES.items():
            if not (path / "WORKSPACE").exists():
                self.skipTest(f"there is no {path}, for {name}")
        self.assemble("shop", "store", "bad-store")
        self.expected = self.fused("shop", "store")
        self.work = self.workspace("work")

    def workspace(self, name):
        """The example with its inputs, beside the sources of meld."""
        meld = self.folder / name / "meld"
        meld.mkdir(parents=True)
        copy_sources(meld)
        for path in ("BUILD.bazel", "WORKSPACE.bazel"):
            shutil.copy(ROOT / path, meld)
        shutil.copytree(ROOT / "bazel", meld / "bazel")
        work = meld / "examples/bazel"
        shutil.copy(self.folder / "shop.wasm", work / "app.wasm")
        shutil.copy(self.folder / "store.wasm", work)
        return work

    def bazel(self, *words, status=0, work=None):
        work = work or self.work
        overrides = [f"--override_repository={name}={path}" for name, path in REPOSITORIES.items()]
        done = self.run_as(status, "bazel", "--batch", f"--output_user_root={self.folder / 'out'}", *words, *overrides,
                           f"--disk_cache={self.folder / 'cache'}", "--spawn_strategy=sandboxed,processwrapper-sandbox",
                           "--noshow_progress", "--jobs=2", cwd=work)
        return done.stdout + done.stderr

    def output(self, name, work=None):
        return ((work or self.work) / "bazel-bin" / name).read_bytes()

    def test_the_example(self):
        self.bazel("build", "//...")
        self.assertEqual(self.output("shop.core.wasm"), self.expected)
        self.run_well("wasm-tools", "validate", self.work / "bazel-bin/again.wasm")
        self.assertEqual(self.output("whole.wasm")[:8], b"\0asm\r\0\1\0")
        names = [f"--name=test:{name}={file}.wasm" for name, file in (("app", "shop"), ("store", "store"))]
        self.run_well(MELD, "fuse", "--strip", *names, "-o", "scripted.wasm", self.work / "shop.wac")
        self.assertEqual(self.output("scripted.wasm"), (self.folder / "scripted.wasm").read_bytes())

        # Elsewhere, all of it comes from the cache: nothing in a step depends on the folder.
        other = self.workspace("another-place")
        log = self.folder / "log.json"
        self.bazel("build", "//:shop", f"--execution_log_json_file={log}", work=other)
        self.assertEqual(self.output("shop.core.wasm", other), self.expected)
        steps = self.steps(log)
        self.assertGreater(len(steps), 50)
        self.assertEqual([step["mnemonic"] for step in steps if not step["remoteCacheHit"]], [])

        # An input has changed: its step runs, and no other; what is wrong ends the build.
        shutil.copy(self.folder / "bad-store.wasm", other / "store.wasm")
        failed = self.bazel("build", "//:shop", f"--execution_log_json_file={log}", status=1, work=other)
        self.assertIn("is of type func(key: string) -> u32", failed)
        self.assertEqual([step["mnemonic"] for step in self.steps(log) if not step["remoteCacheHit"]], ["MeldFuse"])

    def test_wrong_calls(self):
        (self.work / "BUILD.bazel").write_text("""
load("@meld//bazel:meld.bzl", "meld_fuse")
filegroup(name = "two", srcs = ["app.wasm", "store.wasm"])
meld_fuse(name = "many", srcs = ["shop.wac"], named = {":two": "test:app"})
meld_fuse(name = "other", srcs = ["BUILD.bazel"])
""")
        (self.work / "none").mkdir()
        (self.work / "none/BUILD.bazel").write_text("""
load("@meld//bazel:meld.bzl", "meld_fuse")
meld_fuse(name = "none")
""")
        said = self.bazel("build", "--keep_going", "--nobuild", "//...", status=1)
        self.assertIn("//:two is 2 files, where --name takes one", said)
        self.assertIn("missing value for mandatory attribute 'srcs'", said)
        self.assertIn("'//:BUILD.bazel' does not produce any meld_fuse srcs files", said)

    def steps(self, log):
        decoder, text, steps, at = json.JSONDecoder(), log.read_text(), [], 0
        while text[at:].strip():
            while text[at].isspace():
                at += 1
            step, at = decoder.raw_decode(text, at)
            steps.append(step)
        return steps


if __name__ == "__main__":
    sys.exit(main())
