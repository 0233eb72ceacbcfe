#!/usr/bin/env python3
"""Runs the benchmark.

    cmake --build --preset release --target bench
    python bench/run.py --meld build/release/meld --tools build/bench-tools --measure build/release/bench/measure \
        --folder build/bench

Has three parts: calls, programs and fusing. Says first what it will do and what it leaves out, prints what it finds as it
goes, and at the end which goals hold. Writes to the folder results.json, performance.md and charts. A part alone
(--part) writes its own anew, and keeps what the folder and the document have of the others. With --quick it checks most
cases in wasmtime with hardly any rounds, to find out whether the benchmark works: its times mean nothing.

Exit  0; 1 when something of meld's, or what it is compared with by hand, gives a wrong result or none; 77 when only
      programs were asked for, and for none of them there are the tools.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import sys
import tempfile
import time

import cases as all_cases
import chart
import checks
import fusing
import goals
import report
import timing
import whole
from engines import count_instructions
from variants import Failed, Tools, make_variants, run_command

ROUNDS, SECONDS = 40, 0.002  # of each variant; for one round
FUSING_ROUNDS = 15
PROGRAM_ROUNDS = 15
SKIPPED = 77
PARTS = {  # name: (what it measures, about how many minutes it takes, what it puts into the results)
    "programs": ("whole programs of real libraries, unfused, fused and linked as one", 15, ("programs",)),
    "calls": ("calls between two components, in all engines", 10, ("cases",)),
    "fusing": ("what fusing takes: time, memory, instructions; and how that grows", 15, ("fusing", "scaling", "start")),
}
QUICK_ROUNDS, QUICK_SECONDS = 2, 0.0002
LEFT_OUT_WHEN_QUICK = ("string_ascii_", "string_chinese_")  # other texts, same encodings


def processor():
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")
        return next(line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def first_line(*command):
    try:
        return run_command(*command).splitlines()[0]
    except (Failed, OSError, IndexError) as why:
        return f"unknown ({why})"


def versions(tools):
    import importlib.metadata  # pylint: disable=import-outside-toplevel

    found = {"meld": first_line(tools.meld, "version").removeprefix("meld "),
             "wasmtime": importlib.metadata.version("wasmtime"),
             "wasm-tools": first_line(tools.wasm_tools, "--version").removeprefix("wasm-tools ")}
    if tools.meld_cli:
        found["meld-cli (PyPI, by PulseEngine)"] = importlib.metadata.version("meld-cli")
    if tools.node:
        found["V8"] = first_line(tools.node, "-p", "process.versions.v8") + " in Node " + first_line(tools.node, "--version")
    for name, path in (("jco", tools.jco), ("wasm-opt", tools.wasm_opt)):
        if path:
            found[name] = first_line(tools.node, path, "--version").removeprefix("wasm-opt ")
    if tools.wasm2c and tools.cc:
        found["wasm2c"] = first_line(tools.wasm2c, "--version")
        found["C compiler"] = first_line(tools.cc, "--version")
    return found


def machine():
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0
    return {"processor": processor(), "cores": os.cpu_count(), "load": round(load, 1),
            "system": f"{platform.system()} {platform.release()}"}


def measure_cases(tools, options, folder):
    rounds, seconds = (QUICK_ROUNDS, QUICK_SECONDS) if options.quick else (options.rounds, SECONDS)
    wanted = [case for case in all_cases.CASES
              if (not options.only or any(part in case.name for part in options.only))
              and not (options.quick and case.name.startswith(LEFT_OUT_WHEN_QUICK))]
    for i, case in enumerate(wanted):
        variants = make_variants(tools, case, folder / case.name, all_engines=not options.quick)
        engines = timing.time_case(tools, case, variants, rounds, seconds)
        sizes = {variant.form: variant.path.stat().st_size for variant in variants
                 if variant.engine == "wasmtime" and variant.path}
        counts = {variant.form: count_instructions(variant.path) for variant in variants
                  if case.group == "main" and variant.engine == "wasmtime" and variant.form in goals.COUNTED}
        result = {"name": case.name, "title": case.title, "instructions": counts, "group": case.group, "hand_is_floor": case.hand_is_floor,
                  "engines": engines, "bytes": sizes}
        print(f"[{i + 1}/{len(wanted)}] {report.summary(result)}", flush=True)
        yield result


def measure_calls(tools, options):
    checks.check_all(tools, options.folder / "checks")
    return {"cases": list(measure_cases(tools, options, options.folder / "cases"))}


def measure_programs(tools, options):
    rounds, results = QUICK_ROUNDS if options.quick else PROGRAM_ROUNDS, []
    for result in whole.measure_programs(tools, options.folder / "programs", options.tools, rounds, options.quick, options.only):
        print(report.program_summary(result), flush=True)
        results.append(result)
    return {"programs": results}


def measure_fusing(tools, options):
    rounds, folder = 1 if options.quick else FUSING_ROUNDS, options.folder
    found = {"start": fusing.measure_start(tools, folder / "generated", 2 * rounds), "fusing": [], "scaling": []}
    if options.measure and not options.quick:
        found["fusing"] = fusing.measure_real(tools, options.measure, options.inputs, folder / "real", rounds)
    if options.measure:
        found["scaling"] = fusing.measure_scaling(tools, options.measure, folder / "generated", rounds,
                                                  largest=100 if options.quick else None)
    return found


def wanted_parts(options):
    if options.part:
        return [options.part]
    return ["calls", "fusing"] if options.quick else list(PARTS)


def say_plan(tools, options):
    """What will be done, for how long, and what won't."""
    parts = wanted_parts(options)
    print(f"The benchmark of {first_line(tools.meld, 'version')}, in {len(parts)} parts:" if len(parts) > 1 else "The benchmark:")
    for part in parts:
        print(f"    {part}: {PARTS[part][0]}" + ("" if options.quick else f" (about {PARTS[part][1]} minutes on an idle machine)"))
    for what in tools.missing():
        print(f"    left out, for what it takes is not there: {what}")
    load, cores = machine()["load"], os.cpu_count()
    if load > cores / 2 and not options.quick:
        print(f"    The machine is busy (load {load}, {cores} cores): ratios are affected less by that than times.")
    print(f"Results go to {options.folder}, part by part.\n", flush=True)


def empty_results():
    return {"parts": {}, **{key: None if key == "start" else [] for _, _, keys in PARTS.values() for key in keys}}


def earlier_results(options):
    """Of the parts that are not measured now."""
    path = options.folder / "results.json"
    if not options.part or not path.exists():
        return empty_results()
    found = json.loads(path.read_text(encoding="utf-8"))
    return found if "parts" in found else empty_results()


def measure(tools, options):
    """Each part is written as soon as it is there, for the next one may take long."""
    measures = {"programs": measure_programs, "calls": measure_calls, "fusing": measure_fusing}
    rounds = {"programs": PROGRAM_ROUNDS, "calls": options.rounds, "fusing": FUSING_ROUNDS}
    results = earlier_results(options)
    say_plan(tools, options)
    for part in wanted_parts(options):
        start, before = time.monotonic(), machine()
        print(f"== {part}: {PARTS[part][0]}", flush=True)
        results.update(measures[part](tools, options))
        results["parts"][part] = {"date": f"{datetime.date.today():%Y-%m-%d}", "machine": before, "versions": versions(tools),
                                  "rounds": rounds[part], "missing": tools.missing()}
        print(f"== {part} took {(time.monotonic() - start) / 60:.0f} minutes", flush=True)
        write(results, options)
    return results


def say_goals(results, options):
    """At the end: which goals hold, and what was left out."""
    if options.quick or not (results["cases"] or results["fusing"]):
        return
    hold, all_of_them = goals.count(results)
    tables = [table for there, table in ((results["cases"], goals.call_goals), (results["fusing"], goals.fusing_goals)) if there]
    print(f"\nGoals: {hold} of {all_of_them} hold\n")
    for table in tables:
        print(table(results))
    reasons = [f"{entry.get('title', entry.get('what'))}: {entry['reason']}"
               for entry in (*results["programs"], *results["fusing"]) if "reason" in entry]
    missing = sorted({what for part in results["parts"].values() for what in part["missing"]})
    for what in (*missing, *reasons):
        print(f"left out: {what}")


def texts_and_charts(results):
    """What goes between the marks of the document, by name, and the charts beside it; of the parts that there are."""
    texts, charts = {}, {}
    if results["cases"]:
        texts["goals of calls"] = goals.call_goals(results)
    if results["fusing"] or results["scaling"]:
        texts["goals of fusing"] = goals.fusing_goals(results)
    if results["programs"]:
        texts["programs"] = report.program_part(results)
        if any("engines" in program for program in results["programs"]):
            charts["programs.svg"] = chart.program_chart(results)
    if results["cases"]:
        texts["calls"] = report.call_part(results)
    if any(case["group"] == "main" for case in results["cases"]):
        charts["calls.svg"] = chart.chart(results)
    if "fusing" in results["parts"]:
        texts["fusing"] = report.fusing_part(results)
    return texts, charts


def is_of(part, name):
    """Is a text or chart of that name one of the part's? Without a part, of any."""
    return part is None or name in (part, f"goals of {part}", f"{part}.svg")


HEADINGS = {"goals of calls": "# Performance\n\n## Goals\n\n", "goals of fusing": "", "programs": "## Whole programs\n\n",
            "calls": "", "fusing": ""}


def write_documents(results, options, texts, charts):
    """Of a part alone, that part: what the folder has of the others may be older than the document."""
    pages = [(options.document, texts), (options.readme, report.readme_parts(results))]
    for path, parts in pages:
        if path:
            document = path.read_text(encoding="utf-8")
            for name, text in parts.items():
                if is_of(options.part, name):
                    document = report.put_between(document, name, text)
            path.write_text(document, encoding="utf-8")
    if options.document:
        for name, drawn in charts.items():
            if is_of(options.part, name):
                (options.document.parent / name).write_text(drawn, encoding="utf-8")


def write(results, options):
    folder = options.folder
    texts, charts = texts_and_charts(results)
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    page = "\n".join(HEADINGS[name] + text for name, text in texts.items())
    (folder / "performance.md").write_text(page, encoding="utf-8")
    for name, drawn in charts.items():
        (folder / name).write_text(drawn, encoding="utf-8")
    write_documents(results, options, texts, charts)
    print(f"wrote {folder}: {', '.join(['results.json', 'performance.md', *charts])}", flush=True)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--meld", type=pathlib.Path)
    parser.add_argument("--tools", type=pathlib.Path, help="what bench/tools.py made, or tests/tools.py for --quick")
    parser.add_argument("--measure", type=pathlib.Path, help="the program of measure.c; without it fusing is not measured")
    parser.add_argument("--folder", type=pathlib.Path, help="where everything goes; default: nowhere that stays")
    parser.add_argument("--inputs", type=pathlib.Path, default=pathlib.Path("build/bench-inputs"),
                        help="cache of tests/real/make.py")
    parser.add_argument("--document", type=pathlib.Path, help="document whose tables to write anew, and the charts beside it")
    parser.add_argument("--readme", type=pathlib.Path, help="the same for README.md")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", action="append", help="only cases and programs whose name contains this")
    parser.add_argument("--part", choices=tuple(PARTS), help="only this")
    parser.add_argument("--results", type=pathlib.Path, help="measure nothing: write what this results.json says")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    if not options.results and not (options.meld and options.tools):
        parser.error("--meld and --tools say what to measure, and with what")
    if (options.document or options.readme) and (options.only or options.quick):
        parser.error("--only and --quick measure too little for a document")
    return options


def main():
    options = parse_arguments()
    with tempfile.TemporaryDirectory(prefix="meld-bench-") as temporary:
        options.folder = (options.folder or pathlib.Path(temporary)).absolute()
        options.folder.mkdir(parents=True, exist_ok=True)
        try:
            if options.results:
                results = json.loads(options.results.read_text(encoding="utf-8"))
                write(results, options)
            else:
                results = measure(Tools.find(options.meld.absolute(), options.tools.absolute()), options)
                if options.part == "programs" and all("reason" in result for result in results["programs"]):
                    return SKIPPED
            say_goals(results, options)
        except (Failed, timing.Wrong) as why:
            print(f"bench: {why}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
