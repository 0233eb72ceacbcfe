#!/usr/bin/env python3
"""Runs the benchmark.

    cmake --build --preset release --target bench
    python bench/run.py --meld build/release/meld --tools build/bench-tools --measure build/release/bench/measure \
        --folder build/bench

Prints what it finds as it goes, and writes to the folder results.json, performance.md and charts. With --quick it
checks most cases in wasmtime with hardly any rounds, to find out whether the benchmark works: its times mean nothing.

Exit  0; 1 when something of meld's, or what it is compared with by hand, gives a wrong result or none; 77 when only
      programs were asked for, and for none of them there are the tools.
"""

import argparse
import json
import os
import pathlib
import platform
import sys
import tempfile

import cases as all_cases
import chart
import checks
import fusing
import report
import timing
import whole
from variants import Failed, Tools, make_variants, run_command

ROUNDS, SECONDS = 40, 0.002  # of each variant; for one round
FUSING_ROUNDS = 15
PROGRAM_ROUNDS = 15
SKIPPED = 77
MARKS = {"results": ("<!-- results -->\n", "<!-- end -->"), "fusing": (report.FUSING_BEGINS, report.SIZES_BEGIN),
         "programs": ("<!-- programs -->\n", "<!-- end of programs -->")}
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
    for case in all_cases.CASES:
        if options.only and not any(part in case.name for part in options.only):
            continue
        if options.quick and case.name.startswith(LEFT_OUT_WHEN_QUICK):
            continue
        variants = make_variants(tools, case, folder / case.name, all_engines=not options.quick)
        engines = timing.time_case(tools, case, variants, rounds, seconds)
        sizes = {variant.form: variant.path.stat().st_size for variant in variants
                 if variant.engine == "wasmtime" and variant.path}
        result = {"name": case.name, "title": case.title, "group": case.group, "hand_is_floor": case.hand_is_floor,
                  "engines": engines, "bytes": sizes}
        print(report.summary(result), flush=True)
        yield result


def measure_programs(tools, options):
    rounds = QUICK_ROUNDS if options.quick else PROGRAM_ROUNDS
    for result in whole.measure_programs(tools, options.folder / "programs", options.tools, rounds, options.quick, options.only):
        print(report.program_summary(result), flush=True)
        yield result


def measure(tools, options):
    """Each part is written as soon as it is there, for the next one may take long."""
    results = {"machine": machine(), "versions": versions(tools), "rounds": options.rounds, "missing": tools.missing(),
               "cases": [], "programs": [], "fusing": [], "scaling": [], "start": None}
    folder = options.folder
    rounds = 1 if options.quick else FUSING_ROUNDS
    if options.part == "programs" or (not options.part and not options.quick):
        results["programs"] = list(measure_programs(tools, options))
        write(results, options)
    if options.part == "programs":
        return results
    if options.part != "fusing":
        checks.check_all(tools, folder / "checks")
        results["cases"] = list(measure_cases(tools, options, folder / "cases"))
        write(results, options)
    if options.part == "calls":
        return results
    results["start"] = fusing.measure_start(tools, folder / "generated", 2 * rounds)
    if options.measure and not options.quick:
        results["fusing"] = fusing.measure_real(tools, options.measure, options.inputs, folder / "real", rounds)
        write(results, options)
    if options.measure:
        results["scaling"] = fusing.measure_scaling(tools, options.measure, folder / "generated", rounds,
                                                    largest=100 if options.quick else None)
    write(results, options)
    return results


def put_between(document, name, text):
    """What stands between two marks of a document is written anew."""
    begin, end = MARKS[name]
    before, rest = document.split(begin, 1)
    return before + begin + text + end + rest.split(end, 1)[1]


def write(results, options):
    """Of a part alone, that part."""
    folder, texts, charts = options.folder, {}, {}
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    if results["cases"]:
        texts["results"] = report.markdown(results)
    if any(case["group"] == "main" for case in results["cases"]):
        charts["calls.svg"] = chart.chart(results)
    if options.part == "fusing":
        texts["fusing"] = report.fusing_parts(results)
    if results.get("programs"):
        texts["programs"] = report.programs(results)
        charts["programs.svg"] = chart.program_chart(results)
    (folder / "performance.md").write_text("\n".join(texts.values()), encoding="utf-8")
    for name, drawn in charts.items():
        (folder / name).write_text(drawn, encoding="utf-8")
    if options.document:
        document = options.document.read_text(encoding="utf-8")
        for name, text in texts.items():
            document = put_between(document, name, text)
        options.document.write_text(document, encoding="utf-8")
        for name, drawn in charts.items():
            (options.document.parent / name).write_text(drawn, encoding="utf-8")
    print(f"wrote {folder}: results.json, performance.md, {', '.join(charts)}")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--meld", required=True, type=pathlib.Path)
    parser.add_argument("--tools", required=True, type=pathlib.Path, help="what bench/tools.py made, or tests/tools.py for --quick")
    parser.add_argument("--measure", type=pathlib.Path, help="the program of measure.c; without it fusing is not measured")
    parser.add_argument("--folder", type=pathlib.Path, help="where everything goes; default: nowhere that stays")
    parser.add_argument("--inputs", type=pathlib.Path, default=pathlib.Path("build/bench-inputs"),
                        help="cache of tests/real/make.py")
    parser.add_argument("--document", type=pathlib.Path, help="document whose results to write anew, and a chart beside it")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", action="append", help="only cases and programs whose name contains this")
    parser.add_argument("--part", choices=("calls", "programs", "fusing"), help="only this")
    parser.add_argument("--results", type=pathlib.Path, help="measure nothing: write what this results.json says")
    parser.add_argument("--quick", action="store_true")
    return parser.parse_args()


def main():
    options = parse_arguments()
    with tempfile.TemporaryDirectory(prefix="meld-bench-") as temporary:
        options.folder = (options.folder or pathlib.Path(temporary)).absolute()
        options.folder.mkdir(parents=True, exist_ok=True)
        try:
            if options.results:
                write(json.loads(options.results.read_text(encoding="utf-8")), options)
            else:
                results = measure(Tools.find(options.meld.absolute(), options.tools.absolute()), options)
                if options.part == "programs" and all("reason" in result for result in results["programs"]):
                    return SKIPPED
        except (Failed, timing.Wrong) as why:
            print(f"bench: {why}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
