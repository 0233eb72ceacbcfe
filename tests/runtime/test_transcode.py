#!/usr/bin/env python3
"""transcode.wat.in does what load_string_from_range and then store_string_into_range do, between all encodings and
address types: the same bytes in the destination memory, the same calls of realloc, the same trap.

The golden part is a few strings written out, among them each kind of malformed UTF-8. The other part runs random and
adversarial strings, with an allocator that moves blocks, touches the ends of memory, grows it, or returns nonsense.
"""

import itertools
import random

import wasmtime

from harness import Tally, load_definitions, load_modules, new_engine, run_reference, run_wasm, signed, unsigned

PAGE = 65536
ENCODINGS = {"utf8": "utf8", "utf16": "utf16", "latin1+utf16": "latin1_utf16"}
VARIANTS = ("", "_simd")  # by the words that loops take: 64 bits, v128
PAIRS = list(itertools.product(ENCODINGS, ENCODINGS))

TOO_LONG = "trap: string is longer than 268435455 bytes"
UNALIGNED = "trap: unaligned pointer of a string"
OUT_OF_BOUNDS = "trap: string content out-of-bounds: string pointer/length out of bounds of memory"
INVALID = "trap: invalid utf-8"
INCOMPLETE = "trap: incomplete utf-8 byte sequence"
SURROGATE = "trap: invalid utf-16: unpaired surrogate found"
REALLOC_UNALIGNED = "trap: realloc return: result not aligned: unaligned pointer"
REALLOC_BEYOND = "trap: realloc return: beyond end of memory: string content out-of-bounds"

# What each line of definitions.py that can trap is called in transcode.wat.in; the bounds checks of realloc's result
# are many, and told by their beginning.
TRAP_OF_LINE = {
    "trap_if(byte_length > MAX_STRING_BYTE_LENGTH)": TOO_LONG,
    "trap_if(ptr != align_to(ptr, alignment))": UNALIGNED,
    "trap_if(ptr + byte_length > len(cx.opts.memory))": OUT_OF_BOUNDS,
    "trap() utf-8: invalid start byte": INVALID,
    "trap() utf-8: invalid continuation byte": INVALID,
    "trap() utf-8: unexpected end of data": INCOMPLETE,
    "trap() utf-16-le: illegal encoding": SURROGATE,
    "trap() utf-16-le: illegal UTF-16 surrogate": SURROGATE,
    "trap() utf-16-le: unexpected end of data": SURROGATE,
    "trap_if(ptr != align_to(ptr, 2))": REALLOC_UNALIGNED,
    "trap_if(ptr != align_to(ptr, dst_alignment))": REALLOC_UNALIGNED,
}


def trap_of_line(line):
    if line in TRAP_OF_LINE:
        return TRAP_OF_LINE[line]
    assert line.startswith("trap_if(ptr + ") and line.endswith(" > len(cx.opts.memory))"), line
    return REALLOC_BEYOND


class Allocator:
    """realloc as a list of what to do at each call: an address, or ("grow", address) to grow memory by a page first.
    A block that is not at the same address any more is copied there, as far as it goes."""

    def __init__(self, script):
        self.script, self.calls = script, []

    def realloc(self, memory, old, old_size, alignment, new_size):
        self.calls.append((old, old_size, alignment, new_size))
        action = self.script[min(len(self.calls), len(self.script)) - 1]
        if callable(action):
            action = action(memory.size(), alignment, new_size)
        if isinstance(action, tuple):
            memory.grow()
            action = action[1]
        if action != old:
            kept = memory.read(old, min(old_size, new_size))
            memory.write(action, kept[:max(0, memory.size() - action)])
        return action


class WasmMemory:
    def __init__(self, store, memory):
        self.store, self.memory, self.grown = store, memory, False

    def size(self):
        return self.memory.data_len(self.store)

    def grow(self):
        self.grown = True
        self.memory.grow(self.store, 1)

    def read(self, at, size):
        return bytes(self.memory.read(self.store, at, at + size))

    def write(self, at, content):
        if content:
            self.memory.write(self.store, content, at)


class PythonMemory:
    def __init__(self, content):
        self.content = content

    def size(self):
        return len(self.content)

    def grow(self):
        self.content.extend(bytes(PAGE))

    def read(self, at, size):
        return bytes(self.content[at : at + size])

    def write(self, at, content):
        if content:
            self.content[at : at + len(content)] = content


class Transcoder:
    """An instance of transcode.wat.in, its two memories, and the allocator of the moment."""

    def __init__(self, engine, modules, variant, source_bits, destination_bits, source_pages=1):
        self.engine, self.module = engine, modules[f"transcode{source_bits}_{destination_bits}{variant}"]
        self.variant = variant
        self.source_bits, self.destination_bits, self.source_pages = source_bits, destination_bits, source_pages
        self.start()

    def start(self):
        self.store = wasmtime.Store(self.engine)

        def memory(bits, pages):
            kind = wasmtime.MemoryType(wasmtime.Limits(pages, None), is_64=bits == 64)
            return WasmMemory(self.store, wasmtime.Memory(self.store, kind))

        self.source = memory(self.source_bits, self.source_pages)
        self.destination = memory(self.destination_bits, 1)
        address = wasmtime.ValType.i64() if self.destination_bits == 64 else wasmtime.ValType.i32()

        def realloc(*arguments):
            bits = self.destination_bits
            result = self.allocator.realloc(self.destination, *(unsigned(a, bits) for a in arguments))
            return signed(result, bits)

        function = wasmtime.Func(self.store, wasmtime.FuncType([address] * 4, [address]), realloc)
        imports = [self.source.memory, self.destination.memory, function]
        self.exports = wasmtime.Instance(self.store, self.module, imports).exports(self.store)

    def run(self, pair, pointer, units, allocator):
        """((pointer, code units) or None, trap or None)"""
        self.allocator = allocator
        name = f"{ENCODINGS[pair[0]]}_to_{ENCODINGS[pair[1]]}"
        result, trap = run_wasm(self.store, self.exports[name],
                                signed(pointer, self.source_bits), signed(units, self.source_bits))
        return (result and tuple(unsigned(r, self.destination_bits) for r in result)), trap


def golden_strings(tally, t):
    """Text in, bytes and calls out, for each pair; code units with the tag are written (count,)."""
    euro = "a€"
    cases = [
        # encodings, string as stored, code units, bytes, code units, calls of realloc
        ("utf8", "utf8", "aé€😀".encode(), 10, "aé€😀".encode(), 10, [(0, 0, 1, 10)]),
        ("utf8", "utf16", b"hello", 5, "hello".encode("utf-16-le"), 5, [(0, 0, 2, 10)]),
        ("utf8", "utf16", euro.encode(), 4, euro.encode("utf-16-le"), 2, [(0, 0, 2, 8), (64, 8, 2, 4)]),
        ("utf8", "latin1+utf16", "aé".encode(), 3, b"a\xe9", 2, [(0, 0, 2, 3), (64, 3, 2, 2)]),
        ("utf8", "latin1+utf16", "é€😀".encode(), 9, "é€😀".encode("utf-16-le"), (4,),
         [(0, 0, 2, 9), (64, 9, 2, 18), (64, 18, 2, 8)]),
        ("utf16", "utf8", "hello, world".encode("utf-16-le"), 12, b"hello, world", 12, [(0, 0, 1, 12)]),
        ("utf16", "utf8", euro.encode("utf-16-le"), 2, euro.encode(), 4, [(0, 0, 1, 2), (64, 2, 1, 6), (64, 6, 1, 4)]),
        ("utf16", "utf8", "€€".encode("utf-16-le"), 2, "€€".encode(), 6, [(0, 0, 1, 2), (64, 2, 1, 6)]),
        ("utf16", "utf16", "😀".encode("utf-16-le"), 2, "😀".encode("utf-16-le"), 2, [(0, 0, 2, 4)]),
        ("utf16", "latin1+utf16", "aé".encode("utf-16-le"), 2, b"a\xe9", 2, [(0, 0, 2, 2)]),
        ("utf16", "latin1+utf16", "é😀".encode("utf-16-le"), 3, "é😀".encode("utf-16-le"), (3,),
         [(0, 0, 2, 3), (64, 3, 2, 6)]),
        ("latin1+utf16", "utf8", b"a\xe9", 2, "aé".encode(), 3, [(0, 0, 1, 2), (64, 2, 1, 4), (64, 4, 1, 3)]),
        ("latin1+utf16", "utf8", euro.encode("utf-16-le"), (2,), euro.encode(), 4,
         [(0, 0, 1, 2), (64, 2, 1, 6), (64, 6, 1, 4)]),
        ("latin1+utf16", "utf16", b"a\xe9", 2, "aé".encode("utf-16-le"), 2, [(0, 0, 2, 4)]),
        ("latin1+utf16", "latin1+utf16", b"a\xe9", 2, b"a\xe9", 2, [(0, 0, 2, 2)]),
        ("latin1+utf16", "latin1+utf16", "aé".encode("utf-16-le"), (2,), b"a\xe9", 2, [(0, 0, 2, 4), (64, 4, 1, 2)]),
        ("latin1+utf16", "latin1+utf16", euro.encode("utf-16-le"), (2,), euro.encode("utf-16-le"), (2,),
         [(0, 0, 2, 4)]),
        ("latin1+utf16", "latin1+utf16", b"", (0,), b"", 0, [(0, 0, 2, 0), (64, 0, 1, 0)]),
    ]
    cases += [(*pair, b"", 0, b"", 0, [(0, 0, 1 if pair[1] == "utf8" else 2, 0)]) for pair in PAIRS]

    def tagged(units, bits):
        return units[0] | 1 << (bits - 1) if isinstance(units, tuple) else units

    for source, destination, text, units, expected, expected_units, calls in cases:
        t.source.write(16, text)
        allocator = Allocator([64])
        got = t.run((source, destination), 16, tagged(units, t.source_bits), allocator)
        what = f"{source} {text!r} to {destination}, {t.source_bits} to {t.destination_bits} bits{t.variant}"
        tally.check(what, got, ((64, tagged(expected_units, t.destination_bits)), None))
        tally.check(f"{what}: bytes", t.destination.read(64, len(expected)), expected)
        tally.check(f"{what}: realloc", allocator.calls, calls)


def golden_traps(tally, t):
    def check(what, pair, text, pointer, units, expected, script=(64,)):
        t.source.write(pointer if pointer + len(text) <= PAGE else 0, text)
        allocator = Allocator(list(script))
        tally.check(f"{what}, {pair}", t.run(pair, pointer, units, allocator), (None, expected))
        if expected in (TOO_LONG, UNALIGNED, OUT_OF_BOUNDS, INVALID, INCOMPLETE, SURROGATE):
            tally.check(f"{what}, {pair}: trapped before realloc", allocator.calls, [])

    malformed = {
        INVALID: [b"\x80", b"\xbf", b"\xc0\x80", b"\xc1\xbf", b"\xc3(", b"\xe0\x9f\xbf", b"\xe0\x80", b"\xe2\x82(",
                  b"\xe2(\xa1", b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xf0\x8f\xbf\xbf", b"\xf0\x90\x80(",
                  b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xfe", b"\xff", b"\xc3\xc3",
                  b"\xf0\x9f\x98\xc3"],
        INCOMPLETE: [b"\xc3", b"\xe2", b"\xe2\x82", b"\xf0", b"\xf0\x9f", b"\xf0\x9f\x98", b"\xed\x9f"],
    }
    unpaired = [b"\x00\xd8", b"\xff\xdb", b"\x00\xdc", b"\xff\xdf", b"\x00\xd8a\x00", b"\x00\xd8\x00\xd8",
                b"\x00\xdc\x00\xd8", b"\x3d\xd8\x00\xde\x00\xde"]
    top_bit = 1 << (t.source_bits - 1)
    for target in ENCODINGS:
        for expected, texts in malformed.items():
            for text, before in itertools.product(texts, (b"", b"a", b"1234567", "12345678é".encode())):
                check(repr(before + text), ("utf8", target), before + text, 8, len(before + text), expected)
        for text, before in itertools.product(unpaired, ("", "a", "123", "1234é")):
            text = before.encode("utf-16-le") + text
            check(repr(text), ("utf16", target), text, 8, len(text) // 2, SURROGATE)
            check(repr(text), ("latin1+utf16", target), text, 8, len(text) // 2 | top_bit, SURROGATE)
        check("too long, before anything else", ("utf8", target), b"", PAGE + 1, 1 << 28, TOO_LONG)
        check("too long, before anything else", ("utf16", target), b"", PAGE + 1, 1 << 27, TOO_LONG)
        check("twice the units is 0", ("utf16", target), b"", 0, top_bit, TOO_LONG)
        check("Latin-1 too long", ("latin1+utf16", target), b"", 1, 1 << 28, TOO_LONG)
        check("tagged, too long", ("latin1+utf16", target), b"", 1, top_bit | 1 << 27, TOO_LONG)
        check("longest, beyond memory", ("utf8", target), b"", 0, (1 << 28) - 1, OUT_OF_BOUNDS)
        check("longest, beyond memory", ("utf16", target), b"", 0, (1 << 27) - 1, OUT_OF_BOUNDS)
        check("unaligned, though empty", ("utf16", target), b"", 1, 0, UNALIGNED)
        check("unaligned, though empty", ("latin1+utf16", target), b"", 1, 0, UNALIGNED)
        check("unaligned, though empty", ("latin1+utf16", target), b"", 1, top_bit, UNALIGNED)
        check("unaligned, before bounds", ("utf16", target), b"", PAGE - 1, 1, UNALIGNED)
        for pointer, units in ((PAGE - 1, 2), (PAGE + 1, 0), (top_bit, 1), (2 * top_bit - 1, 0), (2 * top_bit - 1, 2)):
            check("beyond memory", ("utf8", target), b"", pointer, units, OUT_OF_BOUNDS)
        check("beyond memory", ("utf16", target), b"", PAGE, 1, OUT_OF_BOUNDS)
    nonsense = (1 << t.destination_bits) - 1
    for pair in PAIRS:
        for pointer in (PAGE + 2, nonsense - 1):
            check("empty beyond memory", pair, b"", 8, 0, REALLOC_BEYOND, [pointer])
        unaligned = REALLOC_BEYOND if pair[1] == "utf8" else REALLOC_UNALIGNED
        check("alignment before bounds", pair, b"", 8, 0, unaligned, [nonsense])
    utf16 = "1234é€".encode("utf-16-le")
    check("worst case beyond memory", ("utf16", "utf8"), utf16, 8, 6, REALLOC_BEYOND, [64, PAGE - 17])
    check("shrunk beyond memory", ("utf16", "utf8"), utf16, 8, 6, REALLOC_BEYOND, [64, 64, PAGE - 8])
    check("second unaligned", ("utf16", "latin1+utf16"), utf16, 8, 6, REALLOC_UNALIGNED, [64, 65])


def golden_ends(tally, engine, modules, variant):
    """The last bytes of the largest 32-bit memory, where addresses wrap; and of a memory of one page."""
    for pages in (1, 65536):
        t = Transcoder(engine, modules, variant, 32, 32, pages)
        end = pages * PAGE
        for text, size in (("hello, é€", 12), ("x", 1), ("", 0)):
            t.source.write(end - size, text.encode())
            for target in ENCODINGS:
                allocator = Allocator([64])
                if end - size < 1 << 32:
                    result, trap = t.run(("utf8", target), end - size, size, allocator)
                    units = result and (result[1] & 0x7fff_ffff)
                    expected = size if target == "utf8" else len(text)
                    tally.check(f"{text!r} at the end of {pages} pages", (units, trap), (expected, None))


class Case:
    """A string, how it is stored, and what realloc does about it."""

    ALPHABETS = ["ab", "aé", "éÿ", "a€", "€\uffff", "a😀", "\U0010ffff\U00010000", "a\x7f\x80\xff\u0100\u07ff\u0800",
                 "aé€😀", "\ud7ff\ue000"]

    def __init__(self, rng, pair, bits):
        self.rng, self.pair = rng, pair
        source = pair[0]
        runs = [rng.choice(self.ALPHABETS[:2] * 4 + self.ALPHABETS) for _ in range(rng.randint(1, 4))]
        longest = rng.choice((0, 1, 3, 4, 7, 8, 9, 17, 60, 700))
        text = "".join("".join(rng.choices(run, k=rng.randint(0, longest))) for run in runs)
        self.tag = 0
        if source == "utf8":
            content = text.encode()
        elif source == "latin1+utf16" and rng.random() < 0.5:
            content = bytes(rng.choices(range(128 if rng.random() < 0.3 else 256), k=len(text)))
        else:
            if source == "latin1+utf16":
                self.tag = 1 << (bits - 1)
                if rng.random() < 0.4:
                    text = "".join(c for c in text if c <= "ÿ")
            content = text.encode("utf-16-le")
        self.wide = source == "utf16" or bool(self.tag)
        if rng.random() < 0.15:
            content = self.damage(content)
        self.content = content
        self.units = (len(content) // (2 if self.wide else 1)) | self.tag
        space = PAGE - len(content)
        self.pointer = rng.choice((0, 8, rng.randrange(space), space)) & ~1
        if source == "utf8":
            self.pointer = min(self.pointer + rng.randrange(2), space)
        self.stray(bits)
        self.script = [self.place() for _ in range(3)]

    def damage(self, content):
        """Some bytes are other ones, or the end is missing."""
        content = bytearray(content)
        if content and self.rng.random() < 0.5:
            del content[-self.rng.randint(1, min(3, len(content))):]
        for _ in range(self.rng.randint(0, 2)):
            if content:
                byte = self.rng.choice((0, 0x41, 0x80, 0xBF, 0xC0, 0xD8, 0xDC, 0xE0, 0xED, 0xF0, 0xF4, 0xFF))
                content[self.rng.randrange(len(content))] = byte
        return bytes(content[: len(content) & ~1] if self.wide else content)

    def stray(self, bits):
        """Now and then, pointer or length are not those of a string."""
        if self.rng.random() < 0.04:
            self.pointer = self.rng.choice((1, PAGE, PAGE + 1, PAGE - 1, 1 << (bits - 1), (1 << bits) - 2))
        if self.rng.random() < 0.04:
            self.units = self.rng.choice((1, 1 << 27, 1 << 28, (1 << 28) - 1, (1 << bits) - 1, PAGE + 1)) | self.tag

    def place(self):
        """Where a block goes: somewhere in the middle, at the end of memory, on a new page, or wrong."""
        rng = self.rng
        kind = rng.choices(("fixed", "middle", "end", "beyond", "odd", "grow", "nonsense"),
                           (30, 30, 12, 2, 3, 2, 1))[0]
        offset = rng.randrange(PAGE // 2)
        return {
            "fixed": 64,
            "middle": lambda size, alignment, new: offset & -alignment,
            "end": lambda size, alignment, new: (size - new) & -alignment,
            "beyond": lambda size, alignment, new: size - new + alignment,
            "odd": offset | 1,
            "grow": ("grow", PAGE),
            "nonsense": lambda size, alignment, new: (1 << 32) - alignment,
        }[kind]


def compare(tally, engine, modules, variant, definitions, rounds):
    rng = random.Random(7)
    seen = set()
    instance = definitions.ComponentInstance(definitions.Store())
    # its own divides floats, which is not exact for the largest addresses
    definitions.align_to = lambda address, alignment: -(-address // alignment) * alignment
    for bits in itertools.product((32, 64), (32, 64)):
        t = Transcoder(engine, modules, variant, *bits)
        for pair in PAIRS * rounds:
            case = Case(rng, pair, t.source_bits)
            source, before = bytearray(rng.randbytes(64) * (PAGE // 64)), bytes(range(256)) * (PAGE // 256)
            place = case.pointer if case.pointer + len(case.content) <= PAGE else 0
            source[place : place + len(case.content)] = case.content
            if t.destination.grown:
                t.start()
            t.source.write(0, bytes(source))
            t.destination.write(0, before)
            destination = PythonMemory(bytearray(before))
            theirs, ours = Allocator(case.script), Allocator(case.script)
            expected, line = run_reference(definitions, reference, definitions, instance, pair, bits, source,
                                           destination, theirs, case.pointer, case.units)
            expected = (expected, trap_of_line(line) if line else None)
            got = t.run(pair, case.pointer, case.units, ours)
            what = f"{pair} {bits} at {case.pointer:#x}, {case.units:#x} units, {case.content[:80]!r}{variant}"
            tally.check(what, got, expected)
            tally.check(f"{what}: realloc", ours.calls, theirs.calls)
            if expected[1] is None:
                same = t.destination.read(0, t.destination.size()) == bytes(destination.content)
                tally.check(f"{what}: memory", same, True)
            seen.add(got[1])
    everything = {None, REALLOC_BEYOND, *TRAP_OF_LINE.values()}
    tally.check("every trap was met", seen, everything)


def reference(definitions, instance, pair, bits, source, destination, allocator, pointer, units):
    """What definitions.py does with a string. Its store_string_into_range looks for the tag of the source where the
    destination's memory has it, which is meant for memories of one address type; the tag is moved there."""
    def context(content, bits, encoding):
        options = definitions.CanonicalOptions()
        options.memory = definitions.MemInst(content, f"i{bits}")
        options.string_encoding = encoding
        return definitions.LiftLowerContext(options, instance)

    def reallocate(*arguments):
        return allocator.realloc(destination, *arguments)

    lift, lower = context(source, bits[0], pair[0]), context(destination.content, bits[1], pair[1])
    lower.reallocate = reallocate
    text, encoding, units = definitions.load_string_from_range(lift, pointer, units)
    tag = 1 << (bits[0] - 1)
    if encoding == "latin1+utf16" and units & tag:
        units = units ^ tag | 1 << (bits[1] - 1)
    return definitions.store_string_into_range(lower, (text, encoding, units))


def main():
    tally = Tally()
    engine = new_engine()
    modules = load_modules(engine)
    definitions = load_definitions()
    for variant in VARIANTS:
        for bits in itertools.product((32, 64), (32, 64)):
            t = Transcoder(engine, modules, variant, *bits)
            golden_strings(tally, t)
            golden_traps(tally, t)
        golden_ends(tally, engine, modules, variant)
        if definitions:
            compare(tally, engine, modules, variant, definitions, rounds=250)
    tally.finish()


if __name__ == "__main__":
    main()
