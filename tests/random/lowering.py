"""Values as a guest gives them: bytes in its memory, and core values as text.

What a guest may do wrong is done here too. Harmless things always: bits above those of narrow numbers, booleans that are
not 1, garbage in what a case of a variant does not use. One fault for each program at most: a Fault strikes at the
n-th opportunity.

Spec  CanonicalABI.md "Lifting": what is read is what is written here.
"""

from kinds import alignment, cases_of, discriminant_size, element_of, fields_of, flags_size, flatten, offsets, payload_offset, size

PAGE = 65536
TAG = 1 << 31
BAD_UTF8 = (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80", b"\xe2\x82", b"\xf0\x9f\x98", b"\xc3", b"\xf8\x88\x80\x80\x80")
BAD_UTF16 = (b"\x00\xd8", b"\x00\xdc", b"\x41\x00\x00\xd8", b"\x00\xdc\x00\xd8", b"\x00\xd8\x41\x00")


class Fault:
    """What goes wrong in a program: nothing before `skip` opportunities have passed, then one thing."""

    def __init__(self, skip=None):
        self.skip, self.what = skip, ""

    def strikes(self, rng, *kinds):
        """Empty, or which of the kinds it is."""
        if self.skip is None or self.what:
            return ""
        if self.skip:
            self.skip -= 1
            return ""
        self.what = rng.choice(kinds)
        return self.what


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


class Lowering:
    """Of the values of one guest. `handle(type, fault)` is the text that takes a handle."""

    def __init__(self, rng, memory, fault, handle):
        self.rng, self.memory, self.fault, self.handle = rng, memory, fault, handle

    def number(self, t, value):
        """The bits of what is no aggregate, with what has to be ignored above them."""
        rng, bits = self.rng, 8 * (flags_size(t) if t.kind == "flags" else size(t))
        if t.kind == "char" and self.fault.strikes(rng, "char"):
            return rng.choice((0xD800, 0xDBFF, 0xDFFF, 0x110000, 0xFFFFFFFF, 0x80000041))
        if t.kind == "bool" and value and rng.random() < 0.5:
            return rng.choice((2, 0x80, 0xFF))
        if t.kind == "flags" and rng.random() < 0.5:
            return value | rng.getrandbits(32) >> t.count << t.count
        return value & ((1 << max(bits, 32)) - 1)

    def discriminant(self, t, case):
        count = len(cases_of(t))
        limit = 1 << 8 * discriminant_size(cases_of(t))
        if count < limit and self.fault.strikes(self.rng, "discriminant"):
            return self.rng.choice((count, limit - 1, self.rng.randrange(count, limit)))
        return case

    def encoded(self, text, encoding):
        """(bytes, length as it is passed)"""
        rng = self.rng
        if encoding == "utf8":
            data = text.encode()
            if self.fault.strikes(rng, "encoding"):
                at = len(text[:rng.randrange(len(text) + 1)].encode())
                data = data[:at] + rng.choice(BAD_UTF8) + data[at:]
            return data, len(data)
        if encoding == "latin1+utf16" and all(ord(c) < 256 for c in text) and rng.random() < 0.7:
            return text.encode("latin-1"), len(text)
        data = text.encode("utf-16-le")
        if self.fault.strikes(rng, "encoding"):
            at = 2 * rng.randrange(len(data) // 2 + 1)
            data = data[:at] + rng.choice(BAD_UTF16) + data[at:]
        return data, len(data) // 2 | (TAG if encoding == "latin1+utf16" else 0)

    def range(self, at, length, bytes_of_one, align):
        """A pointer and a length, or what is wrong in their place."""
        kind = self.fault.strikes(self.rng, "bounds", "length", *(["align"] if align > 1 else []))
        if kind == "bounds":
            at = self.rng.choice((1 << 31, 0xFFFFFFFF // align * align, 0xFFFF0000))
        if kind == "length":
            length = self.rng.choice((0xFFFFFFFF, 0x7FFFFFFF, 1 << 28, (1 << 32) // max(bytes_of_one, 1) & 0xFFFFFFFF, 0x10000000))
        return at + (1 if kind == "align" else 0), length

    def string(self, value, encoding):
        data, length = self.encoded(value, encoding)
        align = 1 if encoding == "utf8" else 2
        at = self.memory.allocate(len(data), align, self.rng.randrange(9))
        self.memory.write(at, data)
        return self.range(at, length, align, align)

    def list(self, t, value, encoding, code):
        element = element_of(t)
        step = size(element)
        at = self.memory.allocate(step * len(value), alignment(element), self.rng.randrange(4))
        for i, item in enumerate(value):
            self.store(element, item, at + i * step, encoding, code)
        return self.range(at, len(value), step, alignment(element))

    def pair(self, t, value, encoding, code):
        return self.string(value, encoding) if t.kind == "string" else self.list(t, value, encoding, code)

    def store(self, t, value, at, encoding, code):
        """Put it in memory; `code` is what the guest has to run, for handles."""
        if t.kind in ("own", "borrow"):
            code.append(f"(i32.store (i32.const {at}) {self.handle(t, self.fault)})")
        elif t.kind in ("string", "list", "map"):
            pointer, length = self.pair(t, value, encoding, code)
            self.memory.write(at, pointer.to_bytes(4, "little") + length.to_bytes(4, "little"))
        elif cases_of(t):
            case, payload = value
            count = discriminant_size(cases_of(t))
            self.memory.write(at, self.discriminant(t, case).to_bytes(count, "little"))
            if cases_of(t)[case]:
                self.store(cases_of(t)[case], payload, at + payload_offset(t), encoding, code)
        elif fields_of(t):
            for (field, offset), item in zip(offsets(fields_of(t)), value):
                self.store(field, item, at + offset, encoding, code)
        else:
            count = flags_size(t) if t.kind == "flags" else size(t)
            self.memory.write(at, (self.number(t, value) & ((1 << 8 * count) - 1)).to_bytes(count, "little"))

    def flat(self, t, value, encoding, code):
        """Texts of core values."""
        return [constant(core, item) if isinstance(item, int) else item
                for core, item in zip(flatten(t), self.flat_items(t, value, encoding, code))]

    def flat_items(self, t, value, encoding, code):
        """Bits, or the text of a handle."""
        if t.kind in ("own", "borrow"):
            return [self.handle(t, self.fault)]
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
            if have in ("i32", "f32") and want == "i64":
                garbage = rng.getrandbits(32) << 32 if rng.random() < 0.3 else 0
                items[i] = (items[i] | garbage) if isinstance(items[i], int) else f"(i64.extend_i32_u {items[i]})"
        for want in wanted[len(items):]:
            items.append(rng.getrandbits(int(want[1:])) if rng.random() < 0.5 else 0)
        return [discriminant, *items]
