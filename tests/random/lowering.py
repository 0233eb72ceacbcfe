"""Values as a guest gives them: bytes in its memory, and core values as text.

What a guest may do wrong is done here too. Harmless things always: bits above those of narrow numbers, booleans that are
not 1, garbage in what a case of a variant does not use. Each place where something can be wrong may become a fault with a number,
and is wrong when the host has asked for that number.

Spec  CanonicalABI.md "Lifting": what is read is what is written here.
"""

import dataclasses

from kinds import alignment, cases_of, discriminant_size, element_of, fields_of, flags_size, flatten, offsets, payload_offset, size

PAGE = 65536
TAG = 1 << 31
BAD_UTF8 = (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80", b"\xe2\x82", b"\xf0\x9f\x98",
            b"\xc3", b"\xf8\x88\x80\x80\x80")
BAD_UTF16 = (b"\x00\xd8", b"\x00\xdc", b"\x41\x00\x00\xd8", b"\x00\xdc\x00\xd8", b"\x00\xd8\x41\x00")
FAULT_AT = 516  # in the memory of each guest: one more than the number of the fault that the host asks for


class Faults:
    """Of a program: what each number stands for."""

    def __init__(self, rng, share):
        self.rng, self.share, self.kinds = rng, share, []

    def site(self, *kinds):
        """A new fault, as (kind, the text of whether it is asked for); or nothing."""
        if self.rng.random() >= self.share:
            return None
        self.kinds.append(self.rng.choice(kinds))
        return self.kinds[-1], f"(i32.eq (i32.load (i32.const {FAULT_AT})) (i32.const {len(self.kinds) + 1}))"


@dataclasses.dataclass
class Choice:
    """A number that is another one when a fault is asked for."""

    good: int
    bad: int
    asked: str

    def text(self, core):
        return f"(select {constant(core, self.bad)} {constant(core, self.good)} {self.asked})"


def good_of(item):
    return item.good if isinstance(item, Choice) else item


class Memory:
    """The part of a guest's memory that is data, with junk where there is nothing."""

    def __init__(self, base):
        self.base, self.bytes = base, bytearray()

    def end(self):
        return self.base + len(self.bytes)

    def allocate(self, count, align, skew=0):
        at = (self.end() + align - 1) // align * align + skew * align
        self.bytes += b"\xc7" * (at + count - self.end())
        return at

    def write(self, at, data):
        self.bytes[at - self.base:at - self.base + len(data)] = data

    def text(self):
        escaped = "".join(f"\\{byte:02x}" for byte in self.bytes)
        return f'(data (i32.const {self.base}) "{escaped}")'


def constant(core, bits):
    if core in ("f32", "f64"):
        return f"({core}.reinterpret_i{core[1:]} (i{core[1:]}.const {bits}))"
    return f"({core}.const {bits & (0xFFFFFFFF if core == 'i32' else 0xFFFFFFFFFFFFFFFF)})"


def core_text(core, item):
    if isinstance(item, Choice):
        return item.text(core)
    return constant(core, item) if isinstance(item, int) else item


class Lowering:
    """Of the values of one guest. `handle(type)` is the text that takes a handle."""

    def __init__(self, rng, memory, faults, handle):
        self.rng, self.memory, self.faults, self.handle = rng, memory, faults, handle

    def number(self, t, value):
        """The bits of what is no aggregate, with what has to be ignored above them."""
        rng, bits = self.rng, 8 * (flags_size(t) if t.kind == "flags" else size(t))
        site = self.faults.site("char") if t.kind == "char" else None
        if site:
            return Choice(value, rng.choice((0xD800, 0xDBFF, 0xDFFF, 0x110000, 0xFFFFFFFF, 0x80000041)), site[1])
        if t.kind == "bool" and value and rng.random() < 0.5:
            return rng.choice((2, 0x80, 0xFF))
        if t.kind == "flags" and rng.random() < 0.5:
            return value | rng.getrandbits(32) >> t.count << t.count
        return value & ((1 << max(bits, 32)) - 1)

    def discriminant(self, t, case):
        count = len(cases_of(t))
        limit = 1 << 8 * discriminant_size(cases_of(t))
        site = self.faults.site("discriminant") if count < limit else None
        return Choice(case, self.rng.choice((count, limit - 1, self.rng.randrange(count, limit))), site[1]) if site else case

    def encoded(self, text, encoding):
        """(bytes, length as it is passed)"""
        if encoding == "utf8":
            data = text.encode()
            return data, len(data)
        if encoding == "latin1+utf16" and all(ord(c) < 256 for c in text) and self.rng.random() < 0.7:
            return text.encode("latin-1"), len(text)
        data = text.encode("utf-16-le")
        return data, len(data) // 2 | (TAG if encoding == "latin1+utf16" else 0)

    def malformed(self, text, encoding):
        """The same with something between that is no character."""
        at = self.rng.randrange(len(text) + 1)
        if encoding == "utf8":
            data = text[:at].encode() + self.rng.choice(BAD_UTF8) + text[at:].encode()
            return data, len(data)
        data = text[:at].encode("utf-16-le") + self.rng.choice(BAD_UTF16) + text[at:].encode("utf-16-le")
        return data, len(data) // 2 | (TAG if encoding == "latin1+utf16" else 0)

    def range(self, at, length, bytes_of_one, align):
        """A pointer and a length, and perhaps what is wrong in their place."""
        rng = self.rng
        site = self.faults.site("bounds", "length", *(["align", "align"] if align > 1 else []))
        if not site:
            return at, length
        kind, asked = site
        if kind == "bounds":
            return Choice(at, rng.choice((1 << 31, 0xFFFFFFFF // align * align, 0xFFFF0000)), asked), length
        if kind == "align":
            return Choice(at, at + rng.randrange(1, align), asked), length
        bad = rng.choice((0xFFFFFFFF, 0x7FFFFFFF, 1 << 28, (1 << 32) // max(bytes_of_one, 1) & 0xFFFFFFFF, 0x10000000))
        return at, Choice(length, bad, asked)

    def place_string(self, data, align):
        at = self.memory.allocate(len(data), align, self.rng.randrange(9))
        self.memory.write(at, data)
        return at

    def string(self, value, encoding):
        align = 1 if encoding == "utf8" else 2
        data, length = self.encoded(value, encoding)
        at = self.place_string(data, align)
        site = self.faults.site("encoding")
        if not site:
            return self.range(at, length, align, align)
        data, bad_length = self.malformed(value, encoding)
        return Choice(at, self.place_string(data, align), site[1]), Choice(length, bad_length, site[1])

    def list(self, t, value, encoding, code):
        element = element_of(t)
        step = size(element)
        at = self.memory.allocate(step * len(value), alignment(element), self.rng.randrange(4))
        for i, item in enumerate(value):
            self.store(element, item, at + i * step, encoding, code)
        return self.range(at, len(value), step, alignment(element))

    def pair(self, t, value, encoding, code):
        return self.string(value, encoding) if t.kind == "string" else self.list(t, value, encoding, code)

    def put(self, item, at, count, code):
        """Put a number in memory."""
        self.memory.write(at, (good_of(item) & ((1 << 8 * count) - 1)).to_bytes(count, "little"))
        if isinstance(item, Choice):
            store = {1: "i32.store8", 2: "i32.store16", 4: "i32.store"}[count]
            code.append(f"(if {item.asked} (then ({store} (i32.const {at}) (i32.const {item.bad}))))")

    def store(self, t, value, at, encoding, code):
        """Put it in memory; `code` is what the guest has to run, for handles and faults."""
        if t.kind in ("own", "borrow"):
            code.append(f"(i32.store (i32.const {at}) {self.handle(t)})")
        elif t.kind in ("string", "list", "map"):
            pointer, length = self.pair(t, value, encoding, code)
            self.put(pointer, at, 4, code)
            self.put(length, at + 4, 4, code)
        elif cases_of(t):
            case, payload = value
            self.put(self.discriminant(t, case), at, discriminant_size(cases_of(t)), code)
            if cases_of(t)[case]:
                self.store(cases_of(t)[case], payload, at + payload_offset(t), encoding, code)
        elif fields_of(t):
            for (field, offset), item in zip(offsets(fields_of(t)), value):
                self.store(field, item, at + offset, encoding, code)
        else:
            self.put(self.number(t, value), at, flags_size(t) if t.kind == "flags" else size(t), code)

    def flat(self, t, value, encoding, code):
        """Texts of core values."""
        return [core_text(core, item) for core, item in zip(flatten(t), self.flat_items(t, value, encoding, code))]

    def flat_items(self, t, value, encoding, code):
        """Bits, choices of bits, or the text of a handle."""
        if t.kind in ("own", "borrow"):
            return [self.handle(t)]
        if t.kind in ("string", "list", "map"):
            return list(self.pair(t, value, encoding, code))
        if cases_of(t):
            return self.flat_variant(t, value, encoding, code)
        if fields_of(t):
            return [item for field, part in zip(fields_of(t), value) for item in self.flat_items(field, part, encoding, code)]
        bits = self.number(t, value)
        if t.kind in ("u8", "s8", "u16", "s16") and self.rng.random() < 0.3:
            count = 8 * size(t)
            bits = bits & ((1 << count) - 1) | self.rng.getrandbits(32) >> count << count
        return [bits]

    def flat_variant(self, t, value, encoding, code):
        rng, (case, payload) = self.rng, value
        discriminant = self.discriminant(t, case)
        wanted = flatten(t)[1:]
        inner = cases_of(t)[case]
        items = self.flat_items(inner, payload, encoding, code) if inner else []
        for i, (have, want) in enumerate(zip(flatten(inner) if inner else (), wanted)):
            if have in ("i32", "f32") and want == "i64" and not isinstance(items[i], Choice):
                garbage = rng.getrandbits(32) << 32 if rng.random() < 0.3 else 0
                items[i] = (items[i] | garbage) if isinstance(items[i], int) else f"(i64.extend_i32_u {items[i]})"
        for want in wanted[len(items):]:
            items.append(rng.getrandbits(int(want[1:])) if rng.random() < 0.5 else 0)
        return [discriminant, *items]
