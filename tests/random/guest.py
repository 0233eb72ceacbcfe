"""The core module of a component that is made at random.

It mixes all that it is given into a hash: numbers, the bytes of strings, the indices of handles, the addresses of what it did
not allocate itself, each call of its realloc. It tells the hash to `log` at the start of each function and after each call, so
that what the host sees is a trace of what happened up to the end, or up to a trap.

A function has a few scripts, of which each call runs the next one: calls of imported functions with fixed values, handles
made, kept, lent and dropped, memory grown. A component runs a limited number of calls.

Memory  0 where the heap ends, 8 the hash of calls of realloc, 16 how many there were, 528 the last ones, 20 how many functions are
under way, 512 whether a handle of an own resource is being dropped, 516
which fault is asked for, 24 borrows that are held, then handles that
are owned, then data, then the heap.
"""

from kinds import Type, alignment, cases_of, element_of, fields_of, flatten, offsets, payload_offset, size
from lowering import FAULT_AT, PAGE, Choice, Lowering, Memory, core_text

BORROWS, BORROWS_LIMIT = 24, 60
POOLS = 1024
POOL_SIZE, POOL_LIMIT = 136, 24
MIX = 0x9E3779B97F4A7C15

# What is logged where the specification has a trap, so that it is known when wasmtime does not: an instance is entered that is on
# the stack; a post-return calls an import.
REENTERED, LEFT = 0x5EE5EE5EE5EE5EE5, 0x1EF71EF71EF71EF7
CALLED_OUT = f"(call $log (i64.const {LEFT}))"
CALLED_OUT_BY_TABLE = f"(call_indirect $out (param i64) (i64.const {LEFT}) (i32.const 0))"
# What was UTF-16 and becomes Latin-1: wasmtime asks for another alignment, and checks it.
IS_SHRUNK = ("(i32.and (i32.ne (local.get $old) (i32.const 0))"
             " (i32.eq (local.get $count) (i32.shl (local.get $new) (i32.const 1))))")
REALLOC = """(table $out 1 funcref) (elem (table $out) (i32.const 0) func $log)
  (func $realloc (export "realloc") (param $old i32) (param $count i32) (param $align i32) (param $new i32) (result i32)
    (local $at i32)
    (if {shrunk}
      (then (local.set $align (i32.const 2))))
    (i64.store (i32.const 8) (i64.mul (i64.const 0x9E3779B97F4A7C15) (i64.add (i64.rotl (i64.load (i32.const 8)) (i64.const 19))
      (i64.or (i64.extend_i32_u (i32.add (i32.mul (local.get $old) (i32.const 31)) (local.get $count)))
        (i64.shl (i64.extend_i32_u (i32.add (i32.mul (local.get $new) (i32.const 31)) (local.get $align))) (i64.const 32))))))
    (i64.store (i32.add (i32.const 528) (i32.shl (i32.and (i32.load (i32.const 16)) (i32.const 15)) (i32.const 4)))
      (i64.or (i64.extend_i32_u (local.get $count)) (i64.shl (i64.extend_i32_u (local.get $old)) (i64.const 32))))
    (i64.store (i32.add (i32.const 536) (i32.shl (i32.and (i32.load (i32.const 16)) (i32.const 15)) (i32.const 4)))
      (i64.or (i64.extend_i32_u (local.get $new)) (i64.shl (i64.extend_i32_u (local.get $align)) (i64.const 32))))
    (i32.store (i32.const 16) (i32.add (i32.load (i32.const 16)) (i32.const 1)))
    {fault}
    {shrink}
    (local.set $at (i32.and (i32.add (i32.load (i32.const 0)) (i32.sub (local.get $align) (i32.const 1)))
      (i32.sub (i32.const 0) (local.get $align))))
    (i32.store (i32.const 0) (i32.add (local.get $at) (local.get $new)))
    (loop $more (if (i64.lt_u (i64.shl (i64.extend_i32_u (memory.size)) (i64.const 16)) (i64.extend_i32_u (i32.load (i32.const 0))))
      (then (if (i32.eq (memory.grow (i32.const {pages})) (i32.const -1)) (then (unreachable))) (br $more))))
    (memory.fill (local.get $at) (i32.const 0xa5) (local.get $new))
    (memory.copy (local.get $at) (local.get $old)
      (select (local.get $count) (local.get $new) (i32.lt_u (local.get $count) (local.get $new))))
    (local.get $at))
  (func (export "other") (param i32 i32 i32 i32) (result i32)
    (i64.store (i32.const 8) (i64.add (i64.load (i32.const 8)) (i64.const 1))) {other}
    (call $realloc (local.get 0) (local.get 1) (local.get 2) (local.get 3)))"""
SHRINK = ("(if (i32.and (i32.ne (local.get $count) (i32.const 0)) (i32.le_u (local.get $new) (local.get $count)))"
          " (then (return (local.get $old))))")
LEARN = "(call $learn)"
RESULTS = "(local $ri32 i32) (local $ri64 i64) (local $rf32 f32) (local $rf64 f64)"
DEPTH, DROPS = "(i32.load (i32.const 20))", "(i32.load (i32.const 512))"
MARK = f"(call $log (i64.const {REENTERED}))"
ENTER = f"(if {DEPTH} (then {MARK})) (i32.store (i32.const 20) (i32.add {DEPTH} (i32.const 1)))"
# A destructor may run while its own instance drops the handle.
ENTER_DESTRUCTOR = (f"(if (i32.and (i32.ne {DEPTH} (i32.const 0)) (i32.eqz {DROPS})) (then {MARK}))"
                    f"(i32.store (i32.const 20) (i32.add {DEPTH} (i32.const 1))) (i32.store (i32.const 512) (i32.const 0))")
EXIT = f"(i32.store (i32.const 20) (i32.sub {DEPTH} (i32.const 1)))"
HASHING = f"""(global $hash (mut i64) (i64.const 7)) (global $fuel (mut i32) (i32.const FUEL))
  (func $learn (if (i32.eqz (i32.load (i32.const {FAULT_AT})))
    (then (i32.store (i32.const {FAULT_AT}) (i32.add (call $ask) (i32.const 1))))))
  (func $mix (param $x i64) TRACE (call $take_in (local.get $x)))
  (func $take_in (param $x i64) (global.set $hash (i64.mul (i64.const {MIX})
    (i64.xor (i64.rotl (global.get $hash) (i64.const 23)) (local.get $x)))))
  (func $mix32 (param $x i32) (call $mix (i64.extend_i32_u (local.get $x))))
  (func $mixf32 (param $x f32) (call $mix32 (select (i32.reinterpret_f32 (local.get $x)) (i32.const 0x7fc00000)
    (f32.eq (local.get $x) (local.get $x)))))
  (func $mixf64 (param $x f64) (call $mix (select (i64.reinterpret_f64 (local.get $x)) (i64.const 0x7ff8000000000000)
    (f64.eq (local.get $x) (local.get $x)))))
  (func $bytes (param $p i32) (param $n i32) (call $mix32 (local.get $n))
    (block $done (loop $next (br_if $done (i32.eqz (local.get $n))) (call $mix32 (i32.load8_u (local.get $p)))
      (local.set $p (i32.add (local.get $p) (i32.const 1))) (local.set $n (i32.sub (local.get $n) (i32.const 1))) (br $next))))
  (func $say REALLOCS (call $mix (i64.load (i32.const 8))) (call $log (global.get $hash)))"""
# The last calls of realloc, for a trace: old and count, align and new.
REALLOCS = "(local $i i32) (loop $next" + " ".join(f"""
    (call $log (i64.load offset={at} (i32.shl (local.get $i) (i32.const 4))))""" for at in (528, 536)) + """
    (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $next (i32.lt_u (local.get $i) (i32.const 16))))"""
TEXTS = {
    "utf8": "(func $text_utf8 (param $p i32) (param $n i32) (call $bytes (local.get $p) (local.get $n)))",
    "utf16": "(func $text_utf16 (param $p i32) (param $n i32) (call $bytes (local.get $p) (i32.shl (local.get $n) (i32.const 1))))",
    "latin1+utf16": """(func $text_latin1+utf16 (param $p i32) (param $n i32) (call $mix32 (local.get $n))
    (call $bytes (local.get $p) (select (i32.shl (local.get $n) (i32.const 1)) (local.get $n)
      (i32.shr_u (local.get $n) (i32.const 31)))))"""}
CONVERSIONS = {("i32", "f32"): "(f32.reinterpret_i32 {})", ("i64", "i32"): "(i32.wrap_i64 {})",
               ("i64", "f32"): "(f32.reinterpret_i32 (i32.wrap_i64 {}))", ("i64", "f64"): "(f64.reinterpret_i64 {})"}
RAW = {"i32": "(call $mix32 {})", "i64": "(call $mix {})", "f32": "(call $mix32 (i32.reinterpret_f32 {}))",
       "f64": "(call $mix (i64.reinterpret_f64 {}))"}
LOADS = {1: "i32.load8_u", 2: "i32.load16_u", 4: "i32.load", 8: "i64.load"}
ZERO = {core: f"({core}.const 0)" for core in ("i32", "i64", "f32", "f64")}


def mix_of(t, value):
    """The hash takes a number that is no aggregate; `value` is the text of it as a core value."""
    name = {"i32": "$mix32", "i64": "$mix", "f32": "$mixf32", "f64": "$mixf64"}[flatten(t)[0]]
    return f"(call {name} {value})"


# A task begins with a context of zero, and keeps what it sets.
CONTEXT_BEGINS = "(call {mix} (call $context-get)) (call $context-set (i32.const {value}))"
CONTEXT_ENDS = "(call {mix} (call $context-get))"


def fueled(code):
    """Code that runs a limited number of times."""
    return ("(if (i32.gt_s (global.get $fuel) (i32.const 0))"
            f" (then (global.set $fuel (i32.sub (global.get $fuel) (i32.const 1))) {code}))")


class Guest:
    """Writes the core module of a definition. `resources` are all that the component sees, in order."""

    def __init__(self, rng, definition, faults):
        self.rng, self.definition, self.faults = rng, definition, faults
        self.resources = definition.visible_resources()
        self.memory = Memory(POOLS + POOL_SIZE * len(self.resources))
        self.lowering = Lowering(rng, self.memory, faults, self.handle)
        self.walkers, self.functions = {}, []

    def pool(self, resource):
        return self.resources.index(resource)

    def handle(self, t):
        """The text that takes a handle for a value of type own or borrow."""
        rng, index = self.rng, self.pool(t.resource)
        good = f"(call $take{index})" if t.kind == "own" else f"(call ${'lend' if rng.random() < 0.5 else 'peek'}{index})"
        site = self.faults.site("zero", "unknown", "type", "stale", "same", "borrowed")
        if not site:
            return good
        kind, asked = site
        bad = {"zero": "(i32.const 0)", "type": f"(call $peek{self.any_pool(index)})", "stale": "(global.get $dropped)",
               "same": f"(call $peek{index})", "borrowed": f"(call $lend{index})",
               "unknown": f"(i32.const {rng.choice((12345, -1, 99, 0x10000000))})"}[kind]
        return f"(if (result i32) {asked} (then {bad}) (else {good}))"

    def any_pool(self, index):
        """Of any resource, but of none that may be the same one by another name: wasmtime tells these apart."""
        def defined(resource):
            return (self.definition.slots[resource[1]], resource[2]) if resource[0] == "slot" else resource
        mine = defined(self.resources[index])
        return self.rng.choice([i for i, resource in enumerate(self.resources) if i == index or defined(resource) != mine])

    def wrong(self, text, *kinds):
        """Code that runs where a fault is asked for, or nothing."""
        site = self.faults.site(*kinds)
        return f"(if {site[1]} (then {text}))" if site else ""

    # What is received

    def walker(self, t, encoding):
        """The function that hashes a value of the type in memory."""
        key = t, encoding
        if key not in self.walkers:
            self.walkers[key] = f"$walk{len(self.walkers)}"
            body = self.walk(t, "(local.get $p)", encoding)
            self.functions.append(f"(func {self.walkers[key]} (param $p i32) {body})")
        return self.walkers[key]

    def list_walker(self, t, encoding):
        key = t, encoding, "list"
        if key not in self.walkers:
            self.walkers[key] = name = f"$walk{len(self.walkers)}"
            element = element_of(t)
            inner = self.walker(element, encoding)
            self.functions.append(f"""(func {name} (param $p i32) (param $n i32) (call $mix32 (local.get $p)) (call $mix32 (local.get $n))
    (block $done (loop $next (br_if $done (i32.eqz (local.get $n))) (call {inner} (local.get $p))
      (local.set $p (i32.add (local.get $p) (i32.const {size(element)}))) (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br $next))))""")
        return self.walkers[key]

    def pair(self, t, pointer, length, encoding):
        if t.kind == "string":
            return f"(call $mix32 {pointer}) (call $text_{encoding} {pointer} {length})"
        return f"(call {self.list_walker(t, encoding)} {pointer} {length})"

    def received(self, t, handle):
        index = self.pool(t.resource)
        if t.kind == "own":
            return f"(call $mix32 {handle}) (call $keep{index} {handle})"
        if t.resource[0] == "own":  # a representation
            return f"(call $mix32 {handle})"
        return f"(call $mix32 {handle}) (call $hold (i32.const {index}) {handle})"

    def walk(self, t, at, encoding):
        """Code that hashes a value in memory."""
        if t.kind in ("own", "borrow"):
            return self.received(t, f"(i32.load {at})")
        if t.kind in ("string", "list", "map"):
            return self.pair(t, f"(i32.load {at})", f"(i32.load offset=4 {at})", encoding)
        if cases_of(t):
            kind = LOADS[{1: 1, 2: 2, 3: 4}[1 if len(cases_of(t)) <= 256 else 2]]
            code = f"(call $mix32 ({kind} {at}))"
            for i, case in enumerate(cases_of(t)):
                if case:
                    inner = f"(call {self.walker(case, encoding)} (i32.add {at} (i32.const {payload_offset(t)})))"
                    code += f"(if (i32.eq ({kind} {at}) (i32.const {i})) (then {inner}))"
            return code
        if fields_of(t):
            return " ".join(f"(call {self.walker(field, encoding)} (i32.add {at} (i32.const {offset})))"
                            for field, offset in offsets(fields_of(t)))
        if t.kind in ("f32", "f64"):
            return mix_of(t, f"({t.kind}.load {at})")
        return f"(call $mix{'' if size(t) == 8 else '32'} ({LOADS[size(t)]} {at}))"

    def walk_flat(self, t, items, encoding):
        """Code that hashes core values, given as texts."""
        if t.kind in ("own", "borrow"):
            return self.received(t, items[0])
        if t.kind in ("string", "list", "map"):
            return self.pair(t, items[0], items[1], encoding)
        if cases_of(t):
            return self.walk_flat_variant(t, items, encoding)
        if fields_of(t):
            code, at = "", 0
            for field in fields_of(t):
                code += self.walk_flat(field, items[at:at + len(flatten(field))], encoding)
                at += len(flatten(field))
            return code
        return mix_of(t, items[0])

    def walk_flat_variant(self, t, items, encoding):
        have = flatten(t)
        code = f"(call $mix32 {items[0]})"
        rest = " ".join(RAW[core].format(item) for core, item in zip(have[1:], items[1:]))
        for i, case in reversed([(i, case) for i, case in enumerate(cases_of(t)) if case]):
            inner, converted = "", []
            for want, core, item in zip(flatten(case), have[1:], items[1:]):
                converted.append(CONVERSIONS[core, want].format(item) if want != core else item)
                if core == "i64" and want in ("i32", "f32"):
                    inner += f"(call $mix (i64.shr_u {item} (i64.const 32)))"
            inner += self.walk_flat(case, converted, encoding)
            used = 1 + len(converted)
            inner += " ".join(RAW[core].format(item) for core, item in zip(have[used:], items[used:]))
            rest = f"(if (i32.eq {items[0]} (i32.const {i})) (then {inner}) (else {rest}))"
        return code + rest

    # What is done

    def arguments(self, types, spills, encoding):
        """(code before the call, texts of the arguments)"""
        maker, code, texts = self.definition.maker, [], []
        if not spills:
            for t in types:
                texts += self.lowering.flat(t, maker.value(t), encoding, code)
            return " ".join(code), texts
        at = self.stored(types, encoding, code)
        return " ".join(code), [core_text("i32", at)]

    def stored(self, types, encoding, code):
        whole = Type("tuple", tuple(types))
        at = self.memory.allocate(size(whole), alignment(whole), self.rng.randrange(3))
        self.lowering.store(whole, self.definition.maker.value(whole), at, encoding, code)
        return self.place(at, alignment(whole))

    def place(self, at, align):
        """An address, and perhaps a wrong one."""
        site = self.faults.site("pointer", *(["unaligned"] if align > 1 else []))
        if not site:
            return at
        bad = at + self.rng.randrange(1, align) if site[0] == "unaligned" else self.rng.choice((0xFFFFFFF0, 1 << 31, 0xFFFF0000))
        return Choice(at, bad, site[1])

    def call(self, name, func, encoding):
        before, texts = self.arguments(func.params, func.call_spills(), encoding)
        after = ""
        if func.lowers_async:
            return before + self.call_async(name, func, texts, encoding)
        if func.result_spills():
            at = self.memory.allocate(size(func.result), alignment(func.result), self.rng.randrange(3))
            texts.append(core_text("i32", self.place(at, alignment(func.result))))
            after = f"(call {self.walker(func.result, encoding)} (i32.const {at}))"
        elif func.result:
            core = flatten(func.result)[0]
            before += f"(local.set $r{core} (call ${name} {' '.join(texts)}))"
            return before + self.walk_flat(func.result, [f"(local.get $r{core})"], encoding)
        return f"{before} (call ${name} {' '.join(texts)}) {after}"

    def call_async(self, name, func, texts, encoding):
        """It says what state the subtask is in: returned, for functions that don't wait."""
        after = ""
        if func.result:
            at = self.memory.allocate(size(func.result), alignment(func.result), self.rng.randrange(3))
            texts.append(core_text("i32", self.place(at, alignment(func.result))))
            after = f"(call {self.walker(func.result, encoding)} (i32.const {at}))"
        return f"(call $mix32 (call ${name} {' '.join(texts)})) {after}"

    def step(self, with_hub):
        rng = self.rng
        imports = self.definition.callable(with_hub)
        if imports and rng.random() < 0.65:
            name, func, encoding = rng.choice(imports)
            call = self.call(name, func, encoding)
            if self.definition.throws and rng.random() < 0.5:  # no exception comes out of another component
                call = f"(block $caught (try_table (catch_all $caught) {call}))"
            return fueled(f"{call} (call $say)")
        forms = ["(drop (memory.grow (i32.const 1))) (call $mix32 (memory.size))"] if rng.random() < 0.3 else []
        if self.resources:
            index = rng.randrange(len(self.resources))
            forms += [f"(call $discard{index})", f"(call $discard{index})", f"(call $keep{index} (call $make{index}))"]
            if self.resources[index][0] == "own":
                forms.append(f"(call $mix32 (call $rep{index} (call $peek{index})))")
                if rng.random() < 0.04:  # the table of handles grows
                    forms.append(f"(local.set $ri32 (i32.const 3000)) (loop $next (call $mix32 (call $make{index}))"
                                 " (br_if $next (local.tee $ri32 (i32.sub (local.get $ri32) (i32.const 1)))))")
            any_other = self.any_pool(index)
            forms += [text for text in (
                self.wrong(f"(call $discard{index}) (call $drop{index} (global.get $dropped))", "drop-twice"),
                self.wrong(f"(call $drop{index} (call $lend{index}))", "drop-borrowed"),
                self.wrong(f"(call $drop{index} (call $peek{any_other}))", "drop-another"),
                self.wrong(f"(i32.store (i32.const {BORROWS}) (i32.const 0))", "forget")) if text]  # a borrow that is held is not dropped
        if self.definition.throws:
            forms += ["(block $caught (try_table (catch_all $caught) (throw $e)))", self.wrong("(throw $e)", "throw")]
        if not forms or rng.random() < 0.1:
            return "(call $mix32 (i32.load (i32.const 0)))" + self.wrong("(unreachable)", "unreachable")
        return rng.choice(forms)

    def script(self, steps, with_hub=True):
        return " ".join(self.step(with_hub) for _ in range(steps))

    def returns_task(self, func, encoding):
        """Code that gives the result by task.return, after which borrows can't be held."""
        code, texts = [], []
        if func.result and func.returned() != list(flatten(func.result)):
            texts = [core_text("i32", self.stored([func.result], encoding, code))]
        elif func.result:
            texts = self.lowering.flat(func.result, self.definition.maker.value(func.result), encoding, code)
        returns = f"{' '.join(code)} (call $return-{func.name} {' '.join(texts)})"
        site = self.faults.site("no-return", "returns-twice")
        if site and site[0] == "no-return":
            returns = f"(if {site[1]} (then) (else {returns}))"
        elif site:
            returns += f"(if {site[1]} (then {returns}))"
        return f"(call $release (local.get $base)) {returns}"

    def result_of(self, func, encoding):
        """Code that leaves the result in the local $r…"""
        if func.lifts_async:
            return self.returns_task(func, encoding)
        if not func.result:
            return ""
        if func.result_spills():
            code = []
            at = self.stored([func.result], encoding, code)
            return f"{' '.join(code)} (local.set $ri32 {core_text('i32', at)})"
        code = []
        (text,) = self.lowering.flat(func.result, self.definition.maker.value(func.result), encoding, code)
        return f"{' '.join(code)} (local.set $r{flatten(func.result)[0]} {text})"

    def function(self, func, encoding, post_return, steps):
        params, results = func.lifted()
        head = " ".join(f"(param $p{i} {core})" for i, core in enumerate(params))
        head += "".join(f" (result {core})" for core in results)
        if func.params_spill():
            walked = f"(call {self.walker(Type('tuple', tuple(func.params)), encoding)} (local.get $p0))"
        else:
            items, walked = [f"(local.get $p{i})" for i in range(len(params))], ""
            for param in func.params:
                count = len(flatten(param))
                walked += self.walk_flat(param, items[:count], encoding)
                del items[:count]
        scripts = []
        for _ in range(self.rng.randint(1, 3) if steps <= 3 else 1):
            script = self.script(steps if steps > 3 else self.rng.randrange(steps + 1))
            scripts.append(f"{script} {self.result_of(func, encoding)}")
        chosen = scripts[0]
        for i, script in enumerate(scripts[1:], 1):
            is_next = f"(i32.eq (i32.rem_u (local.get $turn) (i32.const {len(scripts)})) (i32.const {i}))"
            chosen = f"(if {is_next} (then {script}) (else {chosen}))"
        counter = f"$turns_{func.name}"
        self.functions.append(f"""(global {counter} (mut i32) (i32.const 0))
  (func (export "{func.name}") {head} (local $base i32) (local $turn i32) {RESULTS}
    {LEARN} {ENTER} (local.set $base (i32.load (i32.const {BORROWS}))) (local.set $turn (global.get {counter}))
    (global.set {counter} (i32.add (local.get $turn) (i32.const 1)))
    {self.context(True)} (call $mix32 (i32.const {self.rng.getrandbits(31)})) {walked} {"(call $say)" if self.rng.random() < 0.8 else ""}
    {chosen} (call $release (local.get $base)) {self.context(False)} {EXIT} {f"(local.get $r{results[0]})" if results else ""})""")
        if post_return:
            head = "".join(f"(param $p{i} {core})" for i, core in enumerate(results))
            mixes = "".join(f"(call $take_in {'(i64.extend_i32_u (local.get $p0))' if core == 'i32' else '(local.get $p0)'})"
                            for core in results if core[0] == "i")
            context = "(call $take_in (i64.extend_i32_u (call $context-get)))" if self.definition.uses_context else ""
            wrong = self.wrong(f"(call $log (i64.const {LEFT}))", "leave")
            self.functions.append(f'(func (export "post-{func.name}") {head} (call $take_in (i64.const 99)) {mixes} {context} {wrong})')

    def context(self, begins, mix="$mix32"):
        if not self.definition.uses_context:
            return ""
        return (CONTEXT_BEGINS if begins else CONTEXT_ENDS).format(mix=mix, value=self.rng.randrange(1, 1000))

    # Handles

    def pools(self):
        """Functions for the handles of each resource; `drop`, `rep` and `new` are imported."""
        drops = ""
        for index, resource in enumerate(self.resources):
            at = POOLS + POOL_SIZE * index
            count = f"(i32.load (i32.const {at}))"
            slot = f"(i32.add (i32.const {at + 4}) (i32.shl {{}} (i32.const 2)))"
            drops += f"(if (i32.eq (local.get $resource) (i32.const {index})) (then (call $drop{index} (local.get $h))))"
            if resource[0] == "own":
                yield (f"(func $drop{index} (param $h i32) (i32.store (i32.const 512) (i32.const 1))"
                       f" (call $canon-drop{index} (local.get $h)) (i32.store (i32.const 512) (i32.const 0)))")
            yield f"""(func $keep{index} (param $h i32)
    (if (i32.ge_u {count} (i32.const {POOL_LIMIT})) (then (call $drop{index} (local.get $h))) (else
      (i32.store {slot.format(count)} (local.get $h)) (i32.store (i32.const {at}) (i32.add {count} (i32.const 1))))))
  (func $take{index} (result i32) (if (i32.lt_u {count} (i32.const 2)) (then (return (call $make{index}))))
    (i32.store (i32.const {at}) (i32.sub {count} (i32.const 1))) (i32.load {slot.format(count)}))
  (func $peek{index} (result i32) (if (i32.eqz {count}) (then (call $keep{index} (call $make{index})))) (i32.load (i32.const {at + 4})))
  (func $lend{index} (result i32) (local $n i32) (local.set $n (i32.load (i32.const {BORROWS})))
    (loop $next (if (local.get $n) (then (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (if (i32.eq (i32.load offset={BORROWS + 8} (i32.shl (local.get $n) (i32.const 3))) (i32.const {index}))
        (then (return (i32.load offset={BORROWS + 12} (i32.shl (local.get $n) (i32.const 3))))))
      (br $next)))) (call $peek{index}))
  (func $discard{index} (local $h i32) (if (i32.eqz {count}) (then (return))) (local.set $h (call $take{index}))
    (call $drop{index} (local.get $h)) (global.set $dropped (local.get $h)))
  {self.make(index, resource)}"""
        held = f"(i32.load (i32.const {BORROWS}))"
        yield f"""(global $dropped (mut i32) (i32.const 77))
  (func $drop_any (param $resource i32) (param $h i32) {drops})
  (func $hold (param $resource i32) (param $h i32)
    (if (i32.ge_u {held} (i32.const {BORROWS_LIMIT})) (then (call $drop_any (local.get $resource) (local.get $h))) (else
      (i32.store offset={BORROWS + 8} (i32.shl {held} (i32.const 3)) (local.get $resource))
      (i32.store offset={BORROWS + 12} (i32.shl {held} (i32.const 3)) (local.get $h))
      (i32.store (i32.const {BORROWS}) (i32.add {held} (i32.const 1))))))
  (func $release (param $base i32)
    (block $done (loop $next (br_if $done (i32.le_u {held} (local.get $base)))
      (i32.store (i32.const {BORROWS}) (i32.sub {held} (i32.const 1)))
      (call $drop_any (i32.load offset={BORROWS + 8} (i32.shl {held} (i32.const 3)))
        (i32.load offset={BORROWS + 12} (i32.shl {held} (i32.const 3))))
      (br $next))))"""

    def make(self, index, resource):
        if resource[0] == "own":
            return f"""(func $make{index} (result i32) (global.set $made (i32.add (global.get $made) (i32.const 1)))
    (call $new{index} (i32.xor (global.get $made) (i32.const {self.rng.choice((0, 0x1000, -1, 0x40000000))}))))"""
        return f"(func $make{index} (result i32) (call ${self.definition.constructor(resource)} (i32.const {self.rng.randrange(1000)})))"

    def destructor(self, k):
        """Of the k-th resource of its own; it may drop a handle that it keeps."""
        others = [index for index, resource in enumerate(self.resources) if resource != ("own", k)]
        more = ""
        if others and self.rng.random() < 0.5:
            more = fueled(f"(call $discard{self.rng.choice(others)})")
        return (f'(func (export "dtor{k}") (param $rep i32) {LEARN} {ENTER_DESTRUCTOR} {self.context(True)}'
                f' (call $mix32 (local.get $rep)) (call $say) {more} {self.context(False)} {EXIT})')

    def constructor(self, k):
        index = self.pool(("own", k))
        return (f'(func (export "make-{k}") (param $x i32) (result i32) {LEARN} {ENTER} {self.context(True)}'
                f' (call $mix32 (local.get $x)) (call $say) (call $make{index}) {self.context(False)} {EXIT})')

    def realloc(self):
        rng, fault = self.rng, ""
        kinds = {"realloc-unaligned": f"(if (i32.eqz {IS_SHRUNK}) (then (return (i32.const 4097))))", "realloc-bounds": "(return (i32.const 0xfffffff0))",
                 "realloc-traps": "(unreachable)", "realloc-leaves": f"(call $log (i64.const {LEFT}))"}
        for kind, bad in kinds.items():
            fault += self.wrong(f"(if (i32.eq (i32.load (i32.const 16)) (i32.const {rng.randint(1, 6)})) (then {bad}))", kind)
        if rng.random() < 0.25:  # what it could call, but never does
            fault += f"(if (i32.eqz (i32.load (i32.const 0))) (then {rng.choice((CALLED_OUT, CALLED_OUT_BY_TABLE))}))"
        if self.definition.uses_context and self.definition.style == "shim":
            fault += ("(i64.store (i32.const 8) (i64.add (i64.load (i32.const 8)) (i64.extend_i32_u (call $context-get))))"
                      " (call $context-set (i32.const 3))")
        other = self.wrong(CALLED_OUT, "realloc-leaves")
        return REALLOC.format(shrunk=IS_SHRUNK, fault=fault, other=other, shrink=SHRINK if rng.random() < 0.4 else "", pages=rng.choice((1, 1, 3)))

    def data(self):
        """(text of the data segments, pages)"""
        pages = self.memory.end() // PAGE + 1
        heap = self.memory.end() + 64
        if self.rng.random() < 0.5:  # soon to grow
            heap = max(heap, pages * PAGE - self.rng.randrange(2000))
        pages = heap // PAGE + 1
        top = "".join(f"\\{byte:02x}" for byte in heap.to_bytes(4, "little"))
        return f'{self.memory.text()} (data (i32.const 0) "{top}")', pages
