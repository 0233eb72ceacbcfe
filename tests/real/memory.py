#!/usr/bin/env python3
"""Peak memory of meld on real components: at most 2.5 times the input and 4 MiB.

    python tests/real/memory.py --meld build/release/meld FOLDER

FOLDER is what make.py made. The ten largest components in it are taken: the peak resident memory of `meld fuse`, of
`meld fuse --component` and of `meld validate` is that of the process as the system counts it (ru_maxrss), with the program
itself and the input, which is mapped. The output is a file, so that all of it has to be there once.

Exit  0 all within the limit, 1 not, 77 when there is no component.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

SKIPPED = 77
FACTOR = 2.5
BESIDES = 4 << 20  # bytes
COUNT = 10
COMPONENT = b"\0asm\x0d\0\1\0"
COMMANDS = {"core": ["fuse"], "component": ["fuse", "--component"], "validate": ["validate"]}


def peak_memory(command):
    """(exit status, bytes, seconds of processor time)"""
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    message = process.stderr.read().decode(errors="replace")
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    return process.returncode, usage.ru_maxrss * 1024, usage.ru_utime + usage.ru_stime, message


def fuse_or_validate(command):
    if "fuse" not in command:
        return peak_memory(command)
    with tempfile.TemporaryDirectory(prefix="meld-memory-") as folder:
        return peak_memory([*command, "-o", pathlib.Path(folder) / "out.wasm"])


def components(folder):
    found = []
    for path in folder.rglob("*.wasm"):
        with open(path, "rb") as file:
            if file.read(8) == COMPONENT:
                found.append(path)
    return sorted(found, key=lambda path: (-path.stat().st_size, path))[:COUNT]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--meld", required=True)
    options = parser.parse_args()
    paths = components(options.folder)
    if not paths:
        print(f"skipped: there is no component in {options.folder}")
        return SKIPPED
    failed = 0
    print(f"{'input':40} {'bytes':>10}  {'command':10} {'peak':>10} {'limit':>10} {'times':>6} {'time':>7}")
    for path in paths:
        size = path.stat().st_size
        limit = int(FACTOR * size) + BESIDES
        for name, words in COMMANDS.items():
            status, peak, seconds, message = fuse_or_validate([options.meld, *words, path])
            verdict = "" if peak <= limit and status == 0 else "  OVER" if peak > limit else f"  exit {status}: {message.strip()[:120]}"
            failed += peak > limit
            print(f"{path.name:40} {size:10}  {name:10} {peak:10} {limit:10} {peak / size:6.1f} {seconds:6.2f}s{verdict}")
    print(f"{failed} over the limit")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
