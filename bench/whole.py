"""Times the programs of programs/ as a whole, once in every form and round, and counts the calls between components.

How much of a program is boundary is its time without that of the floor, which is the same program linked as one module.
Python and JavaScript can't be linked with a library in that way; for these, the calls that they make are taken at what a
call costs the program in C or Rust that uses the same component. That is the engine's or meld's part of the boundary:
turning values into objects is not in it, and does not go away.

Provides  measure_programs(tools, options) -> results, one for each program
"""

import pathlib
import random
import sys

from engines import CannotRun, Runners, WasmtimeComponent
from variants import Failed, Maker, Variant, attempt

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "programs"))
import build  # noqa: E402  pylint: disable=wrong-import-position,import-error


def make_variants(tools, component, floor, folder, all_engines):
    maker = Maker(tools, None, folder)
    variants = [Variant("wasmtime", "unfused", component),
                Variant("wasmtime", "component", maker.fuse("component", component, "--component"))]
    core = maker.fuse("core", component)
    cores = [Variant("wasmtime", "core", core)]
    if tools.wasm_opt and all_engines:
        cores.append(attempt("wasmtime", "optimised", maker.optimise, core))
    if tools.meld_cli and all_engines:
        cores.append(attempt("wasmtime", "peer", maker.peer, component))
    if floor:
        cores.append(Variant("wasmtime", "floor", floor))
    if all_engines and tools.node:
        if tools.jco:
            variants.append(attempt("V8", "unfused", maker.transpile, component))
        cores += [Variant("V8", core.form, core.path, core.reason) for core in cores]
    return variants + cores


def checked(runner, n, expected, times=1):
    """Seconds of `times` calls of run(n)."""
    total = 0.0
    for _ in range(times):
        seconds, got = runner.run(n)
        if got != expected:
            raise Failed(f"run({n}) gave {got}, not {expected}")
        total += seconds
    return total


def may_fail(variant):
    return variant.form in ("peer", "optimised") or (variant.engine, variant.form) == ("V8", "unfused")


def time_variants(runners, rounds, n, expected, calls):
    """Nanoseconds of whole runs, by variant; and reasons. What others make may be refused or wrong; what we make may not."""
    reasons, times = dict(runners.refused), {}
    for variant, runner in runners.runners.items():
        try:
            checked(runner, n, expected)  # compiled by now, where an engine does that late
            times[variant] = []
        except (CannotRun, Failed) as why:
            reasons[variant] = str(why)
    for variant, reason in reasons.items():
        if not may_fail(variant):
            raise Failed(f"{variant.engine} {variant.form}: {reason}")
    order, shuffler = list(times), random.Random(0)
    for _ in range(rounds):
        shuffler.shuffle(order)
        for variant in order:
            times[variant].append(checked(runners.runners[variant], n, expected, calls) * 1e9)
    return times, reasons


def measure_program(tools, program, kitchen, folder, rounds, quick):
    component, floor = kitchen.make(program)
    variants = make_variants(tools, component, floor, folder, not quick)
    n, expected, calls = (1, program.small, 1) if quick else (program.n, program.expected, program.times)
    with Runners(tools, variants) as runners:
        times, reasons = time_variants(runners, rounds, n, expected, calls)
    engines = {}
    for variant in variants:
        entry = {"ns": times[variant]} if variant in times else {"reason": reasons[variant]}
        engines.setdefault(variant.engine, {})[variant.form] = entry
    sizes = {variant.form: variant.path.stat().st_size for variant in variants if variant.engine == "wasmtime" and variant.path}
    return {"name": program.name, "title": program.title, "like": program.like, "n": n,
            "calls": calls * WasmtimeComponent(component).counted(n), "engines": engines, "bytes": sizes}


def measure_programs(tools, folder, tools_folder, rounds, quick, only=None):
    kitchen = build.Kitchen(folder / "made", tools_folder)
    for program in build.PROGRAMS:
        if only and not any(part in program.name for part in only):
            continue
        print(f"  making {program.title}", flush=True)
        try:
            yield measure_program(tools, program, kitchen, folder / program.name, rounds, quick)
        except build.Missing as why:
            yield {"name": program.name, "title": program.title, "reason": str(why)}
        except (build.Broken, CannotRun, Failed) as why:
            raise Failed(f"{program.name}: {why}") from why
