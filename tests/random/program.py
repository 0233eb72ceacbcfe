"""Programs of components made at random: who imports what of whom, as a component in text.

A Definition is a component; a program instantiates each once or twice. Definitions are in an order in which each may import
those before it, the host's interface first. `slots` are what it imports: instances s0, s1, … of other definitions. A resource
that a definition sees is ("own", k) or ("slot", s, k), the k-th of what slot s defines; where a signature of slot s names a
resource of a slot t of its own, `same[s, t]` says which slot of the importer is that one.
"""

import dataclasses

from guest import ENTER_DESTRUCTOR, EXIT, HASHING, IS_SHRUNK, LEFT, REALLOC, REALLOCS, REENTERED, RESULTS, TEXTS, Guest
from kinds import Func, Maker, Type, structure_text, type_text
from host import APP, INTERFACE, is_friendly
from lowering import Faults

ENCODINGS = ("utf8", "utf8", "utf8", "utf16", "latin1+utf16")
# Where nothing is imported: what is logged goes here, and what becomes of it is the result.
SINK = f"""(component $Sink
  (core module $m (global $all (mut i64) (i64.const 1))
    (func $reentered (unreachable)) (func $left (unreachable))
    (func (export "log") (param $x i64) (if (i64.eq (local.get $x) (i64.const {REENTERED})) (then (call $reentered)))
      (if (i64.eq (local.get $x) (i64.const {LEFT})) (then (call $left)))
      (global.set $all (i64.mul (i64.const 0x9E3779B97F4A7C15) (i64.xor (i64.rotl (global.get $all) (i64.const 9)) (local.get $x)))))
    (func (export "total") (result i64) (global.get $all))
    (global $asked (mut i32) (i32.const 0)) (func (export "ask") (result i32) (global.get $asked))
    (func (export "set") (param i32) (global.set $asked (local.get 0))))
  (core instance $m (instantiate $m))
  (func (export "log") (param "x" u64) (canon lift (core func $m "log")))
  (func (export "total") (result u64) (canon lift (core func $m "total")))
  (func (export "ask") (result u32) (canon lift (core func $m "ask")))
  (func (export "set") (param "n" u32) (canon lift (core func $m "set"))))
  (instance $sink (instantiate $Sink)) (alias export $sink "log" (func $log)) (alias export $sink "ask" (func $ask))"""
ALL = """(component $All (import "run" (func $run)) (import "total" (func $total (result u64))) (import "set" (func $set (param "n" u32)))
  (core func $run (canon lower (func $run))) (core func $total (canon lower (func $total))) (core func $set (canon lower (func $set)))
  (core module $m (import "" "run" (func $run)) (import "" "total" (func $total (result i64))) (import "" "set" (func $set (param i32)))
    (func (export "run-all") (param i32) (result i64) (call $set (local.get 0)) (call $run) (call $run) (call $total)))
  (core instance $m (instantiate $m
    (with "" (instance (export "run" (func $run)) (export "total" (func $total)) (export "set" (func $set))))))
  (func (export "run-all") (param "fault" u32) (result u64) (canon lift (core func $m "run-all"))))
  (instance $all (instantiate $All
    (with "run" (func $run "run")) (with "total" (func $sink "total")) (with "set" (func $sink "set"))))
  (export "run-all" (func $all "run-all"))"""
# A resource without a destructor: for wasmtime it has one that tells whether its instance is on the stack.
QUIET = ' (dtor (core func $libc "quiet"))'
HUB_OPTIONS = '(memory (core memory $hub "memory")) (realloc (core func $hub "realloc"))'


def in_slot(t, slot, same):
    """A type of a signature of a slot, as the importer sees it."""
    resource = t.resource
    if resource:
        resource = ("slot", slot, resource[1]) if resource[0] == "own" else ("slot", same[slot, resource[1]], resource[2])
    return dataclasses.replace(t, parts=tuple(part and in_slot(part, slot, same) for part in t.parts), resource=resource,
                               name=t.name and f"s{slot}_{t.name}")


class Definition:
    may_be_async = True

    def __init__(self, rng, number, before, options):
        self.rng, self.number, self.options = rng, number, options
        self.slots, self.same = [], {}
        for other in before:
            if rng.random() < 0.75:
                self.add_slot(other)
                if rng.random() < 0.12:
                    self.add_slot(other, again=True)
        self.own_count = rng.choice((0, 1, 1, 2))
        self.maker = self.make_maker()
        self.encoding = rng.choice(ENCODINGS)
        self.funcs = [self.function(f"f{i}") for i in range(rng.randint(1, 4))]
        self.style = rng.choice(("libc", "libc", "shim"))
        for func in self.funcs:
            func.is_async = options.has_async and self.may_be_async and rng.random() < 0.25
            func.lifts_async = func.is_async and self.style == "libc" and rng.random() < 0.7
        self.steps, self.throws = 3, rng.random() < 0.15
        self.uses_context = rng.random() < 0.2
        self.imported_encodings, self.imported = {}, []
        self.hub, self.callbacks = [], []

    def make_maker(self):
        return Maker(self.rng, self.visible_resources(), self.options.features)

    def add_slot(self, other, again=False):
        """The slot that imports another definition, after those that its signatures need. It may be there twice, for what may be
        the same instance."""
        for slot, present in enumerate(self.slots):
            if present is other and not again:
                return slot
        needed = {t: self.add_slot(other.slots[t]) for t in other.shown_slots()}
        self.slots.append(other)
        slot = len(self.slots) - 1
        for t, mine in needed.items():
            self.same[slot, t] = mine
        return slot

    def shown_slots(self):
        """Slots whose resources are in the signatures."""
        shown = set()

        def look(t):
            if t.resource and t.resource[0] == "slot":
                shown.add(t.resource[1])
            for part in filter(None, t.parts):
                look(part)
        for t in self.maker.named + [t for func in self.funcs for t in func.types()]:
            look(t)
        return sorted(shown)

    def visible_resources(self):
        return [("own", k) for k in range(self.own_count)] + [
            ("slot", slot, k) for slot, other in enumerate(self.slots) for k in range(other.own_count)]

    def function(self, name):
        rng, maker = self.rng, self.maker
        count = rng.choice((0, 1, 1, 2, 2, 3, 5)) if rng.random() < 0.9 else rng.randint(8, 20)
        if rng.random() < 0.15:  # numbers alone
            plain = ("u32", "s32", "u64", "f32", "f64", "u32")
            params = [Type(rng.choice(plain)) for _ in range(min(count, 6))]
            return Func(name, params, Type(rng.choice(plain)) if rng.random() < 0.7 else None)
        params = [maker.type(rng.choice((0, 1, 2, 3)), borrow=True) for _ in range(count)]
        result = maker.type(rng.choice((0, 1, 2, 3))) if rng.random() < 0.75 else None
        return Func(name, params, result)

    def exported(self):
        """All functions that importers may name."""
        return self.funcs + [Func(f"make-{k}", [Type("u32")], Type("own", resource=("own", k))) for k in range(self.own_count)]

    def imports(self):
        """(core name, slot, Func as this component sees it)"""
        for slot, other in enumerate(self.slots):
            for func in other.exported():
                yield f"s{slot}_{func.name}", slot, dataclasses.replace(
                    func, params=[in_slot(t, slot, self.same) for t in func.params],
                    result=func.result and in_slot(func.result, slot, self.same))

    def callable(self, with_hub=True):
        if not self.imported_encodings:
            for name, _, func in list(self.imports()):
                func.lowers_async = func.is_async and self.rng.random() < 0.5
                self.imported_encodings[name] = self.rng.choice((self.encoding, self.encoding, self.rng.choice(ENCODINGS)))
                self.imported.append((name, func, self.imported_encodings[name]))
        return self.imported + [
            (f"hub_{func.name}", func, self.encoding) for func in self.hub if with_hub]

    def constructor(self, resource):
        return f"s{resource[1]}_make-{resource[2]}"

    # The text

    def resource_text(self, resource):
        return f"$r{resource[1]}" if resource[0] == "own" else f"$s{resource[1]}_r{resource[2]}"

    @staticmethod
    def func_text(func, resource_text, nominal_text):
        def show(t):
            return type_text(t, resource_text, nominal_text)
        params = "".join(f' (param "p{i}" {show(t)})' for i, t in enumerate(func.params))
        return (" async" if func.is_async else "") + params + (f" (result {show(func.result)})" if func.result else "")

    def interface_text(self, slot, same, prefix):
        """What an importer says of this definition as its slot."""
        def resource(which):
            return f"$i{slot}_r{which[1]}" if which[0] == "own" else f"${prefix}{same[slot, which[1]]}_r{which[2]}"

        def nominal(name):
            return f"$i{slot}_{name}"
        lines = [f'(export "r{k}" (type $i{slot}_r{k} (sub resource)))' for k in range(self.own_count)]
        for t in self.maker.named:
            lines.append(f"(type $d{slot}_{t.name} {structure_text(t, resource, nominal)})")
            lines.append(f'(export "{t.name}" (type $i{slot}_{t.name} (eq $d{slot}_{t.name})))')
        for func in self.exported():
            lines.append(f'(export "{func.name}" (func{self.func_text(func, resource, nominal)}))')
        return "\n      ".join(lines)

    def import_text(self):
        for slot, other in enumerate(self.slots):
            yield f'(import "s{slot}" (instance $s{slot} {other.interface_text(slot, self.same, "s")}))'
            for k in range(other.own_count):
                yield f'(alias export $s{slot} "r{k}" (type $s{slot}_r{k}))'
        yield '(import "log" (func $log (param "x" u64))) (import "ask" (func $ask (result u32)))'
        for func in self.hub:
            yield f'(import "hub-{func.name}" (func $hub_{func.name}{self.func_text(func, None, None)}))'

    def core_imports(self):
        """(name, core params, core results, text of what is lowered)"""
        for (name, slot, _), (_, func, encoding) in zip(self.imports(), self.imported):
            yield name, *func.lowered(), f'(func $s{slot} "{func.name}")', encoding + (" async" if func.lowers_async else "")
        for func in self.hub:
            yield f"hub_{func.name}", *func.lowered(), f"(func $hub_{func.name})", self.encoding

    def text(self, faults):
        guest = Guest(self.rng, self, faults)
        self.callable()
        funcs = self.funcs + self.callbacks
        post = {func.name for func in funcs if self.rng.random() < 0.4 and not func.lifts_async}
        encodings = {func.name: self.rng.choice((self.encoding, self.encoding, self.rng.choice(ENCODINGS))) for func in funcs}
        for func in funcs:
            guest.function(func, encodings[func.name], func.name in post, self.steps)
        for k in range(self.own_count):
            guest.functions += [guest.constructor(k), guest.destructor(k)]
        realloc = guest.realloc()
        start = ""
        if self.rng.random() < 0.15 and self.style == "libc":
            start = f"(func $start {RESULTS} (call $learn) {guest.script(2, False)}) (start $start)"
        pools = "\n  ".join(guest.pools())
        data, pages = guest.data()
        hashing = HASHING.replace("TRACE", "(call $log (local.get $x))" if self.options.traces else "")
        hashing = hashing.replace("REALLOCS", REALLOCS if self.options.traces else "")
        hashing = hashing.replace("FUEL", str(50 if self.number == "R" else self.rng.choice((3, 10, 25))))
        own_memory = self.style == "shim"
        memory = f'(memory (export "memory") {pages}) {data} {realloc}'
        body = "\n  ".join([hashing, *TEXTS.values(), "(global $made (mut i32) (i32.const 100))",
                             "(tag $e)" if self.throws else "", pools, start, *guest.functions])
        handles = list(self.handle_imports())
        returns = {f"return-{func.name}": func for func in funcs if func.lifts_async}
        imports = [f'(import "" "{name}" (func ${name}{core_type(params, results)}))' for name, params, results, _ in handles]
        imports += [f'(import "" "{name}" (func ${name}{core_type(func.returned(), [])}))' for name, func in returns.items()]
        imports += [f'(import "" "{name}" (func ${name}{core_type(params, results)}))' for name, params, results, _, _ in self.core_imports()]
        log = '(import "" "log" (func $log (param i64))) (import "" "ask" (func $ask (result i32)))'
        main = f"(core module $m {log} {' '.join(imports)}\n  {{}} {body})"
        lines = list(self.import_text())
        lines.append("(core func $log (canon lower (func $log))) (core func $ask (canon lower (func $ask)))")
        lines += self.shim_text(main.format(memory)) if own_memory else self.libc_text(
            main.format(f'(import "libc" "memory" (memory {pages}))'), memory, self.task_returns(returns, encodings))
        where = "$m" if own_memory else "$libc"
        for func in funcs:
            options = f"{self.memory_options(where)}{' async' if func.lifts_async else ''} string-encoding={encodings[func.name]}"
            if func.name in post:
                options += f' (post-return (core func $m "post-{func.name}"))'
            signature = self.func_text(func, self.resource_text, lambda name: f"${name}")
            lines.append(f'(func (export "{func.name}"){signature} (canon lift (core func $m "{func.name}") {options}))')
        for k in range(self.own_count):
            lines.append(f'(func (export "make-{k}") (param "p0" u32) (result (own $r{k})) (canon lift (core func $m "make-{k}")))')
        return f"(component $D{self.number}\n  " + "\n  ".join(lines) + ")"

    def handle_imports(self):
        """(name, core params, core results, text of the canonical function)"""
        for index, resource in enumerate(self.visible_resources()):
            prefix = "canon-" if resource[0] == "own" else ""  # the guest has a function of its own around it
            yield f"{prefix}drop{index}", ["i32"], [], f"resource.drop {self.resource_text(resource)}"
            if resource[0] == "own":
                yield f"new{index}", ["i32"], ["i32"], f"resource.new {self.resource_text(resource)}"
                yield f"rep{index}", ["i32"], ["i32"], f"resource.rep {self.resource_text(resource)}"
        if self.uses_context:
            yield "context-get", [], ["i32"], "context.get i32 0"
            yield "context-set", ["i32"], [], "context.set i32 0"

    def type_lines(self, dtors):
        for k in range(self.own_count):
            dtor = f' (dtor (core func {dtors} "dtor{k}"))'
            if dtors == "$libc" and self.rng.random() < 0.3:
                dtor = QUIET
            yield f"(type $r{k}' (resource (rep i32){dtor})) (export $r{k} \"r{k}\" (type $r{k}'))"
        for t in self.maker.named:
            structure = structure_text(t, self.resource_text, lambda name: f"${name}")
            yield f"(type ${t.name}' {structure}) (export ${t.name} \"{t.name}\" (type ${t.name}'))"
        for name, _, _, canon in self.handle_imports():
            yield f"(core func ${name} (canon {canon}))"

    def lowered_text(self, where):
        for name, _, _, func, encoding in self.core_imports():
            yield f"(core func ${name} (canon lower {func} {self.memory_options(where)} string-encoding={encoding}))"

    def memory_options(self, where):
        realloc = self.rng.choice(("realloc", "realloc", "other"))
        return f'(memory (core memory {where} "memory")) (realloc (core func {where} "{realloc}"))'

    def export_list(self, names):
        return " ".join(f'(export "{name}" (func ${name}))' for name in names)

    def task_returns(self, returns, encodings):
        """(name, the canonical function)"""
        for name, func in returns.items():
            result = ""
            if func.result:
                result = f" (result {type_text(func.result, self.resource_text, lambda name: f'${name}')})"
            yield name, f'task.return{result} (memory (core memory $libc "memory")) string-encoding={encodings[func.name]}'

    def libc_text(self, main, memory, returns):
        """A module with the memory stands before all that is lowered with it. Destructors are in it, and only say so."""
        says = f"{ENTER_DESTRUCTOR} (call $log (i64.extend_i32_u (local.get $rep))) {EXIT}"
        dtors = " ".join(f'(func (export "dtor{k}") (param $rep i32) {says})' for k in range(self.own_count))
        if self.rng.random() < 0.15:
            dtors += f" (func $begin (call $log (i64.const {self.rng.getrandbits(20)}))) (start $begin)"
        dtors += f' (func (export "quiet") (param $rep i32) {ENTER_DESTRUCTOR} {EXIT})'
        yield f'(core module $libc (import "" "log" (func $log (param i64))) {memory} {dtors})'
        yield '(core instance $libc (instantiate $libc (with "" (instance (export "log" (func $log))))))'
        yield from self.type_lines("$libc")
        yield from self.lowered_text("$libc")
        names = ["log", "ask"]
        for name, canon in returns:
            names.append(name)
            yield f"(core func ${name} (canon {canon}))"
        yield main
        names += [name for name, *_ in self.handle_imports()] + [name for name, *_ in self.core_imports()]
        yield f'(core instance $m (instantiate $m (with "libc" (instance $libc)) (with "" (instance {self.export_list(names)}))))'

    def shim_text(self, main):
        """Trampolines through a table stand for what is lowered with the memory of the module that calls it."""
        lowered = [(name, params, results) for name, params, results, _, _ in self.core_imports()]
        dtors = [(f"dtor{k}", ["i32"], []) for k in range(self.own_count)]
        entries = lowered + dtors
        shims = ""
        for i, (name, params, results) in enumerate(entries):
            arguments = " ".join(f"(local.get {n})" for n in range(len(params)))
            shims += (f'(type $t{i} (func{core_type(params, results)})) (func (export "{name}"){core_type(params, results)}'
                      f" (call_indirect (type $t{i}) {arguments} (i32.const {i})))")
        yield f'(core module $shim (table (export "$imports") {len(entries)} {len(entries)} funcref) {shims})'
        yield "(core instance $shim (instantiate $shim))"
        yield from self.type_lines("$shim")
        yield main
        direct = self.export_list(["log", "ask"] + [name for name, *_ in self.handle_imports()])
        shimmed = " ".join(f'(export "{name}" (func $shim "{name}"))' for name, *_ in lowered)
        yield f'(core instance $m (instantiate $m (with "" (instance {direct} {shimmed}))))'
        yield from self.lowered_text("$m")
        imports = " ".join(f'(import "" "{i}" (func{core_type(params, results)}))' for i, (_, params, results) in enumerate(entries))
        indices = " ".join(str(i) for i in range(len(entries)))
        yield f'(core module $fix {imports} (import "" "$imports" (table {len(entries)} funcref)) (elem (i32.const 0) func {indices}))'
        given = [f"(func ${name})" for name, *_ in lowered] + [f'(func $m "{name}")' for name, *_ in dtors]
        filled = " ".join(f'(export "{i}" {item})' for i, item in enumerate(given))
        yield f'(core instance $fix (instantiate $fix (with "" (instance {filled} (export "$imports" (table $shim "$imports"))))))'


def core_type(params, results):
    return (f" (param {' '.join(params)})" if params else "") + (f" (result {' '.join(results)})" if results else "")


class HostDefinition(Definition):
    """What the host has, as a definition that others import."""

    may_be_async = False

    def __init__(self, rng, options):
        super().__init__(rng, "H", [], options)
        self.results = {func.name: [self.maker.value(func.result) for _ in range(3)] for func in self.funcs if func.result}

    def make_maker(self):
        return Maker(self.rng, self.visible_resources(), accepts=is_friendly)


class AppDefinition(Definition):
    """What the root exports to the host, which calls it: types that the host can give, resources of the host and of its own."""

    may_be_async = False

    def __init__(self, rng, number, before, options):
        super().__init__(rng, number, before, options)
        self.calls = [(func, [self.maker.value(t) for t in func.params]) for func in self.funcs for _ in range(2)]
        rng.shuffle(self.calls)

    def make_maker(self):
        resources = [resource for resource in self.visible_resources()
                     if resource[0] == "own" or isinstance(self.slots[resource[1]], HostDefinition)]
        return Maker(self.rng, resources, accepts=is_friendly)


@dataclasses.dataclass
class Instance:
    name: str
    definition: Definition
    bindings: list


@dataclasses.dataclass
class Options:
    """What is made: kinds of types beyond the usual, and whether all that is hashed is logged as well."""

    features: frozenset = frozenset()
    traces: bool = False
    has_async: bool = False
    is_closed: bool = False  # nothing is imported: what is logged becomes the result of run-all


class Program:
    """`text` is the component, `host` the interface of the host and `app` what is exported, or None."""

    def __init__(self, rng, options):
        self.rng, self.options = rng, options
        self.faults = Faults(rng, rng.choice((0, 0.2, 0.4, 0.4)))
        self.host = HostDefinition(rng, options) if rng.random() < 0.4 and not options.is_closed else None
        self.definitions = [self.host] if self.host else []
        for number in range(rng.randint(2, 5)):
            self.definitions.append(Definition(rng, number, self.definitions, options))
        self.app = AppDefinition(rng, "A", self.definitions, options) if rng.random() < 0.4 and not options.is_closed else None
        self.definitions += [self.app] if self.app else []
        self.has_two_names = any(len(set(definition.slots)) < len(definition.slots) for definition in self.definitions)
        self.instances = []
        self.instantiate_all()
        self.hub = self.make_hub() if rng.random() < 0.4 else []
        self.text = self.write()

    def make_hub(self):
        """(Func, instance that has it as a callback, encoding): functions of the root, which it passes on to later instances."""
        rng, hub = self.rng, []
        for i in range(rng.randint(1, 3)):
            maker = Maker(rng, (), self.options.features, names_types=False)
            params = [maker.type(rng.randrange(3)) for _ in range(rng.choice((0, 1, 2, 8)))]
            func = Func(f"cb{i}", params, maker.type(rng.randrange(3)) if rng.random() < 0.6 else None)
            target = rng.choice([x for x in self.instances if x.definition is not self.host])
            target.definition.callbacks.append(func)
            hub.append((func, target, rng.choice(ENCODINGS)))
            for definition in self.definitions:
                if rng.random() < 0.3 and definition is not self.host:
                    definition.hub.append(func)
        return hub

    def hub_text(self):
        """The functions of the root: each calls what its table holds, with the same pointers."""
        functions = ""
        for i, (func, _, _) in enumerate(self.hub):
            params, results = func.lifted()
            given = " ".join(f"(local.get {n})" for n in range(len(params)))
            called = f"(call_indirect (type $t{i}) {given} {{}} (i32.const {i}))"
            body = f"{called.format('(i32.const 16)')} (i32.const 16)" if func.result_spills() else called.format("")
            functions += f"(type $t{i} (func{core_type(*func.lowered())}))"
            functions += f' (func (export "{func.name}"){core_type(params, results)} {body})'
        yield (f'(core module $hub (table (export "table") {len(self.hub)} funcref) (memory (export "memory") 1)\n'
               f'  (data (i32.const 1) "\\10") (func $log (param i64)) {REALLOC.format(shrunk=IS_SHRUNK, fault="", other="", shrink="", pages=1)} {functions})')
        yield "(core instance $hub (instantiate $hub))"
        for func, _, encoding in self.hub:
            signature = Definition.func_text(func, None, None)
            options = f"{HUB_OPTIONS} string-encoding={encoding}"
            yield f'(func $hub_{func.name}{signature} (canon lift (core func $hub "{func.name}") {options}))'

    def fill_text(self):
        imports = exports = ""
        for i, (func, target, encoding) in enumerate(self.hub):
            yield f'(core func $fill{i} (canon lower (func {target.name} "{func.name}") {HUB_OPTIONS} string-encoding={encoding}))'
            imports += f'(import "" "{i}" (func{core_type(*func.lowered())}))'
            exports += f'(export "{i}" (func $fill{i}))'
        indices = " ".join(str(i) for i in range(len(self.hub)))
        yield f'(core module $fill {imports} (import "" "table" (table {len(self.hub)} funcref)) (elem (i32.const 0) func {indices}))'
        yield f'(core instance (instantiate $fill (with "" (instance {exports} (export "table" (table $hub "table"))))))'

    def instantiate_all(self):
        rng = self.rng
        for definition in self.definitions:
            if definition is self.host:
                self.instances.append(Instance("$host", definition, []))
                continue
            first = [next(x for x in self.instances if x.definition is other) for other in definition.slots]
            self.instances.append(Instance(f"$x{definition.number}_0", definition, first))
            if rng.random() < 0.3 and definition is not self.app:
                self.instances.append(Instance(f"$x{definition.number}_1", definition, self.bind(definition)))

    def bind(self, definition):
        """An instance for each slot, such that slots that are the same are it."""
        for _ in range(20):
            bound = [self.rng.choice([x for x in self.instances if x.definition is other]) for other in definition.slots]
            if self.fits(definition, bound):
                return bound
        bound = [next(x for x in self.instances if x.definition is other) for other in definition.slots]
        assert self.fits(definition, bound)
        return bound

    @staticmethod
    def fits(definition, bound):
        return all(bound[slot].bindings[t] is bound[mine] for (slot, t), mine in definition.same.items())

    def write(self):
        lines = [SINK if self.options.is_closed else '(import "log" (func $log (param "x" u64))) (import "ask" (func $ask (result u32)))']
        if self.host:
            lines.append(f'(import "{INTERFACE}" (instance $host {self.host.interface_text("h", {}, "")}))')
        lines += [definition.text(self.faults) for definition in self.definitions if definition is not self.host]
        lines += self.hub_text() if self.hub else []
        for instance in self.instances:
            if instance.definition is self.host:
                continue
            given = [f'(with "s{slot}" (instance {bound.name}))' for slot, bound in enumerate(instance.bindings)]
            given += ['(with "log" (func $log)) (with "ask" (func $ask))']
            given += [f'(with "hub-{func.name}" (func $hub_{func.name}))' for func in instance.definition.hub]
            lines += self.instance_text(instance, given)
        lines += self.fill_text() if self.hub else []
        lines += self.runner()
        if self.app:
            (exported,) = [x.name for x in self.instances if x.definition is self.app]
            lines.append(f'(export "{APP}" (instance {exported}))')
        return "(component\n  " + "\n  ".join(lines) + ")\n"

    def instance_text(self, instance, given):
        """The instance, perhaps as what another component around it exports."""
        definition, inside, whole = instance.definition, "", instance.name
        depth = self.rng.choice((0, 0, 0, 1, 1, 2))
        if not depth:
            return [f"(instance {whole} (instantiate $D{definition.number} {' '.join(given)}))"]
        names = [(f"s{slot}", f"(instance $s{slot})") for slot in range(len(definition.slots))]
        names += [("log", "(func $log)"), ("ask", "(func $ask)")]
        names += [(f"hub-{func.name}", f"(func $hub_{func.name})") for func in definition.hub]
        arguments = " ".join(f'(with "{name}" {item})' for name, item in names)
        imports = "\n    ".join(definition.import_text())
        lines = []
        for level in range(depth):
            inner = f"$D{definition.number}" if level == 0 else f"$W{level - 1}_{whole[1:]}"
            inside = f"(instance $i (instantiate {inner} {arguments}))"
            inside += ' (export "inside" (instance $i))' if level == 0 else ' (export "inside" (instance $i "inside"))'
            lines.append(f"(component $W{level}_{whole[1:]}\n    {imports}\n    {inside})")
        lines.append(f"(instance $w_{whole[1:]} (instantiate $W{depth - 1}_{whole[1:]} {' '.join(given)}))")
        return lines + [f'(alias export $w_{whole[1:]} "inside" (instance {whole}))']

    def runner(self):
        """A component that calls all functions of the last instances, some of them twice."""
        before = list(self.definitions)
        runner = Definition.__new__(Definition)
        runner.rng, runner.number, runner.options = self.rng, "R", self.options
        runner.slots, runner.same, runner.own_count = [], {}, 0
        targets = []
        for definition in reversed(before):
            if len(targets) < 3:
                targets.append(definition)
        for definition in targets:
            runner.add_slot(definition)
        runner.maker = Maker(self.rng, runner.visible_resources())
        runner.encoding = self.rng.choice(ENCODINGS)
        runner.funcs = [Func("run", [], None)]
        runner.steps, runner.throws = 14, self.rng.random() < 0.1
        runner.uses_context = self.rng.random() < 0.2
        runner.style = self.rng.choice(("libc", "shim"))
        runner.imported_encodings, runner.imported, runner.hub, runner.callbacks = {}, [], [func for func, _, _ in self.hub], []
        bindings = self.bind(runner)
        text = runner.text(self.faults)
        hub = "".join(f' (with "hub-{func.name}" (func $hub_{func.name}))' for func in runner.hub)
        given = [f'(with "s{slot}" (instance {bound.name}))' for slot, bound in enumerate(bindings)]
        given.append('(with "log" (func $log)) (with "ask" (func $ask))')
        return [text, f"(instance $run (instantiate $DR {' '.join(given)}{hub}))",
                ALL if self.options.is_closed else '(export "run" (func $run "run"))']
