#!/usr/bin/env python3
"""Mutants of components, judged by meld and by wasm-tools: where the two differ.

    python tests/validation/mutate_components.py --judge build/release/tests/judge --seeds FOLDER --count 20000

A seed is taken apart into its sections and their definitions, also those of nested components. A mutation drops, repeats,
swaps or moves a definition or a section, takes a definition from another seed, or changes bytes of one: an index, a
length, a letter of a name. All lengths and counts around it are made right again, so that what is judged are definitions
and not the frame. Core modules are left as they are: their code is no matter of the component's.

Seeds     *.wasm in the folders of --seeds, and the components of the scripts (*.wast) there.
Judges    judge (see judge.c), and `wasm-tools validate --features all`.
Known     KNOWN has the differences that are meant, each with its reason, which docs/validation.md explains.
Exit      0 no other difference, 1 there is one, 77 wasm-tools or the seeds are not there.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from binary import read_u32, u32  # noqa: E402

SKIPPED = 77
PREAMBLE = bytes.fromhex("0061736d0d000100")
SECTION_CUSTOM, SECTION_MODULE, SECTION_COMPONENT = 0, 1, 4
LARGEST_SEED = 100_000
BATCH = 500


def differ_in_hyphens(match):
    """Are the two names different without case, and the same without hyphens?"""
    first, second = (name.lower() for name in match.groups())
    return first != second and first.replace("-", "") == second.replace("-", "")


# (who accepts it, what the other one says, whether it is that, why that is so)
KNOWN = [
    ("meld", r"name `([^`]*)` conflicts with previous (?:[a-z]+ )?name `([^`]*)`", differ_in_hyphens, "names that differ in hyphens"),
    ("meld", r"for zero byte; this was historically accepted as `cancellable`", None, "the flag cancellable"),
    ("meld", r"(type|instance) not valid to be used as import", None, "an import of a type that was exported under another index"),
    ("wasm-tools", r"nested (packages|namespaces) are not supported", None, "nested namespaces and packages"),
]


class Section:
    """Of a component: its definitions, a nested component, or the bytes of anything else."""

    def __init__(self, number):
        self.number, self.items, self.child, self.content = number, None, None, b""

    def encode(self):
        if self.child is not None:
            content = encode(self.child)
        elif self.items is not None:
            content = u32(len(self.items)) + b"".join(self.items)
        else:
            content = self.content
        return bytes([self.number]) + u32(len(content)) + content

    def copy(self):
        other = Section(self.number)
        other.items = list(self.items) if self.items is not None else None
        other.child = [section.copy() for section in self.child] if self.child is not None else None
        other.content = self.content
        return other


def encode(sections):
    return PREAMBLE + b"".join(section.encode() for section in sections)


def take_apart(data, start, end, offsets):
    """The sections of the component at data[start:end]; `offsets` are those of all definitions."""
    sections, at = [], start + len(PREAMBLE)
    while at < end:
        section = Section(data[at])
        size, at = read_u32(data, at + 1)
        if section.number == SECTION_COMPONENT:
            section.child = take_apart(data, at, at + size, offsets)
        elif section.number in (SECTION_CUSTOM, SECTION_MODULE):
            section.content = data[at : at + size]
        else:
            inside = [offset for offset in offsets if at <= offset < at + size] + [at + size]
            section.items = [data[a:b] for a, b in zip(inside, inside[1:])]
        sections.append(section)
        at += size
    return sections


def all_components(sections):
    yield sections
    for section in sections:
        if section.child is not None:
            yield from all_components(section.child)


def change_bytes(rng, item):
    item = bytearray(item)
    for _ in range(rng.choice((1, 1, 1, 2))):
        at = rng.randrange(len(item))
        kind = rng.randrange(8)
        if kind < 3:
            item[at] = (item[at] + rng.choice((1, -1))) & 0xFF
        elif kind == 3:
            item[at] = rng.randrange(256)
        elif kind == 4:
            item[at] = rng.choice((0, 1, 2, 0x40, 0x41, 0x42, 0x68, 0x69, 0x70, 0x72, 0x73, 0x79, 0x7F, 0x80))
        elif kind == 5 and chr(item[at]).isalpha():
            item[at] ^= 0x20
        elif kind == 6 and len(item) > 1:
            del item[at]
        else:
            item.insert(at, rng.choice((0, 1, item[at], ord("a"), ord("-"))))
    return bytes(item)


def mutate_items(rng, section, donors):
    items, at = section.items, rng.randrange(len(section.items))
    kind = rng.randrange(9)
    if kind == 0:
        del items[at]
    elif kind == 1:
        items.insert(rng.randrange(len(items) + 1), items[at])
    elif kind == 2:
        other = rng.randrange(len(items))
        items[at], items[other] = items[other], items[at]
    elif kind == 3 and donors[section.number]:
        items.insert(at, rng.choice(donors[section.number]))
    elif kind == 4 and donors[section.number]:
        items[at] = rng.choice(donors[section.number])
    else:
        items[at] = change_bytes(rng, items[at])


def mutate_sections(rng, sections):
    at = rng.randrange(len(sections))
    kind = rng.randrange(4)
    if kind == 0:
        del sections[at]
    elif kind == 1:
        sections.insert(rng.randrange(len(sections) + 1), sections[at].copy())
    elif kind == 2:
        sections.insert(rng.randrange(len(sections)), sections.pop(at))
    else:
        other = rng.randrange(len(sections))
        sections[at], sections[other] = sections[other], sections[at]


def mutate(rng, seed, donors):
    sections = [section.copy() for section in seed]
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        component = rng.choice([each for each in all_components(sections) if each] or [[]])
        full = [section for section in component if section.items]
        if full and rng.random() < 0.85:
            mutate_items(rng, rng.choice(full), donors)
        elif component:
            mutate_sections(rng, component)
    return encode(sections)


# Seeds.


def components_of_script(path, folder):
    target = folder / path.stem
    target.mkdir(parents=True, exist_ok=True)
    result = subprocess.run(
        ["wasm-tools", "json-from-wast", "--wasm-dir", str(target), str(path)], capture_output=True, check=False
    )
    if result.returncode:
        return []  # what this wasm-tools does not know
    names = [each.get("filename", "") for each in json.loads(result.stdout)["commands"]]
    return [target / name for name in sorted(set(names)) if name.endswith(".wasm")]


def find_seeds(folders, temporary):
    paths = []
    for folder in folders:
        for path in sorted(folder.rglob("*.was[mt]")):
            if path.suffix == ".wasm":
                paths.append(path)
            else:
                paths += components_of_script(path, temporary / "scripts" / path.parent.name)
    return [path for path in paths if len(PREAMBLE) < path.stat().st_size < LARGEST_SEED]


def read_seeds(program, paths):
    """Components taken apart; those that can't be read are left out."""
    names = "".join(f"{path}\n" for path in paths)
    result = subprocess.run([program, "--definitions"], input=names, capture_output=True, text=True, check=True)
    seeds, known = [], set()
    for line, path in zip(result.stdout.splitlines(), paths):
        data = path.read_bytes()
        offsets = [int(word) for word in line[len(f"definitions {path}") :].split()]
        if not offsets or data in known:
            continue
        known.add(data)
        seed = take_apart(data, 0, len(data), offsets)
        if encode(seed) == data:
            seeds.append(seed)
    return seeds


def find_donors(seeds):
    donors = collections.defaultdict(list)
    for seed in seeds:
        for component in all_components(seed):
            for section in component:
                donors[section.number] += section.items or []
    return donors


# Judges.


def judge_by_meld(program, paths):
    names = "".join(f"{path}\n" for path in paths)
    result = subprocess.run([program], input=names, capture_output=True, text=True, errors="replace", check=False)
    lines = result.stdout.splitlines()
    if result.returncode or len(lines) != len(paths):
        last = paths[len(lines)] if len(lines) < len(paths) else "?"
        raise RuntimeError(f"judge: status {result.returncode} at {last}: {result.stderr[:2000]}")
    return [line.split(" ", 2) for line in lines]


def judge_by_wasm_tools(path):
    result = subprocess.run(
        ["wasm-tools", "validate", "--features", "all", str(path)], capture_output=True, text=True, errors="replace", check=False
    )
    lines = [line.strip() for line in result.stderr.splitlines() if line.strip()]
    return "" if result.returncode == 0 else " | ".join(lines)[:600] or "?"


def known_reason(accepted_by, message):
    for who, pattern, condition, reason in KNOWN:
        match = re.search(pattern, message) if who == accepted_by else None
        if match and (not condition or condition(match)):
            return reason
    return ""


class Comparison:
    def __init__(self, keep):
        self.keep = keep
        self.verdicts, self.known, self.differences = collections.Counter(), collections.Counter(), []

    def add(self, path, meld, theirs):
        verdict, _, words = (meld + [""])[:3]
        self.verdicts[verdict, "accept" if not theirs else "reject"] += 1
        if verdict == "skip" or (verdict == "accept") == (not theirs):
            return
        who, message = ("meld", theirs) if verdict == "accept" else ("wasm-tools", words)
        reason = known_reason(who, message)
        if reason:
            self.known[reason] += 1
            return
        self.differences.append(f"{path.name}: {who} accepts, but: {message}")
        if self.keep:
            shutil.copy(path, self.keep)


    def report(self, what):
        for difference in self.differences:
            print(difference)
        for reason, often in sorted(self.known.items()):
            print(f"known: {often} × {reason}")
        counts = [f"meld {ours} and wasm-tools {theirs}: {often}" for (ours, theirs), often in sorted(self.verdicts.items())]
        print(f"{what}; {', '.join(counts)}; {len(self.differences)} unexplained differences")
        return 1 if self.differences else 0


def compare(options, seeds, temporary):
    rng, donors = random.Random(options.random), find_donors(seeds)
    comparison = Comparison(options.keep)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for first in range(0, options.count, BATCH):
            paths = []
            for index in range(first, min(first + BATCH, options.count)):
                paths.append(temporary / f"mutant-{options.random}-{index}.wasm")
                paths[-1].write_bytes(mutate(rng, rng.choice(seeds), donors))
            ours, theirs = judge_by_meld(options.judge, paths), pool.map(judge_by_wasm_tools, paths)
            for path, meld, other in zip(paths, ours, theirs):
                comparison.add(path, meld, other)
                os.unlink(path)
    return comparison


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--judge", required=True, help="the program made of judge.c")
    parser.add_argument("--seeds", type=pathlib.Path, action="append", required=True, help="folder of components")
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--random", type=int, default=1, help="start of the random numbers")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=pathlib.Path, help="keep what is judged differently in this folder")
    options = parser.parse_args()
    if not shutil.which("wasm-tools"):
        print("skipped: wasm-tools is not there")
        return SKIPPED
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        temporary = pathlib.Path(name)
        seeds = read_seeds(options.judge, find_seeds(options.seeds, temporary))
        if not seeds:
            print("skipped: there are no seeds")
            return SKIPPED
        comparison = compare(options, seeds, temporary)
    return comparison.report(f"{options.count} mutants of {len(seeds)} seeds")


if __name__ == "__main__":
    sys.exit(main())
