#!/usr/bin/env python3
"""What each proof and each trick saves: measured by leaving it out.

    cmake --build --preset release --target bench-savings
    python bench/savings.py --meld build/release/bench/meld-savings --tools build/bench-tools --folder build/bench-savings \
        --inputs ~/.cache/meld-real --document docs/performance.md

The meld of this is a build of its own (MELD_SAVINGS), which leaves out the proof that MELD_WITHOUT names. Cases are those
of cases.py, in wasmtime; all variants of one are timed in one go. Real inputs are those that tests/real/make.py has left
in the cache; of them only the bytes are compared. What is fused has to give right results whatever is left out.

Exit  0; 1 when a result is wrong, or when a proof saves nothing.
"""

import argparse
import dataclasses
import os
import pathlib
import re
import sys

import cases as all_cases
import timing
from variants import Failed, Maker, Tools, Variant, run_command

HERE = pathlib.Path(__file__).resolve().parent
PROOFS = HERE.parent / "src" / "fuse" / "proofs.def"
ROUNDS, SECONDS = 40, 0.001
# Where each proof is expected to show; fast to slow, and in what the real inputs weigh.
CASES = {
    "enter": ("number", "string_16", "method"),
    "leave": ("number", "string_16", "construct"),
    "lend": ("method", "borrows"),
    "direct": ("number", "record"),
    "tables": ("table",),
    "handles": ("method", "construct", "borrows"),
    "plain": ("bytes", "list_points"),
    "wide": ("spilled", "list_mixed"),
    "strings": ("string_16", "strings", "result_16"),
    "tidy": ("string_16", "method", "option_result"),
}
INPUTS = ("http", "assemblyscript_command", "c_command", "words-rust", "codec-zlib", "js_hello", "python_hello",
          "quickjs_hello_without_wasi")
VECTORS = ("string_16", "string_1k", "string_ascii_utf8_utf16", "string_ascii_latin1_utf16_utf16", "string_chinese_utf8_utf8")


@dataclasses.dataclass
class Saving:
    """Of one proof: (title, ns, ns without, bytes, bytes without) by case; (name, bytes, bytes without) by real input."""

    name: str
    words: str
    calls: list = dataclasses.field(default_factory=list)
    inputs: list = dataclasses.field(default_factory=list)

    def saves(self):
        return any(without > ns * 1.02 or more > size for _, ns, without, size, more in self.calls) or any(
            more > size for _, size, more in self.inputs)


def read_proofs():
    rows = re.findall(r'^PROOF\(\w+, "(\w+)", "(.*)"\)$', PROOFS.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: Saving(name, words) for name, words in rows}


def fuse(tools, source, target, without=None, *options):
    environment = {key: value for key, value in os.environ.items() if key != "MELD_WITHOUT"}
    if without:
        environment["MELD_WITHOUT"] = without
    run_command(tools.meld, "fuse", *options, source, "-o", target, env=environment)
    run_command(tools.wasm_tools, "validate", "--features", "all", target)
    return target


def case_named(name):
    found = [case for case in all_cases.CASES if case.name == name]
    return found[0] if found else next(case for case in all_cases.CASES if case.name.startswith(name))


def time_forms(tools, folder, case, forms, rounds):
    """{form: (ns, bytes)}; `forms` says of each what is left out and which options there are."""
    maker = Maker(tools, case, folder / case.name)
    component = maker.assemble("unfused", case.component())
    variants = [Variant("wasmtime", "floor", maker.assemble("floor", case.floor_module()))]
    for form, (without, *options) in forms.items():
        path = fuse(tools, component, maker.folder / f"{form}.wasm", without, *options)
        variants.append(Variant("wasmtime", form, path))
    entries = timing.time_case(tools, case, variants, rounds, SECONDS)["wasmtime"]
    return {v.form: (timing.least(entries[v.form]), v.path.stat().st_size) for v in variants}


def measure_calls(tools, folder, savings, rounds):
    names = sorted({name for names in CASES.values() for name in names})
    for name in names:
        proofs = [proof for proof, of in CASES.items() if name in of]
        case = case_named(name)
        forms = {"core": (None,), **{f"without-{proof}": (proof,) for proof in proofs}}
        found = time_forms(tools, folder, case, forms, rounds)
        for proof in proofs:
            (ns, size), (without, more) = found["core"], found[f"without-{proof}"]
            savings[proof].calls.append((case.title, ns, without, size, more))
            print(f"{proof}: {case.title}: {ns:.1f} ns, without {without:.1f}; {size} bytes, without {more}", flush=True)


def measure_inputs(tools, folder, savings, cache):
    folder.mkdir(parents=True, exist_ok=True)
    for name in INPUTS:
        source = cache / f"{name}.wasm"
        if not source.exists():
            print(f"{name}: not in {cache}", flush=True)
            continue
        size = fuse(tools, source, folder / "with.wasm").stat().st_size
        for proof, saving in savings.items():
            more = fuse(tools, source, folder / "without.wasm", proof).stat().st_size
            if more != size:
                saving.inputs.append((name, size, more))
                print(f"{proof}: {name}: {size} bytes, without {more}", flush=True)


def measure_vectors(tools, folder, rounds):
    """Words of 64 bits against those of 128, where the engine has them."""
    saving = Saving("simd", "strings are checked and moved by vectors")
    for name in VECTORS:
        case = case_named(name)
        found = time_forms(tools, folder, case, {"words": (None, "--features=-simd"), "simd": (None, "--features=+simd")}, rounds)
        saving.calls.append((case.title, *(found[form][0] for form in ("simd", "words")),
                             *(found[form][1] for form in ("simd", "words"))))
    return saving


def of_inputs(saving):
    """The input on which it saves most."""
    if not saving.inputs:
        return ""
    name, size, more = max(saving.inputs, key=lambda entry: entry[2] / entry[1])
    total = sum(more - size for _, size, more in saving.inputs)
    return f"{name}: {size:,} → {more:,}; all: {total:+,}"


def markdown(savings):
    lines = ["| what is left out | case | ns | without | ÷ | bytes | without | real inputs, bytes → without |",
             "|---|---|--:|--:|--:|--:|--:|---|"]
    for saving in savings:
        words = f"`{saving.name}`: {saving.words}"
        real = of_inputs(saving)
        for title, ns, without, size, more in saving.calls or [("", None, None, None, None)]:
            cells = [title] + ([f"{ns:,.1f}", f"{without:,.1f}", f"{without / ns:.2f}", f"{size:,}", f"{more:,}"] if ns else [""] * 5)
            lines.append(f"| {words} | {' | '.join(cells)} | {real} |")
            words = real = ""
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--meld", required=True, type=pathlib.Path, help="built with MELD_SAVINGS")
    parser.add_argument("--tools", required=True, type=pathlib.Path)
    parser.add_argument("--folder", required=True, type=pathlib.Path)
    parser.add_argument("--inputs", required=True, type=pathlib.Path, help="cache of tests/real/make.py")
    parser.add_argument("--document", type=pathlib.Path, help="document whose table to write anew")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    tools = Tools.find(options.meld.absolute(), options.tools.absolute())
    folder, savings = options.folder.absolute(), read_proofs()
    try:
        measure_calls(tools, folder, savings, options.rounds)
        vectors = measure_vectors(tools, folder, options.rounds)
        measure_inputs(tools, folder / "real", savings, options.inputs.expanduser())
    except (Failed, timing.Wrong) as why:
        print(f"bench: {why}", file=sys.stderr)
        return 1
    text = markdown([*savings.values(), vectors])
    (folder / "savings.md").write_text(text, encoding="utf-8")
    if options.document:
        document = options.document.read_text(encoding="utf-8")
        before, rest = document.split("<!-- savings -->\n", 1)
        options.document.write_text(f"{before}<!-- savings -->\n{text}<!-- end of savings -->{rest.split('<!-- end of savings -->', 1)[1]}",
                                    encoding="utf-8")
    useless = [saving.name for saving in savings.values() if not saving.saves()]
    print(text + (f"saves nothing: {', '.join(useless)}\n" if useless else ""))
    return 1 if useless else 0


if __name__ == "__main__":
    sys.exit(main())
