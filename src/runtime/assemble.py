#!/usr/bin/env python3
"""Assembles the runtime modules: src/runtime/*.wat into src/runtime/runtime_bytes.c.

    assemble.py            writes runtime_bytes.c
    assemble.py --check    fails unless runtime_bytes.c is what the .wat gives
    assemble.py --wat N    prints the text of module N (handles, exchange, transcode32_64, ...)

Requires  `wasm-tools` in PATH. Building meld does not need this script: the assembled bytes are checked in.
Provides  of each module its binary form, with the names of its functions and no other names.

transcode.wat.in is a template in two address types, S of the source memory and D of the destination memory. In it,
S and D stand for i32 or i64, N for the smaller of both, S.top_bit for 31 or 63, and (convert A B x) for x converted from type A to type B.
"""

import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
OUTPUT = HERE / "runtime_bytes.c"
TEMPLATE = HERE / "transcode.wat.in"
ADDRESS_TYPES = {"32": "i32", "64": "i64"}

CONVERSIONS = {("i32", "i64"): "i64.extend_i32_u", ("i64", "i32"): "i32.wrap_i64"}


def end_of_expression(text, start):
    """The offset just after the parenthesised expression that starts at `start`."""
    depth = 0
    for at in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        if depth == 0:
            return at + 1
    raise ValueError("unbalanced parentheses")


def expand_conversions(text, types):
    """(convert A B x), innermost last: an instruction, or just x where A and B are the same type."""
    while match := re.search(r"\(convert (\w+) (\w+)\s+", text):
        end = end_of_expression(text, match.start())
        operand = text[match.end() : end - 1]
        source, destination = (types.get(name, name) for name in match.groups())
        if source != destination:
            operand = f"({CONVERSIONS[source, destination]} {operand})"
        text = text[: match.start()] + operand + text[end:]
    return text


def expand_template(text, source, destination):
    types = {"S": source, "D": destination, "N": "i32" if "i32" in (source, destination) else "i64"}
    text = re.sub(r"^;;.*\n", "", text, flags=re.MULTILINE)  # the header comment speaks of the template
    text = expand_conversions(text, types)
    for name, type_name in types.items():
        text = text.replace(f"{name}.top_bit", str(int(type_name[1:]) - 1))
    text = re.sub(r"(?<![$\w])[SDN](?=[\s.)])", lambda match: types[match.group()], text)
    return text


def module_texts():
    """Name and text of each module, in the order of runtime_bytes.c."""
    texts = {name: (HERE / f"{name}.wat").read_text() for name in ("handles", "exchange")}
    template = TEMPLATE.read_text()
    for source_bits, source in ADDRESS_TYPES.items():
        for destination_bits, destination in ADDRESS_TYPES.items():
            name = f"transcode{source_bits}_{destination_bits}"
            texts[name] = expand_template(template, source, destination)
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


def assemble(text):
    run = subprocess.run(["wasm-tools", "parse", "-"], input=text.encode(), stdout=subprocess.PIPE, check=True)
    module = keep_function_names(run.stdout)
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
    rows = []
    for source in ADDRESS_TYPES:
        for destination in ADDRESS_TYPES:
            name = f"transcode{source}_{destination}_bytes"
            rows.append(f"      [POINTER_{source}][POINTER_{destination}] = {{{name}, sizeof {name}}},\n")
    out.append(f"""struct bytes runtime_transcode(enum pointer_size source, enum pointer_size destination) {{
  static const struct bytes modules[POINTER_SIZE_COUNT][POINTER_SIZE_COUNT] = {{
{"".join(rows)}  }};
  assert(source < POINTER_SIZE_COUNT && destination < POINTER_SIZE_COUNT);
  return modules[source][destination];
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
