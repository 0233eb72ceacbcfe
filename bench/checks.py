"""Checks of the benchmark itself, before anything is timed: what is compared with has to be complete, and a wrong
result has to be noticed.

Provides  check_all(tools, folder)
"""

import dataclasses
import random

import wasmtime

import cases as all_cases
import timing
from engines import ENGINE, Runners
from variants import Failed, make_variants, run_command

PIECES = ("a", "z", "é", "ß", "€", "漢", "\U0001f600", "\uffff", "\U0010ffff", "\u0800", "\x7f", "\x80")
BROKEN = (b"\x80", b"\xc0\x80", b"\xc1\xbf", b"\xe0\x9f\xbf", b"\xed\xa0\x80", b"\xf0\x8f\xbf\xbf", b"\xf4\x90\x80\x80",
          b"\xf5\x80\x80\x80", b"\xff", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98")


def random_text(generator):
    data = "".join(generator.choice(PIECES) for _ in range(generator.randrange(60))).encode()
    if generator.random() < 0.3:
        return b"x" * generator.randrange(100) + data
    if generator.random() < 0.5:
        at = generator.randrange(len(data) + 1)
        return data[:at] + generator.choice(BROKEN) + data[at:]
    return data[: generator.randrange(len(data) + 1)]


def is_utf8(data):
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def check_utf8_by_hand(tools, folder):
    """The strings that the adapter by hand lets through are those that are UTF-8."""
    text = ("(module (memory $caller_memory (export \"memory\") 1) (memory $callee_memory 1)"
            "(func $callee_realloc (param i32 i32 i32 i32) (result i32) (i32.const 0))"
            + all_cases.frame("hand_values") + '(export "check" (func $pass_string)))')
    source, path = folder / "utf8.wat", folder / "utf8.wasm"
    source.write_text(text, encoding="utf-8")
    run_command(tools.wasm_tools, "parse", source, "-o", path)
    store = wasmtime.Store(ENGINE)
    exports = wasmtime.Instance(store, wasmtime.Module.from_file(ENGINE, str(path)), []).exports(store)
    memory, check = exports["memory"], exports["check"]
    generator = random.Random(7)
    seen = [0, 0]
    for _ in range(4000):
        data = random_text(generator)
        at = generator.choice((0, 1, 8, 65536 - len(data)))  # up to the end of memory
        if data:  # the package refuses to write nothing at the end of memory
            memory.write(store, data, at)
        try:
            check(store, at, len(data))
            passed = True
        except (wasmtime.Trap, wasmtime.WasmtimeError):
            passed = False
        if passed != is_utf8(data):
            raise Failed(f"the adapter by hand is wrong about {data!r}")
        seen[passed] += 1
    if min(seen) < 500:
        raise Failed(f"of the random strings {seen[0]} were wrong and {seen[1]} right; that checks too little")


def check_wrong_is_noticed(tools, folder):
    """With a model that expects something else, every variant has to be refused."""
    case = next(case for case in all_cases.CASES if case.name == "number")
    wrong = dataclasses.replace(case, model=lambda n: case.model(n) + (n == 1000))
    variants = make_variants(tools, wrong, folder / "wrong", all_engines=False)
    with Runners(tools, variants) as runners:
        for variant, runner in runners.runners.items():
            try:
                timing.check(wrong, runner)
            except timing.Wrong:
                continue
            raise Failed(f"a wrong result of {variant.form} is not noticed")


def check_all(tools, folder):
    folder.mkdir(parents=True, exist_ok=True)
    check_utf8_by_hand(tools, folder)
    check_wrong_is_noticed(tools, folder)
