"""What the tests of the runtime modules share: the assembled modules, the specification's Python, counting.

The modules are read from src/runtime/runtime_bytes.c, so that what is tested is what meld merges in. The
specification is definitions.py of the component model, in the folder that the environment variable MELD_SPEC names;
a test that needs it is left out, with a word, when the variable is not set.

Requires  Python with the package `wasmtime`.
"""

import importlib.util
import os
import pathlib
import re
import sys
import traceback

import wasmtime

BYTES = pathlib.Path(__file__).resolve().parents[2] / "src" / "runtime" / "runtime_bytes.c"


def load_modules(engine):
    """The runtime modules by name: handles, exchange, transcode32_64, ..."""
    arrays = re.findall(r"static const uint8_t (\w+)_bytes\[\] = \{(.*?)\};", BYTES.read_text(), re.DOTALL)
    return {name: wasmtime.Module(engine, bytes(int(b, 16) for b in re.findall(r"0x\w\w", text)))
            for name, text in arrays}


def new_engine():
    config = wasmtime.Config()
    config.wasm_multi_memory = True
    config.wasm_memory64 = True
    return wasmtime.Engine(config)


def unsigned(value, bits):
    return value & ((1 << bits) - 1)


def signed(value, bits):
    value = unsigned(value, bits)
    return value - (1 << bits) if value >> (bits - 1) else value


def load_definitions():
    """definitions.py as a module, or None."""
    folder = os.environ.get("MELD_SPEC")
    if not folder:
        print("comparison with definitions.py left out: MELD_SPEC is not set")
        return None
    path = pathlib.Path(folder) / "definitions.py"
    spec = importlib.util.spec_from_file_location("definitions", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["definitions"] = module
    spec.loader.exec_module(module)
    return module


def run_reference(definitions, function, *arguments):
    """What `function` of definitions.py returns, and which of its lines trapped: (result, None) or (None, line).
    A failed decoding is "trap() <codec>: <reason>"."""
    try:
        return function(*arguments), None
    except definitions.Trap as trap:
        frames = [f for f in traceback.extract_tb(trap.__traceback__) if f.name not in ("trap_if", "trap")]
        line = frames[-1].line
        if isinstance(trap.__context__, UnicodeDecodeError):
            line += f" {trap.__context__.encoding}: {trap.__context__.reason}"
        return None, line


def run_wasm(store, function, *arguments):
    """What a function returns, and the name of the function that trapped: (result, None) or (None, name)."""
    try:
        return function(store, *arguments), None
    except wasmtime.Trap as trap:
        return None, trap.frames[0].func_name


class Tally:
    """Counts what passed and what failed; says what failed, the first few times."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, what, got, expected):
        if got == expected:
            self.passed += 1
            return True
        self.failed += 1
        if self.failed <= 20:
            print(f"FAILED {what}\n  got      {got!r:.2000}\n  expected {expected!r:.2000}")
        return False

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed else 0)
