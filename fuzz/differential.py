#!/usr/bin/env python3
"""Asks another validator about what meld makes: fuses each input of a corpus and validates what comes out of it.

    python fuzz/differential.py --meld build/release/meld fuzz/corpus fuzz/seeds build/fuzz/work

For every input that meld accepts, in both forms of output, `wasm-tools validate --features all` has to accept what comes
out. Where the input is not valid itself, as wasm-tools sees it, the output need not be; such an input is counted, and
listed with --strict, since meld should have refused it.

Exit  0 all as it has to be, 1 not, 77 when wasm-tools is not there.
"""

import argparse
import concurrent.futures
import pathlib
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
SECONDS = 60
FORMS = {"core": [], "component": ["--component"]}


def validate(options, path):
    """An empty text, or what is wrong."""
    command = [options.wasm_tools, "validate", "--features", "all", str(path)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    return run.stderr.strip().splitlines()[-1] if run.returncode else ""


def check(options, path):
    """(how many outputs, was the input invalid, lines of what failed)"""
    accepted, failures = 0, []
    with tempfile.TemporaryDirectory(prefix="differential-") as folder:
        for form, words in FORMS.items():
            fused = pathlib.Path(folder) / f"{form}.wasm"
            command = [options.meld, "fuse", "--quiet", *words, str(path), "-o", str(fused)]
            status = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False).returncode
            if status not in (0, 1):
                failures.append(f"{path}: {form}: meld exits with {status}")
            if status:
                continue
            accepted += 1
            wrong = validate(options, fused)
            if wrong:
                failures.append(f"{path}: {form}: {wrong}")
    is_invalid = bool(accepted and validate(options, path))
    return accepted, is_invalid, [] if is_invalid else failures


def files_of(paths):
    for path in paths:
        if path.is_dir():
            yield from sorted(inner for inner in path.rglob("*") if inner.is_file())
        else:
            yield path


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="+", type=pathlib.Path, help="files, or folders of them")
    parser.add_argument("--meld", required=True)
    parser.add_argument("--wasm-tools", default="wasm-tools")
    parser.add_argument("--strict", action="store_true", help="an invalid input that meld accepts is a failure too")
    parser.add_argument("--jobs", type=int, default=2)
    return parser.parse_args()


def main():
    options = parse_arguments()
    if not shutil.which(options.wasm_tools):
        print(f"skipped: {options.wasm_tools} is not there")
        return SKIPPED
    paths = list(files_of(options.paths))
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = list(pool.map(lambda path: check(options, path), paths))
    outputs = invalid = failed = 0
    for path, (accepted, is_invalid, failures) in zip(paths, results):
        outputs += accepted
        invalid += is_invalid
        if options.strict and is_invalid:
            failures.append(f"{path}: accepted, but: {validate(options, path)}")
        failed += len(failures)
        for failure in failures:
            print(failure)
    print(f"{len(paths)} inputs, {outputs} outputs validated, {invalid} invalid inputs accepted, {failed} failures")
    return 1 if failed or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
