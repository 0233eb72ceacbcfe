#!/usr/bin/env python3
"""Small components that ask for a lot: each is judged soon, and refused by a limit's name where it asks too much.

    python tests/validation/test_limits.py --judge build/release/tests/judge

Exit      0 all as written, 1 not, 77 when wasm-tools is not there.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

SKIPPED = 77
SECONDS = 20  # with sanitizers, on a machine that does other things too
TOO_LARGE = "a type consists of 1000000 types or more"
STEPS = "needs more than 20000000 steps to be checked"


def doubled_instances(levels):
    """Each instance type exports two instances of the one before."""
    types = ['(type $t0 (instance (export "f" (func))))']
    for level in range(1, levels + 1):
        types.append(
            f'(type $t{level} (instance (alias outer 1 $t{level - 1} (type $t))'
            ' (export "a" (instance (type $t))) (export "b" (instance (type $t)))))'
        )
    return types


def doubled_components(levels):
    """Each component type imports and exports components of the one before."""
    types = ['(type $t0 (component (export "f" (func))))']
    for level in range(1, levels + 1):
        types.append(
            f'(type $t{level} (component (alias outer 1 $t{level - 1} (type $t))'
            ' (import "a" (component (type $t))) (export "b" (component (type $t)))))'
        )
    return types


def with_resources(levels):
    """As doubled_instances, with a new resource in each instance, imported: all have to be made."""
    types = ['(type $t0 (instance (export "r" (type (sub resource)))))']
    types += doubled_instances(levels)[1:]
    return types + [f'(import "i" (instance (type $t{levels})))']


def wide_tuple(fields, functions):
    """Many functions of one large type without a name: each is looked through."""
    body = [f"(type $t (tuple {' u8' * fields}))", '(type $f (func (param "a" $t)))']
    return body + [f'(import "f{n}" (func (type $f)))' for n in range(functions)]


def many_instances(exports, instances):
    """A component with many exports, instantiated often: each instance has a type of its own."""
    body = ['(component $c (type $r (resource (rep i32)))']
    body += [f'(export "r{n}" (type $r))' for n in range(exports)] + [")"]
    return body + ["(instance (instantiate $c))"] * instances


def core_types(count):
    """Each refers to the one before."""
    return ["(core type (func))"] + [f"(core type (func (param (ref {n}))))" for n in range(count)]


def leb128(value):
    return bytes([value & 0x7F | 0x80, *leb128(value >> 7)]) if value > 0x7F else bytes([value])


def nested_components(levels):
    """As bytes: the text format has limits of its own."""
    data = b""
    for _ in range(levels + 1):
        data = bytes.fromhex("0061736d0d000100") + (b"\x04" + leb128(len(data)) + data if data else b"")
    return data


CASES = [
    ("instances in instances, twice each, 15 deep", doubled_instances(15), ""),
    ("instances in instances, twice each, 90 deep", doubled_instances(90), TOO_LARGE),
    ("components in components, twice each, 15 deep", doubled_components(15), ""),
    ("components in components, twice each, 90 deep", doubled_components(90), TOO_LARGE),
    ("resources in instances, twice each, 12 deep", with_resources(12), ""),
    ("resources in instances, twice each, 17 deep", with_resources(17), STEPS),
    ("90 functions of a tuple of 10000", wide_tuple(10000, 90), ""),
    ("100 functions of a tuple of 10000", wide_tuple(10000, 100), TOO_LARGE),
    ("10000 functions of a tuple of 10000", wide_tuple(10000, 10000), STEPS),
    ("100 instances of 1000 exports", many_instances(1000, 100), ""),
    ("20000 instances of 1000 exports", many_instances(1000, 20000), STEPS),
    ("20000 core types, each of the one before", core_types(20000), ""),
    ("components 90 deep", nested_components(90), ""),
    ("components 120 deep", nested_components(120), "nested more than 100 deep"),
]


def judge(program, path):
    start = time.monotonic()
    result = subprocess.run([program], input=f"{path}\n", capture_output=True, text=True, timeout=SECONDS, check=False)
    return result.stdout or result.stderr, time.monotonic() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--judge", required=True, help="the program made of judge.c")
    options = parser.parse_args()
    if not shutil.which("wasm-tools"):
        print("skipped: wasm-tools is not there")
        return SKIPPED
    failures = 0
    with tempfile.TemporaryDirectory(prefix="limits-") as temporary:
        path = pathlib.Path(temporary) / "case.wasm"
        for what, body, expected in CASES:
            if isinstance(body, bytes):
                path.write_bytes(body)
            else:
                text = "(component\n" + "\n".join(body) + "\n)"
                subprocess.run(["wasm-tools", "parse", "-", "-o", str(path)], input=text, text=True, check=True)
            verdict, seconds = judge(options.judge, path)
            fine = expected in verdict if expected else verdict.startswith("accept")
            failures += not fine
            print(f"{'ok    ' if fine else 'FAILED'} {what}: {seconds:.2f} s {'' if fine else verdict[:300]}")
    print(f"{len(CASES)} cases, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
