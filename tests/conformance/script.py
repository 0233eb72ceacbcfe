"""A .wast script as a list of directives.

    (component definition $D …)                 ->  Directive(kind="definition", name="$D")
    (component instance $i $D)                  ->  Directive(kind="instance", name="$i", definition="$D")
    (assert_trap (invoke "run") "unreachable")  ->  Directive(kind="assert_trap", message="unreachable")

The scanner knows parentheses, strings and comments, and nothing of what stands inside a component.

Requires  a script that `wasm-tools json-from-wast` accepts.
Provides  directives in order, each printable on one line, so that the line of an error says which directive failed.
Spec      "A Spec-test script" of the wast crate; Explainer.md for the components in it.
"""

import dataclasses
import re

TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<line>;;[^\n]*)
  | (?P<open>\()
  | (?P<close>\))
  | (?P<string>"(?:[^"\\]|\\.)*")
  | (?P<atom>[^\s()";]+)
    """,
    re.VERBOSE | re.DOTALL,
)


class ScriptError(Exception):
    """The text is not a script."""


def tokens(text):
    """Yield (kind, text, offset) of each token but blanks and comments; `(; … ;)` comments nest."""
    at = 0
    while at < len(text):
        if text.startswith("(;", at):
            at = end_of_block_comment(text, at)
            continue
        match = TOKEN.match(text, at)
        if not match:
            raise ScriptError(f"unexpected character {text[at]!r} at offset {at}")
        if match.lastgroup not in ("space", "line"):
            yield match.lastgroup, match.group(), at
        at = match.end()


def end_of_block_comment(text, at):
    depth = 0
    while True:
        match = re.compile(r"\(;|;\)").search(text, at)
        if not match:
            raise ScriptError("a block comment has no end")
        depth += 1 if match.group() == "(;" else -1
        at = match.end()
        if depth == 0:
            return at


def unquote(string):
    """The text of a string literal whose escapes are those of messages."""
    return string[1:-1].replace('\\"', '"').replace("\\'", "'").replace("\\\\", "\\")


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def binary_string(data):
    return '"' + "".join(f"\\{byte:02x}" for byte in data) + '"'


@dataclasses.dataclass
class Directive:
    index: int
    line: int  # in the script as written
    kind: str  # component, definition, instance, module, register, invoke, assert_…
    words: list  # its tokens, all of them
    name: str = ""  # of what it defines
    definition: str = ""  # instance: of what
    subject: str = ""  # invoke, assert_…: the instance it names, if it names one
    message: str = ""  # assert_…: the text expected
    component: tuple = ()  # (first, last) position in words of the one component it carries
    binary: bytes = None  # that component, compiled
    fused: bytes = None  # and fused

    @property
    def makes_instance(self):
        return self.kind in ("component", "instance", "module")

    def text(self, message=None):
        """On one line, with the fused component in place of the written one and `message` in place of its own."""
        words = list(self.words)
        if message is not None:
            words[-2] = quote(message)
        if self.fused is not None:
            first, last = self.component
            head = words[first + 1 : first + 2]
            for word in words[first + 2 : first + 4]:
                if word == "definition" or word.startswith("$"):
                    head.append(word)
                else:
                    break
            words[first : last + 1] = ["(", *head, "binary", binary_string(self.fused), ")"]
        return " ".join(words)


def read_script(text):
    directives, words, line, depth, seen = [], [], 1, 0, 0
    for kind, word, at in tokens(text):
        if depth == 0:
            if kind != "open":
                raise ScriptError(f"expected a directive at offset {at}")
            line += text.count("\n", seen, at)
            seen, words = at, []
        words.append(word)
        depth += (kind == "open") - (kind == "close")
        if depth == 0:
            directives.append(classify(Directive(len(directives), line, words[1], words)))
    if depth:
        raise ScriptError("the last directive has no end")
    return directives


def classify(directive):
    words = directive.words
    if directive.kind == "component":
        classify_component(directive, 0)
    elif directive.kind.startswith("assert_"):
        if words[2:4] == ["(", "component"]:
            classify_component(directive, 2)
        elif words[2:4] == ["(", "invoke"] and words[4].startswith("$"):
            directive.subject = words[4]
        if words[-2].startswith('"'):
            directive.message = unquote(words[-2])
    elif directive.kind == "invoke" and words[2].startswith("$"):
        directive.subject = words[2]
    return directive


def classify_component(directive, first):
    """Find what follows `(component` at position `first`: definition or instance, a name, the extent."""
    words, own = directive.words, first == 0
    names = [word for word in words[first + 2 : first + 5] if word.startswith("$")]
    if own and words[2] in ("definition", "instance"):
        directive.kind = words[2]
    if own and directive.kind == "instance":
        directive.name, directive.definition = (names + names)[:2] if len(names) == 1 else names[:2]
        return
    if own:
        after = words[3] if directive.kind == "definition" else words[2]
        directive.name = after if after.startswith("$") else ""
    depth = 0
    for at in range(first, len(words)):
        depth += (words[at] == "(") - (words[at] == ")")
        if depth == 0:
            directive.component = (first, at)
            return
