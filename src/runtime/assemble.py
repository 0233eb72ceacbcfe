#!/usr/bin/env python3
"""Assembles the runtime modules: src/runtime/*.wat into src/runtime/runtime_bytes.c.

    assemble.py            writes runtime_bytes.c
    assemble.py --check    fails unless runtime_bytes.c is what the .wat gives
    assemble.py --wat N    prints the text of module N (handles, exchange, transcode32_64, ...)

Requires  `wasm-tools` in PATH. Building meld does not need this script: the assembled bytes are checked in.
Provides  of each module its binary form, with the names of its functions and no other names. It differs from what
          `wasm-tools parse` makes of the text in one way: (local.set x) (local.get x) is (local.tee x).

transcode.wat.in is a template. In it,

    S, D        are i32 or i64, the address types of the source memory and the destination memory; N the smaller of both
    S.top_bit   is 31 or 63
    W           is i64 or v128, a word; W.bytes its size, W.half half of it, W.bytes*4 four times it
    ;;? 64      before lines that are for words of 64 bits only, until ;;? any; so with ;;? 128
    (include name)        is what name.wat.in has
    ;;{ name    before lines that are not here but where it says (paste name), until ;;}
    (convert A B x)       is x converted from type A to type B
    (beyond A at n size)  is 1 if n bytes at x are not in a memory of `size` bytes, an i64
    (W.any_of n at)       is a word of which a bit is set if it is in one of the words of n bytes of the source
    (W.splat16 x)         is a word of units that are x
    (W.is_any word)       is not zero if the word is not
    (W.has_high_byte word), (W.has_surrogate $word)  are not zero if a byte is 0x80 or more, a UTF-16 unit a surrogate
    (W.load_widened $word $memory at)  is a word of units from bytes; $word is a local that it may use
    (W.store_narrowed to $word)        stores the units of a word, all below 256, as bytes; and so it may $word
    (surrogates16 n)                   is a vector of units, not zero where one of 16 bytes at $from, n further, is a surrogate
    (widen32 $eight x)                 is an i64 of units from x, which is four bytes
    (first_step A n)      is how far the second block is from the first, where blocks of n bytes end with the $size bytes
    (step A n)            moves $from on by $step, of type A, which is n from then on
    (copy16 from to)                   copies 16 bytes
    (put_widened8 from to)             stores eight bytes at $from, from further, as units at $to, to further; may use $wide
"""

import functools
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
OUTPUT = HERE / "runtime_bytes.c"
TEMPLATE = HERE / "transcode.wat.in"
ADDRESS_TYPES = {"32": "i32", "64": "i64"}

WORDS = {"64": "i64", "128": "v128"}

CONVERSIONS = {("i32", "i64"): "i64.extend_i32_u", ("i64", "i32"): "i32.wrap_i64"}

# A form of the template, by what is in its place for each kind of words; {0} is its first operand.
FORMS = {
    "W.splat16": {
        "64": "(i64.mul (i64.extend_i32_u {0}) (i64.const 0x0001_0001_0001_0001))",
        "128": "(i16x8.splat {0})",
    },
    "W.is_any": {"64": "(i64.ne {0} (i64.const 0))", "128": "(v128.any_true {0})"},
    "W.has_high_byte": {
        "64": "(i64.ne (i64.and {0} (i64.const 0x8080_8080_8080_8080)) (i64.const 0))",
        "128": "(i8x16.bitmask {0})",
    },
    # 64 bits: a unit that is zero once the five bits of a surrogate have been turned, is found by its borrow
    "W.has_surrogate": {
        "64": "(i64.ne (i64.and"
        " (i64.sub (local.tee {0} (i64.xor (i64.and (local.get {0}) (i64.const 0xf800_f800_f800_f800))"
        " (i64.const 0xd800_d800_d800_d800))) (i64.const 0x0001_0001_0001_0001))"
        " (i64.andnot (i64.const 0x8000_8000_8000_8000) (local.get {0}))) (i64.const 0))",
        "128": "(v128.any_true (i16x8.eq"
        " (v128.and (local.get {0}) (i16x8.splat (i32.const 0xf800))) (i16x8.splat (i32.const 0xd800))))",
    },
    "W.load_widened": {
        "64": "(widen32 {0} (i64.load32_u {1} align=1 {2}))",
        "128": "(v128.load8x8_u {1} align=1 {2})",
    },
    "W.store_narrowed": {
        "64": "(i64.store16 $destination align=1 {0}"
        " (local.tee {1} (i64.or (local.get {1}) (i64.shr_u (local.get {1}) (i64.const 8)))))"
        " (i64.store16 $destination offset=2 align=1 {0} (i64.shr_u (local.get {1}) (i64.const 32)))",
        "128": "(v128.store64_lane $destination align=1 0 {0}"
        " (i8x16.narrow_i16x8_u (local.get {1}) (local.get {1})))",
    },
    "copy16": {
        "64": "(i64.store $destination align=1 {1} (i64.load $source align=1 {0}))"
        " (i64.store $destination offset=8 align=1 {1} (i64.load $source offset=8 align=1 {0}))",
        "128": "(v128.store $destination align=1 {1} (v128.load $source align=1 {0}))",
    },
    "put_widened8": {
        "64": "(i64.store $destination offset={1} align=1 (local.get $to)"
        " (widen32 $wide (i64.load32_u $source offset={0} align=1 (local.get $from))))"
        " (i64.store $destination offset=(sum {1} 8) align=1 (local.get $to)"
        " (widen32 $wide (i64.load32_u $source offset=(sum {0} 4) align=1 (local.get $from))))",
        "128": "(v128.store $destination offset={1} align=1 (local.get $to)"
        " (v128.load8x8_u $source offset={0} align=1 (local.get $from)))",
    },
}
WIDEN32 = (
    "(i64.and (i64.or (local.tee {0} (i64.and (i64.or (local.tee {0} {1})"
    " (i64.shl (local.get {0}) (i64.const 16))) (i64.const 0x0000_ffff_0000_ffff)))"
    " (i64.shl (local.get {0}) (i64.const 8))) (i64.const 0x00ff_00ff_00ff_00ff))"
)
SURROGATES16 = (
    "(i16x8.eq (v128.and (v128.load $source offset={0} align=1 (local.get $from)) (i16x8.splat (i32.const 0xf800)))"
    " (i16x8.splat (i32.const 0xd800)))"
)
FIRST_STEP = "({0}.add ({0}.and ({0}.sub (local.get $size) ({0}.const 1)) ({0}.const (sum {1} -1))) ({0}.const 1))"
STEP = (
    "(local.set $from (S.add (local.get $from) (convert {0} S (local.get $step)))) (local.set $step ({0}.const {1}))"
)
ANDNOT = "(i64.and {0} (i64.xor {1} (i64.const -1)))"


def end_of_expression(text, start):
    """The offset just after the expression that starts at `start`: a word, or what is in parentheses."""
    if text[start] != "(":
        return re.compile(r"[^\s()]+").match(text, start).end()
    depth = 0
    for at in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        if depth == 0:
            return at + 1
    raise ValueError("unbalanced parentheses")


def operands(text):
    """The expressions of which the text is a sequence."""
    found, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        end = end_of_expression(text, at)
        found.append(text[at:end])
        at = end
    return found


def expand(text, name, form):
    """Puts form(operands) in the place of each (name operands), the outermost first."""
    while match := re.search(r"\(" + re.escape(name) + r"(?=\s)", text):
        end = end_of_expression(text, match.start())
        text = text[: match.start()] + form(*operands(text[match.end() : end - 1])) + text[end:]
    return text


def choose_lines(text, word):
    """Leaves out the lines that are for words of another size."""
    lines, chosen = [], True
    for line in text.splitlines(keepends=True):
        if line.startswith(";;? "):
            chosen = line.split()[1] in ("any", word)
        elif chosen:
            lines.append(line)
    return "".join(lines)


def expand_template(text, source, destination, word):
    types = {"S": source, "D": destination, "N": "i32" if "i32" in (source, destination) else "i64", "W": WORDS[word]}

    def convert(from_type, to_type, operand):
        from_type, to_type = types.get(from_type, from_type), types.get(to_type, to_type)
        return operand if from_type == to_type else f"({CONVERSIONS[from_type, to_type]} {operand})"

    def beyond(type_name, at, count, size):
        at, count = convert(type_name, "i64", at), convert(type_name, "i64", count)
        if types[type_name] == "i32":
            return f"(i64.gt_u (i64.add {at} {count}) {size})"
        return f"(i32.or (i64.gt_u {at} {size}) (i64.gt_u {count} (i64.sub {size} {at})))"

    def any_of(length, at):
        loads = [f"(W.load $source offset={offset} align=1 {at})" for offset in range(0, int(length), size)]
        half = len(loads) // 2 if word == "128" else 0  # two chains; cranelift has loads as operands in one only
        chains = [functools.reduce("(W.or {} {})".format, part) for part in (loads[:half], loads[half:]) if part]
        return functools.reduce("(W.or {} {})".format, chains)

    blocks = {}

    def cut_block(match):
        blocks[match[1]] = match[2]
        return ""

    text = expand(text, "include", lambda name: (HERE / f"{name}.wat.in").read_text())
    text = choose_lines(text, word)
    text = re.sub(r";; .*", "", text)
    text = re.sub(r"^;;{ (\w+)\n(.*?)^;;}\n", cut_block, text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"^;;.*\n", "", text, flags=re.MULTILINE)  # the header comment speaks of the template
    text = expand(text, "paste", blocks.get)
    size = int(word) // 8
    text = re.sub(r"W\.bytes(?:\*(\d+))?", lambda match: str(size * int(match[1] or 1)), text)
    text = text.replace("W.half", str(size // 2))
    for name, forms in FORMS.items():
        text = expand(text, name, forms[word].format)
    text = expand(text, "W.any_of", any_of)
    text = expand(text, "surrogates16", SURROGATES16.format)
    text = expand(text, "first_step", FIRST_STEP.format)
    text = expand(text, "step", STEP.format)
    text = expand(text, "widen32", WIDEN32.format)
    text = expand(text, "i64.andnot", ANDNOT.format)
    text = expand(text, "beyond", beyond)
    text = expand(text, "sum", lambda a, b: str(int(a) + int(b)))
    text = expand(text, "convert", convert)
    for name in "SD":
        text = text.replace(f"{name}.top_bit", str(int(types[name][1:]) - 1))
    return re.sub(r"(?<![$\w])[SDNW](?=[\s.)])", lambda match: types[match.group()], text)


def transcoder_name(source_bits, destination_bits, word):
    return f"transcode{source_bits}_{destination_bits}" + ("_simd" if word == "128" else "")


def module_texts():
    """Name and text of each module, in the order of runtime_bytes.c."""
    texts = {name: (HERE / f"{name}.wat").read_text() for name in ("handles", "exchange")}
    template = TEMPLATE.read_text()
    for word in WORDS:
        for source_bits, source in ADDRESS_TYPES.items():
            for destination_bits, destination in ADDRESS_TYPES.items():
                name = transcoder_name(source_bits, destination_bits, word)
                texts[name] = expand_template(template, source, destination, word)
    return texts


def read_u32(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def put_u32(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def sections(data, at):
    """(id, content) of each section, or of each part of a name section: they are written alike."""
    while at < len(data):
        kind = data[at]
        size, at = read_u32(data, at + 1)
        yield kind, data[at : at + size]
        at += size


def keep_function_names(module):
    """Without the names of locals, labels, types, globals and memories."""
    out = bytearray(module[:8])
    for kind, content in sections(module, 8):
        if kind == 0:
            size, at = read_u32(content, 0)
            assert content[at : at + size] == b"name"
            names = [part for part in sections(content, at + size) if part[0] == 1]
            content = content[: at + size] + b"".join(bytes([k]) + put_u32(len(c)) + c for k, c in names)
        out += bytes([kind]) + put_u32(len(content)) + content
    return bytes(out)


def run_tool(command, given):
    return subprocess.run(["wasm-tools", command, "-"], input=given, stdout=subprocess.PIPE, check=True).stdout


def assemble(text):
    """What is set and then got stays on the stack: the text is for people, and would rather set a local."""
    flat = run_tool("print", run_tool("parse", text.encode())).decode()
    flat = re.sub(r"local\.set (\S+)\n\s*local\.get \1(?=\s)", r"local.tee \1", flat)
    module = keep_function_names(run_tool("parse", flat.encode()))
    subprocess.run(["wasm-tools", "validate", "-"], input=module, check=True)
    return module


def c_array(name, module):
    rows = [", ".join(f"0x{byte:02x}" for byte in module[at : at + 18]) for at in range(0, len(module), 18)]
    return f"static const uint8_t {name}_bytes[] = {{\n    " + ",\n    ".join(rows) + ",\n};\n"


def c_file(modules):
    out = ["""/* runtime_bytes.c -- the runtime modules, assembled.
 *
 * Written by assemble.py from the .wat beside it; not to be edited.
 */
/* clang-format off */
#include "runtime/runtime.h"

#include <assert.h>
"""]
    out += [c_array(name, module) for name, module in modules.items()]
    for name in ("handles", "exchange"):
        value = f"(struct bytes){{{name}_bytes, sizeof {name}_bytes}}"
        out.append(f"struct bytes runtime_{name}(void) {{ return {value}; }}\n")
    tables = []
    for word in WORDS:
        rows = []
        for source in ADDRESS_TYPES:
            for destination in ADDRESS_TYPES:
                name = transcoder_name(source, destination, word) + "_bytes"
                rows.append(f"       [POINTER_{source}][POINTER_{destination}] = {{{name}, sizeof {name}}},\n")
        tables.append("      {\n" + "".join(rows) + "      },\n")
    out.append(f"""struct bytes runtime_transcode(enum pointer_size source, enum pointer_size destination, bool simd) {{
  static const struct bytes modules[2][POINTER_SIZE_COUNT][POINTER_SIZE_COUNT] = {{
{"".join(tables)}  }};
  assert(source < POINTER_SIZE_COUNT && destination < POINTER_SIZE_COUNT);
  return modules[simd][source][destination];
}}
""")
    return "\n".join(out)


def main(arguments):
    texts = module_texts()
    if arguments[:1] == ["--wat"] and len(arguments) == 2 and arguments[1] in texts:
        print(texts[arguments[1]], end="")
        return 0
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    text = c_file({name: assemble(text) for name, text in texts.items()})
    if not arguments:
        OUTPUT.write_text(text)
        return 0
    if not OUTPUT.exists() or OUTPUT.read_text() != text:
        print("runtime_bytes.c is not what the .wat gives: run src/runtime/assemble.py", file=sys.stderr)
        return 1
    print("runtime_bytes.c is what the .wat gives")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
