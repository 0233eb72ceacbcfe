"""Components and core modules in binary, made of Python values, without tools: what the tests of limits and of the command need.

    component(type_section(record([("a", U8)])), ...)
"""

MODULE = b"\0asm\1\0\0\0"
COMPONENT = b"\0asm\x0d\0\1\0"
U8, U32, U64, STRING = b"\x7d", b"\x79", b"\x77", b"\x73"
I32, I64 = b"\x7f", b"\x7e"
CORE_FUNC, CORE_MEMORY = b"\0\0", b"\0\2"  # sorts of a component
FUNC, TYPE, COMPONENT_SORT, INSTANCE = b"\1", b"\3", b"\4", b"\5"


def u32(value):
    out = bytearray()
    while True:
        byte = value & 0x7F
        value >>= 7
        out.append(byte | (0x80 if value else 0))
        if not value:
            return bytes(out)


def read_u32(data, at):
    """The number at `at`, and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def sections(data):
    """The number and content of each section of a component or module."""
    at = len(MODULE)
    while at < len(data):
        number = data[at]
        size, at = read_u32(data, at + 1)
        yield number, data[at : at + size]
        at += size


def custom_sections(data):
    """The name and content of each custom section, of the outermost component or module."""
    for number, content in sections(data):
        if number == 0:
            size, at = read_u32(content, 0)
            yield content[at : at + size].decode(errors="replace"), content[at + size :]


def s33(value):
    """A type index, which is never negative."""
    out = bytearray()
    while value > 0x3F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def name(text):
    data = text.encode()
    return u32(len(data)) + data


def vec(items):
    items = list(items)
    return u32(len(items)) + b"".join(items)


def section(number, content):
    return bytes([number]) + u32(len(content)) + content


# Core modules.


def functype(params=(), results=()):
    return b"\x60" + vec(params) + vec(results)


def body(code, local_groups=()):
    content = vec(local_groups) + code + b"\x0b"
    return u32(len(content)) + content


def export(text, kind, index):
    return name(text) + bytes([kind]) + u32(index)


def module(types=(), imports=(), functions=(), tables=(), memories=(), globals_=(), exports=(), elements=(), bodies=(),
           datas=(), customs=()):
    parts = [(1, types), (2, imports), (3, [u32(f) for f in functions]), (4, tables), (5, memories), (6, globals_),
             (7, exports), (9, elements), (10, bodies), (11, datas)]
    return MODULE + b"".join(section(n, vec(items)) for n, items in parts if items) + b"".join(customs)


def simple_module(count=1, code=b""):
    """`count` functions without parameters, exported as f0, f1, ..."""
    return module([functype()], [], [0] * count, exports=[export(f"f{i}", 0, i) for i in range(count)],
                  bodies=[body(code)] * count)


# Components.


def component(*sections):
    return COMPONENT + b"".join(sections)


def core_module(data):
    return section(1, data)


def nested(data):
    return section(4, data)


def core_instances(*items):
    return section(2, vec(items))


def instances(*items):
    return section(5, vec(items))


def aliases(*items):
    return section(6, vec(items))


def types(*items):
    return section(7, vec(items))


def canons(*items):
    return section(8, vec(items))


def imports(*items):
    return section(10, vec(items))


def exports(*items):
    return section(11, vec(items))


def instantiate(index, arguments=()):
    return b"\0" + u32(index) + vec(name(n) + sort + u32(i) for n, sort, i in arguments)


def instantiate_core(index, arguments=()):
    return b"\0" + u32(index) + vec(name(n) + b"\x12" + u32(i) for n, i in arguments)


def bag(items):
    """Core inline exports: (name, kind, index)."""
    return b"\1" + vec(name(n) + bytes([kind]) + u32(i) for n, kind, i in items)


def core_export(instance, text, kind=0):
    return bytes([0, kind, 1]) + u32(instance) + name(text)


def instance_export(instance, text, sort=FUNC):
    return sort + b"\0" + u32(instance) + name(text)


def func(params=(), result=None):
    return b"\x40" + vec(name(n) + t for n, t in params) + (b"\0" + result if result else b"\1\0")


def record(fields):
    return b"\x72" + vec(name(n) + t for n, t in fields)


def variant(cases):
    return b"\x71" + vec(name(n) + (b"\1" + t if t else b"\0") + b"\0" for n, t in cases)


def tuple_(parts):
    return b"\x6f" + vec(parts)


def list_(element):
    return b"\x70" + element


def fixed_list(element, length):
    return b"\x67" + element + u32(length)


def option(element):
    return b"\x6b" + element


def flags(labels):
    return b"\x6e" + vec(name(n) for n in labels)


def enum(labels):
    return b"\x6d" + vec(name(n) for n in labels)


RESOURCE = b"\x3f\x7f\0"


def instance_type(*declarations):
    return b"\x42" + vec(declarations)


def component_type(*declarations):
    return b"\x41" + vec(declarations)


def declare_type(definition):
    return b"\1" + definition


def declare_export(text, externtype):
    return b"\4\0" + name(text) + externtype


def import_(text, externtype):
    return b"\0" + name(text) + externtype


def of_func(index):
    return b"\1" + u32(index)


def of_instance(index):
    return b"\5" + u32(index)


def export_(text, sort, index):
    return b"\0" + name(text) + sort + u32(index) + b"\0"


def lift(function, type_index, options=()):
    return b"\0\0" + u32(function) + vec(options) + u32(type_index)


def lower(function, options=()):
    return b"\1\0" + u32(function) + vec(options)


def memory(index):
    return b"\3" + u32(index)


def realloc(index):
    return b"\4" + u32(index)
