#!/usr/bin/env python3
"""Programs of components made at random: unfused and fused they have to do the same.

    python tests/random/run.py --meld build/release/meld --count 300
    python tests/random/run.py --meld build/release/meld --minutes 60 --jobs 2 --keep /tmp/random

Each seed is a program (program.py) of two to five components and a few more instances, which log a trace of all that
they are given. It runs unfused in wasmtime, which is the oracle, and as what `meld fuse` makes of it: a component and a core
module, with and without vectors. The traces have to be equal, and so has the end: that all calls return, or the trap.

With --without NAME (also "each"), MELD_WITHOUT is set for a build that can leave out that proof.

Exit  0 all are the same, 1 not, 77 when wasm-tools is not there.
"""

import argparse
import collections
import concurrent.futures
import dataclasses
import gc
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time
import traceback

import wasmtime
import wasmtime.component

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import program
from guest import LEFT, REENTERED
from host import Host

SKIPPED = 77
SECONDS = 60
PROOFS = pathlib.Path(__file__).resolve().parents[2] / "src" / "fuse" / "proofs.def"
VECTORS = "--features=+simd"
FORMS = {"component": ["--component"], "core": [], "component.simd": ["--component", VECTORS], "core.simd": [VECTORS]}

FAULT_OF_WASMTIME = "fault of wasmtime"
# What wasmtime says, and what meld's traps are called: (kind, pattern).
TRAPS = (
    (FAULT_OF_WASMTIME, r"BUG: "),
    ("leave", r"cannot leave component instance"),
    ("enter", r"cannot enter component instance|wasm trap: cannot enter"),
    ("unaligned", r"unaligned pointer|pointer (is )?not aligned|result not aligned"),
    ("bounds", r"pointer out of bounds|beyond end of memory|content out-of-bounds|pointer/length out of bounds|string is longer than|"
               r"string pointer.*out of bounds|list.*longer than|size overflow|out of bounds memory access"),
    ("discriminant", r"invalid variant discriminant|discriminant \d+ out of range"),
    ("char", r"invalid `char` bit pattern|converted integer out of range for `char`"),
    ("encoding", r"invalid utf-8|incomplete utf-8|invalid utf-16|unpaired surrogate|invalid utf8|invalid utf16"),
    ("unknown handle", r"unknown handle index"),
    ("handle of another type", r"handle index used with the wrong type|expected guest-defined resource"),
    ("lent", r"cannot remove owned resource while borrowed"),
    ("own of a borrow", r"cannot lift own resource from a borrow"),
    ("borrows remain", r"borrow handles still remain"),
    ("no result", r"async-lifted export failed to produce a result"),
    ("second result", r"called more than once for current task"),
    ("exception", r"uncaught exception|wasm exception|unhandled exception|thrown Wasm exception"),
    ("table", r"uninitialized element|undefined element"),
    ("stack", r"call stack exhausted"),
    ("unreachable", r"unreachable"),
)


# Where more than one thing is wrong: what wasmtime says first, and what the specification says first.
ORDERS = {("lent", "handle of another type")}


def kind_of_trap(message):
    if "wasm backtrace" in message and "trap: " not in message:
        message = message.split("Caused by:")[-1].strip()
    for kind, pattern in TRAPS:
        if re.search(pattern, message):
            return kind
    return " ".join(message.split())[:200]


@dataclasses.dataclass
class Run:
    """What the host saw."""

    events: list
    end: str  # empty, or the kind of trap
    message: str = ""


def make_engine():
    config = wasmtime.Config()
    config.cranelift_opt_level = "none"
    config.wasm_multi_memory = True
    config.wasm_memory64 = True
    config.wasm_component_model_map = True
    config.wasm_exceptions = True
    config.parallel_compilation = False
    config.memory_reservation = config.memory_guard_size = 1 << 16  # of many instances at a time
    wasmtime._ffi.wasmtime_config_wasm_component_model_async_set(config.ptr(), True)
    wasmtime._ffi.wasmtime_config_wasm_component_model_async_stackful_set(config.ptr(), True)
    return wasmtime.Engine(config)


class Loaded:
    """A component in the library of wasmtime, to be run once for each fault."""

    def __init__(self, engine, binary, made):
        self.engine, self.made = engine, made
        self.component = wasmtime.component.Component(engine, binary)

    def run(self, fault):
        store, linker = wasmtime.Store(self.engine), wasmtime.component.Linker(self.engine)
        host = Host(store, self.made.host, self.made.app, fault)
        host.define(linker)
        try:
            host.run(linker.instantiate(store, self.component))
        except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
            return Run(host.events, kind_of_trap(str(error)), str(error))
        finally:
            host.let_go()
        return Run(host.events, "")


class LoadedCore:
    """A core module with numbers alone at its boundary."""

    def __init__(self, engine, binary):
        self.engine, self.module = engine, wasmtime.Module(engine, binary)

    def run(self, fault):
        store, events = wasmtime.Store(self.engine), []
        given = {"log": lambda value: events.append(value & 0xFFFFFFFFFFFFFFFF), "ask": lambda: fault}
        functions = [wasmtime.Func(store, item.type, given[item.name]) for item in self.module.imports]
        try:
            exports = wasmtime.Instance(store, self.module, functions).exports(store)
            for _ in range(2):
                result = exports["run"](store)
                if "cabi_post_run" in exports:
                    exports["cabi_post_run"](store)
                events.append(result)
        except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
            return Run(events, kind_of_trap(str(error)), str(error))
        return Run(events, "")


class Command:
    """Run by the command, which has features that the library can't be asked for; a trap hides what was logged before it."""

    def __init__(self, binary, is_core):
        self.binary, self.is_core = binary, is_core

    def run(self, fault):
        with tempfile.NamedTemporaryFile(suffix=".wasm") as file:
            file.write(self.binary)
            file.flush()
            call = ["run-all", file.name, str(fault)] if self.is_core else [f"run-all({fault})", file.name]
            words = ["wasmtime", "run", "-O", "opt-level=0", "-W", "all-proposals=y", "--invoke", *call]
            done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS, check=False)
        if done.returncode == 0:
            return Run([int(done.stdout) & 0xFFFFFFFFFFFFFFFF], "")
        for mark, end in (("!reentered", "enter"), ("!left", "leave")):
            if mark in done.stderr:
                return Run([], end, done.stderr)
        return Run([], kind_of_trap(done.stderr), done.stderr)


def load(options, engine, binary, made, is_core):
    """Of a core module with more than numbers at its boundary, the component that wasm-tools makes of it."""
    if options.closed:
        return Command(binary, is_core)
    if is_core and not made.host and not made.app:
        return LoadedCore(engine, binary)
    return Loaded(engine, new_component(binary) if is_core else binary, made)


def as_specified(run, made):
    """What the oracle should have done: where wasmtime does not do what the specification asks, the program has said so. One
    resource that is imported by two names is two for wasmtime: from there on the two can't be compared."""
    if made.has_two_names and run.end == "handle of another type":
        return Run(run.events, FAULT_OF_WASMTIME, run.message)
    ends = {REENTERED: "enter", LEFT: "leave"}
    for i, event in enumerate(run.events):
        if isinstance(event, int) and event in ends:
            return Run(run.events[:i], ends[event], "a trap that wasmtime does not have")
    return run


def choose_faults(options, made, oracle, seed):
    """What has to come of which fault, first without one; of faults, those that the program comes to."""
    rng, plain = random.Random(seed), as_specified(oracle.run(0), made)
    chosen, numbers = {0: plain}, range(1, len(made.faults.kinds) + 1)
    for number in rng.sample(numbers, min(len(numbers), options.faults * 4)):
        run = as_specified(oracle.run(number), made)
        if (run.events, run.end) != (plain.events, plain.end):
            chosen[number] = run
        if len(chosen) > options.faults:
            break
    return chosen


def new_component(binary):
    with tempfile.NamedTemporaryFile(suffix=".wasm") as core:
        core.write(binary)
        core.flush()
        return subprocess.run(["wasm-tools", "component", "new", core.name], capture_output=True, check=True, timeout=SECONDS).stdout


def fuse(options, words, source, target, without=""):
    environment = dict(os.environ, MELD_WITHOUT=without) if without else None
    done = subprocess.run([options.meld, "fuse", *words, source, "-o", target], capture_output=True, text=True, timeout=SECONDS,
                          check=False, env=environment)
    return f"meld exits with {done.returncode}: {done.stderr.strip()[-600:]}" if done.returncode else ""


def show(event):
    return hex(event) if isinstance(event, int) and event >= 1 << 32 else str(event)


def difference(oracle, run):
    """Empty, or where the two differ."""
    for i, (wanted, got) in enumerate(zip(oracle.events, run.events)):
        if wanted != got:
            before = " ".join(map(show, oracle.events[max(0, i - 8):i]))
            return f"event {i} of {len(oracle.events)} is {show(got)}, not {show(wanted)}, after {before}"
    if FAULT_OF_WASMTIME in (oracle.end, run.end):
        return ""
    ends = f"the end is {run.end or 'a return'}, not {oracle.end or 'a return'}"
    messages = f"\n--- {run.message[-1500:]}\n--- {oracle.message[-1500:]}"
    if len(oracle.events) != len(run.events):
        return f"{len(run.events)} events, not {len(oracle.events)}; {ends}{messages}"
    if oracle.end and run.end == "enter":  # wasmtime has lowered arguments where the specification does not enter
        return ""
    if oracle.end != run.end and (oracle.end, run.end) not in ORDERS:
        return ends + messages
    return ""


def forms_of(options, seed):
    for form, words in FORMS.items():
        if form.endswith("simd") and seed % 3:
            continue
        if options.without == "":
            yield form, words, ""
            continue
        for name in options.proofs:
            if form in ("component", "core"):
                yield f"{form} without {name}", words, name


def compare(options, engine, made, path, form, wanted):
    """Lines of how a fused form differs."""
    fused = load(options, engine, path.read_bytes(), made, form.startswith("core"))
    for fault, run in wanted.items():
        failure = difference(run, fused.run(fault))
        if failure:
            yield f"{form} (fault {fault}{': ' + made.faults.kinds[fault - 1] if fault else ''}): {failure}"


def keep(options, seed, made, unfused, wrong):
    (options.keep / f"{seed}.wat").write_text(made.text)
    (options.keep / f"{seed}.wasm").write_bytes(unfused)
    (options.keep / f"{seed}.txt").write_text("\n".join(wrong))


def try_seed(options, engine, seed):
    """(what the oracle did by fault, the kinds of faults, lines of what is wrong)"""
    has_async = options.closed and seed % 2 == 1
    kinds = frozenset(options.features)
    made = program.Program(random.Random(seed), program.Options(kinds, options.traces, has_async, options.closed))
    wanted = choose_faults(options, made, load(options, engine, wasmtime.wat2wasm(made.text), made, False), seed)
    wrong, unfused = [], wasmtime.wat2wasm(made.text.replace(program.QUIET, ""))
    with tempfile.TemporaryDirectory(prefix="meld-random-") as folder:
        source, target = pathlib.Path(folder) / "program.wasm", pathlib.Path(folder) / "fused.wasm"
        source.write_bytes(unfused)
        for form, words, without in forms_of(options, seed):
            if form.startswith("core") and made.host and "(start $start)" in made.text:
                continue  # what wasm-tools makes of a core module has no host functions with memory while it starts
            failure = fuse(options, words, source, target, without)
            wrong += [f"{form}: {failure}"] if failure else compare(options, engine, made, target, form, wanted)
    if options.keep and wrong:
        keep(options, seed, made, unfused, wrong)
    ends = [run.end for run in wanted.values()]
    kinds = ["none" if fault == 0 else made.faults.kinds[fault - 1] for fault in wanted]
    return ends, sum(len(run.events) for run in wanted.values()), kinds, wrong


ENGINE = None


def work(options, seed):
    global ENGINE
    ENGINE = ENGINE or make_engine()
    try:
        return seed, *try_seed(options, ENGINE, seed)
    except Exception:  # of the generator or the engine: a failure like any other, with its place
        return seed, ["error"], 0, [], [traceback.format_exc()]
    finally:
        gc.collect()  # stores and their hosts hold each other


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--meld", required=True)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--count", type=int, default=100, help="how many seeds")
    parser.add_argument("--minutes", type=float, help="go on with further seeds for so long")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--keep", type=pathlib.Path, help="keep programs that differ in this folder")
    parser.add_argument("--faults", type=int, default=12, help="how many faults of a program at most")
    parser.add_argument("--traces", action="store_true", help="log all that is hashed, to see where a program differs")
    parser.add_argument("--stop", action="store_true", help="end with the first program that differs")
    parser.add_argument("--step", type=int, default=1, help="from one seed to the next")
    parser.add_argument("--closed", action="store_true", help="import nothing and run by the wasmtime command: for fixed lists")
    parser.add_argument("--features", nargs="*", default=["map"], help="kinds of types beyond the usual: map, fixed")
    parser.add_argument("--without", default="", help="a proof to leave out, or \"each\" in turn")
    options = parser.parse_args()
    names = re.findall(r'^PROOF\(\w+, "(\w+)"', PROOFS.read_text(encoding="utf-8"), re.MULTILINE)
    options.proofs = names if options.without == "each" else [options.without]
    return options


def seeds(options):
    end = time.monotonic() + 60 * options.minutes if options.minutes else None
    seed = options.first
    while time.monotonic() < end if end else seed < options.first + options.step * options.count:
        yield seed
        seed += options.step


def results(options):
    if options.jobs == 1:
        for seed in seeds(options):
            yield work(options, seed)
        return
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        pending = set()
        for seed in seeds(options):
            pending.add(pool.submit(work, options, seed))
            if len(pending) >= 4 * options.jobs:
                done, pending = concurrent.futures.wait(pending, return_when=concurrent.futures.FIRST_COMPLETED)
                yield from (future.result() for future in done)
        yield from (future.result() for future in pending)


def main():
    options = parse_arguments()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    ends, faults = collections.Counter(), collections.Counter()
    programs = events = failed = 0
    began = time.monotonic()
    for seed, outcomes, count, kinds, wrong in results(options):
        programs += 1
        events += count
        ends.update(outcome or "returns" for outcome in outcomes)
        faults.update(kinds)
        failed += bool(wrong)
        for line in wrong:
            print(f"FAILED seed {seed}: {line}", flush=True)
        if options.stop and failed:
            break
    took = time.monotonic() - began
    print(f"{programs} programs, {ends.total()} runs of each form, {events} events, {failed} differ, {took:.0f} s")
    print("ends:", ", ".join(f"{name} {count}" for name, count in ends.most_common()))
    print("faults:", ", ".join(f"{name} {count}" for name, count in faults.most_common()))
    return 1 if failed or not programs else 0


if __name__ == "__main__":
    sys.exit(main())
