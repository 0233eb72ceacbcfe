"""The goals for speed, and which of them hold. A goal is a limit for the ratio of two figures of one run, since figures
themselves depend on the machine: it holds when the least of all rounds is within it.

The ratios of calls come from what was measured when the goals were set (wasmtime 49, ns): what meld should take, divided
by what it was compared with.

Provides  call_goals(results), fusing_goals(results): tables in Markdown; count(results)
"""

from timing import least, ratio

# case: the limit for meld's time, divided by that of a form
CALLS = {
    "number": {"floor": 1.05},
    "record": {"floor": 1.05},
    "string_16": {"hand": 13 / 13.2, "unfused": 13 / 30.6},
    "string_1k": {"hand": 45 / 57, "unfused": 45 / 84},
    "strings": {"hand": 1200 / 1428, "unfused": 1200 / 3892},
    "bytes": {"hand": 1.03},
    "method": {"floor": 3.5 / 1.7, "hand": 3.5 / 3.2, "unfused": 3.5 / 488},
    "construct": {"floor": 18 / 6.0, "hand": 18 / 20, "unfused": 18 / 667},
}
COUNTED = ("core", "simd", "hand", "floor")  # forms whose instructions are counted
OTHERS = ("floor", "hand", "unfused")
NAMES = {"floor": "floor", "hand": "by hand", "unfused": "unfused"}
ENGINE = "wasmtime"
HELLOS = ("componentize-js hello", "componentize-py hello")


def figure(value):
    """Three digits."""
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"{value:.3f}" if value >= 0.1 else f"{value:.3g}"


def holds(value, limit, at_least=False):
    return value >= limit if at_least else value <= limit


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---" + "|--:" * (len(head) - 2) + "|---|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def times_of(forms, form):
    return forms.get(form) if "ns" in forms.get(form, {}) else None


def instructions(case, form):
    """Of a call: meld's, and those of what it is compared with."""
    counts = case.get("instructions", {})
    if form not in counts:
        return ""
    beside = [f"{counts[other]:,.0f} {NAMES[other]}" for other in ("hand", "floor") if other in counts]
    return f"{counts[form]:,.0f} ({', '.join(beside)})"


def call_row(title, forms, form, limits):
    """(cells, names of what is missed)"""
    cells, missed, mine = [title], [], times_of(forms, form)
    for other in OTHERS:
        entry, limit = times_of(forms, other), limits.get(other)
        said = ""
        if entry and mine:
            value, low, high = ratio(mine, entry)
            said = f"{figure(value)} ({figure(low)}–{figure(high)})"
            if limit is not None and not holds(value, limit):
                missed.append(NAMES[other])
        elif limit is not None:
            missed.append(f"{NAMES[other]} is not there")
        cells += [said, "" if limit is None else figure(limit)]
    return cells, missed


def call_rows(results):
    """(cells, names of what is missed) of each goal's case; of those with strings, with vectors too."""
    cases = {case["name"]: case for case in results["cases"]}
    for name, limits in CALLS.items():
        if name not in cases:
            continue
        case = cases[name]
        forms = case["engines"].get(ENGINE, {})
        rows = [(case["title"], "core")]
        if times_of(forms, "simd"):
            rows.append((f"{case['title']}, `--features=+simd`", "simd"))
        for title, form in rows:
            cells, missed = call_row(title, forms, form, limits)
            yield [*cells, instructions(case, form)], missed


def verdict(missed):
    return f"**missed**: {', '.join(missed)}" if missed else "met"


def call_goals(results):
    head = ["meld, divided by", *(word for other in OTHERS for word in (NAMES[other], "goal, at most")),
            "instructions of a call", ""]
    return table(head, [[*cells, verdict(missed)] for cells, missed in call_rows(results)])


def processor(found):
    return min(found.get("processor", found["seconds"]))


def clock(found):
    return min(found["seconds"])


def compared(what, limit, over, under, at_least=False):
    """A goal for time: by the clock and by the processor's time."""
    if not over or not under or "seconds" not in over or "seconds" not in under:
        return None
    return what, limit, clock(over) / clock(under), processor(over) / processor(under), at_least


def hello_goals(results):
    found = {entry["what"]: entry for entry in results["fusing"] if "tools" in entry}
    for what in HELLOS:
        if what not in found:
            continue
        tools, size = found[what]["tools"], found[what]["bytes"]
        meld, validate = tools["meld"], tools.get("wasm-tools validate")
        yield compared(f"{what}: fusing ÷ `wasm-tools validate`", 0.5, meld, validate)
        yield compared(f"{what}: fusing with `--validate` ÷ `wasm-tools validate`", 1.3, tools["meld --validate"], validate)
        if what == HELLOS[0]:
            yield compared(f"{what}: meld-cli ÷ fusing", 30, tools.get("meld-cli"), meld, at_least=True)
        peak = max(tools[name]["peak"] for name in ("meld", "meld --validate") if "peak" in tools[name])
        yield f"{what}: peak memory ÷ input, with `--validate` or without", 2.5, peak / size, None, False


def growth_goals(results):
    rows = {(row["kind"], row["items"]): row["tools"]["meld"] for row in results["scaling"]}
    for kind in ("instances", "components"):
        more, fewer = rows.get((kind, 10_000)), rows.get((kind, 1_000))
        yield compared(f"a chain of 10,000 {kind} ÷ one of 1,000" + (", all of one component" if kind == "instances" else ""),
                       12, more, fewer)


def start_goals(results):
    start = results.get("start")
    if start:
        for form, name in (("core", "fused"), ("component", "fused, `--component`")):
            value = start[form]["instantiate"] / start["unfused"]["instantiate"]
            yield f"instantiating a chain of {start['items']} components, {name} ÷ unfused", 0.5, value, None, False


def fusing_rows(results):
    """(cells, names of what is missed)"""
    for goal in (*hello_goals(results), *growth_goals(results), *start_goals(results)):
        if not goal:
            continue
        what, limit, value, by_processor, at_least = goal
        ways = {"measured": value} if by_processor is None else {"by the clock": value, "by processor time": by_processor}
        cells = [what, figure(value), "" if by_processor is None else figure(by_processor),
                 f"{'at least' if at_least else 'at most'} {figure(limit)}"]
        yield cells, [way for way, found in ways.items() if not holds(found, limit, at_least)]


def fusing_goals(results):
    head = ["", "measured", "by processor time", "goal", ""]
    return table(head, [[*cells, verdict(missed)] for cells, missed in fusing_rows(results)])


def count(results):
    """(how many rows hold, how many there are)"""
    rows = [missed for _, missed in (*call_rows(results), *fusing_rows(results))]
    return sum(not missed for missed in rows), len(rows)
