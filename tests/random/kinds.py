"""Types of components, their layout, and values of them made at random.

A type is a Type; a value of it is plain Python:

    integers, char, flags            an int
    f32, f64                         an int, the bits
    string                           a str
    list, fixed, map, record, tuple  a list, for a map of pairs
    variant, enum, option, result    (case, value or None)
    own, borrow                      None: the guest takes a handle that it has when the value is lowered

Spec  CanonicalABI.md "Alignment", "Element Size", "Flattening".
"""

import dataclasses
import functools
import math

SIZES = {"bool": 1, "u8": 1, "s8": 1, "u16": 2, "s16": 2, "u32": 4, "s32": 4, "u64": 8, "s64": 8, "f32": 4, "f64": 8, "char": 4,
         "own": 4, "borrow": 4}
WIDE = {"u64": "i64", "s64": "i64", "f32": "f32", "f64": "f64"}
NUMBERS = tuple(kind for kind in SIZES if kind not in ("own", "borrow"))
MAX_FLAT_PARAMS, MAX_FLAT_ASYNC_PARAMS = 16, 4
FLAT_LIMIT = 60  # of a type that is made here
SIZE_LIMIT = 600


@dataclasses.dataclass(frozen=True)
class Type:
    """`parts` are the types inside, None where a case has none; `count` is the length of a fixed list and the number of labels
    of flags and enums; `name` is that of a type that has to be exported; `resource` says whose handle it is."""

    kind: str
    parts: tuple = ()
    count: int = 0
    name: str = ""
    resource: tuple = ()


def cases_of(t):
    """The types of a variant's cases; nothing for what is no variant."""
    return {"variant": lambda: t.parts, "option": lambda: (None, t.parts[0]), "result": lambda: t.parts,
            "enum": lambda: (None,) * t.count}.get(t.kind, lambda: ())()


def fields_of(t):
    if t.kind == "fixed":
        return t.parts * t.count
    return t.parts if t.kind in ("record", "tuple") else ()


def element_of(t):
    """Of a list or a map."""
    return Type("tuple", t.parts) if t.kind == "map" else t.parts[0]


def discriminant_size(cases):
    return {0: 1, 1: 1, 2: 2, 3: 4}[math.ceil(math.log2(len(cases)) / 8)]


def flags_size(t):
    return 1 if t.count <= 8 else 2 if t.count <= 16 else 4


def align_to(offset, alignment):
    return (offset + alignment - 1) // alignment * alignment


@functools.cache
def alignment(t):
    if t.kind in SIZES:
        return SIZES[t.kind]
    if t.kind in ("string", "list", "map"):
        return 4
    if t.kind == "flags":
        return flags_size(t)
    if cases_of(t):
        return max([discriminant_size(cases_of(t))] + [alignment(case) for case in cases_of(t) if case])
    return max(alignment(field) for field in fields_of(t))


@functools.cache
def size(t):
    if t.kind in SIZES:
        return SIZES[t.kind]
    if t.kind in ("string", "list", "map"):
        return 8
    if t.kind == "flags":
        return flags_size(t)
    if cases_of(t):
        payload = max([size(case) for case in cases_of(t) if case], default=0)
        return align_to(payload_offset(t) + payload, alignment(t))
    offset = 0
    for field in fields_of(t):
        offset = align_to(offset, alignment(field)) + size(field)
    return align_to(offset, alignment(t))


def payload_offset(t):
    cases = cases_of(t)
    return align_to(discriminant_size(cases), max([alignment(case) for case in cases if case], default=1))


def offsets(fields):
    """(field, offset) of each."""
    offset = 0
    for field in fields:
        offset = align_to(offset, alignment(field))
        yield field, offset
        offset += size(field)


def join(a, b):
    if a == b:
        return a
    return "i32" if {a, b} == {"i32", "f32"} else "i64"


@functools.cache
def flatten(t):
    if t.kind in ("string", "list", "map"):
        return ("i32", "i32")
    if t.kind in SIZES or t.kind == "flags":
        return (WIDE.get(t.kind, "i32"),)
    if cases_of(t):
        flat = []
        for case in filter(None, cases_of(t)):
            for i, core in enumerate(flatten(case)):
                flat[i:i + 1] = [join(flat[i], core) if i < len(flat) else core]
        return ("i32", *flat)
    return tuple(core for field in fields_of(t) for core in flatten(field))


def contains(t, predicate):
    return predicate(t) or any(contains(part, predicate) for part in t.parts if part)


@dataclasses.dataclass
class Func:
    """`is_async` is of its type; `lifts_async` says how the one who has it lifts it, `lowers_async` how the one who calls lowers it."""

    name: str
    params: list
    result: Type = None
    is_async: bool = False
    lifts_async: bool = False
    lowers_async: bool = False

    def flat_params(self):
        return [core for param in self.params for core in flatten(param)]

    def params_spill(self, limit=MAX_FLAT_PARAMS):
        return len(self.flat_params()) > limit

    def call_spills(self):
        return self.params_spill(MAX_FLAT_ASYNC_PARAMS if self.lowers_async else MAX_FLAT_PARAMS)

    def result_spills(self):
        return bool(self.result) and len(flatten(self.result)) > 1

    def lifted(self):
        """(core params, core results)"""
        params = ["i32"] if self.params_spill() else self.flat_params()
        results = [] if not self.result else ["i32"] if self.result_spills() else list(flatten(self.result))
        return params, [] if self.lifts_async else results

    def lowered(self):
        params = ["i32"] if self.call_spills() else self.flat_params()
        if self.lowers_async:
            return params + (["i32"] if self.result else []), ["i32"]
        results = [] if not self.result else list(flatten(self.result))
        return (params + ["i32"], []) if self.result_spills() else (params, results)

    def returned(self):
        """The core params of task.return."""
        flat = list(flatten(self.result)) if self.result else []
        return ["i32"] if len(flat) > MAX_FLAT_PARAMS else flat

    def types(self):
        return self.params + ([self.result] if self.result else [])


def type_text(t, resource_text, nominal_text):
    """A type as the text format has it."""
    def show(part):
        return type_text(part, resource_text, nominal_text)

    if t.name:
        return nominal_text(t.name)
    if t.kind in ("own", "borrow"):
        return f"({t.kind} {resource_text(t.resource)})"
    if t.kind == "fixed":
        return f"(list {show(t.parts[0])} {t.count})"
    if t.kind in ("list", "map", "tuple", "option"):
        return f"({t.kind} {' '.join(show(part) for part in t.parts)})"
    if t.kind == "result":
        ok, error = t.parts
        return f"(result{' ' + show(ok) if ok else ''}{f' (error {show(error)})' if error else ''})"
    return t.kind


def structure_text(t, resource_text, nominal_text):
    """The definition of a type that has a name."""
    def show(part):
        return type_text(part, resource_text, nominal_text)

    if t.kind == "record":
        return "(record " + " ".join(f'(field "f{i}" {show(part)})' for i, part in enumerate(t.parts)) + ")"
    if t.kind == "variant":
        return "(variant " + " ".join(f'(case "c{i}"{" " + show(part) if part else ""})' for i, part in enumerate(t.parts)) + ")"
    return f"({t.kind} " + " ".join(f'"l{i}"' for i in range(t.count)) + ")"


class Maker:
    """Makes types and values. `resources` are what handles may be of; `named` collects the types that need a name."""

    def __init__(self, rng, resources=(), features=frozenset(), names_types=True, accepts=lambda t: True):
        self.rng, self.resources, self.features, self.names_types = rng, list(resources), features, names_types
        self.accepts = accepts
        self.named = []

    def type(self, depth=3, borrow=False):
        """A type that is not too large."""
        while True:
            count = len(self.named)
            t = self.any_type(depth, borrow)
            if len(flatten(t)) <= FLAT_LIMIT and size(t) <= SIZE_LIMIT and self.accepts(t):
                return t
            del self.named[count:]
            depth = max(0, depth - 1)

    def any_type(self, depth, borrow):
        rng = self.rng
        fitting = [t for t in self.named if borrow or not contains(t, lambda part: part.kind == "borrow")]
        if fitting and rng.random() < 0.12:
            return rng.choice(fitting)
        if self.resources and rng.random() < 0.16:
            return Type("borrow" if borrow and rng.random() < 0.6 else "own", resource=rng.choice(self.resources))
        if depth <= 0 or rng.random() < 0.3:
            return Type(rng.choice(NUMBERS + ("string", "string", "string")))
        kinds = ["list", "list", "list", "record", "record", "record", "tuple", "variant", "variant", "option", "result", "enum", "flags"]
        kind = rng.choice(kinds + [kind for kind in ("fixed", "map") if kind in self.features])
        if kind in ("record", "variant", "enum", "flags") and not self.names_types:
            kind = "tuple"
        return getattr(self, f"make_{kind}")(depth - 1, borrow)

    def name(self, kind, **what):
        t = Type(kind, name=f"t{len(self.named)}", **what)
        self.named.append(t)
        return t

    def parts(self, least, most, depth, borrow):
        return tuple(self.any_type(depth, borrow) for _ in range(self.rng.randint(least, most)))

    def maybe(self, depth, borrow):
        return self.any_type(depth, borrow) if self.rng.random() < 0.7 else None

    def make_list(self, depth, borrow):
        return Type("list", (self.any_type(depth, borrow),))

    def make_fixed(self, depth, borrow):
        return Type("fixed", (self.any_type(min(depth, 1), borrow),), self.rng.randint(1, 5))

    def make_map(self, depth, borrow):
        keys = ("bool", "u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64", "char", "string")
        return Type("map", (Type(self.rng.choice(keys)), self.any_type(depth, borrow)))

    def make_record(self, depth, borrow):
        if self.rng.random() < 0.3:  # many that are alike lie side by side
            few = [Type(self.rng.choice(NUMBERS)) for _ in range(self.rng.randint(1, 2))]
            parts = tuple(self.rng.choice(few) for _ in range(self.rng.randint(2, 12)))
        else:
            parts = self.parts(1, 5, depth, borrow)
        return self.name("record", parts=parts)

    def make_tuple(self, depth, borrow):
        return Type("tuple", self.parts(1, 4, depth, borrow))

    def make_variant(self, depth, borrow):
        count = self.rng.choice((1, 2, 3, 4, 5, 5, 300 if self.rng.random() < 0.1 else 2))
        parts = [self.maybe(depth, borrow) for _ in range(min(count, 5))] + [None] * max(0, count - 5)
        return self.name("variant", parts=tuple(parts))

    def make_option(self, depth, borrow):
        return Type("option", (self.any_type(depth, borrow),))

    def make_result(self, depth, borrow):
        return Type("result", (self.maybe(depth, borrow), self.maybe(depth, borrow)))

    def make_enum(self, _depth, _borrow):
        return self.name("enum", count=self.rng.choice((1, 2, 3, 7, 255, 256, 257)))

    def make_flags(self, _depth, _borrow):
        return self.name("flags", count=self.rng.choice((1, 2, 7, 8, 9, 15, 16, 17, 31, 32)))

    # Values

    def value(self, t):
        rng, kind = self.rng, t.kind
        if kind == "bool":
            return rng.randrange(2)
        if kind in ("u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64"):
            return self.integer(t)
        if kind in ("f32", "f64"):
            return self.float_bits(32 if kind == "f32" else 64)
        if kind == "char":
            return ord(self.character())
        if kind == "string":
            return self.string()
        if kind in ("list", "map"):
            return self.list_value(t)
        if kind == "flags":
            return rng.getrandbits(t.count)
        if cases_of(t):
            cases = cases_of(t)
            case = rng.randrange(len(cases) if rng.random() < 0.3 else min(len(cases), 6))
            return case, self.value(cases[case]) if cases[case] else None
        return [self.value(field) for field in fields_of(t)]  # and of a handle nothing

    def integer(self, t):
        bits = 8 * size(t)
        value = self.rng.choice((0, 1, (1 << bits) - 1, 1 << (bits - 1), self.rng.getrandbits(bits), self.rng.getrandbits(bits)))
        return value - (1 << bits) if t.kind[0] == "s" and value >> (bits - 1) else value

    def float_bits(self, bits):
        nans = (0x7FC00000, 0xFFC00000, 0x7F800001, 0x7FC00005) if bits == 32 else (
            0x7FF8000000000000, 0xFFF8000000000000, 0x7FF0000000000001, 0x7FF8000000000005)
        return self.rng.choice((0, 1 << (bits - 1), self.rng.choice(nans), self.rng.getrandbits(bits), self.rng.getrandbits(bits)))

    def character(self):
        while True:
            code = self.rng.choice((self.rng.randrange(128), self.rng.randrange(256), self.rng.randrange(0x800),
                                    self.rng.randrange(0x10000), self.rng.randrange(0x110000)))
            if not 0xD800 <= code < 0xE000:
                return chr(code)

    def string(self):
        rng = self.rng
        length = rng.choice((0, 1, 2, 3, 7, 8, 9, 15, 16, 17, rng.randrange(40), rng.randrange(140)))
        if rng.random() < 0.03:
            length = rng.randrange(300, 3000)
        highest = rng.choice((128, 128, 128, 256, 0x3000, 0x110000))
        text = [chr(rng.randrange(min(highest, 128))) for _ in range(length)]
        for _ in range(rng.randrange(4) if highest > 128 else 0):
            if length:
                character = self.character()
                text[rng.randrange(length)] = character if ord(character) < highest else chr(0xE9)
        return "".join(text)

    def list_value(self, t):
        rng, element = self.rng, element_of(t)
        most = 3 if contains(element, lambda part: part.kind in ("own", "borrow")) else 6
        length = rng.choice((0, 1, 2, rng.randrange(most)))
        if size(element) <= 8 and element.kind in SIZES and rng.random() < 0.3 and most > 3:
            length = rng.choice((16, 17, 33, 100))
        return [self.value(element) for _ in range(length)]
