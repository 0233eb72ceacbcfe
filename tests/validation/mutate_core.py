#!/usr/bin/env python3
"""Mutants of core modules: does meld accept and reject what `wasm-tools validate --features all` does?

    python tests/validation/mutate_core.py --check build/release/tests/check_wasm --count 20000 [--seed 1]

Mutants are made of features.wat, of random modules (`wasm-tools smith`, and `wasm-tools mutate` of those that it can
read), and of the valid ones in a folder that --modules names. A mutant has a few of its bytes changed, most often in the code
section, and then, so that it gets further than to a wrong size, mostly without one being put in or taken out.
The same seed makes the same mutants.

`wasm-tools validate` looks at one module a process. --judge names another program to ask, one that reads modules and
answers a line each as `check_wasm --stream` does.

What meld does not read, and says so, is no difference: see unread.py.

Exit  0 no difference, 1 some; each is printed, and its module kept if --keep names a folder.
"""

import argparse
import collections
import concurrent.futures
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

from unread import unread_proposal

HERE = pathlib.Path(__file__).resolve().parent
SMITH = {
    "max-memories": 3, "max-tables": 4, "min-types": 3, "min-funcs": 2, "max-instructions": 60, "max-imports": 6,
    "compact-imports-enabled": False, "custom-descriptors-enabled": False,
}  # fmt: skip
SMITH_KINDS = (
    # What `wasm-tools mutate` can read.
    {"exceptions-enabled": False, "gc-enabled": False, "memory64-enabled": False, "threads-enabled": False},
    {"gc-enabled": True, "exceptions-enabled": True, "tail-call-enabled": True, "extended-const-enabled": True,
     "memory64-enabled": True, "relaxed-simd-enabled": True, "wide-arithmetic-enabled": True,
     "custom-page-sizes-enabled": True, "threads-enabled": True, "shared-everything-threads-enabled": True},
    {"gc-enabled": True, "exceptions-enabled": True, "memory64-enabled": True, "max-instructions": 300},
)  # fmt: skip
# Bytes that mean something in a module: value types, the opcodes that begin something, indices.
TELLING = bytes(range(0x24)) + bytes(range(0x60, 0x80)) + bytes((0x41, 0x42, 0x40, 0xd0, 0xd1, 0xd2, 0xd3, 0xfb, 0xfc, 0xfd, 0xfe))


def run(*command, data=None):
    return subprocess.run([str(word) for word in command], input=data, capture_output=True, check=False)


def smith(random_bytes, options):
    words = [f"--{name}={str(value).lower()}" for name, value in {**SMITH, **options}.items()]
    result = run("wasm-tools", "smith", *words, data=random_bytes)
    return result.stdout if result.returncode == 0 else None


def mutate(module, folder, seed):
    """What `wasm-tools mutate` makes of a module, or None."""
    path, output = folder / "in.wasm", folder / "out.wasm"
    path.write_bytes(module)
    output.unlink(missing_ok=True)
    run("wasm-tools", "mutate", "--seed", seed, path, "--output", output)
    return output.read_bytes() if output.exists() else None


def make_seeds(options, rng, folder):
    seeds = [run("wasm-tools", "parse", HERE / "features.wat").stdout] * 3
    for number in range(options.random_modules):
        module = smith(rng.randbytes(2000), SMITH_KINDS[number % len(SMITH_KINDS)])
        if not module:
            continue
        seeds.append(module)
        changed = mutate(module, folder, number) if number % len(SMITH_KINDS) == 0 else None
        if changed:
            seeds.append(changed)
    if options.modules:
        modules = [path.read_bytes() for path in sorted(options.modules.rglob("*.wasm"))]
        modules = list(dict.fromkeys(module for module in modules if len(module) < 20000))
        seeds += [module for module, answer in zip(modules, ask(options.check, modules)) if answer == "valid"]
    return [seed for seed in seeds if len(seed) > 8 and seed[4:8] == b"\1\0\0\0"]


def read_u32(module, at):
    value = shift = 0
    while True:
        value |= (module[at] & 0x7F) << shift
        shift += 7
        at += 1
        if module[at - 1] < 0x80:
            return value, at


def ranges_of(module):
    """The content of each section, the code several times."""
    at, ranges = 8, [(8, len(module))]
    while at < len(module):
        identity = module[at]
        size, start = read_u32(module, at + 1)
        at = start + size
        if identity and size:
            ranges += [(start, at)] * (12 if identity == 10 else 2)
    return ranges


def change(module, ranges, rng):
    start, end = rng.choice(ranges)
    at = rng.randrange(start, end)
    match rng.randrange(12):
        case 0:
            module[at] ^= 1 << rng.randrange(8)
        case 1:
            module[at] = rng.randrange(256)
        case 2 | 3 | 4 | 5:
            module[at] = rng.choice(TELLING)
        case 6 | 7:
            module[at] = (module[at] + rng.choice((-2, -1, 1, 2))) % 256
        case 8:
            source = rng.randrange(start, end)
            module[at] = module[source]
        case 9:
            size = rng.randrange(1, 6)
            source = rng.randrange(start, end)
            part = module[source : min(source + size, end)]
            module[at : at + len(part)] = part if at + len(part) <= end else module[at : at + len(part)]
        case 10:
            other = min(at + 1, end - 1)
            module[at], module[other] = module[other], module[at]
        case 11 if rng.randrange(4) == 0:
            if rng.randrange(2):
                module.insert(at, rng.choice(TELLING))
            else:
                del module[at]


def mutants(seeds, options, rng):
    prepared = [(seed, ranges_of(seed)) for seed in seeds]
    for _ in range(options.count):
        seed, ranges = rng.choice(prepared)
        module = bytearray(seed)
        for _ in range(rng.choice((0, 1, 1, 1, 1, 2, 2, 3, 5))):
            if len(module) >= len(seed):
                change(module, ranges, rng)
        yield bytes(module)


def ask(program, modules):
    stream = b"".join(len(module).to_bytes(4, "little") + module for module in modules)
    command = [program.absolute(), "--stream"]
    answers = subprocess.run(command, input=stream, capture_output=True, check=True).stdout.decode().splitlines()
    if len(answers) != len(modules):
        raise RuntimeError(f"{program} has given {len(answers)} answers to {len(modules)} modules")
    return answers


def validate(module):
    result = run("wasm-tools", "validate", "--features", "all", data=module)
    if result.returncode == 0:
        return "valid"
    lines = [line.strip() for line in result.stderr.decode(errors="replace").splitlines()]
    return " ".join(line for line in lines if line and "WARN" not in line)[:300]


def validate_all(modules):
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(validate, modules))


def compare(modules, ours, theirs, options):
    differences, figures = 0, collections.Counter()
    for number, (module, our, their) in enumerate(zip(modules, ours, theirs)):
        accepted, wanted = our == "valid", their.startswith("valid")
        figures[accepted] += 1
        if accepted == wanted:
            continue
        if unread_proposal(our):
            figures[unread_proposal(our)] += 1
            continue
        differences += 1
        name = f"{options.seed}-{number}.wasm"
        print(f"{name}: meld: {our}; wasm-tools: {their}")
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
            (options.keep / name).write_bytes(module)
    return differences, figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", required=True, type=pathlib.Path)
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--random-modules", type=int, default=300)
    parser.add_argument("--modules", type=pathlib.Path)
    parser.add_argument("--judge", type=pathlib.Path)
    parser.add_argument("--keep", type=pathlib.Path)
    options = parser.parse_args()
    if not shutil.which("wasm-tools"):
        print("skipped: there are no wasm-tools")
        return 77
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        seeds = make_seeds(options, rng, pathlib.Path(folder))
    modules = list(mutants(seeds, options, rng))
    ours = ask(options.check, modules)
    theirs = ask(options.judge, modules) if options.judge else validate_all(modules)
    differences, figures = compare(modules, ours, theirs, options)
    unread = {what: count for what, count in figures.items() if isinstance(what, str)}
    print(f"{len(modules)} mutants of {len(seeds)} modules: {figures[True]} accepted, {figures[False]} rejected, "
          f"{differences} differences" + "".join(f"; {count} not read ({what})" for what, count in unread.items()))  # fmt: skip
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
