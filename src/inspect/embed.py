#!/usr/bin/env python3
"""Makes page_bytes.c of the style and the script of the page, line by line.

    python3 src/inspect/embed.py             writes it
    python3 src/inspect/embed.py --check     fails if it is not what the files give

It is checked in, so that building needs no Python.
"""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
HEAD = """/* page_bytes.c -- the lines of page.css and page.js, made by embed.py; a test proves that they are what these give. */
#include "inspect/html.h"
"""


def lines_of(name, file):
    text = (HERE / file).read_text(encoding="ascii")
    quoted = (line.replace("\\", "\\\\").replace('"', '\\"') for line in text.splitlines())
    body = "".join(f'    "{line}",\n' for line in quoted)
    return f"\n/* clang-format off */\nconst char *const {name}[] = {{\n{body}    0,\n}};\n/* clang-format on */\n"


def main():
    made = HEAD + lines_of("page_style", "page.css") + lines_of("page_script", "page.js")
    path = HERE / "page_bytes.c"
    if "--check" not in sys.argv:
        path.write_text(made)
    elif path.read_text() != made:
        print("page_bytes.c is not what page.css and page.js give; src/inspect/embed.py makes it again")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
