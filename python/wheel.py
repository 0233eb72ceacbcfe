#!/usr/bin/env python3
"""Makes a wheel of the static command: a package `wasm-meld` that pip installs.

    cmake --preset static && cmake --build --preset static --target wheel

Writes wasm_meld-VERSION-py3-none-PLATFORMS.whl and prints its name. It is a zip as the specification of binary
distributions has it, version 1.0: files in a fixed order with fixed times and modes, so that the same command gives the
same bytes (with the same zlib). Times are SOURCE_DATE_EPOCH, or the first that a zip knows.
"""

import argparse
import base64
import hashlib
import os
import pathlib
import struct
import sys
import time
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
DISTRIBUTION = "wasm_meld"
MACHINES = {62: "x86_64", 183: "aarch64"}  # e_machine of ELF
PT_DYNAMIC, PT_INTERP = 2, 3


class NotStatic(Exception):
    pass


def platforms_of(command):
    """The platforms' names for a file that needs nothing but Linux; refuses any other."""
    if command[:6] != b"\x7fELF\x02\x01":
        raise NotStatic("it is no ELF file of 64 bits, little-endian")
    machine, = struct.unpack_from("<H", command, 18)
    if machine not in MACHINES:
        raise NotStatic(f"it is for machine {machine}, for which this script has no name")
    start, = struct.unpack_from("<Q", command, 32)
    size, count = struct.unpack_from("<HH", command, 54)
    kinds = {struct.unpack_from("<I", command, start + index * size)[0] for index in range(count)}
    if kinds & {PT_DYNAMIC, PT_INTERP}:
        raise NotStatic("it needs other files to run; the preset `static` makes one that needs none")
    name = MACHINES[machine]
    return [f"manylinux_2_17_{name}", f"manylinux2014_{name}", f"musllinux_1_1_{name}"]


def metadata(version, licenses):
    lines = [
        "Metadata-Version: 2.4",
        "Name: wasm-meld",
        f"Version: {version}",
        "Summary: Fuses WebAssembly components into core modules",
        "Keywords: webassembly,wasm,component-model",
        "License-Expression: Apache-2.0 WITH LLVM-exception AND MIT",
        *(f"License-File: {name}" for name in licenses),
        "Classifier: Operating System :: POSIX :: Linux",
        "Classifier: Topic :: Software Development :: Build Tools",
        "Requires-Python: >=3.8",
        "Description-Content-Type: text/markdown",
    ]
    return "\n".join(lines) + "\n\n" + (HERE / "description.md").read_text()


def files_of(version, command, licenses, platforms):
    """Yields names with their contents and whether they are run; the list of them is not among them."""
    for source in sorted((HERE / "wasm_meld").glob("*.py")):
        yield f"wasm_meld/{source.name}", source.read_bytes(), False
    yield f"{DISTRIBUTION}-{version}.data/scripts/meld", command, True
    inside = f"{DISTRIBUTION}-{version}.dist-info"
    for name, text in licenses.items():
        yield f"{inside}/licenses/{name}", text, False
    tags = "".join(f"Tag: py3-none-{platform}\n" for platform in platforms)
    yield f"{inside}/METADATA", metadata(version, licenses).encode(), False
    yield f"{inside}/WHEEL", f"Wheel-Version: 1.0\nGenerator: meld\nRoot-Is-Purelib: false\n{tags}".encode(), False
    yield f"{inside}/entry_points.txt", b"[console_scripts]\nwasm-meld = wasm_meld:main\n", False


def row(name, content):
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(content)}\n"


def write_wheel(path, version, files):
    seconds = max(int(os.environ.get("SOURCE_DATE_EPOCH", 0)), 315532800)
    record = f"{DISTRIBUTION}-{version}.dist-info/RECORD"
    listing = "".join(row(name, content) for name, content, _ in files) + f"{record},,\n"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as wheel:
        for name, content, is_run in [*files, (record, listing.encode(), False)]:
            entry = zipfile.ZipInfo(name, time.gmtime(seconds)[:6])
            entry.create_system = 3
            entry.external_attr = (0o100755 if is_run else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            wheel.writestr(entry, content)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--command", required=True, type=pathlib.Path, help="the static command")
    parser.add_argument("--version", required=True)
    parser.add_argument("--license", required=True, type=pathlib.Path, help="of meld")
    parser.add_argument("--license-of-libc", required=True, type=pathlib.Path, help="of what is linked into the command")
    parser.add_argument("-o", dest="folder", required=True, type=pathlib.Path, help="where the wheel goes")
    options = parser.parse_args()
    command = options.command.read_bytes()
    try:
        platforms = platforms_of(command)
    except NotStatic as error:
        print(f"{options.command}: {error}", file=sys.stderr)
        return 1
    licenses = {"LICENSE": options.license.read_bytes(), "LICENSE.libc": options.license_of_libc.read_bytes()}
    files = list(files_of(options.version, command, licenses, platforms))
    path = options.folder / f"{DISTRIBUTION}-{options.version}-py3-none-{'.'.join(platforms)}.whl"
    write_wheel(path, options.version, files)
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
