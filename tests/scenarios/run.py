#!/usr/bin/env python3
"""Small programs of several components, in C or in text, run unfused, fused as a component and fused as a core module.

    python tests/scenarios/run.py --meld build/release/meld

A scenario is a folder: `NAME.c` for each guest that is written in C, with `world.wit` that has a world for each, and one or
more compositions.
A composition is a component in text, in which each guest that it instantiates stands already as `$NAME`:

    ;; run() = 0
    ;; twice() traps unknown handle index
    (component
      (instance $leaf (instantiate $leaf))
      (instance $runner (instantiate $runner (with "test:floats/first" (instance $leaf "test:floats/first"))))
      (export "run" (func $runner "run")))

The lines before it say what is expected of which export; each is invoked in a fresh instance. Numbers in the message of
a trap don't count, and ` or ` stands between messages that are as good. Guests return 0, or the line of the check that
failed. The unfused component has to do as it says too: it is the oracle. Where wasmtime is known to depart from the
specification, `; wasmtime: VALUE` at the end says what it gives.

With --guests-by-meld it is meld that makes components of the guests' core modules.

Exit  0 all as expected, 1 not, 77 when a tool is not there.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
TIMEOUT = 60  # seconds, of any one command
HERE = pathlib.Path(__file__).resolve().parent
EXPECTATION = re.compile(r"^;; (?P<export>[\w-]+)\((?P<arguments>.*?)\) (?:= (?P<value>.+?)|traps (?P<message>.+?))(?:; wasmtime: (?P<oracle>.+))?$", re.MULTILINE)
INSTANTIATED = re.compile(r"\(instantiate \$([\w-]+)")
NUMBER = re.compile(r" \d+\b")
COMPILER_FLAGS = ["--target=wasm32", "-std=gnu11", "-O1", "-nostdlib", "-ffreestanding", "-Wall", "-Wextra", "-Werror"]
LINKER_FLAGS = ["-Wl,--no-entry", "-Wl,-z,stack-size=16384"]


class ToolFailed(Exception):
    """A command ended badly; its message says which and why."""


def run_command(command, check=True):
    environment = dict(os.environ, RUST_BACKTRACE="0")
    try:
        result = subprocess.run(
            [str(word) for word in command], capture_output=True, timeout=TIMEOUT, check=False, env=environment, text=True
        )
    except subprocess.TimeoutExpired:
        result = subprocess.CompletedProcess(command, 124, "", f"no end within {TIMEOUT} s")
    if check and result.returncode:
        words = " ".join(pathlib.Path(str(word)).name for word in command[:3])
        raise ToolFailed(f"{words}: exit {result.returncode}: {result.stderr.strip()[:600]}")
    return result


def build_guest(options, scenario, guest, folder):
    """NAME.c as a component, in text."""
    core, embedded, component = (folder / f"{guest}.{kind}.wasm" for kind in ("core", "embedded", "component"))
    source, world = scenario / f"{guest}.c", scenario / "world.wit"
    run_command([options.clang, *COMPILER_FLAGS, *LINKER_FLAGS, "-o", core, source])
    run_command([options.wasm_tools, "component", "embed", world, "-w", guest, core, "-o", embedded])
    if options.guests_by_meld:
        run_command([options.meld, "fuse", "--compose-only", embedded, "-o", component])
    else:
        run_command([options.wasm_tools, "component", "new", embedded, "-o", component])
    return run_command([options.wasm_tools, "print", component]).stdout


def compose(options, composition, guests, target):
    text = composition.read_text(encoding="utf-8")
    used = sorted(set(INSTANTIATED.findall(text)))
    parts = [guests[name].replace("(component", f"(component ${name}", 1) for name in used if name in guests]
    head, body = text.split("(component\n", 1)
    source = target.with_suffix(".wat")
    source.write_text(head + "(component\n" + "\n".join(parts) + body, encoding="utf-8")
    run_command([options.wasm_tools, "parse", source, "-o", target])
    run_command([options.wasm_tools, "validate", "--features", "all", target])


def invoke(options, wasm, expectation, is_core):
    """An empty text, or what is wrong."""
    export, arguments = expectation["export"], expectation["arguments"]
    call = ["--invoke", export] if is_core else ["--invoke", f"{export}({arguments})"]
    words = [wasm, *arguments.replace(",", " ").split()] if is_core else [wasm]
    result = run_command([options.wasmtime, "run", "-W", "all-proposals=y", *call, *words], check=False)
    if expectation["message"]:
        if result.returncode == 0:
            return f"gives {result.stdout.strip()}, should trap: {expectation['message']}"
        text = NUMBER.sub("", result.stderr)
        if not any(message in text for message in expectation["message"].split(" or ")):
            return f"traps, but not with {expectation['message']!r}: {result.stderr.strip()[-800:]}"
        return ""
    if result.returncode:
        return f"does not run: {result.stderr.strip()[-800:]}"
    value = result.stdout.strip()
    return "" if value == expectation["value"] else f"gives {value}, should be {expectation['value']}"


def run_forms(options, composition, folder):
    """Yield (what, where it is, is it core) of each form of a composition."""
    whole = folder / f"{composition.stem}.wasm"
    yield "unfused", whole, False
    if options.meld:
        fused = folder / f"{composition.stem}.fused.wasm"
        run_command([options.meld, "fuse", "--component", whole, "-o", fused])
        run_command([options.wasm_tools, "validate", "--features", "all", fused])
        yield "component", fused, False
        core = folder / f"{composition.stem}.core.wasm"
        run_command([options.meld, "fuse", whole, "-o", core])
        run_command([options.wasm_tools, "validate", "--features", "all", core])
        yield "core", core, True


def run_composition(options, composition, guests, folder):
    """Lines of what failed, and how many checks there were."""
    label = f"{composition.parent.name}/{composition.stem}"
    expectations = [match.groupdict() for match in EXPECTATION.finditer(composition.read_text(encoding="utf-8"))]
    assert expectations, f"{label} says nothing of what it expects"
    failures, count = [], 0
    try:
        compose(options, composition, guests, folder / f"{composition.stem}.wasm")
        for form, wasm, is_core in run_forms(options, composition, folder):
            for expectation in expectations:
                count += 1
                if form == "unfused" and expectation["oracle"]:
                    expectation = {**expectation, "value": expectation["oracle"], "message": None}
                wrong = invoke(options, wasm, expectation, is_core)
                if wrong:
                    failures.append(f"{label} {form} {expectation['export']}: {wrong}")
    except ToolFailed as failure:
        failures.append(f"{label}: {failure}")
    return failures, count


def run_scenario(options, scenario, folder):
    folder.mkdir(parents=True, exist_ok=True)
    try:
        guests = {path.stem: build_guest(options, scenario, path.stem, folder) for path in sorted(scenario.glob("*.c"))}
    except ToolFailed as failure:
        return [f"{scenario.name}: {failure}"], 0
    failures, count = [], 0
    for composition in sorted(scenario.glob("*.wat")):
        wrong, checks = run_composition(options, composition, guests, folder)
        failures += wrong
        count += checks
    return failures, count


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--meld", help="the meld to test; without it only the unfused components run")
    parser.add_argument("--guests-by-meld", action="store_true", help="meld makes components of the guests, not wasm-tools")
    parser.add_argument("--only", action="append", help="only scenarios whose name contains this")
    parser.add_argument("--clang", default="clang-19", help="a clang for wasm32, with its linker")
    parser.add_argument("--wasm-tools", default="wasm-tools")
    parser.add_argument("--wasmtime", default="wasmtime")
    parser.add_argument("--keep", type=pathlib.Path, help="keep all that is made in this folder")
    parser.add_argument("--jobs", type=int, default=2)
    return parser.parse_args()


def main():
    options = parse_arguments()
    for tool in (options.clang, options.wasm_tools, options.wasmtime):
        if not shutil.which(tool):
            print(f"skipped: {tool} is not there")
            return SKIPPED
    scenarios = [path.parent for path in sorted(HERE.glob("*/compose.wat"))]
    scenarios = [path for path in scenarios if not options.only or any(part in path.name for part in options.only)]
    with tempfile.TemporaryDirectory(prefix="scenarios-") as temporary:
        folder = (options.keep or pathlib.Path(temporary)).resolve()
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            results = list(pool.map(lambda path: run_scenario(options, path, folder / path.name), scenarios))
    failed = 0
    for scenario, (failures, count) in zip(scenarios, results):
        print(f"{'FAILED' if failures else 'ok':6} {scenario.name} ({count} checks)")
        for failure in failures:
            print(f"       {failure}")
        failed += bool(failures)
    print(f"{len(scenarios) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
