#!/usr/bin/env python3
"""Compositions of two to six components: fused from separate inputs, from a script, and from what `wac` makes of it.

    python tests/compose/run.py --meld build/release/meld

A composition is a script `NAME.wac`. The lines before it say what else there is to know of it:

    // guests: twice                                  its packages are the guests of tests/scenarios/twice; else those of guests/
    // fuse: runner.wasm --name left=office.wasm ...  the command line that makes the same of separate inputs
    // only: component                                it imports what no core module can be given
    // wac: REASON                                    `wac` can't make it, and why
    // run() = 0                                      as in tests/scenarios

Each is run in these forms, which have to give the same:

    unfused    what `wac compose` makes, and what `meld fuse --compose-only` makes, of the script and of separate inputs
    fused      each of these three, as a component and as a core module

The worlds of the unfused ones have to be the same too, but for names of numbers, and the fused ones of the script and of
wac's composition the same bytes, but for custom sections.

Exit  0 all as expected, 1 not, 77 when a tool is not there. Without `wac` its forms are left out, and a line says so.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scenarios"))

import run as scenarios  # noqa: E402

FACT = re.compile(r"^// (guests|fuse|only|wac): (.*)$", re.MULTILINE)
PACKAGE = re.compile(r"\bnew (test:([\w-]+))")
EXPECTATION = re.compile(scenarios.EXPECTATION.pattern.replace("^;;", "^//"), re.MULTILINE)


def build_guests(options, kind, folder):
    """All guests of a folder as NAME.wasm in `folder`."""
    folder.mkdir(parents=True)
    source = HERE.parent / "scenarios" / kind if kind else HERE / "guests"
    for path in sorted(source.glob("*.c")):
        scenarios.build_guest(options, source, path.stem, folder)
        os.rename(folder / f"{path.stem}.component.wasm", folder / f"{path.stem}.wasm")
    if not kind:
        for path in sorted(source.glob("*.wat")):
            target = folder / f"{path.stem}.wasm"
            scenarios.run_command([options.wasm_tools, "parse", path, "-o", target])
            scenarios.run_command([options.wasm_tools, "validate", "--features", "all", target])


def world_of(options, wasm):
    """Without the names that WIT gives to numbers, such as `instant`: a merged interface has them no more."""
    world = scenarios.run_command([options.wasm_tools, "component", "wit", wasm]).stdout
    for name, number in re.findall(r"type ([\w-]+) = (u64);", world):
        world = re.sub(rf"(-> |: ){name}\b", rf"\g<1>{number}", world)
    return world


class Composition:
    def __init__(self, options, script, guests, folder):
        text = script.read_text(encoding="utf-8")
        self.options, self.script, self.folder = options, script, folder
        self.facts = dict(FACT.findall(text))
        self.guests = guests / self.facts.get("guests", "text")
        self.packages = sorted(set(PACKAGE.findall(text)))
        self.expectations = [match.groupdict() for match in EXPECTATION.finditer(text)]
        self.failures, self.count = [], 0
        assert self.expectations, f"{script.name} says nothing of what it expects"

    def command(self, form):
        """The command that fuses the inputs of a form; all but its output."""
        meld = [self.options.meld, "fuse"]
        if form == "inputs":
            words = self.facts["fuse"].split()
            return meld + [re.sub(r"^(\w+=)?([\w-]+\.wasm)$", lambda m: (m[1] or "") + str(self.guests / m[2]), w) for w in words]
        if form == "script":
            names = [f"--name={package}={self.guests / name}.wasm" for package, name in self.packages]
            return [*meld, self.script, *names]
        return [*meld, self.folder / "wac.wasm"]

    def has_wac(self):
        return bool(self.options.wac) and "wac" not in self.facts

    def compose_with_wac(self, target):
        words = [self.options.wac, "compose", self.script, "-o", target]
        for package, name in self.packages:
            words += ["-d", f"{package}={self.guests / name}.wasm"]
        scenarios.run_command(words)

    def check(self, label, wasm, is_core=False):
        scenarios.run_command([self.options.wasm_tools, "validate", "--features", "all", wasm])
        for expectation in self.expectations:
            self.count += 1
            wrong = scenarios.invoke(self.options, wasm, expectation, is_core)
            if wrong:
                self.failures.append(f"{label} {expectation['export']}: {wrong}")

    def expect(self, condition, message):
        self.count += 1
        if not condition:
            self.failures.append(message)

    def run_form(self, form):
        """One source of the composition, unfused and fused. Gives its world and its bytes as a core module."""
        unfused, fused, core, bare = (self.folder / f"{form}{kind}.wasm" for kind in ("", ".fused", ".core", ".bare"))
        command = self.command(form)
        if form == "wac":
            self.compose_with_wac(unfused)
        else:
            scenarios.run_command([*command, "--compose-only", "-o", unfused])
        self.check(f"{form}, unfused,", unfused)
        scenarios.run_command([*command, "--component", "-o", fused])
        self.check(f"{form}, fused,", fused)
        scenarios.run_command([*command, "-o", core])
        if self.facts.get("only") != "component":
            self.check(f"{form}, core,", core, True)
        scenarios.run_command([self.options.wasm_tools, "strip", "--all", core, "-o", bare])
        world = world_of(self.options, unfused)
        self.expect(world == world_of(self.options, fused), f"{form}: fusing changes the world")
        return world, bare.read_bytes()

    def run(self):
        self.folder.mkdir(parents=True)
        try:
            inputs, script = self.run_form("inputs"), self.run_form("script")
            self.expect(inputs[0] == script[0], f"the script has another world:\n{inputs[0]}\n{script[0]}")
            if self.has_wac():
                wac = self.run_form("wac")
                self.expect(wac[0] == script[0], f"wac's composition has another world:\n{wac[0]}\n{script[0]}")
                self.expect(wac[1] == script[1], "wac's composition of the script is fused to other bytes")
        except scenarios.ToolFailed as failure:
            self.failures.append(str(failure))
        return self


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--meld", required=True)
    parser.add_argument("--only", action="append", help="only compositions whose name contains this")
    parser.add_argument("--clang", default="clang-19", help="a clang for wasm32, with its linker")
    parser.add_argument("--wasm-tools", default="wasm-tools")
    parser.add_argument("--wasmtime", default="wasmtime")
    parser.add_argument("--wac", default="wac")
    parser.add_argument("--keep", type=pathlib.Path, help="keep all that is made in this folder, which is new")
    parser.add_argument("--jobs", type=int, default=2)
    parser.set_defaults(guests_by_meld=False)
    return parser.parse_args()


def main():
    options = parse_arguments()
    options.meld = pathlib.Path(options.meld).resolve()
    for tool in (options.clang, options.wasm_tools, options.wasmtime):
        if not shutil.which(tool):
            print(f"skipped: {tool} is not there")
            return scenarios.SKIPPED
    options.wac = shutil.which(options.wac)
    if not options.wac:
        print("wac is not there: nothing is compared with it")
    scripts = [path for path in sorted(HERE.glob("*.wac")) if not options.only or any(part in path.stem for part in options.only)]
    with tempfile.TemporaryDirectory(prefix="compose-") as temporary:
        folder = (options.keep or pathlib.Path(temporary)).resolve()
        compositions = [Composition(options, path, folder / "guests", folder / path.stem) for path in scripts]
        for guests in sorted({composition.guests for composition in compositions}):
            build_guests(options, "" if guests.name == "text" else guests.name, guests)
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            list(pool.map(Composition.run, compositions))
    failed = sum(bool(composition.failures) for composition in compositions)
    for composition in compositions:
        print(f"{'FAILED' if composition.failures else 'ok':6} {composition.script.stem} ({composition.count} checks)")
        for failure in composition.failures:
            print(f"       {failure}")
    print(f"{len(compositions) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
