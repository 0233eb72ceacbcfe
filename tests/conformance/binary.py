"""What the tests need to know of a component's bytes: the core modules it holds, its canonical functions, and whether it
takes or gives definitions.

Provides  core_modules, count_core_modules, count_canonical_functions, trades_definitions.
Spec      Binary.md, "Component Definitions"; the text is what `wasm-tools print` prints.
"""

from script import tokens

SECTION_CORE_MODULE, SECTION_COMPONENT, SECTION_CANON, SECTION_CUSTOM = 1, 4, 8, 0
PREAMBLE_SIZE = 8


def read_leb128(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def sections(data):
    """Yield (id, contents) of each section of a component or module."""
    at = PREAMBLE_SIZE
    while at < len(data):
        number = data[at]
        size, at = read_leb128(data, at + 1)
        yield number, data[at : at + size]
        at += size


def custom_section_names(data):
    for number, contents in sections(data):
        if number == SECTION_CUSTOM:
            size, at = read_leb128(contents, 0)
            yield contents[at : at + size].decode(errors="replace")


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
    return sum(read_leb128(contents, 0)[0] for number, contents in deep_sections(component) if number == SECTION_CANON)


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
