"""The cases that are timed: what each is made of, and what it has to give.

A case is a file in cases/: settings in its first lines (`;; name: value`), then sections of WebAssembly text (`;;;
name`). The same functions are put into four frames:

    component   two components and the one around them (frames/component.wat, resource.wat, parent.wat)
    hand        one core module with a memory for each side and an adapter that a person wrote; section `hand`
    floor       one core module with one memory, in which the caller calls the callee; section `floor`

Memories are called $caller_memory and $callee_memory, what belongs to the callee $callee_..., and what the caller
calls has a plain name, $f. So the floor is the text in which $f is $callee_f.

Provides  CASES; Case.component(), Case.hand(), Case.floor(), Case.expected(n)
"""

import dataclasses
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
MASK = 0xFFFFFFFF
KEY = 0x5BD1E995
SENTENCE = "The quick brown fox jumps over the lazy dog. "
CODECS = {"utf8": "utf-8", "utf16": "utf-16-le", "latin1+utf16": "latin-1"}  # all texts that go to the third are Latin-1
SHORT = {"utf8": "UTF-8", "utf16": "UTF-16", "latin1+utf16": "Latin-1"}


def read_sections(path):
    """Settings and sections of a file."""
    settings, sections, name = {}, {}, None
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith(";;; "):
            name = line[4:].strip()
            sections[name] = ""
        elif name is not None:
            sections[name] += line + "\n"
        elif match := re.match(r";; (\w+): (.*)", line):
            settings[match[1]] = match[2]
    return settings, sections


def fill(text, values):
    """Replaces @name@ by its value until none is left."""
    while re.search(r"@\w+@", text):
        text = re.sub(r"@(\w+)@", lambda match: values[match[1]], text)
    return text


def escape(data):
    return "".join(chr(byte) if 32 < byte < 127 and byte not in b'"\\@' else f"\\{byte:02x}" for byte in data)


def frame(name):
    text = (HERE / "frames" / f"{name}.wat").read_text(encoding="utf-8")
    return re.sub(r"^;; .*\n", "", text, flags=re.MULTILINE) if name in ("run", "allocator") else text


def repeat(text, length):
    return (text * (length // len(text) + 1))[:length]


ASCII = SENTENCE
LATIN = "The quíck brown føx jumps óver the lazý dog "  # one in nine is not ASCII
CHINESE = "敏捷的棕色狐狸跳过懒狗。The lazy dog"


def options(words, instance, encoding):
    """Canonical options: those that a function's types need and no more, as tools write them."""
    texts = {
        "memory": f'(memory (core memory ${instance} "memory"))',
        "realloc": f'(realloc (core func ${instance} "realloc"))',
        "post": f'(post-return (core func ${instance} "post"))',
        "encoding": f"string-encoding={encoding}",
    }
    return " ".join(texts[word] for word in words.split())


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    title: str
    file: str
    group: str = "more"  # `main`: the cases of the first table
    values: dict = dataclasses.field(default_factory=dict)
    model: object = None  # n -> what run(n) gives
    floor_values: dict = None  # where the floor has other values: a string is in the callee's encoding already
    hand_is_floor: bool = False
    hand: bool = True  # the file's adapter by hand is for these values too

    @property
    def has_strings(self):
        return self.file.startswith("string")

    def parts(self):
        settings, sections = read_sections(HERE / "cases" / f"{self.file}.wat")
        if settings.get("frame") == "resource":
            sections = {**read_sections(HERE / "frames" / "counter.wat")[1], **sections}
        return settings, sections

    def names(self, settings, sections):
        """What the marks in a frame stand for."""
        types = [tuple(settings["type"].split(" ", 1))] if "type" in settings else []
        allocator = frame("allocator")
        values = {
            "callee_encoding": "utf8", "caller_encoding": "utf8", "spilled_params": "", **self.values,
            "core": settings.get("core", ""),
            "signature": settings.get("signature", ""),
            "callee_types": " ".join(f"(type ${t}' {d}) (export ${t} \"{t}\" (type ${t}'))" for t, d in types),
            "caller_types": " ".join(f"(type ${t}' {d}) (import \"{t}\" (type ${t} (eq ${t}')))" for t, d in types),
            "type_arguments": " ".join(f'(with "{t}" (type $callee "{t}"))' for t, _ in types),
            "lift": options(settings.get("lift", ""), "code", "@callee_encoding@"),
            "lower": options(settings.get("lower", ""), "libc", "@caller_encoding@"),
            "libc": allocator.replace("@side@", "caller"),
            "callee": allocator.replace("@side@", "callee") + "(func $callee_post (param i32))\n" + sections.get("callee", ""),
            "caller": sections.get("caller", "") + frame("run"),
        }
        for name in ("callee_code", "middle", "locals", "before", "each", "after"):
            values[name] = sections.get(name, "")
        return values

    def component(self):
        settings, sections = self.parts()
        text = frame(self.values.get("frame") or settings.get("frame", "component"))
        return fill(text, self.names(settings, sections))

    def hand_module(self):
        """None where there is nothing better than the floor, or nobody wrote one."""
        settings, sections = self.parts()
        resource = settings.get("frame") == "resource"
        if not self.hand or not ("hand" in sections or self.name in ("method", "construct")):
            return None
        adapter = frame("hand_resource") if resource else ""
        adapter += frame("hand_values") if "hand" in sections else ""
        adapter += sections.get("hand", "")
        values = self.names(settings, sections)
        values["memories"] = "(memory $caller_memory 8) (memory $callee_memory 8)"
        values["adapter"] = adapter + (sections["callee_code"] if resource else "")
        return self.module(values)

    def floor_module(self):
        settings, sections = self.parts()
        values = {**self.names(settings, sections), **(self.floor_values or {})}
        values["memories"] = "(memory $caller_memory 8)"
        values["adapter"] = sections.get("floor", "") + sections.get("callee_code", "")
        if settings.get("frame") == "resource":
            values["adapter"] += sections["middle"].replace("(call $drop", "(drop")
        text = self.module(values).replace("$callee_memory", "$caller_memory")
        direct = {"new": "callee_new", "next": "callee_next", "take": "callee_take", "sum": "callee_sum",
                  "total": "callee_total", "drop": "callee_dtor", "use": "middle_use", "counter_drop": "callee_dtor"}
        if "floor" not in sections:
            direct["f"] = "callee_f"
        for name, target in direct.items():
            text = re.sub(rf"\(call \${name}(?=[\s)])", f"(call ${target}", text)
        for identity in ("counter_new", "counter_rep"):  # a handle is the representation
            text = text.replace(f"(call ${identity} ", "(block (result i32) ")
        return text

    def module(self, values):
        return fill(frame("module"), values)

    def expected(self, n):
        return self.model(n) & MASK


def rotated(x):
    return ((x << 5) | (x >> 27)) & MASK


def record_model(n):
    total = 0
    for x in range(n, 0, -1):
        signed = total - (1 << 32) if total >> 31 else total
        total = total + (KEY ^ ((x + 2 + 3 + 4 + signed + 6 + 7 + 8 + 9 + x) & MASK)) & MASK
    return total


def option_result_model(n):
    total = 0
    for x in range(n, 0, -1):
        is_error, value = (x & 1, x >> 1) if x >> 2 & 1 else (1, 99)
        total = total * 3 + is_error + value & MASK
    return total


def variant_model(n):
    total = 0
    for x in range(n, 0, -1):
        kind = x & 3
        total = total * 3 + (KEY ^ kind + (x if kind else 0) + (7 if kind == 2 else 0)) & MASK
    return total


def string_values(text, source, destination):
    codec, there = CODECS[source], CODECS[destination]
    data, sent = text.encode(codec), text.encode(there)
    units = len(sent) // 2 if destination == "utf16" else len(sent)
    wide = destination == "utf16"
    first = int.from_bytes(sent[: 2 if wide else 1], "little")
    last = int.from_bytes(sent[-2 if wide else -1 :], "little")
    count = len(data) // 2 if source == "utf16" else len(data)
    values = {
        "caller_encoding": source, "callee_encoding": destination, "data": escape(data),
        "units_bytes": escape(count.to_bytes(4, "little")),
        "to_unit": "16" if wide else "8", "to_log2": "1" if wide else "0",
    }
    return values, lambda n: n * (units + 3 * first + last)


def string_case(name, title, text, source="utf8", destination="utf8", group="more"):
    values, model = string_values(text, source, destination)
    there, _ = string_values(text, destination, destination)
    return Case(name, title, "string", group, values, model, there, hand=source == destination == "utf8")


def result_case(name, title, text, group="more"):
    values, model = string_values(text, "utf8", "utf8")
    return Case(name, title, "string_result", group, values, model)


def encoding_cases():
    for kind, text in (("ASCII", ASCII), ("1 in 9 not ASCII", LATIN), ("Chinese", CHINESE)):
        for source in CODECS:
            for destination in CODECS:
                if kind == "Chinese" and "latin1+utf16" in (source, destination):
                    continue
                if (kind, source, destination) == ("ASCII", "utf8", "utf8"):
                    continue  # a case of the first table
                name = "_".join(word.replace("+", "_") for word in ("string", kind.split()[0].lower(), source, destination))
                title = f"string, 1,024 characters, {kind}: {SHORT[source]} → {SHORT[destination]}"
                yield string_case(name, title.replace("1 in 9", "one in nine"), repeat(text, 1024), source, destination)


def spilled_params():
    return " ".join(f'(param "p{i}" u32)' for i in range(20))


HUNDRED_STRINGS = repeat(SENTENCE, 1200).encode()

CASES = (
    Case("number", "u32 → u32", "number", "main", model=lambda n: sum(rotated(x) ^ KEY for x in range(1, n + 1)),
         hand_is_floor=True),
    Case("record", "record of 10 numbers, flat", "record", "main", model=record_model, hand_is_floor=True),
    string_case("string_16", "string, 16 bytes", repeat(ASCII, 16), group="main"),
    string_case("string_1k", "string, 1 kB ASCII", repeat(ASCII, 1024), group="main"),
    Case("strings", "list of 100 strings of 12 bytes", "strings", "main", {"data": escape(HUNDRED_STRINGS)},
         lambda n: n * (1200 + sum(HUNDRED_STRINGS[::12]))),
    Case("bytes", "list<u8>, 64 kB", "bytes", "main", model=lambda n: sum(65536 + 3 * (x & 255) + 7 for x in range(1, n + 1))),
    Case("method", "method on a borrowed resource", "method", "main", model=lambda n: n * (n + 1) // 2),
    Case("construct", "constructor + drop with destructor", "construct", "main", model=lambda n: n * (n + 1) // 2),
    result_case("result_16", "string as a result, 16 bytes", repeat(ASCII, 16)),
    result_case("result_1k", "string as a result, 1 kB ASCII", repeat(ASCII, 1024)),
    Case("spilled", "20 parameters, through memory", "spilled", values={"spilled_params": spilled_params()},
         model=lambda n: n * (n + 1) // 2 + 5 * n),
    Case("option_result", "option<u32> → result<u32, u32>", "option_result", model=option_result_model),
    Case("variant", "variant of 4 cases → u32", "variant", model=variant_model, hand_is_floor=True),
    Case("list_points", "list of 100 records of 4 floats", "list_points", model=lambda n: n * 124),
    Case("list_mixed", "list of 100 records with padding and a bool", "list_mixed", hand=False,
         model=lambda n: n * (50 + 3 * 4950 + 500)),
    Case("beside", "u32 → u32, beside a function of strings", "number", values={"frame": "beside"},
         model=lambda n: sum(rotated(x) ^ KEY for x in range(1, n + 1)), hand_is_floor=True),
    Case("table", "u32 → u32, through a table of the caller's", "number", values={"frame": "table"},
         model=lambda n: sum(rotated(x) ^ KEY for x in range(1, n + 1)), hand_is_floor=True),
    Case("parent", "u32 → u32, of the parent component", "number", values={"frame": "parent"},
         model=lambda n: sum(rotated(x) ^ KEY for x in range(1, n + 1)), hand_is_floor=True),
    Case("own", "constructor + own handle given away", "own", model=lambda n: n * (n + 1) // 2),
    Case("borrow_elsewhere", "borrow for a component that doesn't define it", "borrow_elsewhere",
         model=lambda n: n * (n + 1) // 2),
    Case("borrows", "list of 100 borrows", "borrows", model=lambda n: 300 * n),
    *encoding_cases(),
)
