#!/usr/bin/env python3
"""Seeds for the fuzz targets: the components and modules of the specification's suite, and the scenarios.

    python fuzz/seeds.py --suite test/ -o build/seeds     all
    python fuzz/seeds.py -o fuzz/seeds                     the scenarios alone, as they are kept here

Each is a file whose name says where it is from; the scenarios are without their custom sections, and their guests are seeds with the
one that says their world. What the suite says is malformed or invalid
is a seed too.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "scenarios"))
import run as scenarios  # noqa: E402

SIZE_LIMIT = 64 << 10  # bytes; larger seeds make a fuzzer slow and teach it little


def add_seed(source, name, out):
    if 0 < source.stat().st_size <= SIZE_LIMIT:
        shutil.copyfile(source, out / name)


def add_suite(options, out):
    for script in sorted(options.suite.rglob("*.wast")):
        label = "-".join(script.relative_to(options.suite).with_suffix("").parts)
        with tempfile.TemporaryDirectory() as folder:
            listing = pathlib.Path(folder) / "script.json"
            command = [options.wasm_tools, "json-from-wast", script, "-o", listing, "--wasm-dir", folder]
            if subprocess.run(command, capture_output=True, check=False).returncode:
                print(f"{label}: cannot be compiled, left out")
                continue
            for entry in json.loads(listing.read_text(encoding="utf-8"))["commands"]:
                source = pathlib.Path(folder) / entry.get("filename", "")
                if source.suffix == ".wasm":
                    add_seed(source, f"{label}-{entry['line']}.wasm", out)


def add_scenarios(options, out):
    for world in sorted(scenarios.HERE.glob("*/world.wit")):
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(temporary)
            guests = {path.stem: scenarios.build_guest(options, world.parent, path.stem, folder)
                      for path in sorted(world.parent.glob("*.c"))}
            for guest in guests:  # as a core module that says its world, too
                add_seed(folder / f"{guest}.embedded.wasm", f"guest-{world.parent.name}-{guest}.wasm", out)
            for composition in sorted(world.parent.glob("*.wat")):
                target = folder / f"{composition.stem}.wasm"
                scenarios.compose(options, composition, guests, target)
                subprocess.run([options.wasm_tools, "strip", "--all", target, "-o", target], check=True)
                add_seed(target, f"scenario-{world.parent.name}-{composition.stem}.wasm", out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suite", type=pathlib.Path, help="the folder test/ of the component model's repository")
    parser.add_argument("-o", "--out", type=pathlib.Path, required=True)
    parser.add_argument("--clang", default="clang-19", help="for the scenarios; without it they are left out")
    parser.add_argument("--wasm-tools", default="wasm-tools")
    parser.set_defaults(guests_by_meld=False)
    options = parser.parse_args()
    if not shutil.which(options.wasm_tools):
        sys.exit(f"{options.wasm_tools} is not there")
    options.out.mkdir(parents=True, exist_ok=True)
    if options.suite:
        add_suite(options, options.out)
    if shutil.which(options.clang):
        add_scenarios(options, options.out)
    print(f"{len(list(options.out.iterdir()))} seeds in {options.out}")


if __name__ == "__main__":
    main()
