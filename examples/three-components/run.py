#!/usr/bin/env python3
"""Fuses the example and runs it: as it is, as one core module in two engines, and as a component around that module.

    cmake --workflow --preset demo

Prints what it runs and what comes back. With --check it also fails unless all of them say the same; it fails in any case
if a command does.

Requires  the Python that tests/tools.py makes, with wasm-tools, wasmtime and node beside it.
"""

import argparse
import pathlib
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile

import wasmtime

HERE = pathlib.Path(__file__).resolve().parent
TOOLS = pathlib.Path(sys.prefix) / "bin"
EXPECTED = ["HELLO, ADA! YOU ARE VISITOR 1", "HELLO, JüRGEN! YOU ARE VISITOR 2"]


def run(folder, program, *arguments):
    """Runs a command in `folder`, showing it as one would type it; returns what it prints."""
    words = [pathlib.Path(program).name, *arguments]
    print(f"$ {shlex.join(words)}", flush=True)
    done = subprocess.run([program, *arguments], cwd=folder, stdout=subprocess.PIPE, encoding="utf-8", check=True)
    return done.stdout.strip()


class CoreModule:
    """A core module without imports, called by the canonical ABI: strings are an address and a size in its memory."""

    def __init__(self, path):
        engine = wasmtime.Engine()
        module = wasmtime.Module.from_file(engine, str(path))
        assert not module.imports, "a closed component gives a module without imports"
        self.store = wasmtime.Store(engine)
        self.exports = wasmtime.Instance(self.store, module, []).exports(self.store)

    def greet(self, name):
        memory = self.exports["memory"]
        text = name.encode()
        at = self.exports["cabi_realloc"](self.store, 0, 0, 1, len(text))
        memory.write(self.store, text, at)
        result = self.exports["greet"](self.store, at, len(text))
        at, size = struct.unpack("<II", memory.read(self.store, result, result + 8))
        greeting = bytes(memory.read(self.store, at, at + size)).decode()
        if "cabi_post_greet" in self.exports:
            self.exports["cabi_post_greet"](self.store, result)
        return greeting


def describe(path):
    modules = path.read_bytes().count(b"\0asm\1\0\0\0")
    plural = "" if modules == 1 else "s"
    print(f"  {path.name}: {path.stat().st_size} bytes, {modules} core module{plural}")


def demonstrate(meld, folder):
    """Yields what each of them says."""
    wasmtime_command = str(TOOLS / "wasmtime")
    invoke = ["run", "--invoke", 'greet("Ada")']

    for name in ("app.wat", "run.mjs"):
        shutil.copy(HERE / name, folder)
    run(folder, str(TOOLS / "wasm-tools"), "parse", "app.wat", "-o", "app.wasm")
    describe(folder / "app.wasm")
    said = run(folder, wasmtime_command, *invoke, "app.wasm")
    print(f"  {said}\n")
    yield [said.strip('"')]

    run(folder, meld, "fuse", "app.wasm", "-o", "app.core.wasm")
    describe(folder / "app.core.wasm")
    core = CoreModule(folder / "app.core.wasm")
    said = [core.greet(name) for name in ("Ada", "Jürgen")]
    print("  called by the library of wasmtime:")
    for line in said:
        print(f'  "{line}"')
    yield said
    lines = run(folder, str(TOOLS / "node"), "run.mjs", "app.core.wasm", "Ada", "Jürgen").splitlines()
    for line in lines:
        print(f'  "{line}"')
    print()
    yield lines

    run(folder, meld, "fuse", "--component", "app.wasm", "-o", "app.fused.wasm")
    describe(folder / "app.fused.wasm")
    said = run(folder, wasmtime_command, *invoke, "app.fused.wasm")
    print(f"  {said}")
    yield [said.strip('"')]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--meld", required=True, type=pathlib.Path)
    parser.add_argument("--folder", type=pathlib.Path, help="where the files go; default: nowhere that stays")
    parser.add_argument("--check", action="store_true", help="compare what they say")
    options = parser.parse_args()
    meld = str(options.meld.absolute())
    with tempfile.TemporaryDirectory(prefix="meld-example-") as temporary:
        folder = (options.folder or pathlib.Path(temporary)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        try:
            said = list(demonstrate(meld, folder))
        except subprocess.CalledProcessError as error:
            print(f"failed with status {error.returncode}", file=sys.stderr)
            return 1
    if options.check and said != [EXPECTED[:1], EXPECTED, EXPECTED, EXPECTED[:1]]:
        print(f"expected {EXPECTED!r} of each, got {said}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
