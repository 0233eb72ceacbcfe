#!/usr/bin/env python3
"""What random programs have found, each as a small component: found/*.wat.

The lines before a component say what the host calls, and what has to come of it, in one instance:

    ;; run returns 3
    ;; test:found/items#second returns own
    ;; run traps cannot enter component instance
    ;; wasmtime: returns 3

The last one says what wasmtime does with the unfused component where the last line before it is not what it does. Where
handles cross the boundary, a core module runs as the component that wasm-tools makes of it.

Requires  MELD in the environment, wasm-tools in PATH.
Exit      0, or 1 when something is wrong.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

import wasmtime
import wasmtime.component

MELD = os.environ["MELD"]
FOUND = pathlib.Path(__file__).resolve().parent / "found"
LINE = re.compile(r"^;; (?:(?P<interface>[\w:/-]+)#)?(?P<name>[\w-]+) (?P<outcome>(?:returns|traps) .+)$", re.MULTILINE)
KNOWN = re.compile(r"^;; wasmtime: (.+)$", re.MULTILINE)
VECTORS = "--features=+simd"
FORMS = {"component": ["--component"], "core": [], "component.simd": ["--component", VECTORS], "core.simd": [VECTORS]}


def function_of(store, instance, call):
    inside = instance.get_export_index(store, call["interface"]) if call["interface"] else None
    return instance.get_func(store, instance.get_export_index(store, call["name"], inside))


def outcome_of(store, function):
    try:
        result = function(store)
        function.post_return(store)
    except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
        return f"traps {error}"
    if isinstance(result, wasmtime.component.ResourceAny):
        result.drop(store)
        return "returns own"
    return f"returns {result}"


def is_as_wanted(got, wanted):
    return got == wanted if wanted.startswith("returns") else got.startswith("traps") and wanted.removeprefix("traps ") in got


def run(binary, calls):
    """Lines of what is wrong."""
    engine = wasmtime.Engine()
    store, linker = wasmtime.Store(engine), wasmtime.component.Linker(engine)
    instance = linker.instantiate(store, wasmtime.component.Component(engine, binary))
    for call in calls:
        got = outcome_of(store, function_of(store, instance, call))
        if not is_as_wanted(got, call["outcome"]):
            yield f"{call['name']}: {got[-600:]}, should be: {call['outcome']}"


def run_words(*words):
    return subprocess.run([str(word) for word in words], check=True, stdout=subprocess.PIPE).stdout


def try_file(path, folder):
    text = path.read_text(encoding="utf-8")
    calls = [match.groupdict() for match in LINE.finditer(text)]
    assert calls, f"{path.name} says nothing of what it does"
    known = KNOWN.search(text)
    unfused = wasmtime.wat2wasm(text)
    there = calls[:-1] + [dict(calls[-1], outcome=known[1])] if known else calls
    yield from (f"unfused: {wrong}" for wrong in run(unfused, there))
    source, fused = folder / "unfused.wasm", folder / "fused.wasm"
    source.write_bytes(unfused)
    for form, words in FORMS.items():
        run_words(MELD, "fuse", *words, source, "-o", fused)
        run_words("wasm-tools", "validate", "--features", "all", fused)
        binary = fused.read_bytes() if "component" in form else run_words("wasm-tools", "component", "new", fused)
        yield from (f"{form}: {wrong}" for wrong in run(binary, calls))


def main():
    failed, paths = 0, sorted(FOUND.glob("*.wat"))
    with tempfile.TemporaryDirectory(prefix="meld-found-") as folder:
        for path in paths:
            for wrong in try_file(path, pathlib.Path(folder)):
                print(f"FAILED {path.stem}: {wrong}")
                failed += 1
    print(f"{len(paths)} programs, {failed} failures")
    return 1 if failed or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
