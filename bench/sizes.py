#!/usr/bin/env python3
"""Compares what fused core modules weigh with those of meld-cli, on every input that both accept.

    python bench/sizes.py --meld build/release/meld --tools build/bench-tools --inputs ~/.cache/meld-real

Inputs are the cases of the benchmark, and all components below the folders that are named. Both fuse with the options
that they have when nothing is said: meld keeps the names of functions, and meld-cli drops them and adds sections of its
own about where its output comes from, among them the path of the input. With --like, both are measured in two more ways,
in which they are alike: without names and such sections, and with names but without such sections.

meld-cli accepts an input when its output is valid and imports nothing that meld's does not: what it leaves open,
nobody can run.

Exit  0; 1 when a module of meld's is not smaller, unless the code by which it checks and transcodes strings is what makes
      the difference (meld-cli checks none): then that is said, with the bytes; 77 when meld-cli is not there.
"""

import argparse
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

import cases as all_cases
from variants import Failed, Tools, run_command

SKIPPED = 77
COMPONENT = b"\0asm\x0d\0\1\0"
TIME_LIMIT = 300  # seconds, of one command
PLAIN = ("--no-attestation", "--no-component-provenance", "--dwarf", "strip")
# What is compared: title, options of meld, options of meld-cli.
FORMS = (("as they are", (), ()), ("without names", ("--strip",), PLAIN), ("with names", (), (*PLAIN, "--preserve-names")))
MARKS = ("<!-- sizes -->\n", "<!-- end of sizes -->")


def read_u32(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at, value, shift = at + 1, value | (byte & 0x7F) << shift, shift + 7
        if byte < 0x80:
            return value, at


def read_name(data, at):
    size, at = read_u32(data, at)
    return data[at : at + size].decode(), at + size


def after_limits(data, at):
    flags, at = read_u32(data, at)
    for _ in range(1 + (flags & 1) + (flags >> 3 & 1)):
        _, at = read_u32(data, at)
    return at


def imports_of(module):
    """(module, name) of each import; all types of tables and globals here are of one byte."""
    at, found = 8, set()
    while at < len(module):
        kind = module[at]
        size, at = read_u32(module, at + 1)
        end = at + size
        if kind == 2:
            count, at = read_u32(module, at)
            for _ in range(count):
                of, at = read_name(module, at)
                name, at = read_name(module, at)
                what, at = module[at], at + 1
                found.add((of, name))
                at = {0: lambda at: read_u32(module, at)[1], 1: lambda at: after_limits(module, at + 1),
                      2: lambda at: after_limits(module, at), 3: lambda at: at + 2,
                      4: lambda at: read_u32(module, at + 1)[1]}[what](at)
        at = end
    return found


class Comparison:
    def __init__(self, tools, folder):
        self.tools, self.folder = tools, folder

    def fuse(self, name, program, *options):
        output = self.folder / f"{name}.wasm"
        output.unlink(missing_ok=True)
        try:
            run_command(program, "fuse", *options, "-o", output, timeout=TIME_LIMIT)
        except subprocess.TimeoutExpired:
            raise Failed(f"more than {TIME_LIMIT} s") from None
        run_command(self.tools.wasm_tools, "validate", "--features", "all", output)
        return output.read_bytes()

    def strings_bytes(self, source):
        """Of the code that checks, copies and transcodes strings."""
        report = self.folder / "stats.json"
        self.fuse("ours", self.tools.meld, f"--stats=json:{report}", source)
        origins = json.loads(report.read_text(encoding="utf-8"))["origins"]
        return sum(origin["code_bytes"] for origin in origins if origin["name"].startswith("transcode"))

    def measure(self, source, forms):
        """[(bytes of meld's, bytes of meld-cli's)] by form; or why it can't be compared."""
        found = []
        for _, options, others in forms:
            try:
                ours = self.fuse("ours", self.tools.meld, *options, source)
                theirs = self.fuse("theirs", self.tools.meld_cli, *others, source)
            except Failed as why:
                return str(why)
            left = imports_of(theirs) - imports_of(ours)
            if left:
                return f"meld-cli leaves {len(left)} imports where there should be none"
            found.append((len(ours), len(theirs)))
        return found


def assembled_cases(tools, folder):
    for case in all_cases.CASES:
        source, path = folder / f"{case.name}.wat", folder / f"{case.name}.wasm"
        source.write_text(case.component(), encoding="utf-8")
        run_command(tools.wasm_tools, "parse", source, "-o", path)
        yield case.title, path


def components_below(folders):
    seen = set()
    for folder in folders:
        for path in sorted(folder.expanduser().glob("*.wasm")):
            content = path.read_bytes()
            digest = hashlib.sha256(content).digest()
            if content.startswith(COMPONENT) and digest not in seen:
                seen.add(digest)
                yield str(path.relative_to(folder.expanduser()).with_suffix("")), path


def compare(comparison, inputs, forms):
    """(name, sizes by form or why there are none, bytes for strings where meld's is not smaller)"""
    for name, path in inputs:
        sizes = comparison.measure(path, forms)
        is_larger = not isinstance(sizes, str) and sizes[0][0] >= sizes[0][1]
        yield name, sizes, comparison.strings_bytes(path) if is_larger else 0


def verdict(name, sizes, strings):
    """(whether it holds, what is said); nothing is said of what is smaller."""
    ours, theirs = sizes[0]
    if ours < theirs:
        return True, ""
    excess = f"{name}: {ours:,} bytes, meld-cli {theirs:,}: {ours - theirs:,} more"
    if ours - strings < theirs:
        return True, f"{excess}, where {strings:,} check and transcode strings, which meld-cli does not check"
    return False, f"FAILED {excess}"


def table(rows, forms):
    head = ["input", *(f"{tool}, {form[0]}" for form in forms for tool in ("meld", "meld-cli"))]
    lines = ["| " + " | ".join(head) + " |", "|---|" + "--:|" * (len(head) - 1)]
    for name, sizes, _ in rows:
        if not isinstance(sizes, str):
            lines.append("| " + " | ".join([name, *(f"{size:,}" for pair in sizes for size in pair)]) + " |")
    return "\n".join(lines) + "\n"


def put_into(document, text):
    whole = document.read_text(encoding="utf-8")
    start, end = whole.index(MARKS[0]) + len(MARKS[0]), whole.index(MARKS[1])
    document.write_text(whole[:start] + text + whole[end:], encoding="utf-8")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--meld", required=True, type=pathlib.Path)
    parser.add_argument("--tools", required=True, type=pathlib.Path, help="the folder that bench/tools.py makes")
    parser.add_argument("--inputs", action="append", default=[], type=pathlib.Path, help="a folder with components")
    parser.add_argument("--like", action="store_true", help="also without names in both, and with names in both")
    parser.add_argument("--document", type=pathlib.Path, help="put the table of the folders' inputs between its marks")
    return parser.parse_args()


def main():
    options = arguments()
    tools = Tools.find(options.meld, options.tools.absolute())
    if not tools.meld_cli:
        print(f"skipped: there is no meld-cli in {options.tools} (target bench-tools puts it there)")
        return SKIPPED
    forms = FORMS if options.like else FORMS[:1]
    failed = compared = 0
    with tempfile.TemporaryDirectory(prefix="meld-sizes-") as folder:
        folder = pathlib.Path(folder)
        comparison = Comparison(tools, folder)
        parts = [("the benchmark's cases", assembled_cases(tools, folder)),
                 ("components in folders", components_below(options.inputs))]
        for what, inputs in parts:
            rows = list(compare(comparison, inputs, forms))
            print(f"{what}:\n{table(rows, forms)}", flush=True)
            for name, sizes, strings in rows:
                if isinstance(sizes, str):
                    print(f"not compared: {name}: {sizes}")
                    continue
                holds, said = verdict(name, sizes, strings)
                compared += 1
                failed += not holds
                if said:
                    print(said)
        if options.document:
            put_into(options.document, table(rows, forms))
    print(f"{compared} compared, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
