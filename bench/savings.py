#!/usr/bin/env python3
"""What each proof and each trick saves: measured by leaving it out.

    cmake --build --preset release --target bench-savings
    python bench/savings.py --meld build/release/bench/meld-savings --tools build/bench-tools --folder build/bench-savings \
        --inputs ~/.cache/meld-real --document docs/performance.md

The meld of this is a build of its own (MELD_SAVINGS), which leaves out the proof that MELD_WITHOUT names. Cases are those
of cases.py, in wasmtime; all variants of one are timed in one go, and with them the same module once more, which says
how much of a difference is noise. Bytes are those of the components of BYTES, which are made here, and of the real ones
that tests/real/make.py has left in the cache. What is fused has to give right results whatever is left out.

EXPECTED says of each proof what it has to save. What doesn't is named.

Exit  0; 1 when a result is wrong, or when a proof doesn't save what it has to.
"""

import argparse
import dataclasses
import datetime
import importlib.metadata
import os
import pathlib
import re
import statistics
import sys

import cases as all_cases
import inputs
import timing
from report import put_between
from variants import Failed, Maker, Tools, Variant, run_command

HERE = pathlib.Path(__file__).resolve().parent
PROOFS = HERE.parent / "src" / "fuse" / "proofs.def"
EXAMPLE = HERE.parent / "examples" / "three-components" / "app.wat"
ROUNDS, SECONDS = 40, 0.001


@dataclasses.dataclass(frozen=True)
class Expected:
    """What a proof has to save. A time without it has to be that many times the one with it, by the least of all rounds;
    and in three of four rounds it has to be more than that of the same module, timed once more, mostly is. Bytes without
    it have to be that many more."""

    times: dict = dataclasses.field(default_factory=dict)  # case: ratio
    bytes: dict = dataclasses.field(default_factory=dict)  # case, or component of BYTES: number
    shown: tuple = ()  # cases that are measured too, and where it may save nothing


EXPECTED = {
    "enter": Expected({"number": 1.3}, shown=("string_16", "method")),
    "leave": Expected({"number": 1.3}, shown=("string_16", "construct")),
    "lend": Expected({"method": 2, "borrows": 2}),
    "direct": Expected({"number": 1.3, "record": 1.3}),
    "tables": Expected({"table": 1.5}),
    "handles": Expected({"method": 1.5, "construct": 1.3, "borrows": 1.5}),
    "plain": Expected({"bytes": 5, "list_points": 1.5}),
    "wide": Expected({"spilled": 1.03}, {"spilled": 50}, shown=("list_mixed",)),
    "strings": Expected({"strings": 1.08}, shown=("string_16", "result_16")),
    "host": Expected(bytes={"guests": 500}),
    "short": Expected(bytes={"guests": 500}),
    "memory": Expected(bytes={"example": 200}),
    "prune": Expected(bytes={"example": 4000, "guests": 4000}),
    "fold": Expected(bytes={"example": 100, "guests": 300}),
    "zeros": Expected(bytes={"sparse": 500}),
    "tidy": Expected(bytes={"example": 30, "guests": 100}, shown=("string_16", "method", "option_result")),
}
SIMD = Expected({"string_1k": 1.2, "string_ascii_utf8_utf16": 1.5, "string_ascii_latin1_utf16_utf16": 1.5,
                 "string_chinese_utf8_utf8": 1.2}, shown=("string_16",))
# 16 times 16 bytes, 48 zeros apart.
SPARSE = """(component (core module $m (memory 1) (data (i32.const 64) "@data@")
  (func (export "f") (result i32) (i32.load (i32.const 64)))) (core instance $m (instantiate $m))
  (func (export "f") (result u32) (canon lift (core func $m "f"))))""".replace("@data@", ("0123456789abcdef" + r"\00" * 48) * 16)
BYTES = {
    "guests": ("two guests of a host", inputs.guests_of_a_host),
    "example": ("the example of three components", lambda: EXAMPLE.read_text(encoding="utf-8")),
    "sparse": ("data of which most is zero", lambda: SPARSE),
}
INPUTS = ("http", "assemblyscript_command", "c_command", "words-rust", "codec-zlib", "js_hello", "python_hello",
          "quickjs_hello_without_wasi")


@dataclasses.dataclass
class Row:
    """One case, with a proof and without it. Times are the entries of timing.time_case(), or None."""

    title: str
    size: int
    size_without: int
    times: dict = None  # "core", "again" and "without"
    at_least: float = None  # the ratio of times
    bytes_at_least: int = None

    def ratio(self):
        return timing.ratio(self.times["without"], self.times["core"])

    def noise(self):
        """The ratio of the same module to itself: of the least, and in the middle of the rounds."""
        pairs = zip(self.times["again"]["ns"], self.times["core"]["ns"])
        return timing.ratio(self.times["again"], self.times["core"])[0], statistics.median(a / max(b, 1e-9) for a, b in pairs)

    def faults(self):
        if self.at_least is not None:
            value, first_quartile, _ = self.ratio()
            least_noise, noise = self.noise()
            if value < self.at_least or value <= least_noise or first_quartile <= max(noise, 1):
                yield (f"{self.title}: ×{value:.2f}, in three of four rounds more than ×{first_quartile:.2f}; has to be "
                       f"×{self.at_least}, and more than the same module: ×{least_noise:.2f}, in the middle ×{noise:.2f}")
        saved = self.size_without - self.size
        if self.bytes_at_least is not None and saved < self.bytes_at_least:
            yield f"{self.title}: {saved:+,} bytes; has to be {self.bytes_at_least:+,}"


@dataclasses.dataclass
class Saving:
    """Of one proof."""

    name: str
    words: str
    rows: list = dataclasses.field(default_factory=list)
    inputs: list = dataclasses.field(default_factory=list)  # (name, bytes, bytes without)

    def faults(self):
        judged = [row for row in self.rows if row.at_least is not None or row.bytes_at_least is not None]
        if not judged:
            yield "nothing says what it has to save"
        for row in judged:
            yield from row.faults()


def read_proofs():
    rows = re.findall(r'^PROOF\(\w+, "(\w+)", "(.*)"\)$', PROOFS.read_text(encoding="utf-8"), re.MULTILINE)
    gone = set(EXPECTED) - {name for name, _ in rows}
    if gone:
        raise Failed(f"proofs.def is without {', '.join(sorted(gone))}")
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
    """{form: (entry, bytes)}; `forms` says of each what is left out and which options there are. The first is there twice,
    the second time as "again"."""
    maker = Maker(tools, case, folder / case.name)
    component = maker.assemble("unfused", case.component())
    variants = [Variant("wasmtime", "floor", maker.assemble("floor", case.floor_module()))]
    for form, (without, *options) in forms.items():
        path = fuse(tools, component, maker.folder / f"{form}.wasm", without, *options)
        variants.append(Variant("wasmtime", form, path))
    variants.append(Variant("wasmtime", "again", variants[1].path))
    entries = timing.time_case(tools, case, variants, rounds, SECONDS)["wasmtime"]
    return {v.form: (entries[v.form], v.path.stat().st_size) for v in variants}


def row_of(case, found, form, without, expected):
    (core, size), (entry, more) = found[form], found[without]
    row = Row(case.title, size, more, {"core": core, "again": found["again"][0], "without": entry},
              expected.times.get(case.name), expected.bytes.get(case.name))
    value, low, high = row.ratio()
    print(f"    {case.title}: {timing.least(core):.1f} ns, without {timing.least(entry):.1f}, ×{value:.2f} ({low:.2f}–{high:.2f}); "
          f"itself ×{row.noise()[1]:.2f}; {size} bytes, without {more}", flush=True)
    return row


def cases_of(expected):
    return [*expected.times, *(name for name in expected.bytes if name not in BYTES and name not in expected.times), *expected.shown]


def rows_of_case(tools, folder, name, forms, pairs, rounds):
    """A row for each (form, form without, what is expected). Measured once more, and longer, when something is missed: a
    machine that did something else for a moment is no fault of a proof."""
    case = case_named(name)
    for count in (rounds, 3 * rounds):
        found = time_forms(tools, folder, case, forms, count)
        rows = [row_of(case, found, *pair) for pair in pairs]
        if not any(fault for row in rows for fault in row.faults()):
            break
    return rows


def measure_calls(tools, folder, savings, rounds):
    expected = {proof: EXPECTED.get(proof, Expected()) for proof in savings}
    for name in sorted({name for of in expected.values() for name in cases_of(of)}):
        proofs = [proof for proof, of in expected.items() if name in cases_of(of)]
        print(f"without {', '.join(proofs)}:", flush=True)
        forms = {"core": (None,), **{f"without-{proof}": (proof,) for proof in proofs}}
        pairs = [("core", f"without-{proof}", expected[proof]) for proof in proofs]
        for proof, row in zip(proofs, rows_of_case(tools, folder, name, forms, pairs, rounds)):
            savings[proof].rows.append(row)


def measure_vectors(tools, folder, rounds):
    """Words of 64 bits against those of 128, where the engine has them."""
    saving = Saving("simd", "strings are checked and moved by vectors")
    forms = {"simd": (None, "--features=+simd"), "words": (None, "--features=-simd")}
    for name in cases_of(SIMD):
        print("without vectors:", flush=True)
        saving.rows += rows_of_case(tools, folder, name, forms, [("simd", "words", SIMD)], rounds)
    return saving


def measure_bytes(tools, folder, savings):
    folder.mkdir(parents=True, exist_ok=True)
    for name, (title, make) in BYTES.items():
        text, source = folder / f"{name}.wat", folder / f"{name}.wasm"
        text.write_text(make(), encoding="utf-8")
        run_command(tools.wasm_tools, "parse", text, "-o", source)
        size = fuse(tools, source, folder / "with.wasm").stat().st_size
        for proof, saving in savings.items():
            wanted = EXPECTED.get(proof, Expected()).bytes.get(name)
            if wanted is not None:
                more = fuse(tools, source, folder / "without.wasm", proof).stat().st_size
                saving.rows.append(Row(title, size, more, bytes_at_least=wanted))
                print(f"{proof}\n    {title}: {size} bytes, without {more}", flush=True)


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
                print(f"{proof}\n    {name}: {size} bytes, without {more}", flush=True)


def of_inputs(saving):
    """The input on which it saves most."""
    if not saving.inputs:
        return ""
    name, size, more = max(saving.inputs, key=lambda entry: entry[2] / entry[1])
    total = sum(more - size for _, size, more in saving.inputs)
    return f"{name}: {size:,} → {more:,}; all: {total:+,}"


def row_cells(row):
    cells = [row.title]
    if row.times:
        value, low, high = row.ratio()
        cells += [f"{timing.least(row.times[form]):,.1f}" for form in ("core", "without")]
        cells.append(f"{value:.2f} ({low:.2f}–{high:.2f})")
    else:
        cells += [""] * 3
    wanted = [f"×{row.at_least}"] if row.at_least is not None else []
    wanted += [f"{row.bytes_at_least:,} bytes"] if row.bytes_at_least is not None else []
    return [*cells, f"{row.size:,}", f"{row.size_without:,}", ", ".join(wanted)]


def noise_told(savings):
    noises = [row.noise()[0] for saving in savings for row in saving.rows if row.times]
    if not noises:
        return ""
    return (f"The same module, timed twice in the same rounds, differs from itself by ×{min(noises):.2f} to ×{max(noises):.2f}; "
            f"what has no figure under *has to save* may save nothing.\n\n")


def markdown(savings, about):
    lines = [f"{about}\n\n{noise_told(savings)}"
             "| what is left out | case | ns | without | ÷ | bytes | without | has to save | real inputs, bytes → without |",
             "|---|---|--:|--:|--:|--:|--:|--:|---|"]
    for saving in savings:
        words, real = f"`{saving.name}`: {saving.words}", of_inputs(saving)
        for row in saving.rows:
            lines.append(f"| {words} | {' | '.join(row_cells(row))} | {real} |")
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
    folder = options.folder.absolute()
    try:
        savings = read_proofs()
        measure_bytes(tools, folder / "bytes", savings)
        measure_calls(tools, folder, savings, options.rounds)
        vectors = measure_vectors(tools, folder, options.rounds)
        measure_inputs(tools, folder / "real", savings, options.inputs.expanduser())
    except (Failed, timing.Wrong) as why:
        print(f"bench: {why}", file=sys.stderr)
        return 1
    every = [*savings.values(), vectors]
    version = run_command(tools.meld, "version").splitlines()[0]
    engine = importlib.metadata.version("wasmtime")
    about = f"Measured on {datetime.date.today():%Y-%m-%d} with {version}, in wasmtime {engine}; {options.rounds} rounds."
    text = markdown(every, about)
    (folder / "savings.md").write_text(text, encoding="utf-8")
    if options.document:
        document = options.document.read_text(encoding="utf-8")
        options.document.write_text(put_between(document, "savings", text), encoding="utf-8")
    faults = [f"{saving.name}: {fault}" for saving in every for fault in saving.faults()]
    print(text)
    for fault in faults:
        print(f"does not save what it has to: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
