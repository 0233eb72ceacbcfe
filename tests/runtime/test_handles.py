#!/usr/bin/env python3
"""handles.wat does what Table, ResourceHandle and the canonical functions of resources do.

The golden part is a few sequences written out. The other part runs random sequences of operations on several tables
through handles.wat and through definitions.py, and compares every result, and which check trapped.
"""

import random

import wasmtime

from harness import Tally, load_definitions, load_modules, new_engine, run_reference, run_wasm, unsigned

UNKNOWN = "trap: unknown handle index"
WRONG_TYPE = ("trap: handle index used with the wrong type, expected guest-defined resource but found "
              "a different guest-defined resource")
LENT = "trap: cannot remove owned resource while borrowed"
NOT_OWN = "trap: cannot lift own resource from a borrow"
REMAIN = "trap: borrow handles still remain at the end of the call"

# What each line of definitions.py that can trap is called in handles.wat.
TRAP_OF_LINE = {
    "trap_if(i >= len(self.array))": UNKNOWN,
    "trap_if(self.array[i] is None)": UNKNOWN,
    "trap_if(h.rt is not t.rt)": WRONG_TYPE,
    "trap_if(h.rt is not rt)": WRONG_TYPE,
    "trap_if(h.num_lends != 0)": LENT,
    "trap_if(not h.own)": NOT_OWN,
    "trap_if(self.num_borrows > 0)": REMAIN,
}


class Handles:
    """One instance of handles.wat; each operation returns (result, None) or (None, trap)."""

    def __init__(self, engine, module, table_count):
        self.store = wasmtime.Store(engine)
        immutable = wasmtime.GlobalType(wasmtime.ValType.i32(), False)
        count = wasmtime.Global(self.store, immutable, wasmtime.Val.i32(table_count))
        self.exports = wasmtime.Instance(self.store, module, [count]).exports(self.store)
        self.exports["memory"].grow(self.store, table_count // 4096)  # what adapt_handles.c makes it at least

    def __getattr__(self, name):
        def call(*arguments):
            result, trap = run_wasm(self.store, self.exports[name], *arguments)
            if isinstance(result, int):
                result = unsigned(result, 32)
            elif result is not None:
                result = tuple(unsigned(part, 32) for part in result)
            return result, trap
        return call


def golden(tally, engine, module):
    def check(what, outcome, expected):
        tally.check(what, outcome, (expected, None) if not isinstance(expected, str) else (None, expected))

    h = Handles(engine, module, 3)
    check("an empty table", h.resource_rep(0, 1, 7), UNKNOWN)
    for handle in range(1, 40):  # across two growths
        check("indices are given in order, from 1", h.resource_new(1, 7, 1000 + handle), handle)
    check("tables are apart", h.resource_new(2, 7, 5), 1)
    for handle in range(1, 40):
        check("rep, after growth", h.resource_rep(1, handle, 7), 1000 + handle)
    for handle in (0, 40, 0x0fff_ffff, 0x1000_0000, -1):
        check("no such handle", h.resource_rep(1, handle, 7), UNKNOWN)
        check("no such handle", h.resource_drop(1, handle, 7), UNKNOWN)
        check("no such handle", h.lift_own(1, handle, 7), UNKNOWN)
    check("wrong type", h.resource_rep(1, 1, 8), WRONG_TYPE)
    check("wrong type", h.resource_drop(1, 1, 8), WRONG_TYPE)
    check("wrong type", h.lift_own(1, 1, 8), WRONG_TYPE)
    check("drop of own", h.resource_drop(1, 3, 7), (1, 1003))
    check("lift of own", h.lift_own(1, 9, 7), 1009)
    check("dropped twice", h.resource_drop(1, 3, 7), UNKNOWN)
    check("rep after lift", h.resource_rep(1, 9, 7), UNKNOWN)
    check("last freed, first used", h.resource_new(1, 8, 0xffff_ffff - (1 << 32)), 9)
    check("then the one before", h.resource_new(1, 8, 2), 3)
    check("then at the end", h.resource_new(1, 8, 3), 40)
    check("any rep", h.resource_rep(1, 9, 8), 0xffff_ffff)

    scope = h.scope_enter()[0]
    check("lent", h.lift_borrow(1, 1, 7, scope), 1001)
    check("lent twice", h.lift_borrow(1, 1, 7, scope), 1001)
    check("lent entry stays", h.resource_rep(1, 1, 7), 1001)
    check("lent entry can't be dropped", h.resource_drop(1, 1, 7), LENT)
    check("lent entry can't be given away", h.lift_own(1, 1, 7), LENT)
    check("borrowed", h.lower_borrow(0, 7, 1001, scope), 1)
    check("rep of a borrow", h.resource_rep(0, 1, 7), 1001)
    inner = h.scope_enter()[0]
    check("a borrow is lent on", h.lift_borrow(0, 1, 7, inner), 1001)
    check("lent borrow can't be dropped", h.resource_drop(0, 1, 7), LENT)
    check("lend before own", h.lift_own(0, 1, 7), LENT)
    check("inner call ends", h.scope_leave(inner), None)
    check("borrow remains", h.scope_leave(scope), REMAIN)
    check("drop of a borrow", h.resource_drop(0, 1, 7), (0, 1001))
    check("outer call ends", h.scope_leave(scope), None)
    check("no longer lent", h.resource_drop(1, 1, 7), (1, 1001))
    again = h.scope_enter()[0]
    tally.check("cells are used again", again in (scope, inner), True)
    scope = again
    check("borrowed", h.lower_borrow(0, 7, 1, scope), 1)
    check("a borrow can't be lifted as own", h.lift_own(0, 1, 7), NOT_OWN)

    many = Handles(engine, module, 10_000)  # headers beyond the first page
    check("no table yet", many.resource_rep(9_999, 1, 1), UNKNOWN)
    check("last table", many.resource_new(9_999, 1, 77), 1)
    check("last table", many.resource_rep(9_999, 1, 1), 77)
    scopes = [many.scope_enter()[0] for _ in range(5)]
    tally.check("scopes are distinct, not 0", (len(set(scopes)), 0 in scopes), (5, False))
    for scope in scopes:
        check("leave", many.scope_leave(scope), None)

    small = Handles(engine, module, 1)
    small.store.set_limits(memory_size=65536)
    outcomes = [small.resource_new(0, 1, 1) for _ in range(5000)]
    failed = outcomes.index((None, "trap: out of memory for handles"))
    tally.check("all before are there", outcomes[:failed], [(i + 1, None) for i in range(failed)])
    tally.check("the table doubled while there was room", failed, 2047)


class Store:
    """A Store that runs destructors at once, in place of tasks and threads."""

    def __init__(self):
        self.destroyed = []

    def lift(self, callee, ft, opts, inst):
        return callee

    def lower(self, callee, ft, opts, inst):
        return callee


class Reference:
    """The operations of handles.wat, by definitions.py."""

    def __init__(self, definitions, table_count, type_count):
        self.d = definitions
        self.store = Store()
        self.instances = [definitions.ComponentInstance(self.store) for _ in range(table_count)]
        definer = definitions.ComponentInstance(self.store)  # lower_borrow into it is never asked of handles.wat
        self.types = [None] + [definitions.ResourceType(definer, self.store.destroyed.append)
                               for _ in range(type_count)]

    def context(self, table, scope=None):
        return self.d.LiftLowerContext(self.d.CanonicalOptions(), self.instances[table], scope)

    def call(self, function, *arguments):
        result, line = run_reference(self.d, function, *arguments)
        return (None, TRAP_OF_LINE[line]) if line else (result, None)

    def canonical(self, table, function, *arguments):
        self.d.current_instance = lambda: self.instances[table]
        return self.call(function, *arguments)

    def resource_new(self, table, type_, rep):
        result, trap = self.canonical(table, self.d.canon_resource_new, self.types[type_], rep)
        return (result and result[0], trap)

    def resource_rep(self, table, handle, type_):
        result, trap = self.canonical(table, self.d.canon_resource_rep, self.types[type_], handle)
        return (result and result[0], trap)

    def resource_drop(self, table, handle, type_):
        entries = self.instances[table].handles.array
        entry = entries[handle] if handle < len(entries) else None
        self.store.destroyed.clear()
        _, trap = self.canonical(table, self.d.canon_resource_drop, self.types[type_], handle)
        if trap:
            return None, trap
        assert self.store.destroyed == ([[entry.rep]] if entry.own else [])
        return (int(entry.own), entry.rep), None

    def lift_own(self, table, handle, type_):
        return self.call(self.d.lift_own, self.context(table), handle, self.d.OwnType(self.types[type_]))

    def lower_own(self, table, type_, rep):
        return self.call(self.d.lower_own, self.context(table), rep, self.d.OwnType(self.types[type_]))

    def lift_borrow(self, table, handle, type_, scope):
        return self.call(self.d.lift_borrow, self.context(table, scope[1]), handle,
                         self.d.BorrowType(self.types[type_]))

    def lower_borrow(self, table, type_, rep, scope):
        return self.call(self.d.lower_borrow, self.context(table, scope[0]), rep,
                         self.d.BorrowType(self.types[type_]))

    def scope_enter(self):
        """A call is a Task of the callee, and a Subtask of the caller."""
        task = self.d.Task(self.d.FuncType([], []), self.d.CanonicalOptions(), self.instances[0], None,
                           lambda result: None)
        return task, self.d.Subtask()

    def scope_leave(self, scope):
        def leave():
            task, subtask = scope
            task.return_([])
            subtask.resolve(self.d.Subtask.State.RETURNED, [])
            subtask.deliver_resolve()
        return self.call(leave)


class Sequence:
    """One random sequence, run on both sides until something traps."""

    def __init__(self, rng, handles, reference, table_count, type_count):
        self.rng, self.handles, self.reference = rng, handles, reference
        self.table_count, self.type_count = table_count, type_count
        self.scopes = []  # (of handles.wat, of the reference)
        self.wild = rng.choice((0.0, 0.002, 0.02, 0.2))  # how often an operation is not a sensible one

    def pick_entry(self, table, want):
        """A handle of `table` and its type; an unusable one now and then."""
        rng = self.rng
        entries = self.reference.instances[table].handles.array
        present = [i for i, e in enumerate(entries) if e is not None and want(e)]
        if rng.random() < self.wild or not present:
            if rng.random() < 0.5 or not present:
                return None if self.wild == 0.0 else (rng.choice((0, len(entries), 2**28, 2**32 - 1,
                                                                  rng.randrange(len(entries)))), 1)
            return rng.choice([i for i, e in enumerate(entries) if e is not None]), rng.randint(1, self.type_count)
        handle = rng.choice(present)
        return handle, self.reference.types.index(entries[handle].rt)

    def operation(self):
        """Name and arguments; None where there is nothing to do it on."""
        rng = self.rng
        table, type_ = rng.randrange(self.table_count), rng.randint(1, self.type_count)
        wild = rng.random() < self.wild
        name = rng.choices(
            ("resource_new", "lower_own", "resource_rep", "resource_drop", "lift_own", "lift_borrow", "lower_borrow",
             "scope_enter", "scope_leave"), (10, 5, 8, 9, 5, 8, 8, 4, 4))[0]
        if name in ("resource_new", "lower_own"):
            return name, (table, type_, rng.getrandbits(32))
        if name in ("resource_rep", "resource_drop", "lift_own", "lift_borrow"):
            want = {
                "resource_rep": lambda e: True,
                "lift_borrow": lambda e: True,
                "resource_drop": lambda e: wild or e.num_lends == 0,
                "lift_own": lambda e: wild or (e.num_lends == 0 and e.own),
            }[name]
            picked = self.pick_entry(table, want)
            if picked is None or (name == "lift_borrow" and not self.scopes):
                return None
            return name, (table, *picked) + ((rng.choice(self.scopes),) if name == "lift_borrow" else ())
        if name == "lower_borrow":
            return (name, (table, type_, rng.getrandbits(32), rng.choice(self.scopes))) if self.scopes else None
        if name == "scope_enter":
            return name, ()
        finished = [s for s in self.scopes if wild or s[1][0].num_borrows == 0]
        return (name, (rng.choice(finished),)) if finished else None

    def step(self, tally):
        """False after a trap or a difference."""
        operation = self.operation()
        if operation is None:
            return True
        name, arguments = operation
        if name == "scope_enter":
            self.scopes.append((self.handles.scope_enter()[0], self.reference.scope_enter()))
            return True
        ours = [unsigned(a[0], 32) if isinstance(a, tuple) else a for a in arguments]
        theirs = [a[1] if isinstance(a, tuple) else a for a in arguments]
        got = getattr(self.handles, "resource_new" if name == "lower_own" else name)(*ours)
        expected = getattr(self.reference, name)(*theirs)
        if name == "scope_leave" and expected[1] is None:
            self.scopes.remove(arguments[0])
        return tally.check(f"{name}{tuple(ours)}", got, expected) and got[1] is None


def compare(tally, engine, module, definitions):
    rng = random.Random(20240229)
    seen = set()
    check = tally.check

    def remember(what, got, expected):
        seen.add(got[1])
        return check(what, got, expected)

    tally.check = remember
    for _ in range(600):
        table_count, type_count = rng.randint(1, 5), rng.randint(1, 4)
        sequence = Sequence(rng, Handles(engine, module, table_count),
                            Reference(definitions, table_count, type_count), table_count, type_count)
        for _ in range(rng.choice((20, 100, 600))):
            if not sequence.step(tally):
                break
    tally.check = check
    tally.check("every trap was met", seen, {None, *TRAP_OF_LINE.values()})


def main():
    tally = Tally()
    engine = new_engine()
    module = load_modules(engine)["handles"]
    golden(tally, engine, module)
    definitions = load_definitions()
    if definitions:
        compare(tally, engine, module, definitions)
    tally.finish()


if __name__ == "__main__":
    main()
