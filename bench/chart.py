"""Draws as SVG the first table, for each case a bar for each form on a logarithmic scale; and the whole programs, with the
unfused one as 100%. Colours are for a light page, and for a dark one where the reader's browser asks for that.

Provides  chart(results), program_chart(results)
"""

import math

from timing import least

SERIES = (("unfused", "unfused"), ("core", "fused by meld"), ("floor", "one program, a direct call"))
STYLE = """<style>
text{fill:#24292f}.number{font-size:11px}.title{font-size:16px;font-weight:bold}.page{fill:#ffffff}.line{stroke:#d8dee4}
.unfused{fill:#9aa5b1}.core{fill:#1f6feb}.floor{fill:#57ab5a}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.page{fill:#0d1117}.line{stroke:#30363d}.unfused{fill:#6e7681}.core{fill:#4493f8}}
</style>"""
LEFT, RIGHT, TOP, BAR, GAP = 260, 110, 74, 13, 12
WIDTH = 860


def escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def label(value):
    if value < 1000:
        return f"{value:.1f} ns" if value < 100 else f"{value:.0f} ns"
    return f"{value / 1000:.1f} µs"


def place(value, top):
    """Where a value is on the axis, from 1 ns on."""
    return LEFT + (WIDTH - LEFT - RIGHT) * math.log10(max(value, 1)) / math.log10(top)


def bars(case, y, top):
    forms = case["engines"]["wasmtime"]
    height = len(SERIES) * BAR
    yield f'<text x="{LEFT - 10}" y="{y + height / 2 + 4}" text-anchor="end">{escaped(case["title"])}</text>'
    for form, _ in SERIES:
        value = least(forms[form])
        end = place(value, top)
        yield f'<rect x="{LEFT}" y="{y}" width="{max(end - LEFT, 2):.1f}" height="{BAR - 2}" class="{form}"/>'
        yield f'<text x="{max(end, LEFT + 2) + 5:.1f}" y="{y + BAR - 3}" class="number">{label(value)}</text>'
        y += BAR


def legend():
    x = LEFT
    for form, name in SERIES:
        yield f'<rect x="{x}" y="38" width="11" height="11" class="{form}"/><text x="{x + 16}" y="48">{name}</text>'
        x += 42 + 6.5 * len(name)


def beginning(height, title, told):
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13" role="img">',
        f"<title>{title}: {told}</title>",
        STYLE,
        f'<rect width="{WIDTH}" height="{height}" class="page"/>',
        f'<text x="{LEFT}" y="24" class="title">{title}</text>',
        f'<text x="{WIDTH - 12}" y="48" text-anchor="end" class="number">{told}</text>',
    ]


def program_bars(program, y):
    forms = program["engines"]["wasmtime"]
    there = [(least(forms[form]), form) for form, _ in SERIES if "ns" in forms.get(form, {})]
    middle, longest = y + len(there) * BAR / 2 + 4, max(value for value, _ in there)
    yield f'<text x="{LEFT - 10}" y="{middle}" text-anchor="end">{escaped(program["title"].split(" (")[0])}</text>'
    for value, form in there:
        share = value / there[0][0]
        width = (WIDTH - LEFT - RIGHT) * value / longest
        yield f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR - 2}" class="{form}"/>'
        said = f"{value / 1e6:,.1f} ms" + (f", {share:.0%}" if value != there[0][0] else "")
        yield f'<text x="{LEFT + width + 5:.1f}" y="{y + BAR - 3}" class="number">{said}</text>'
        y += BAR


def program_chart(results):
    measured = [program for program in results["programs"] if "engines" in program]
    row = len(SERIES) * BAR + GAP
    height = TOP - 10 + row * len(measured)
    lines = [*beginning(height, "Whole programs of several components, in wasmtime", "shorter is faster"), *legend()]
    for i, program in enumerate(measured):
        lines += program_bars(program, TOP - 10 + i * row)
    return "\n".join([*lines, "</svg>"]) + "\n"


def chart(results):
    cases = [case for case in results["cases"] if case["group"] == "main"]
    row = len(SERIES) * BAR + GAP
    height = TOP + row * len(cases) + 14
    top = 1.05 * max(least(case["engines"]["wasmtime"][form]) for case in cases for form, _ in SERIES)
    lines = [*beginning(height, "One call between two components, in wasmtime", "logarithmic; shorter is faster"), *legend()]
    for power in range(int(math.log10(top)) + 1):
        x = place(10**power, top)
        lines.append(f'<path d="M{x:.1f} {TOP - 8}V{height - 10}" class="line"/>')
        lines.append(f'<text x="{x + 3:.1f}" y="{TOP - 9}" class="number">{label(10**power).replace(".0", "")}</text>')
    for i, case in enumerate(cases):
        lines += bars(case, TOP + i * row, top)
    return "\n".join([*lines, "</svg>"]) + "\n"
