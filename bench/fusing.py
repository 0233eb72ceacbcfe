"""Measures fusing: time, peak memory, instructions and what comes out, beside other tools on the same files.

Time is the least of rounds in which every tool has its turn. Instructions are callgrind's count, which does not
change with the load of the machine; so they say whether meld is linear, and a time beside them says what that is in
seconds.

Provides  measure_real(), measure_scaling(), measure_start()
"""

import re
import signal
import subprocess
import time

import wasmtime
import wasmtime.component

import inputs
from engines import ENGINE
from variants import Failed, run_command

OTHER_PROGRAM = "a wrong result: of a chain of 100, no function that it exports gives what the chain gives"
TIME_LIMIT = 60  # seconds, for one command on one file
ROUNDS_LIMIT = 5  # seconds; what takes longer is measured once
VALGRIND_LIMIT = 300  # seconds; what takes longer is not counted


def commands(tools, path, output):
    """What is run on a file, by name."""
    there = {
        "meld": [tools.meld, "fuse", path, "-o", output],
        "meld -j 1": [tools.meld, "fuse", "-j", "1", path, "-o", output],
        "meld --validate": [tools.meld, "fuse", "--validate", path, "-o", output],
        "meld --component": [tools.meld, "fuse", "--component", path, "-o", output],
        "wasm-tools validate": [tools.wasm_tools, "validate", "--features", "all", path],
        "wasm-tools strip": [tools.wasm_tools, "strip", path, "-o", output],
    }
    if tools.meld_cli:
        there["meld-cli"] = [tools.meld_cli, "fuse", path, "-o", output]
    return there


def measure_once(measure, command):
    """(seconds, seconds of processor time, peak in bytes), or Failed."""
    words = [str(word) for word in command]
    done = subprocess.run([str(measure), str(TIME_LIMIT), *words], capture_output=True, text=True, check=True)
    wall, processor, peak, status = (int(word) for word in done.stdout.split())
    if status == 128 + signal.SIGALRM:
        raise Failed(f"more than {TIME_LIMIT} s")
    if status:
        run_command(*words)  # to say why
        raise Failed(f"{words[0]} failed with status {status}, once")
    return wall * 1e-9, processor * 1e-9, peak * 1024


def count_instructions(tools, command):
    """None where there is no valgrind, or where it can't run the command."""
    if not tools.valgrind:
        return None
    words = [tools.valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null", *command]
    try:
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False,
                              timeout=VALGRIND_LIMIT)
    except subprocess.TimeoutExpired:
        return None
    found = re.search(r"Collected : (\d+)", done.stderr)
    return int(found[1]) if found and not done.returncode else None


def measure_file(tools, measure, path, folder, rounds, counted):
    """{tool: {seconds, processor, peak, instructions, output} or {reason}} for one file."""
    results, output = {}, folder / "fused.wasm"
    every = commands(tools, path, output)
    for name, command in every.items():
        output.unlink(missing_ok=True)
        try:
            seconds, processor, peak = measure_once(measure, command)
            results[name] = {"seconds": [seconds], "processor": [processor], "peak": peak}
            if output.exists():
                results[name]["output"] = output.stat().st_size
        except Failed as why:
            results[name] = {"reason": str(why)}
    for _ in range(rounds - 1):
        for name, command in every.items():
            if "seconds" in results[name] and results[name]["seconds"][0] < ROUNDS_LIMIT:
                output.unlink(missing_ok=True)
                seconds, processor, _ = measure_once(measure, command)
                results[name]["seconds"].append(seconds)
                results[name]["processor"].append(processor)
    for name in counted:
        if "seconds" in results.get(name, {}):
            results[name]["instructions"] = count_instructions(tools, every[name])
    results["memcpy"] = {"seconds": [copy_seconds(path) for _ in range(rounds)]}
    return results


def copy_seconds(path):
    data = path.read_bytes()
    target = memoryview(bytearray(data))
    start = time.perf_counter()
    target[:] = data
    return time.perf_counter() - start


def measure_real(tools, measure, cache, folder, rounds):
    folder.mkdir(parents=True, exist_ok=True)
    results = []
    print(f"  real components: made once, in {cache}", flush=True)
    for what, path in inputs.real_inputs(cache, tools.wasm_tools):
        print(f"  fusing {what}", flush=True)
        if isinstance(path, str):
            results.append({"what": what, "reason": path})
            continue
        counted = ("meld", "meld --validate", "meld --component", "wasm-tools validate", "wasm-tools strip", "meld-cli")
        found = measure_file(tools, measure, path, folder, rounds, counted)
        results.append({"what": what, "bytes": path.stat().st_size, "tools": found})
    return results


def assembled(tools, kind, count, folder):
    folder.mkdir(parents=True, exist_ok=True)
    source, path = folder / f"{kind}-{count}.wat", folder / f"{kind}-{count}.wasm"
    if not path.exists():
        source.write_text(inputs.generate(kind, count), encoding="utf-8")
        run_command(tools.wasm_tools, "parse", source, "-o", path)
    return path


def gives(path, wanted):
    """Does any function that a module exports as `f`, or f$ and a number, give what is wanted of 5?"""
    module, store = wasmtime.Module.from_file(ENGINE, str(path)), wasmtime.Store(ENGINE)
    if module.imports:
        return False
    exports = wasmtime.Instance(store, module, []).exports(store)
    names = [export.name for export in module.exports if export.name.split("$")[0] == "f"]
    return any(exports[name](store, 5) == wanted for name in names)


def check_chains(tools, folder):
    """Fused chains have to work. Gives the kinds of which the other fuser makes another program."""
    wrong, output = set(), folder / "chain.wasm"
    for kind in ("instances", "components"):
        wanted, path = inputs.chain_result(kind, 100, 5), assembled(tools, kind, 100, folder)
        run_command(tools.meld, "fuse", path, "-o", output)
        if not gives(output, wanted):
            raise Failed(f"a chain of 100 {kind} does not give {wanted}")
        if tools.meld_cli:
            run_command(tools.meld_cli, "fuse", path, "-o", output)
            if not gives(output, wanted):
                wrong.add(kind)
    return wrong


def measure_scaling(tools, measure, folder, rounds, largest=None):
    """One row for each kind and number of items."""
    rows, wrong = [], check_chains(tools, folder)
    for kind, (item, _, counts) in inputs.KINDS.items():
        for count in counts:
            if largest and count > largest:
                continue
            print(f"  fusing {count:,} {kind}", flush=True)
            path = assembled(tools, kind, count, folder)
            found = measure_file(tools, measure, path, folder, rounds, ("meld",))
            if "reason" in found["meld"]:
                raise Failed(f"{count} {kind}: {found['meld']['reason']}")
            if kind in wrong and "meld-cli" in found:
                found["meld-cli"] = {"reason": OTHER_PROGRAM}
            rows.append({"kind": kind, "item": item, "items": count, "bytes": path.stat().st_size, "tools": found})
    return rows


def least_seconds(action, rounds):
    best = None
    for _ in range(rounds):
        start = time.perf_counter()
        action()
        seconds = time.perf_counter() - start
        best = seconds if best is None else min(best, seconds)
    return best


def measure_start(tools, folder, rounds, count=100):
    """Seconds to instantiate a chain of components that is compiled already, and to compile it, by form."""
    path = assembled(tools, "components", count, folder)
    component, core = folder / "start.component.wasm", folder / "start.core.wasm"
    run_command(tools.meld, "fuse", "--component", path, "-o", component)
    run_command(tools.meld, "fuse", path, "-o", core)
    result = {"items": count}
    for form, file in (("unfused", path), ("component", component), ("core", core)):
        of, instantiate = starters(form)
        compiled = of(ENGINE, str(file))
        result[form] = {
            "compile": least_seconds(lambda of=of, file=file: of(ENGINE, str(file)), rounds),
            "instantiate": least_seconds(lambda make=instantiate, it=compiled: make(it), 20 * rounds),
        }
    return result


def starters(form):
    if form == "core":
        return (wasmtime.Module.from_file,
                lambda module: wasmtime.Instance(wasmtime.Store(ENGINE), module, []))
    return (wasmtime.component.Component.from_file,
            lambda component: wasmtime.component.Linker(ENGINE).instantiate(wasmtime.Store(ENGINE), component))
