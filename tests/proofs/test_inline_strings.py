#!/usr/bin/env python3
"""Strings of UTF-8 whose code stands in the adapter (adapt_string.c): every short length at every alignment, other
characters and malformed ones at every place, the ends of both memories, and what realloc may do meanwhile.

A component gives another strings, one at a time, three at a time and in lists; the other one says what it got, by a sum
over the bytes, and that the bytes beside the copy are as they were.

Requires  MELD in the environment, wasm-tools in PATH.
Exit      0, or 1 when something is wrong.
"""

import itertools
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import wasmtime

MELD = os.environ["MELD"]
PAGE = 65536
MASK = (1 << 64) - 1
TEXT_AT, LIST_AT = 4096, 1024
BUMP, AT_END, BEYOND_END, WRAPPED, GROWING = range(5)  # what realloc does
LENGTHS = [*range(0, 42), 63, 64, 65, 112, 113, *range(126, 147), 200, *range(254, 260), 383, 384, 385, 1000, 1024]
ALL_PAGES = 65536  # of a memory of 32 bits

TOO_LONG = "trap: string is longer than 268435455 bytes"
OUT_OF_BOUNDS = "trap: string content out-of-bounds: string pointer/length out of bounds of memory"
INVALID = "trap: invalid utf-8"
INCOMPLETE = "trap: incomplete utf-8 byte sequence"
REALLOC_BEYOND = "trap: realloc return: beyond end of memory: string content out-of-bounds"

COMPONENT = """(component
  (component $b
    (core module $m
      (memory (export "memory") B PAGES)
      (global $mode (mut i32) (i32.const 0)) (global $top (mut B) (B.const 0)) (global $sum (mut i64) (i64.const 0))
      (func $size (result B) (B.mul (memory.size) (B.const 65536)))
      (func (export "set") (param $mode i32) (param $top i32)
        (global.set $mode (local.get $mode))
        (global.set $top (to_b (local.get $top)))
        (memory.fill (B.const 4096) (i32.const 0xee) (B.const 16384)))
      (func (export "realloc") (param $old B) (param $old_size B) (param $alignment B) (param $size B) (result B)
        (local $at B)
        (if (B.gt_u (local.get $alignment) (B.const 1)) ;; a list
          (then (return (B.const 32768))))
        (block $growing (block $wrapped (block $beyond_end (block $at_end (block $bump
          (br_table $bump $at_end $beyond_end $wrapped $growing (global.get $mode)))
          (local.set $at (global.get $top))
          (global.set $top (B.add (B.add (local.get $at) (local.get $size)) (B.const 1)))
          (return (local.get $at)))
          (return (B.sub (call $size) (local.get $size))))
          (return (B.add (B.sub (call $size) (local.get $size)) (B.const 1))))
          (return (B.const -4)))
        (local.set $at (call $size))
        (if (B.eq (memory.grow (B.const 1)) (B.const -1)) (then (unreachable)))
        (memory.fill (local.get $at) (i32.const 0xee) (B.const 2048))
        (local.get $at))
      (func $add (param $text B) (param $length B)
        (local $i B)
        (if (i32.ne (i32.load8_u (B.sub (local.get $text) (B.const 1))) (i32.const 0xee))
          (then (if (i32.eq (global.get $mode) (i32.const 0)) (then (global.set $sum (i64.const 0x9999999999))))))
        (if (B.lt_u (B.add (local.get $text) (local.get $length)) (call $size))
          (then
            (if (i32.ne (i32.load8_u (B.add (local.get $text) (local.get $length))) (i32.const 0xee))
              (then (global.set $sum (i64.const 0x7777777777))))))
        (global.set $sum (i64.add (i64.mul (global.get $sum) (i64.const 1000003)) (from_b_64 (local.get $length))))
        (block $done
          (loop $next
            (br_if $done (B.eq (local.get $i) (local.get $length)))
            (global.set $sum
              (i64.add
                (i64.mul (global.get $sum) (i64.const 31))
                (i64.load8_u (B.add (local.get $text) (local.get $i)))))
            (local.set $i (B.add (local.get $i) (B.const 1)))
            (br $next))))
      (func (export "one") (param B B) (result i64)
        (global.set $sum (i64.const 0))
        (call $add (local.get 0) (local.get 1))
        (global.get $sum))
      (func (export "three") (param B B B B B B) (result i64)
        (global.set $sum (i64.const 0))
        (call $add (local.get 0) (local.get 1))
        (call $add (local.get 2) (local.get 3))
        (call $add (local.get 4) (local.get 5))
        (global.get $sum))
      (func (export "many") (param $texts B) (param $count B) (result i64)
        (global.set $sum (i64.const 0))
        (block $done
          (loop $next
            (br_if $done (B.eqz (local.get $count)))
            (call $add (B.load (local.get $texts)) (B.load offset=B_SIZE (local.get $texts)))
            (local.set $texts (B.add (local.get $texts) (B.const B_PAIR)))
            (local.set $count (B.sub (local.get $count) (B.const 1)))
            (br $next)))
        (global.get $sum)))
    (core instance $m (instantiate $m))
    (func (export "set") (param "mode" u32) (param "top" u32) (canon lift (core func $m "set")))
    (func (export "one") (param "a" string) (result u64) (canon lift (core func $m "one") OPTIONS))
    (func (export "three") (param "a" string) (param "b" string) (param "c" string) (result u64)
      (canon lift (core func $m "three") OPTIONS))
    (func (export "many") (param "a" (list string)) (result u64) (canon lift (core func $m "many") OPTIONS)))
  (component $a
    (import "one" (func $one (param "a" string) (result u64)))
    (import "three" (func $three (param "a" string) (param "b" string) (param "c" string) (result u64)))
    (import "many" (func $many (param "a" (list string)) (result u64)))
    (core module $libc (memory (export "memory") A PAGES))
    (core instance $libc (instantiate $libc))
    (core func $one (canon lower (func $one) (memory (core memory $libc "memory"))))
    (core func $three (canon lower (func $three) (memory (core memory $libc "memory"))))
    (core func $many (canon lower (func $many) (memory (core memory $libc "memory"))))
    (core module $m
      (import "libc" "memory" (memory A PAGES))
      (import "" "one" (func $one (param A A) (result i64)))
      (import "" "three" (func $three (param A A A A A A) (result i64)))
      (import "" "many" (func $many (param A A) (result i64)))
      (func (export "poke") (param $at i32) (param $value i64)
        (i64.store align=1 (to_a (local.get $at)) (local.get $value)))
      (func (export "pair") (param $at i32) (param $pointer i32) (param $length i32)
        (A.store (to_a (local.get $at)) (to_a (local.get $pointer)))
        (A.store offset=A_SIZE (to_a (local.get $at)) (to_a (local.get $length))))
      (func (export "one") (param i32 i32) (result i64) (call $one (to_a (local.get 0)) (to_a (local.get 1))))
      (func (export "three") (param i32 i32 i32 i32 i32 i32) (result i64)
        (call $three (to_a (local.get 0)) (to_a (local.get 1)) (to_a (local.get 2)) (to_a (local.get 3))
          (to_a (local.get 4)) (to_a (local.get 5))))
      (func (export "many") (param i32 i32) (result i64) (call $many (to_a (local.get 0)) (to_a (local.get 1)))))
    (core instance $m
      (instantiate $m
        (with "libc" (instance $libc))
        (with ""
          (instance (export "one" (func $one)) (export "three" (func $three)) (export "many" (func $many))))))
    (func (export "poke") (param "at" u32) (param "value" u64) (canon lift (core func $m "poke")))
    (func (export "pair") (param "at" u32) (param "pointer" u32) (param "length" u32)
      (canon lift (core func $m "pair")))
    (func (export "one") (param "p" u32) (param "n" u32) (result u64) (canon lift (core func $m "one")))
    (func (export "three")
      (param "p" u32) (param "n" u32) (param "q" u32) (param "o" u32) (param "r" u32) (param "m" u32) (result u64)
      (canon lift (core func $m "three")))
    (func (export "many") (param "p" u32) (param "n" u32) (result u64) (canon lift (core func $m "many"))))
  (instance $b (instantiate $b))
  (instance $a
    (instantiate $a (with "one" (func $b "one")) (with "three" (func $b "three")) (with "many" (func $b "many"))))
  (export "set" (func $b "set")) (export "poke" (func $a "poke")) (export "pair" (func $a "pair"))
  (export "one" (func $a "one")) (export "three" (func $a "three")) (export "many" (func $a "many")))"""


def component_text(caller, callee, pages):
    """The component, where the memories have addresses of so many bits, and so many pages."""
    text = COMPONENT.replace("PAGES", str(pages))
    text = text.replace("OPTIONS", '(memory (core memory $m "memory")) (realloc (core func $m "realloc"))')
    text = text.replace("(from_b_64 ", "(i64.extend_i32_u " if callee == 32 else "(block (result i64) ")
    for name, bits in (("A", caller), ("B", callee)):
        convert = "(block (result i32) " if bits == 32 else "(i64.extend_i32_u "
        text = text.replace(f"(to_{name.lower()} ", convert)
        text = text.replace(f"{name}_SIZE", str(bits // 8)).replace(f"{name}_PAIR", str(bits // 4))
        text = text.replace(f"({name}.", f"(i{bits}.")
        for end in " )":
            text = text.replace(f" {name}{end}", f" i{bits}{end}").replace(f" {name}{end}", f" i{bits}{end}")
    return text


def signed(address):
    """As an i32."""
    return address - (1 << 32) if 1 << 31 <= address < 1 << 32 else address


class Fused:
    """The fused component; a new instance of it after each trap."""

    def __init__(self, engine, folder, caller, callee, *options, pages=1):
        self.engine, self.bits, self.end, self.has_vectors = engine, (caller, callee), pages * PAGE, bool(options)
        self.name = f"{caller} to {callee} bits{' '.join(('', *options))}, {pages} pages"
        source, component, fused = folder / "case.wat", folder / "case.wasm", folder / "fused.wasm"
        source.write_text(component_text(caller, callee, pages), encoding="utf-8")
        subprocess.run(["wasm-tools", "parse", source, "-o", component], check=True)
        subprocess.run([MELD, "fuse", *options, component, "-o", fused], check=True)
        subprocess.run(["wasm-tools", "validate", "--features", "all", fused], check=True)
        printed = subprocess.run(["wasm-tools", "print", fused], check=True, stdout=subprocess.PIPE, text=True).stdout
        self.functions = printed.split("(func $")
        self.module = wasmtime.Module.from_file(engine, str(fused))
        self.start()

    def start(self):
        self.store = wasmtime.Store(self.engine)
        self.exports = wasmtime.Instance(self.store, self.module, []).exports(self.store)

    def call(self, name, *arguments):
        return self.exports[name](self.store, *map(signed, arguments))

    def poke(self, at, content):
        """Words of eight bytes. What surrounds the content is no ASCII, but for up to seven bytes before what ends with
        the memory."""
        words = {at + i: content[i : i + 8].ljust(8, b"\xff") for i in range(0, len(content), 8)}
        if at < self.end < at + len(content) + 8:
            words = {self.end - 8: content[: self.end - at][-8:].rjust(8, b"x"), **words}
        for place, word in words.items():
            if place + 8 <= self.end:
                self.exports["poke"](self.store, signed(place), int.from_bytes(word, "little", signed=True))

    def outcome(self, name, *arguments):
        """What a function gives, or the name of its trap."""
        try:
            return self.call(name, *arguments) & MASK
        except wasmtime.Trap as trap:
            self.start()
            return trap.frames[0].func_name


def expected(*contents):
    """The sum over strings, or the trap of the first that is none."""
    total = 0
    for content in contents:
        try:
            content.decode("utf-8")
        except UnicodeDecodeError as error:
            return INCOMPLETE if error.reason == "unexpected end of data" else INVALID
        total = total * 1000003 + len(content) & MASK
        for byte in content:
            total = total * 31 + byte & MASK
    return total


class Checks:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, fused, what, got, wanted):
        if got == wanted:
            self.passed += 1
            return
        self.failed += 1
        if self.failed <= 20:
            print(f"FAILED {fused.name}: {what}: {got}, not {wanted}")


def ascii_text(length):
    return bytes(97 + (i * 7 + length) % 26 for i in range(length))


def check_one(checks, fused, what, content, at=TEXT_AT, top=8192):
    fused.poke(at, content)
    fused.call("set", BUMP, top)
    checks.check(fused, f"{what}, {content[:40]!r} at {at}", fused.outcome("one", at, len(content)), expected(content))


def check_lengths(checks, fused):
    """All lengths, at all alignments of the source and the copy."""
    for length, alignment in itertools.product(LENGTHS, range(8)):
        check_one(checks, fused, "ASCII", ascii_text(length), TEXT_AT + alignment, 8192 + (alignment * 5 + length) % 8)


def check_characters(checks, fused):
    """Other characters, and bytes that are wrong, at each place of short strings."""
    for length in range(1, 26):
        text = ascii_text(length)
        for place in range(length):
            for other in ("é", "€", "😀"):
                character = other.encode()
                check_one(checks, fused, "other", (text[:place] + character + text[place:])[:length])
            for byte in (0x80, 0xC3, 0xFF):
                check_one(checks, fused, "malformed", text[:place] + bytes([byte]) + text[place + 1 :])


def check_long_characters(checks, fused):
    """The same in long strings: where one block ends and the next begins, and in the bytes that two of them have."""
    for length in (33, 127, 128, 129, 250, 300):
        text = ascii_text(length)
        for place in range(length):
            for other in ("é", "😀"):
                check_one(checks, fused, "other", (text[:place] + other.encode() + text[place:])[:length])
            check_one(checks, fused, "malformed", text[:place] + b"\x80" + text[place + 1 :])


def check_ends_of_source(checks, fused):
    for length in (*range(0, 34), 64, 128, 129, 200):
        text = ascii_text(length)
        check_one(checks, fused, "at the end of memory", text, PAGE - length)
        for kind in ("é", "€", "😀", "aé€😀", "€ "):
            other = (kind * length)[:length].encode()
            check_one(checks, fused, "no ASCII at the end of memory", other, PAGE - len(other))
            check_one(checks, fused, "cut off by the end of memory", other[:-1], PAGE - len(other[:-1]))
        for at in (PAGE - length + 1, PAGE + 1, 2 * PAGE, (1 << 32) - length, (1 << 32) - 8, (1 << 32) - 1):
            if at < 1 << 32 and at + length > PAGE:
                checks.check(fused, f"{length} at {at}", fused.outcome("one", at, length), OUT_OF_BOUNDS)
    for length in (1 << 28, (1 << 32) - 1, (1 << 32) - 8):
        checks.check(fused, f"{length} bytes", fused.outcome("one", 16, length), TOO_LONG)
    checks.check(fused, "longest", fused.outcome("one", 16, (1 << 28) - 1), OUT_OF_BOUNDS)


def check_realloc(checks, fused):
    """What realloc returns is inside memory, or is a trap; a memory that grows meanwhile is larger."""
    for length in (*range(1, 34), 128, 129, 200):
        text = ascii_text(length)
        for mode, wanted in ((AT_END, expected(text)), (BEYOND_END, REALLOC_BEYOND), (GROWING, expected(text)),
                             (WRAPPED, REALLOC_BEYOND)):
            fused.poke(TEXT_AT, text)
            fused.call("set", mode, 8192)
            checks.check(fused, f"realloc {mode}, {length}", fused.outcome("one", TEXT_AT, length), wanted)


def check_malformed_without_room(checks, fused):
    """What is malformed and gets no room traps. With vectors a long string has its room before all of it is looked at."""
    for length, place in itertools.product((8, 16, 17, 40, 128, 200), (0, 7, -1)):
        text = bytearray(ascii_text(length))
        text[place] = 0xFF
        for mode in (BEYOND_END, WRAPPED):
            fused.poke(TEXT_AT, bytes(text))
            fused.call("set", mode, 8192)
            wanted = REALLOC_BEYOND if fused.has_vectors and length > 16 else INVALID
            checks.check(fused, f"malformed, realloc {mode}, {length}", fused.outcome("one", TEXT_AT, length), wanted)


def check_end_of_addresses(checks, fused):
    """Strings that end where addresses do, on both sides."""
    for length in (1, 4, 8, 16, 17, 32, 40, 127, 128, 129, 200, 256, 1000):
        text, other = ascii_text(length), ("aé€😀" * length).encode()[: (length + 9) // 10 * 10]
        for content in (text, other, b"\xff" + text[1:]):
            at = fused.end - len(content)
            fused.poke(at, content)
            fused.call("set", AT_END, 8192)
            checks.check(fused, f"{content[:40]!r} at {at}", fused.outcome("one", at, len(content)), expected(content))
        if length > 1:
            checks.check(fused, f"{length} beyond", fused.outcome("one", fused.end - length + 1, length), OUT_OF_BOUNDS)


def check_three(checks, fused):
    """More strings than stand inline."""
    for lengths in itertools.product((3, 8, 16, 17, 40), repeat=3):
        texts = [ascii_text(length) for length in lengths]
        places = [TEXT_AT + 128 * i + i for i in range(3)]
        fused.call("set", BUMP, 8192)
        for at, text in zip(places, texts):
            fused.poke(at, text)
        arguments = [x for at, text in zip(places, texts) for x in (at, len(text))]
        checks.check(fused, f"three of {lengths}", fused.outcome("three", *arguments), expected(*texts))
    fused.poke(TEXT_AT, b"\xff" * 16)
    for i in range(3):
        arguments = [x for n in range(3) for x in (TEXT_AT if n == i else 0, 12)]
        checks.check(fused, f"malformed, number {i}", fused.outcome("three", *arguments), INVALID)
        fused.poke(TEXT_AT, b"\xff" * 16)


def put_list(fused, texts):
    at = TEXT_AT
    for i, text in enumerate(texts):
        fused.poke(at, text)
        fused.call("pair", LIST_AT + i * fused.bits[0] // 4, at, len(text))
        at += len(text) + 16


def check_lists(checks, fused):
    kinds = [ascii_text(length) for length in range(34)] + ["größer".encode(), "aé€😀 and so on".encode(), b""]
    for mode, count in itertools.product((BUMP, GROWING, AT_END), (0, 1, 2, 3, len(kinds))):
        texts = kinds[5 : 5 + count] if count < len(kinds) else kinds
        put_list(fused, texts)
        fused.call("set", mode, 8192)
        got = fused.outcome("many", LIST_AT, len(texts))
        if mode != AT_END or len(texts) < 2:  # where copies overwrite each other
            checks.check(fused, f"a list of {len(texts)}, realloc {mode}", got, expected(*texts))
    for place, length in itertools.product((0, 1, 7), (8, 12, 16, 17, 3)):
        for mode, wanted in ((BEYOND_END, REALLOC_BEYOND), (WRAPPED, REALLOC_BEYOND)):
            put_list(fused, [ascii_text(length)] * 8)
            fused.call("set", mode, 8192)
            checks.check(fused, f"realloc {mode} in a list, {length}", fused.outcome("many", LIST_AT, 8), wanted)
        for pointer, wanted in ((PAGE - length + 1, OUT_OF_BOUNDS), ((1 << 32) - 8, OUT_OF_BOUNDS)):
            put_list(fused, [ascii_text(length)] * 8)
            fused.call("pair", LIST_AT + place * fused.bits[0] // 4, pointer, length)
            fused.call("set", BUMP, 8192)
            checks.check(fused, f"string {place} of a list at {pointer}", fused.outcome("many", LIST_AT, 8), wanted)
        put_list(fused, [ascii_text(length)] * place + [b"\x80" * length] + [ascii_text(length)] * (7 - place))
        fused.call("set", BUMP, 8192)
        checks.check(fused, f"string {place} of a list malformed", fused.outcome("many", LIST_AT, 8), INVALID)


def check_shape(checks, fused):
    """The code stands in the adapters of one and many once, in that of three twice, and its words are loaded and stored."""
    inline = [text for text in fused.functions if "call $check_result" in text and "call $utf8_to_utf8" in text]
    words = [len(re.findall(r"i64\.store .*align=1\n", text)) for text in inline]
    checks.check(fused, "stores of words in adapters", sorted(words), [2, 2, 4])
    copy = "call $copy_utf8" if fused.has_vectors else "memory.copy"
    checks.check(fused, "long strings in them", sorted(text.count(copy) for text in inline), [0, 1, 1])


def main():
    config = wasmtime.Config()
    config.wasm_multi_memory = True
    config.wasm_memory64 = True
    engine, checks = wasmtime.Engine(config), Checks()
    with tempfile.TemporaryDirectory(prefix="meld-strings-") as folder:
        for caller, callee in itertools.product((32, 64), repeat=2):
            for options in ((), ("--features=+simd",)):
                fused = Fused(engine, pathlib.Path(folder), caller, callee, *options)
                check_shape(checks, fused)
                check_lengths(checks, fused)
                check_ends_of_source(checks, fused)
                check_realloc(checks, fused)
                check_malformed_without_room(checks, fused)
                check_three(checks, fused)
                check_lists(checks, fused)
                if caller == callee:
                    check_characters(checks, fused)
                    check_long_characters(checks, fused)
        for options in ((), ("--features=+simd",)):
            check_end_of_addresses(checks, Fused(engine, pathlib.Path(folder), 32, 32, *options, pages=ALL_PAGES))
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
