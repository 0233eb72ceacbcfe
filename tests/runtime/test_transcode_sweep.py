#!/usr/bin/env python3
"""transcode.wat.in where its loops begin and end: each alignment with each short length, every character, and the
sequences of bytes that are or are not UTF-8, across the ends of words.

That is too much to call one by one. The template is put together here with memories, an allocator and a loop of its
own; a trap becomes an exception, which the loop catches. So one call runs thousands of strings:

    cases      pointer, code units                       i64 each
    results    number of the trap (0: none), pointer, code units
    log        case, old, old size, alignment, new size  of each call of realloc

Requires  wasm-tools in PATH, for the assembling.
"""

import itertools
import random
import re
import struct
import sys

import wasmtime

from harness import BYTES, Tally, load_definitions, run_reference
from test_transcode import ENCODINGS, INCOMPLETE, INVALID, PAIRS, PythonMemory, reference, trap_of_line

sys.path.insert(0, str(BYTES.parent))
import assemble  # noqa: E402

# The functions of the template, by the encodings that each is for.
FUNCTIONS = {f"{ENCODINGS[a]}_to_{ENCODINGS[b]}": (a, b) for a, b in PAIRS}
FUNCTIONS.update(utf8_to_host=("utf8", "utf8"), utf8_from_host=("utf8", "utf8"))

SOURCE_PAGES, DESTINATION_PAGES = 128, 384
PAGE = 65536
FIRST_BLOCK = 64
EDGES = (0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF,
         0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF8, 0xFC, 0xFF)  # of the ranges in Unicode's table of UTF-8

LOOP = """
  (tag $trap (param i32))
  (memory $cases (export "cases") 64)
  (memory $results (export "results") 64)
  (memory $log (export "log") 256)
  (global $case (mut i32) (i32.const 0))
  (global $logged (export "logged") (mut i32) (i32.const 0))
  (global $top (mut D) (D.const 64))

  (func $log (param $value i64)
    (i64.store $log (global.get $logged) (local.get $value))
    (global.set $logged (i32.add (global.get $logged) (i32.const 8))))

  ;; Every call moves the block. It is aligned as asked for and no better, and a byte behind it stays free.
  (func $realloc (param $old D) (param $old_size D) (param $alignment D) (param $new_size D) (result D)
    (local $at D)
    (call $log (i64.extend_i32_u (global.get $case)))
    (call $log (convert D i64 (local.get $old)))
    (call $log (convert D i64 (local.get $old_size)))
    (call $log (convert D i64 (local.get $alignment)))
    (call $log (convert D i64 (local.get $new_size)))
    (local.set $at
      (D.and
        (D.add (global.get $top) (D.sub (local.get $alignment) (D.const 1)))
        (D.sub (D.const 0) (local.get $alignment))))
    (global.set $top (D.add (D.add (local.get $at) (local.get $new_size)) (D.const 1)))
    (memory.copy $destination $destination (local.get $at) (local.get $old)
      (select
        (local.get $old_size)
        (local.get $new_size)
        (D.lt_u (local.get $old_size) (local.get $new_size))))
    (local.get $at))
"""

RUN = """
  (func (export "run_{0}") (param $count i32)
    (local $i i32) (local $trap i32) (local $pointer D) (local $units D)
    (loop $next
      (if (i32.lt_u (local.get $i) (local.get $count))
        (then
          (global.set $case (local.get $i))
          (local.set $pointer (D.const 0))
          (local.set $units (D.const 0))
          (local.set $trap
            (block $caught (result i32)
              (try_table (catch $trap $caught)
                (call ${0}
                  (convert i64 S (i64.load $cases (i32.mul (local.get $i) (i32.const 16))))
                  (convert i64 S (i64.load $cases offset=8 (i32.mul (local.get $i) (i32.const 16)))))
                (local.set $units)
                (local.set $pointer))
              (i32.const 0)))
          (i64.store $results (i32.mul (local.get $i) (i32.const 24)) (i64.extend_i32_u (local.get $trap)))
          (i64.store $results offset=8 (i32.mul (local.get $i) (i32.const 24)) (convert D i64 (local.get $pointer)))
          (i64.store $results offset=16 (i32.mul (local.get $i) (i32.const 24)) (convert D i64 (local.get $units)))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br $next)))))
"""


class Sweep:
    """One variant of the template, in the loop. A batch is an instance of its own, with memories full of zeros."""

    def __init__(self, engine, bits, word):
        self.bits = bits
        template = assemble.TEMPLATE.read_text()
        self.traps = [None]

        def throw(match):
            self.traps.append(match[1])
            return f'(func $"{match[1]}" (throw $trap (i32.const {len(self.traps) - 1})))'

        template = re.sub(r'\(func \$"(trap: .*?)" unreachable\)', throw, template)
        for side, letter, pages in (("source", "S", SOURCE_PAGES), ("destination", "D", DESTINATION_PAGES)):
            template = template.replace(
                f'(import "{side}" "memory" (memory ${side} {letter} 0))',
                f'(memory ${side} (export "{side}") {letter} {pages})')
        template = re.sub(r'  \(import "destination" "realloc".*?\n\n', "\n", template, flags=re.DOTALL)
        template = re.sub(r'\(func (?:\$\w+ )?\(export "(\w+)"\)', r'(func $\1', template)
        assert "(import" not in template and len(self.traps) == 9
        template = template.rstrip()[:-1] + LOOP
        template += "".join(RUN.replace("{0}", name) for name in FUNCTIONS) + ")"
        text = assemble.expand_template(template, f"i{bits[0]}", f"i{bits[1]}", word)
        self.engine, self.module = engine, wasmtime.Module(engine, assemble.assemble(text))
        self.name = f"words of {word} bits, {bits[0]} to {bits[1]}"

    def run(self, function, source, cases):
        """[(trap or None, pointer, units)], calls of realloc by case, the destination memory"""
        store = wasmtime.Store(self.engine)
        exports = wasmtime.Instance(store, self.module, []).exports(store)
        exports["source"].write(store, source, 0)
        exports["cases"].write(store, b"".join(struct.pack("<QQ", *case) for case in cases), 0)
        exports[f"run_{function}"](store, len(cases))
        results = struct.iter_unpack("<QQQ", bytes(exports["results"].read(store, 0, 24 * len(cases))))
        calls = [[] for _ in cases]
        for case, *call in struct.iter_unpack(
                "<QQQQQ", bytes(exports["log"].read(store, 0, exports["logged"].value(store)))):
            calls[case].append(tuple(call))
        memory = bytes(exports["destination"].read(store, 0, DESTINATION_PAGES * PAGE))
        return [(self.traps[trap], pointer, units) for trap, pointer, units in results], calls, memory


class MovingAllocator:
    """What realloc of LOOP does."""

    def __init__(self):
        self.top, self.calls = FIRST_BLOCK, []

    def realloc(self, memory, old, old_size, alignment, new_size):
        self.calls.append((old, old_size, alignment, new_size))
        at = -(-self.top // alignment) * alignment
        self.top = at + new_size + 1
        memory.write(at, memory.read(old, min(old_size, new_size)))
        return at


class Packed:
    """Strings in a source memory, one after the other."""

    def __init__(self, top_bit):
        self.source, self.cases, self.top_bit = bytearray(), [], top_bit

    def add(self, content, alignment, units=None):
        """At `alignment` beyond a multiple of 16. The bytes around it are no part of any string, or ASCII."""
        around = b"\xff" if len(self.cases) % 3 else b"a"
        self.source += around * (16 + (alignment - len(self.source)) % 16)
        self.cases.append((len(self.source), len(content) if units is None else units))
        self.source += content
        self.source += around * 80


def texts(rng, length):
    """Of `length` characters each: ASCII, with one other character somewhere, and mixtures."""
    yield "".join(rng.choices("abcXYZ019", k=length))
    for other in "é€😀\x80ÿĀ":
        at = rng.randrange(length + 1)
        yield "a" * at + other + "b" * max(0, length - at - 1)
    yield "é" * length
    yield "€" * length
    yield "".join(rng.choices("aaaaaaé", k=length))
    yield "".join(rng.choices("aé€😀ÿ\x7f\u07ff\u0800\uffff", k=length))


def short_strings(rng, pair, top_bit, alignments, lengths):
    """Batches: every alignment with every length, and now and then a byte or a unit that is wrong."""
    for alignment in alignments:
        packed = Packed(top_bit)
        for length in lengths:
            for text in texts(rng, length):
                kinds = {"utf8": ("utf-8",), "utf16": ("utf-16-le",), "latin1+utf16": ("latin-1", "utf-16-le")}[pair[0]]
                for codec in kinds:
                    wide = codec == "utf-16-le"
                    if wide and alignment % 2:
                        continue
                    content = bytearray(text.encode(codec, "replace"))
                    if codec != "latin-1" and content and rng.random() < 0.2:
                        at = rng.randrange(len(content))
                        content[at | 1 if wide else at] = rng.choice((0x80, 0xC3, 0xD8, 0xDC, 0xE2, 0xED, 0xF0, 0xFF))
                    tag = packed.top_bit if wide and pair[0] == "latin1+utf16" else 0
                    packed.add(content, alignment, len(content) // (2 if wide else 1) | tag)
        yield packed


def is_utf8(source, pointer, units):
    """What the host gives is."""
    content = bytes(source[pointer : pointer + units])
    return len(content) == units and expected_trap(content) is None


def compare_short_strings(tally, sweep, definitions, alignments, lengths):
    rng = random.Random(11)
    instance = definitions.ComponentInstance(definitions.Store())
    definitions.align_to = lambda address, alignment: -(-address // alignment) * alignment
    for function, pair in FUNCTIONS.items():
        for packed in short_strings(rng, pair, 1 << (sweep.bits[0] - 1), alignments, lengths):
            if function == "utf8_from_host":
                packed.cases = [case for case in packed.cases if is_utf8(packed.source, *case)]
            results, calls, memory = sweep.run(function, packed.source, packed.cases)
            source = packed.source + bytes(SOURCE_PAGES * PAGE - len(packed.source))
            destination, allocator = PythonMemory(bytearray(DESTINATION_PAGES * PAGE)), MovingAllocator()
            for (pointer, units), got, our_calls in zip(packed.cases, results, calls):
                allocator.calls = []
                expected, line = run_reference(definitions, reference, definitions, instance, pair, sweep.bits, source,
                                               destination, allocator, pointer, units)
                expected = (trap_of_line(line), 0, 0) if line else (None, *expected)
                what = f"{function}, {sweep.name}, at {pointer % 16} of 16: {bytes(source[pointer:pointer + 100])!r}, {units:#x}"
                tally.check(what, (got, our_calls), (expected, allocator.calls))
            tally.check(f"{function}, {sweep.name}: memory", memory == bytes(destination.content), True)


def sequences():
    """What could be UTF-8: every byte and pair, and of longer ones those with a byte at an edge of a range."""
    found = set()
    for size in (1, 2):
        found.update(map(bytes, itertools.product(range(256), repeat=size)))
    found.update(map(bytes, itertools.product(EDGES, repeat=3)))
    found.update(map(bytes, itertools.product(range(0xE0, 0xF0), range(0x70, 0xD0), EDGES)))
    found.update(map(bytes, itertools.product(range(0xE0, 0xF0), (0x80, 0xA0, 0xBF), range(256))))
    found.update(map(bytes, itertools.product(range(0xEF, 0xF8), EDGES, EDGES, (0x41, 0x7F, 0x80, 0xBF, 0xC0, 0xE0))))
    found.update(map(bytes, itertools.product(range(0xF0, 0xF5), range(0x70, 0xD0), (0x80, 0xBF, 0xC2), (0x7F, 0x80))))
    found.update(map(bytes, itertools.product((0xF0, 0xF4), (0x90, 0x8F), range(256), (0x80, 0xBF))))
    found.update(map(bytes, itertools.product((0xF1, 0xF4), (0x80,), (0x80, 0xBF), range(256))))
    return sorted(found)


def expected_trap(content):
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return INCOMPLETE if error.reason == "unexpected end of data" else INVALID
    return None


def compare_sequences(tally, sweep):
    """Each sequence where it crosses the end of a word or a vector, at the end of a string and before more of it."""
    everything = sequences()
    for before, after in ((0, 0), (7, 0), (6, 9), (13, 3), (15, 17), (29, 0), (62, 70)):
        for start in range(0, len(everything), 30000):
            packed, contents = Packed(0), []
            for sequence in everything[start : start + 30000]:
                content = b"a" * before + sequence + b"b" * after
                contents.append(content)
                packed.add(content, len(contents) % 16)
            for function in ("utf8_to_utf8", "utf8_to_host"):
                results, _, memory = sweep.run(function, packed.source, packed.cases)
                for content, (trap, pointer, units) in zip(contents, results):
                    expected = expected_trap(content)
                    tally.check(f"{function}, {sweep.name}: {content!r}", trap, expected)
                    if not expected:
                        tally.check(f"{function}, {sweep.name}: {content!r} copied", memory[pointer : pointer + units],
                                    content)


def edge_sequences():
    """Of sequences(), those in which every byte is at an edge of a range."""
    found = set(map(bytes, itertools.product(EDGES, repeat=2)))
    found.update(map(bytes, itertools.product(EDGES, EDGES[3:], EDGES)))
    found.update(map(bytes, itertools.product(EDGES[12:], (0x41, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC3), (0x80, 0xBF, 0xE2),
                                              (0x7F, 0x80, 0xBF, 0xF0))))
    return sorted(found)


def surroundings():
    """What is before a sequence and after it: characters of one kind and a few of another, so that it begins at each
    byte of a word, of twelve bytes and of a vector."""
    for count in range(8):
        yield "a" * count + "é" * 8, "é" * 9
    for count in range(6):
        yield "€" * count, "€" * 9
        yield "a€" + "é" * count, "a"
    for kind in ("é", "€", "😀"):
        yield "a" + kind * 3 + " ", kind + " " + kind * 3
    yield "abcd😀", "😀 efgh"
    yield "aé€😀" * 4, "😀€é" * 2 + "xyz"
    yield "aaaaaé", "é" + "a" * 20


def compare_surrounded(tally, sweep):
    """Each of a few sequences among characters of two, three and four bytes: good ones between good ones, and bad ones."""
    sequences_here = edge_sequences()
    for before, after in surroundings():
        packed, contents = Packed(0), []
        for sequence in sequences_here:
            content = before.encode() + sequence + after.encode()
            contents.append(content)
            packed.add(content, len(contents) % 16)
        for function in ("utf8_to_utf8", "utf8_to_host"):
            results, _, _ = sweep.run(function, packed.source, packed.cases)
            for content, (trap, _, _) in zip(contents, results):
                tally.check(f"{function}, {sweep.name}: {content!r}", trap, expected_trap(content))


def compare_ends(tally, sweep):
    """Strings that end within a character, and that are followed by what would complete it."""
    packed, contents = Packed(0), []
    for kind, count, tail in itertools.product("aé€😀", range(20), ("é", "€", "😀", "a€")):
        whole = (kind * count + tail).encode()
        for cut in range(1, min(5, len(whole))):
            contents.append(whole[:-cut])
            packed.add(whole, len(contents) % 16, len(whole) - cut)
    results, _, _ = sweep.run("utf8_to_utf8", packed.source, packed.cases)
    for content, (trap, _, _) in zip(contents, results):
        tally.check(f"{sweep.name}: {content!r}, before more", trap, expected_trap(content))


def compare_every_character(tally, sweep):
    """All of Unicode in one string, at each alignment, and the part of it that is Latin-1."""
    top_bits = tuple(1 << (bits - 1) for bits in sweep.bits)
    codecs = {"utf8": "utf-8", "utf16": "utf-16-le", "latin1+utf16": "utf-16-le"}
    unicode = "".join(chr(c) for c in itertools.chain(range(0xD800), range(0xE000, 0x110000)))
    for function, pair in FUNCTIONS.items():
        content, expected = unicode.encode(codecs[pair[0]]), unicode.encode(codecs[pair[1]])
        units = len(content) // (1 if pair[0] == "utf8" else 2) | (top_bits[0] if pair[0] == "latin1+utf16" else 0)
        for alignment in range(16) if function == "utf8_to_utf8" else (0, 6):
            packed = Packed(0)
            packed.add(content, alignment, units)
            ((trap, pointer, got_units),), _, memory = sweep.run(function, packed.source, packed.cases)
            tally.check(f"all characters, {function}, {sweep.name}", trap, None)
            tally.check(f"all characters, {function}, {sweep.name}: bytes",
                        memory[pointer : pointer + len(expected)] == expected, True)
            tagged = top_bits[1] if pair[1] == "latin1+utf16" else 0
            tally.check(f"all characters, {function}, {sweep.name}: units", got_units,
                        len(expected) // (1 if pair[1] == "utf8" else 2) | tagged)


def main():
    tally = Tally()
    config = wasmtime.Config()
    config.wasm_multi_memory = True
    config.wasm_memory64 = True
    config.wasm_exceptions = True
    engine = wasmtime.Engine(config)
    definitions = load_definitions()
    for word in assemble.WORDS:
        for bits in itertools.product((32, 64), (32, 64)):
            sweep = Sweep(engine, bits, word)
            all_of_it = bits == (32, 32)
            compare_every_character(tally, sweep)
            if all_of_it:
                compare_sequences(tally, sweep)
                compare_surrounded(tally, sweep)
                compare_ends(tally, sweep)
            if definitions:
                alignments = range(16) if all_of_it else (0, 7, 8)
                compare_short_strings(tally, sweep, definitions, alignments, range(81) if all_of_it else range(0, 81, 3))
    tally.finish()


if __name__ == "__main__":
    main()
