#!/usr/bin/env python3
"""The component model's own test suite, run through meld.

    python tests/conformance/run.py --meld build/release/meld --mode component --suite SPEC_TESTS

Every component of every script is compiled, fused and put back as bytes; what remains of the script runs as it is, in
`wasmtime wast`. So each assertion holds of the fused component exactly when it holds of the component.

    (component (component $C …) (component $D …) …)      (component binary "\\00\\61\\73\\6d…")
    (assert_return (invoke "run") (u32.const 42))   ->   (assert_return (invoke "run") (u32.const 42))

Modes     component  meld fuse --validate --component
          core       meld fuse, then `wasm-tools component new` makes a component of the core module. A component whose
                     world cannot be said in WIT has no such module; what depends on it is counted apart.
          unfused    nothing is fused: what wasmtime itself passes, the measure.
Counted   every directive but assert_invalid and assert_malformed, which never reach a fuser (--refusals gives them to it).
          wasmtime stops at the first failure, so a script is run again without what failed, and without what depends on
          that, until it passes.
Traps     a directive passes when it traps. Whether the message is the expected one, numbers aside, is counted apart.
Expected  expected.txt, one row per mode and script; fewer is an error, more is worth an --update.
Exit      0 as expected, 1 not, 77 when the suite or a tool is not there.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading

from inside import count_core_modules, custom_section_names, trades_definitions
from faults import same_fault
from script import read_script

FOLDERS = ("values", "resources", "linking", "binary", "validation")
WASMTIME_FEATURES = (
    "component-model-more-async-builtins",
    "component-model-threading",
    "component-model-async-stackful",
    "component-model-implements",
    "component-model-fixed-length-lists",
    "component-model-map",
    "component-model-memory64",
)
JSON_TYPES = {"module": "component", "module_definition": "definition", "module_instance": "instance", "action": "invoke"}
REFUSALS = ("assert_invalid", "assert_malformed")
SUPPORT_MODULES = 2
TIMEOUT = 120  # seconds, of any one command
SKIPPED = 77
EXPECTED = pathlib.Path(__file__).with_name("expected.txt")
FAILED_LINE = re.compile(r"failed directive on .*?:(\d+)")
MESSAGE_GOT = re.compile(r"expected '.*?', got '(.*)", re.DOTALL)
SANITIZER = re.compile(r"AddressSanitizer|LeakSanitizer|runtime error:|ThreadSanitizer")


class Figures:
    """What one script, or several, came to."""

    def __init__(self):
        self.passed = self.failed = self.unsaid = 0
        self.messages_matched = self.messages = 0
        self.refused = self.refusals = 0
        self.modules = {}  # number of core modules in a fused component -> how often
        self.notes = []  # failures, one line each
        self.violations = []  # of what must hold of each output

    def add(self, other):
        for name in ("passed", "failed", "unsaid", "messages_matched", "messages", "refused", "refusals"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for number, often in other.modules.items():
            self.modules[number] = self.modules.get(number, 0) + often
        self.notes += other.notes
        self.violations += other.violations


def run_command(command, **options):
    try:
        return subprocess.run(command, capture_output=True, timeout=TIMEOUT, check=False, **options)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, b"", f"no end within {TIMEOUT} s".encode())


def last_words(result):
    """Why a command failed, in one line."""
    text = (result.stderr or result.stdout).decode(errors="replace").strip()
    if result.returncode < 0:
        return f"signal {-result.returncode}: {text[:300]}"
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("Stack back")]
    return " | ".join(lines[:4])[:400] if lines else f"exit {result.returncode}"


class Fuser:
    """Turns a component's bytes into those of the fused component, and checks each."""

    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.lock = threading.Lock()
        self.count = 0

    def command(self, meld, source, target):
        if self.options.fuser:
            words = shlex.split(self.options.fuser)
            return [word.replace("{in}", str(source)).replace("{out}", str(target)) for word in words]
        kind = ["--component"] if self.options.mode == "component" else []
        features = [f"--features={self.options.features}"] if self.options.features else []
        return [meld, "fuse", "--validate", *kind, *features, str(source), "-o", str(target)]

    def fuse(self, data, label, figures):
        """The bytes to run; None and a reason; or False and a reason where the world cannot be said."""
        if self.options.mode == "unfused":
            return data, ""
        with self.lock:
            self.count += 1
            stem = self.folder / f"{label}-{self.count}"
        source, target = stem.with_suffix(".wasm"), stem.with_suffix(".fused.wasm")
        source.write_bytes(data)
        result = run_command(self.command(self.options.meld, source, target))
        self.check_run(result, label, figures)
        if result.returncode or not target.exists():
            return None, "fuse: " + last_words(result)
        fused = target.read_bytes()
        self.check_same(fused, source, stem, label, figures)
        why = self.invalid(target)
        if why and not self.invalid(source):
            figures.violations.append(f"{label}: not valid: {why}")
            return None, "the output does not validate"
        if self.options.mode == "core":
            return self.wrap(fused, target, stem)
        self.check_modules(fused, source, label, figures)
        return fused, ""

    def check_run(self, result, label, figures):
        if result.returncode not in (0, 1, 2) or SANITIZER.search(result.stderr.decode(errors="replace")):
            figures.violations.append(f"{label}: the fuser did not end well: {last_words(result)}")

    def check_same(self, fused, source, stem, label, figures):
        others = [self.options.meld] * (self.options.repeat - 1) + self.options.compare
        again = stem.with_suffix(".again.wasm")
        for meld in others:
            result = run_command(self.command(meld, source, again))
            if result.returncode or again.read_bytes() != fused:
                figures.violations.append(f"{label}: {meld} gives other bytes")

    def invalid(self, path):
        """What wasm-tools has against a file. The suite may be ahead of wasm-tools: then it has the same against the input."""
        result = run_command([self.options.wasm_tools, "validate", "--features", "all", str(path)])
        return last_words(result) if result.returncode else ""

    def wrap(self, fused, target, stem):
        if not any(name.startswith("component-type") for name in custom_section_names(fused)):
            return False, "no component-type section"
        component = stem.with_suffix(".component.wasm")
        result = run_command([self.options.wasm_tools, "component", "new", str(target), "-o", str(component)])
        if result.returncode:
            return None, "component new: " + last_words(result)
        return component.read_bytes(), ""

    def check_modules(self, fused, source, label, figures):
        count = count_core_modules(fused)
        figures.modules[count] = figures.modules.get(count, 0) + 1
        if count > 1 + SUPPORT_MODULES:
            text = run_command([self.options.wasm_tools, "print", str(source)]).stdout.decode(errors="replace")
            if not trades_definitions(text):
                figures.violations.append(f"{label}: {count} core modules in the output")


def compile_script(path, options, folder):
    """Directives of a script, each with the bytes of the component it carries."""
    directives = read_script(path.read_text(encoding="utf-8"))
    wasm = folder / path.stem
    wasm.mkdir(parents=True, exist_ok=True)
    result = run_command([options.wasm_tools, "json-from-wast", "--wasm-dir", str(wasm), str(path)])
    if result.returncode:
        raise RuntimeError(f"{path}: {last_words(result)}")
    commands = json.loads(result.stdout)["commands"]
    if len(commands) != len(directives):
        raise RuntimeError(f"{path}: {len(directives)} directives read, {len(commands)} commands from wasm-tools")
    for directive, command in zip(directives, commands):
        if directive.kind not in (command["type"], JSON_TYPES.get(command["type"])):
            raise RuntimeError(f"{path}:{directive.line}: read as {directive.kind}, by wasm-tools as {command['type']}")
        if directive.component and command.get("module_type") == "binary":
            directive.binary = (wasm / command["filename"]).read_bytes()
    return directives


class ScriptRun:
    """One script: fuses its components, then finds which directives pass."""

    def __init__(self, path, label, options, fuser, folder):
        self.path, self.label, self.options, self.fuser = path, label, options, fuser
        self.figures = Figures()
        self.status = {}  # directive index -> why it failed, or False where it cannot be said
        self.target = folder / f"{label.replace('/', '-')}"
        self.directives = compile_script(path, options, folder)
        self.counted = [directive for directive in self.directives if directive.kind not in REFUSALS]

    def fuse_all(self):
        stem = self.path.stem
        for directive in self.counted:
            if directive.binary is None:
                continue
            directive.fused, why = self.fuser.fuse(directive.binary, f"{stem}-{directive.line}", self.figures)
            if directive.fused is None:
                self.fail(directive, why)
            elif directive.fused is False:
                directive.fused = None
                self.fail(directive, why, unsaid=True)

    def fail(self, directive, why, unsaid=False):
        """Mark a directive, and all that depends on what it should have made."""
        self.status[directive.index] = (why, unsaid)
        current, definition = None, {}
        for other in self.counted:
            needs = None
            if other.kind == "instance":
                needs = definition.get(other.definition)
            elif other.kind == "definition":
                definition[other.name] = other.index
            elif other.kind == "invoke" or other.kind.startswith("assert_"):
                if not other.component:
                    needs = definition.get(other.subject) if other.subject else current
            if other.makes_instance:
                current = other.index
                definition[other.name] = other.index
            if needs in self.status and other.index not in self.status:
                self.status[other.index] = (f"needs line {self.directives[needs].line}", self.status[needs][1])

    def run_until_pass(self, message_of, on_failure):
        """Run what has not failed; give each failure to `on_failure`, which takes it out of the next run."""
        while True:
            active = [directive for directive in self.counted if directive.index not in self.status]
            if not active:
                return
            script = self.target.with_suffix(".wast")
            script.write_text("".join(directive.text(message_of(directive)) + "\n" for directive in active))
            features = [word for name in WASMTIME_FEATURES for word in ("-W", name)]
            environment = dict(os.environ, WAST_STRICT_COMPONENT_INDICES="1", RUST_BACKTRACE="0")
            result = run_command([self.options.wasmtime, "wast", *features, str(script)], env=environment)
            if result.returncode == 0:
                return
            match = FAILED_LINE.search(result.stderr.decode(errors="replace"))
            if not match:
                for directive in active:
                    self.status[directive.index] = ("wasmtime: " + last_words(result), False)
                return
            on_failure(active[int(match.group(1)) - 1], result)

    def run_behaviour(self):
        """Does each directive do what it should? Any trap is as good as another."""
        self.run_until_pass(
            lambda directive: "" if directive.kind == "assert_trap" else None,
            lambda directive, result: self.fail(directive, failure_reason(result)),
        )

    def run_messages(self):
        """Of those that trap: which of them say why?"""
        status = dict(self.status)
        traps = [each for each in self.counted if each.kind == "assert_trap" and each.index not in status]
        wanted = {each.index: bare_message(each.message) for each in traps}
        missed = []

        def judge(directive, result):
            match = MESSAGE_GOT.search(result.stderr.decode(errors="replace"))
            expected = wanted.pop(directive.index, None)
            if expected is None:
                self.status[directive.index] = ("", False)
            elif not match or expected not in without_numbers(match.group(1)):
                missed.append(directive)
                got = " | ".join(line.strip() for line in (match.group(1) if match else "").splitlines()[1:4])
                self.figures.notes.append(f"{self.label}:{directive.line} message: {directive.message!r}, got {got!r}")

        def message_of(directive):
            return wanted.get(directive.index, "") if directive.kind == "assert_trap" else None

        self.run_until_pass(message_of, judge)
        self.status = status
        self.figures.messages = len(traps)
        self.figures.messages_matched = len(traps) - len(missed)

    def run_refusals(self):
        """Invalid and malformed components: does the fuser refuse them by itself, and for the right reason?"""
        for directive in self.directives:
            if directive.kind in REFUSALS and directive.binary is not None:
                self.figures.refusals += 1
                trial = Figures()
                fused, why = self.fuser.fuse(directive.binary, f"{self.path.stem}-{directive.line}", trial)
                crash = [each for each in trial.violations if "did not end well" in each]
                self.figures.violations += crash
                if fused is None and not trial.violations:
                    self.figures.refused += 1
                    wrong = "" if self.options.fuser else same_fault(directive.message, why)
                    if wrong:
                        self.figures.violations.append(f"{self.label}:{directive.line}: {wrong}")
                    continue
                note = f"{self.label}:{directive.line} not refused: {directive.message}"
                self.figures.notes.append(note)
                if not self.options.fuser:
                    self.figures.violations.append(note)

    def run(self):
        self.fuse_all()
        self.run_behaviour()
        if not self.options.no_messages:
            self.run_messages()
        if self.options.refusals and self.options.mode != "unfused":
            self.run_refusals()
        for directive in self.counted:
            why, unsaid = self.status.get(directive.index, ("", False))
            if directive.index not in self.status:
                self.figures.passed += 1
            elif unsaid:
                self.figures.unsaid += 1
                if self.options.verbose and directive.binary:
                    self.figures.notes.append(f"{self.label}:{directive.line} {directive.kind}: not sayable: {why}")
            else:
                self.figures.failed += 1
                self.figures.notes.append(f"{self.label}:{directive.line} {directive.kind}: {why}")
        return self.label, self.figures


def failure_reason(result):
    text = result.stderr.decode(errors="replace")
    lines = [line.strip() for line in text.splitlines()]
    for number, line in enumerate(lines):
        if FAILED_LINE.search(line):
            return " | ".join(each for each in lines[number + 1 : number + 7] if each)[:500]
    return last_words(result)


def without_numbers(text):
    return re.sub(r" \d+\b", "", text)


def bare_message(message):
    """A message without its numbers and without the prefix that only an engine's own traps have."""
    return without_numbers(message.removeprefix("wasm trap: "))


def read_expected(mode):
    rows = {}
    if EXPECTED.exists():
        for line in EXPECTED.read_text(encoding="utf-8").splitlines():
            words = line.split()
            if len(words) == 4 and words[0] == mode:
                rows[words[1]] = (int(words[2]), int(words[3]))
    return rows


def write_expected(mode, rows):
    lines = EXPECTED.read_text(encoding="utf-8").splitlines() if EXPECTED.exists() else []
    kept = [line for line in lines if line.startswith("#") or line.split()[:1] != [mode]]
    kept = [line for line in kept if line]
    heads = [line for line in kept if line.startswith("#")] or ["# mode script directives messages: how many pass"]
    body = [line for line in kept if not line.startswith("#")]
    body += [f"{mode} {script} {passed} {messages}" for script, (passed, messages) in rows.items()]
    EXPECTED.write_text("\n".join(heads + sorted(body)) + "\n", encoding="utf-8")


def compare_with_expected(options, results):
    """Is any script worse than written down?"""
    expected = read_expected(options.mode)
    if options.update:
        rows = dict(expected)
        rows.update({label: (figures.passed, figures.messages_matched) for label, figures in results.items()})
        write_expected(options.mode, rows)
        return True
    worse, better = [], []
    for label, figures in results.items():
        before, now = expected.get(label, (0, 0)), (figures.passed, figures.messages_matched)
        if options.no_messages:
            before, now = before[:1], now[:1]
        if any(new < old for new, old in zip(now, before)):
            worse.append(f"worse: {label}: {figures.passed} directives and {figures.messages_matched} messages, not {before}")
        elif now > before:
            better.append(label)
    for line in worse:
        print(line)
    if better:
        print(f"better than expected.txt (--update): {', '.join(better)}")
    return not worse


def report(options, results):
    total = Figures()
    for folder in FOLDERS:
        figures = Figures()
        for label, each in results.items():
            if label.startswith(folder + "/"):
                figures.add(each)
        counted = figures.passed + figures.failed + figures.unsaid
        if counted:
            unsaid = f", {figures.unsaid} whose world cannot be said in WIT" if figures.unsaid else ""
            print(f"{folder} {figures.passed}/{counted}{unsaid}")
        total.add(figures)
    for note in total.notes if options.verbose else total.notes[:40]:
        print(f"  {note}")
    if len(total.notes) > 40 and not options.verbose:
        print(f"  … {len(total.notes) - 40} more (-v)")
    for violation in total.violations:
        print(f"violation: {violation}")
    if total.modules:
        print("core modules in the output: " + ", ".join(f"{n} in {k}" for n, k in sorted(total.modules.items())))
    if total.messages:
        print(f"trap messages {total.messages_matched}/{total.messages}")
    if total.refusals:
        print(f"refused {total.refused}/{total.refusals} invalid or malformed components")
    unsaid = f", {total.unsaid} not sayable" if total.unsaid else ""
    print(f"{total.passed} passed, {total.failed} failed{unsaid}, {len(total.violations)} violations")
    return total


def find_scripts(options):
    scripts = {}
    for folder in FOLDERS:
        for path in sorted((options.suite / folder).glob("*.wast")):
            label = f"{folder}/{path.name}"
            if not options.only or any(part in label for part in options.only):
                scripts[label] = path
    return scripts


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--meld", help="the meld to test")
    parser.add_argument("--features", help="of meld fuse; the figures have to be the same")
    parser.add_argument("--fuser", help="another fuser instead: a command with {in} and {out}")
    parser.add_argument("--mode", choices=("component", "core", "unfused"), default="component")
    parser.add_argument("--suite", type=pathlib.Path, required=True, help="folder of the suite, with values/, linking/ …")
    parser.add_argument("--only", action="append", help="only scripts whose folder/name contains this")
    parser.add_argument("--wasm-tools", default="wasm-tools")
    parser.add_argument("--wasmtime", default="wasmtime")
    parser.add_argument("--keep", type=pathlib.Path, help="keep inputs, outputs and scripts in this folder")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=1, help="fuse that often and compare the bytes")
    parser.add_argument("--compare", action="append", default=[], help="another build of meld: compare the bytes")
    parser.add_argument("--refusals", action="store_true", help="also fuse what is invalid, and count refusals")
    parser.add_argument("--no-messages", action="store_true", help="leave trap messages out")
    parser.add_argument("--update", action="store_true", help="write expected.txt anew")
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    if options.mode != "unfused" and not (options.meld or options.fuser):
        parser.error("--meld is needed")
    return options


def missing(options):
    if not options.suite.is_dir():
        return f"no suite in {options.suite}"
    for tool in (options.wasm_tools, options.wasmtime):
        if not shutil.which(tool):
            return f"{tool} is not there"
    return ""


def main():
    options = parse_arguments()
    why = missing(options)
    if why:
        print(f"skipped: {why}")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="conformance-") as temporary:
        folder = options.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        fuser = Fuser(options, folder)
        scripts = find_scripts(options)
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            runs = [
                pool.submit(lambda path, label: ScriptRun(path, label, options, fuser, folder).run(), path, label)
                for label, path in scripts.items()
            ]
            results = dict(run.result() for run in runs)
    results = {label: results[label] for label in scripts}
    total = report(options, results)
    fine = bool(options.fuser) or compare_with_expected(options, results)
    return 0 if fine and not total.violations else 1


if __name__ == "__main__":
    sys.exit(main())
