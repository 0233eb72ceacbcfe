"""Says in Markdown what run.py measured.

Provides  call_part(results), program_part(results), fusing_part(results): each what stands between two marks of a document;
          readme_parts(results): the same for README.md, by name;
          put_between(document, name, text); summary(case), program_summary(program): lines for the terminal
"""

from timing import least, ratio, spread

TITLES = {
    "unfused": "unfused", "component": "meld `--component`", "core": "**meld**", "simd": "meld `--features=+simd`",
    "optimised": "meld, `wasm-opt -O3`", "peer": "meld-cli", "hand": "by hand", "floor": "floor",
}
GROUPS = (("main", "Calls"), ("more", "More kinds of values and handles"), ("encodings", "Strings, by encoding"))


def nanoseconds(value):
    return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def times(value):
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---" + "|--:" * (len(head) - 1) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def has_time(forms, form):
    return "ns" in forms.get(form, {})


def by_hand(case, forms):
    """The entry to compare with: where nothing has to be done at the boundary, by hand is the floor."""
    if has_time(forms, "hand"):
        return forms["hand"]
    return forms["floor"] if case["hand_is_floor"] else None


def put_between(document, name, text):
    """What stands between two marks of a document is written anew."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, rest = document.split(begin, 1)
    return before + begin + text + end + rest.split(end, 1)[1]


class Notes:
    """Reasons, each once, numbered."""

    def __init__(self):
        self.texts = []

    def mark(self, text):
        if text not in self.texts:
            self.texts.append(text)
        return f"[{self.texts.index(text) + 1}]"

    def text(self):
        return "".join(f"\n{i + 1}. {text}" for i, text in enumerate(self.texts)) + "\n" if self.texts else ""


def cell(forms, form, notes):
    entry = forms.get(form)
    if entry is None:
        return ""
    return nanoseconds(least(entry)) if "ns" in entry else notes.mark(entry["reason"])


def comparison(entry, other):
    if entry is None or other is None or "ns" not in entry or "ns" not in other:
        return ""
    value, low, high = ratio(entry, other)
    return f"{times(value)} ({times(low)}–{times(high)})"


def engine_rows(cases, engine, columns, notes):
    for case in cases:
        forms = case["engines"].get(engine)
        if not forms:
            continue
        hand = by_hand(case, forms)
        cells = [cell(forms, form, notes) if form != "hand" or has_time(forms, "hand") or not hand else "floor"
                 for form in columns]
        ratios = [comparison(forms.get("unfused"), forms["core"])] if "unfused" in columns else []
        yield [case["title"], *cells, *ratios, comparison(forms["core"], hand), comparison(forms["core"], forms["floor"])]


def engine_table(cases, engine, columns):
    notes, there = Notes(), {form for case in cases for form in case["engines"].get(engine, {})}
    columns = [form for form in columns if form in there or form in ("hand", "floor")]
    ratios = ["unfused ÷ meld"] if "unfused" in columns else []
    head = ["ns for one call", *(TITLES[form] for form in columns), *ratios, "meld ÷ by hand", "meld ÷ floor"]
    rows = list(engine_rows(cases, engine, columns, notes))
    return table(head, rows) + notes.text() if rows else "not measured\n"


def group_of(case):
    return "encodings" if case["name"].startswith("string_") and case["group"] == "more" else case["group"]


def calls(results):
    columns = {
        "wasmtime": ("unfused", "component", "core", "simd", "optimised", "peer", "hand", "floor"),
        "V8": ("unfused", "core", "simd", "optimised", "peer", "hand", "floor"),
        "native": ("core", "simd", "peer", "hand", "floor"),
    }
    names = {"wasmtime": "in wasmtime", "V8": "in V8", "native": "as native code (`wasm2c`, `cc -O2`)"}
    for engine, forms in columns.items():
        if not any(engine in case["engines"] for case in results["cases"]):
            continue
        for group, title in GROUPS:
            cases = [case for case in results["cases"] if group_of(case) == group]
            if cases:
                yield f"### {title}, {names[engine]}\n\n{engine_table(cases, engine, forms)}"


def size_text(count):
    return f"{count / 1e6:,.1f} MB" if count >= 1e5 else f"{count / 1e3:,.1f} kB"


def processor_seconds(found):
    """Of all threads, the least of the rounds; what other programs have of the machine is not in it."""
    return min(found.get("processor", found["seconds"]))


FUSING_TOLD = """Each output is a new file, as in a clean build. One that takes the place of another costs what the file system does
before a name changes hands: some milliseconds more, on ext4.
"""


def fusing(results):
    for entry in results["fusing"]:
        if "reason" in entry:
            yield f"### {entry['what']}\n\nleft out: {entry['reason']}\n"
            continue
        rows, size = [], entry["bytes"]
        meld = processor_seconds(entry["tools"]["meld"])
        for name, found in entry["tools"].items():
            if "reason" in found:
                rows.append([name, found["reason"], *[""] * 6])
                continue
            seconds, count = processor_seconds(found), found.get("instructions")
            rows.append([
                f"**{name}**" if name == "meld" else name, f"{min(found['seconds']) * 1e3:,.1f} ms",
                f"{seconds * 1e3:,.1f} ms", f"{size / seconds / 1e6:,.0f}",
                f"{seconds / meld:.2f}", f"{found['peak'] / size:.2f}" if "peak" in found else "",
                f"{count / size:,.1f}" if count else "", f"{found['output']:,}" if "output" in found else "",
            ])
        head = ["", "time", "processor time", "MB/s", "÷ meld's", "peak memory ÷ input", "instructions for a byte", "bytes that come out"]
        yield f"### {entry['what']}, {size_text(size)}\n\n{table(head, rows)}"


def scaling(results):
    notes, rows, before = Notes(), [], {}
    for row in results["scaling"]:
        meld = row["tools"]["meld"]
        count, seconds = meld.get("instructions"), processor_seconds(meld)
        each = (count or 0) / row["items"]
        growth = f"{each / before[row['kind']]:.2f}" if before.get(row["kind"]) and each else ""
        before[row["kind"]] = each
        peer = row["tools"].get("meld-cli", {})
        said = (f"{processor_seconds(peer) * 1e9 / row['items']:,.0f}" if "seconds" in peer
                else notes.mark(peer["reason"]) if "reason" in peer else "")
        rows.append([f"{row['items']:,} × {row['item']} ({row['kind']})", size_text(row["bytes"]),
                     f"{seconds * 1e9 / row['items']:,.1f}", f"{each:,.1f}" if count else "", growth,
                     f"{meld['peak'] / 1e6:,.1f} MB", said])
    head = ["", "input", "ns for each", "instructions for each", "the same ÷ row above", "peak memory", "meld-cli, ns for each"]
    return table(head, rows) + notes.text()


def start(results):
    found = results["start"]
    rows = [[TITLES[form], f"{found[form]['compile'] * 1e3:,.2f}", f"{found[form]['instantiate'] * 1e6:,.1f}",
             times(found[form]["instantiate"] / found["unfused"]["instantiate"])]
            for form in ("unfused", "component", "core")]
    return table(["", "compile, ms", "instantiate, µs", "÷ unfused"], rows)


SIZES = ("unfused", "core", "simd", "optimised", "peer", "hand", "floor")


def sizes(results):
    cases = [case for case in results["cases"] if group_of(case) == "main"]
    forms = [form for form in SIZES if any(form in case["bytes"] for case in cases)]
    rows = [[case["title"], *(f"{case['bytes'][form]:,}" if form in case["bytes"] else "" for form in forms)] for case in cases]
    return table(["bytes", *(TITLES[form] for form in forms)], rows)


def measured_on(part):
    machine = part["machine"]
    return (f"Measured on {part['date']}: {machine['processor']}, {machine['cores']} cores, {machine['system']}; "
            f"load of the machine {machine['load']} when this part began. ")


def rounds_told(rounds):
    return f"Minimum of {rounds} rounds, in brackets the first and third quartile of the ratios within rounds."


def left_out(part):
    return "Left out, for what it takes is not there: " + "; ".join(part["missing"]) + ".\n" if part["missing"] else ""


def versions_told(part, wanted):
    return ", ".join(f"{name} {version}" for name, version in part["versions"].items() if name.startswith(wanted))


def about_calls(results):
    part = results["parts"]["calls"]
    lines = [measured_on(part) + rounds_told(part["rounds"]), ""]
    lines += [f"- {name} {version}" for name, version in part["versions"].items()]
    for engine in sorted({engine for case in results["cases"] for engine in case["engines"]}):
        spreads = sorted(spread(entry) for case in results["cases"] for entry in case["engines"].get(engine, {}).values()
                         if "ns" in entry)
        lines += ["", f"In {engine} the median of the rounds is above their minimum by {spreads[len(spreads) // 2]:.0%} "
                  f"for half of all that was timed, and by {spreads[len(spreads) * 9 // 10]:.0%} for nine tenths."]
    return "\n".join(lines) + "\n"


def call_part(results):
    parts = ["## Calls between components\n", about_calls(results), left_out(results["parts"]["calls"]), *calls(results)]
    main = [case for case in results["cases"] if group_of(case) == "main"]
    if main:
        parts.append(f"### Sizes of the cases\n\n{sizes(results)}")
    return "\n".join(part for part in parts if part)


def fusing_part(results):
    part = results["parts"]["fusing"]
    told = measured_on(part) + f"Minimum of {part['rounds']} rounds. Processor time does not change with the load, time does."
    versions = versions_told(part, ("meld", "wasmtime", "wasm-tools"))
    parts = ["## Fusing\n", f"{told} With {versions}.\n", FUSING_TOLD, left_out(part), *fusing(results)]
    if results["scaling"]:
        parts += ["### Larger and larger inputs\n", scaling(results)]
    if results.get("start"):
        parts += [f"## Starting a chain of {results['start']['items']} components\n", start(results)]
    return "\n".join(part for part in parts if part)


def milliseconds(entry):
    return f"{least(entry) / 1e6:,.1f}"


def boundary(program, others, engine, form):
    """(nanoseconds that a form spends at the boundary, whether they are taken from another program), or None."""
    def above_floor(of):
        forms = of.get("engines", {}).get(engine, {})
        known = has_time(forms, form) and has_time(forms, "floor")
        return max(least(forms[form]) - least(forms["floor"]), 0) if known else None

    if not program["like"]:
        found = above_floor(program)
        return None if found is None else (found, False)
    other = others.get(program["like"], {})
    found = above_floor(other)
    return None if found is None else (found / other["calls"] * program["calls"], True)


def boundary_cells(program, others, engine, form):
    """Its share of the time, and nanoseconds for each call."""
    forms, found = program["engines"][engine], boundary(program, others, engine, form)
    if found is None or not has_time(forms, form):
        return ["", ""]
    about_ = "≈ " if found[1] else ""
    return [f"{about_}{found[0] / least(forms[form]):.1%}", f"{about_}{found[0] / program['calls']:,.0f}"]


def program_rows(measured, engine, columns, notes):
    others = {program["name"]: program for program in measured}
    for program in measured:
        if "reason" in program:
            yield [program["title"], notes.mark("left out: " + program["reason"]), *[""] * (len(columns) + 5)]
            continue
        forms = program["engines"].get(engine)
        if not forms:
            continue
        cells = [milliseconds(forms[form]) if has_time(forms, form) else notes.mark(forms[form]["reason"]) if form in forms else ""
                 for form in columns]
        yield [program["title"], f"{program['calls']:,}", *cells, comparison(forms.get("unfused"), forms["core"]),
               *boundary_cells(program, others, engine, "unfused"), *boundary_cells(program, others, engine, "core")]


def program_table(measured, engine, columns):
    notes, there = Notes(), {form for program in measured for form in program.get("engines", {}).get(engine, {})}
    columns = [form for form in columns if form in there]
    head = ["ms for the whole program", "calls", *(TITLES[form] for form in columns), "unfused ÷ meld", "boundary, unfused",
            "ns a call", "boundary, meld", "ns a call"]
    return table(head, list(program_rows(measured, engine, columns, notes))) + notes.text()


def program_sizes(measured):
    there = {form for program in measured for form in program.get("bytes", ())}
    forms = [form for form in ("unfused", "component", "core", "optimised", "peer", "floor") if form in there]
    rows = [[program["title"], *(f"{program['bytes'][form]:,}" if form in program["bytes"] else "" for form in forms)]
            for program in measured if "bytes" in program]
    return table(["bytes", *(TITLES[form] for form in forms)], rows)


def program_part(results):
    measured, part = results["programs"], results["parts"]["programs"]
    rounds = max((len(forms["core"]["ns"]) for program in measured for forms in program.get("engines", {}).values()), default=0)
    versions = versions_told(part, ("meld", "wasmtime", "V8", "jco", "wasm-opt"))
    parts = [f"{measured_on(part)}{rounds_told(rounds)} With {versions}.\n"]
    names = {"wasmtime": ("wasmtime", ("unfused", "component", "core", "optimised", "peer", "floor")),
             "V8": ("V8", ("unfused", "core", "optimised", "peer", "floor"))}
    for engine, (name, columns) in names.items():
        if any(engine in program.get("engines", {}) for program in measured):
            parts.append(f"### In {name}\n\n{program_table(measured, engine, columns)}")
    parts.append(f"### Sizes of the programs\n\n{program_sizes(measured)}")
    return "\n".join(parts)


def program_summary(program):
    """Lines for the terminal."""
    if "reason" in program:
        return f"{program['title']}\n    left out: {program['reason']}"
    lines = [f"{program['title']}, {program['calls']:,} calls"]
    for engine, forms in program["engines"].items():
        said = [f"{TITLES[form].strip('*')} {milliseconds(entry)} ms ±{spread(entry):.0%}" for form, entry in forms.items()
                if "ns" in entry]
        lines.append(f"    {engine}: {', '.join(said)}")
    return "\n".join(lines)


def summary(case):
    """A line for the terminal."""
    words = []
    for engine, forms in case["engines"].items():
        core = forms["core"]
        said = [f"meld {nanoseconds(least(core))} ns ±{spread(core):.0%}"]
        names = {"simd": "with vectors", "unfused": "unfused", "peer": "meld-cli", "hand": "by hand", "floor": "floor"}
        for form, name in names.items():
            if has_time(forms, form):
                said.append(f"{name} ×{times(ratio(forms[form], core)[0])}")
        words.append(f"{engine}: {', '.join(said)}")
    return f"{case['title']}\n    " + "\n    ".join(words)


README_CASES = ("number", "string_16", "strings", "bytes", "method")


def readme_calls(results):
    head = ["", "unfused, in wasmtime", "**meld**, in wasmtime", "unfused, in V8 (jco)", "**meld**, in V8"]
    rows = []
    for case in results["cases"]:
        if case["name"] in README_CASES:
            found = [(case["engines"].get(engine, {}), form) for engine in ("wasmtime", "V8") for form in ("unfused", "core")]
            rows.append([case["title"], *(nanoseconds(least(forms[form])) if has_time(forms, form) else "not measured"
                                          for forms, form in found)])
    return table(head, rows)


def less_time(measured, engine):
    """What the programs save, from the least to the most, in words."""
    there = [forms for forms in (program["engines"].get(engine, {}) for program in measured)
             if has_time(forms, "unfused") and has_time(forms, "core")]
    saved = [1 - least(forms["core"]) / least(forms["unfused"]) for forms in there]
    if not saved:
        return None
    low, high = round(min(saved) * 100), round(max(saved) * 100)
    if low < 0 <= high:
        return f"from {-low}% more to {high}% less time in {engine}"
    low, high = sorted((abs(low), abs(high)))
    kind = "more" if max(saved) < 0 else "less"
    return f"{low} to {high}% {kind} time in {engine}" if low != high else f"{high}% {kind} time in {engine}"


def readme_programs(results):
    measured = [program for program in results["programs"] if "engines" in program]
    said = [words for words in (less_time(measured, engine) for engine in ("wasmtime", "V8")) if words]
    return (f"[Whole programs](docs/performance.md#whole-programs) of real libraries, {len(measured)} of them, take {' and '.join(said)} "
            "when they are fused; it depends on how much of it the boundary was:\n")


def readme_fusing(results):
    hello = next((entry for entry in results["fusing"] if entry["what"] == "componentize-js hello" and "tools" in entry), None)
    if not hello:
        return None
    tools = hello["tools"]
    meld, said = processor_seconds(tools["meld"]), []
    for name, words in (("wasm-tools validate", "`wasm-tools validate`"), ("meld-cli", "meld-cli")):
        if "seconds" in tools.get(name, {}):
            said.append(f"{words} takes {times(processor_seconds(tools[name]) / meld)} times as long")
    return (f"Fusing the hello of componentize-js, {size_text(hello['bytes'])} with JavaScript's engine in it, takes "
            f"{meld * 1e3:.0f} ms of processor time{': ' if said else ''}{', and '.join(said)}.\n")


def readme_parts(results):
    """What goes between the marks of README.md, by name; of the parts that there are."""
    parts = {"calls": readme_calls(results) if results["cases"] else None,
             "programs": readme_programs(results) if any("engines" in program for program in results["programs"]) else None,
             "fusing": readme_fusing(results)}
    return {name: text for name, text in parts.items() if text}
