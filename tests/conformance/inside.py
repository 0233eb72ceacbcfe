"""What the tests need to know of a component's bytes: the core modules it holds, its canonical functions, and whether it
takes or gives definitions.

Provides  core_modules, count_core_modules, count_canonical_functions, trades_definitions.
Spec      Binary.md, "Component Definitions"; the text is what `wasm-tools print` prints.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from binary import custom_sections, read_u32, sections  # noqa: E402
from script import tokens  # noqa: E402

SECTION_CORE_MODULE, SECTION_COMPONENT, SECTION_CANON = 1, 4, 8


def custom_section_names(data):
    return [title for title, _ in custom_sections(data)]


def deep_sections(component):
    """The sections of a component and of those in it, at any depth."""
    for number, contents in sections(component):
        if number == SECTION_COMPONENT:
            yield from deep_sections(contents)
        else:
            yield number, contents


def core_modules(component):
    """Core modules written in a component, at any depth."""
    return [contents for number, contents in deep_sections(component) if number == SECTION_CORE_MODULE]


def count_core_modules(component):
    return len(core_modules(component))


def count_canonical_functions(component):
    """Lifted and lowered functions and those on resources, at any depth."""
    return sum(read_u32(contents, 0)[0] for number, contents in deep_sections(component) if number == SECTION_CANON)


def tree(text):
    """An s-expression as nested lists."""
    stack = [[]]
    for kind, word, _ in tokens(text):
        if kind == "open":
            stack.append([])
        elif kind == "close":
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(word)
    return stack[0][0]


def names_definition(form):
    """Is it `(import … (core module …))`, `(export … (component …))` or the like?"""
    if form[0] not in ("import", "export", "alias"):
        return False
    return any(isinstance(part, list) and (part[:2] == ["core", "module"] or part[:1] == ["component"]) for part in form)


def trades_definitions(text):
    """Does a component, as printed, import or export core modules or components, itself or in an instance?

    An instance is followed no further than the types and the instances that the root itself writes down, and the
    exports of the components that it holds: enough to say no with certainty of all that holds nothing of the kind.
    """
    root = [form for form in tree(text) if isinstance(form, list)]
    if any(names_definition(form) for form in root if form[0] != "alias"):
        return True
    trades_instances = any(
        form[0] in ("import", "export") and any(isinstance(part, list) and part[:1] == ["instance"] for part in form)
        for form in root
    )
    return trades_instances and any(holds_export(form) for form in root if form[0] in ("type", "instance", "component"))


def holds_export(form):
    pending = [form]
    while pending:
        part = pending.pop()
        if part[:1] == ["export"] and names_definition(part):
            return True
        pending += [inner for inner in part if isinstance(inner, list)]
    return False
