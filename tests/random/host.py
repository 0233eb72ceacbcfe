"""The host of a program: an interface with functions and resources of its own, and calls of what the program exports.

All that the host is given becomes an event of the trace: arguments of its functions, results of the program's, representations
of its resources and when their destructors run. What it gives back is fixed with the program.

A value that the host gives is what the Python library of wasmtime takes: it wraps a case of a variant only where the classes of
the cases don't tell them apart. Where it would take one for another, `is_friendly` says so, and the type is not used.
"""

import struct

import wasmtime
import wasmtime.component as component

from kinds import cases_of

INTERFACE, APP = "test:host/h", "test:app/main"
INTEGERS = ("u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64")


def classes(t):
    """Names of the classes of values, as the library sees them."""
    if t is None:
        return {"object"}
    if cases_of(t) and t.kind != "enum":
        return {"Variant"} if is_tagged(t) else set().union(*map(classes, cases_of(t)))
    if t.kind in INTEGERS:
        return {"int"}
    name = {"f32": "float", "f64": "float", "char": "str", "string": "str", "enum": "str", "flags": "set", "own": "resource",
            "borrow": "resource"}.get(t.kind, t.kind)
    return {"bytes"} if t.kind == "list" and t.parts[0].kind == "u8" else {name}


def is_tagged(t):
    seen = set()
    for case in cases_of(t):
        if classes(case) & seen:
            return True
        seen |= classes(case)
    return False


def is_friendly(t):
    if t.kind in ("map", "fixed"):
        return False
    if cases_of(t) and t.kind != "enum" and not is_tagged(t):
        payloads = [classes(case) for case in cases_of(t) if case]
        if any("object" in names for names in payloads) or {"bool", "int"} <= set().union(set(), *payloads):
            return False
    return all(is_friendly(part) for part in t.parts if part)


def case_names(t):
    return {"option": ("none", "some"), "result": ("ok", "err")}.get(t.kind) or [f"c{i}" for i in range(len(cases_of(t)))]


def float_of(t, bits):
    return struct.unpack("<f" if t.kind == "f32" else "<d", bits.to_bytes(4 if t.kind == "f32" else 8, "little"))[0]


class Host:
    """Of one run, in which `fault` is asked for. `definition` is the host's interface and `app` the definition of what the program
    exports, or None."""

    def __init__(self, store, definition, app, fault):
        self.store, self.definition, self.app, self.fault, self.events = store, definition, app, fault, []
        self.turns, self.made, self.kept = {}, 1000, {}

    def let_go(self):
        """Of the store, which holds the functions that hold the host."""
        self.store = self.instance = None
        self.kept.clear()

    def define(self, linker):
        with linker.root() as root:
            root.add_func("log", lambda _store, value: self.events.append(value))
            root.add_func("ask", lambda _store: self.fault)
            if self.definition:
                with root.add_instance(INTERFACE) as instance:
                    for k in range(self.definition.own_count):
                        instance.add_resource(f"r{k}", component.ResourceType.host(k), self.dropped)
                        instance.add_func(f"make-{k}", self.constructor(k))
                    for func in self.definition.funcs:
                        instance.add_func(func.name, self.function(func))

    def dropped(self, _store, rep):
        self.events.append(("dropped", rep))

    def constructor(self, k):
        return lambda _store, x: self.own(k, x)

    def own(self, k, x):
        self.made += 1
        self.events.append(("made", x, self.made))
        return component.ResourceHost.own(self.made, k)

    def function(self, func):
        def run(store, *arguments):
            taken = [self.taken(t, value, self.definition, store) for t, value in zip(func.params, arguments)]
            self.events.append((func.name, *taken))
            turn = self.turns[func.name] = self.turns.get(func.name, -1) + 1
            values = self.definition.results.get(func.name)
            return self.given(func.result, values[turn % len(values)], self.definition) if func.result else None
        return run

    def resource(self, t, definition):
        """("host", k) or ("guest", k)"""
        if definition is self.definition:
            return "host", t.resource[1]
        return ("guest", t.resource[1]) if t.resource[0] == "own" else ("host", t.resource[2])

    def given(self, t, value, definition):
        """A value as the library takes it."""
        kind = t.kind
        if kind in ("own", "borrow"):
            return self.handle(kind, *self.resource(t, definition))
        if kind in ("f32", "f64"):
            return float_of(t, value)
        if kind == "bool":
            return bool(value)
        if kind == "char":
            return chr(value)
        if kind == "flags":
            return {f"l{i}" for i in range(t.count) if value >> i & 1}
        if kind == "enum":
            return f"l{value[0]}"
        if cases_of(t):
            case, payload = value
            inner = self.given(cases_of(t)[case], payload, definition) if cases_of(t)[case] else None
            return component.Variant(case_names(t)[case], inner) if is_tagged(t) else inner
        if kind == "record":
            record = component.Record()
            for i, (part, item) in enumerate(zip(t.parts, value)):
                setattr(record, f"f{i}", self.given(part, item, definition))
            return record
        if kind == "tuple":
            return tuple(self.given(part, item, definition) for part, item in zip(t.parts, value))
        if kind == "list":
            items = [self.given(t.parts[0], item, definition) for item in value]
            return bytes(items) if t.parts[0].kind == "u8" else items
        return value

    def handle(self, kind, owner, k):
        if owner == "host":
            own = self.own(k, 0)
            return own if kind == "own" else component.ResourceHost.borrow(self.made, k)
        kept = self.kept.setdefault(k, [])
        if len(kept) < 2:
            kept.append(self.call(f"make-{k}", [7]))
        return kept.pop() if kind == "own" else kept[0]

    def taken(self, t, value, definition, store):
        """What the trace says of a value."""
        kind = t.kind
        if kind in ("own", "borrow"):
            owner, k = self.resource(t, definition)
            if owner == "guest":
                self.kept.setdefault(k, []).append(value)
                return kind
            rep = value.to_host(store).rep
            value.drop(store)
            return kind, rep
        if kind in ("f32", "f64"):
            return "nan" if value != value else struct.pack("<d", value).hex()
        if kind == "flags":
            return sorted(value)
        if cases_of(t) and kind != "enum":
            return self.taken_variant(t, value, definition, store)
        if kind == "record":
            return [self.taken(part, getattr(value, f"f{i}"), definition, store) for i, part in enumerate(t.parts)]
        if kind == "tuple":
            return [self.taken(part, item, definition, store) for part, item in zip(t.parts, value)]
        if kind == "list":
            return [self.taken(t.parts[0], item, definition, store) for item in value]
        return value

    def taken_variant(self, t, value, definition, store):
        if is_tagged(t):
            case = case_names(t).index(value.tag)
            inner = cases_of(t)[case]
            return [value.tag, self.taken(inner, value.payload, definition, store) if inner else None]
        if value is None:
            return ["none"]
        for i, case in enumerate(cases_of(t)):
            if case and self.is_of(case, value):
                return [case_names(t)[i], self.taken(case, value, definition, store)]
        raise TypeError(f"{value!r} is of no case of {t}")

    @staticmethod
    def is_of(t, value):
        name = type(value).__name__
        return {"Record": "record", "ResourceAny": "resource"}.get(name, name) in classes(t)

    # Calls

    def call(self, name, arguments):
        index = self.instance.get_export_index(self.store, APP)
        function = self.instance.get_func(self.store, self.instance.get_export_index(self.store, name, index))
        result = function(self.store, *arguments)
        function.post_return(self.store)
        return result

    def run(self, instance):
        """All calls of the program, in order."""
        self.instance = instance
        for _ in range(2):
            function = instance.get_func(self.store, "run")
            self.events.append(function(self.store))
            function.post_return(self.store)
            for func, values in self.app.calls if self.app else ():
                result = self.call(func.name, [self.given(t, value, self.app) for t, value in zip(func.params, values)])
                self.events.append((func.name, self.taken(func.result, result, self.app, self.store) if func.result else None))
        for k, kept in sorted(self.kept.items()):
            for handle in kept:
                handle.drop(self.store)
            self.events.append(("dropped all", k))
