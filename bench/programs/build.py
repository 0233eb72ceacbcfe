"""Makes the programs: components of real libraries and of what uses them, composed, and for some the floor.

    json        a Rust program and serde_json, whose documents and cursors are resources
    regex       a program in C and the crate regex: each line of a text goes to it
    image       filters in C and the crate image, whose pictures are resources: rows of pixels go in and out
    markdown    a Rust program, pulldown-cmark, and a highlighter that it asks through the component around both
    python      a program of componentize-py and the component of `regex`
    javascript  a program of componentize-js and the component of `json`

Each exports run(n), whose result is known, and calls(), how many calls the program has made so far between components,
ends of resources among them. None imports anything, so that the fused core module needs no host.

The floor is the same program without components: one core module, in which program and library are linked and call each
other with what the interface has for types; in C, the library defines the functions that the generated bindings import.

Provides  PROGRAMS; Kitchen.make(program) -> (component, floor or None), or Missing
Requires  for C and Rust: cargo with the target wasm32-unknown-unknown and the crates of Cargo.lock, wit-bindgen, and clang-19
          with wasi-libc or the package ziglang; for the others componentize-py, or componentize-js in node_modules
"""

import dataclasses
import functools
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TARGET = "wasm32-unknown-unknown"
TIMEOUT = 1200  # seconds, of any one command
COMPONENTIZE = """import { componentize } from '@bytecodealliance/componentize-js';
import { readFile, writeFile } from 'node:fs/promises';
const [source, witPath, worldName, target] = process.argv.slice(2);
const disableFeatures = ['stdio', 'random', 'clocks', 'http', 'fetch-event'];
const { component } = await componentize(await readFile(source, 'utf8'), { witPath, worldName, disableFeatures });
await writeFile(target, component);
"""


class Missing(Exception):
    """A tool is not there, or can't get what it needs."""


class Broken(Exception):
    """A tool is there and refuses what is ours."""


@dataclasses.dataclass(frozen=True)
class Program:
    name: str
    title: str
    n: int  # so that run(n) takes some tenths of a second unfused
    expected: int  # of run(n)
    small: int  # of run(1)
    like: str = ""  # the program that calls the same component and has a floor
    times: int = 1  # how often run(n) is called in what counts as one run of the program


PROGRAMS = (
    Program("json", "Rust program, JSON parser (serde_json)", 15, 3362017909, 2845934517),
    Program("regex", "C program, regular expressions (regex)", 30, 4146179239, 2946648651),
    Program("image", "C filters, pictures (image)", 7, 2889017887, 1143425574),
    Program("markdown", "Rust program, Markdown (pulldown-cmark), highlighter", 20, 3828693181, 4106089549),
    Program("python", "Python program, regular expressions (regex)", 30, 2595613507, 1500550004, "regex"),
    # componentize-js looks up each pointer that it frees in the list of all that was allocated since run() was called:
    # with n = 40 that list is half of the time, and the engine's placement of a loop decides how long it takes.
    Program("javascript", "JavaScript program, JSON parser (serde_json)", 2, 3319791616, 73593200, "json", times=20),
)


def run_command(*words, error=Broken, **options):
    words = [str(word) for word in words]
    if not shutil.which(words[0]):
        raise Missing(f"{pathlib.Path(words[0]).name} is not there")
    done = subprocess.run(words, capture_output=True, text=True, timeout=TIMEOUT, check=False, **options)
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise error(f"{pathlib.Path(words[0]).name} {words[1]}: exit {done.returncode}: {said[-800:]}")
    return done.stdout


class Kitchen:
    """Makes programs in a folder, with the tools of another one (bench/tools.py) and those of the machine."""

    def __init__(self, folder, tools):
        self.folder, self.tools = pathlib.Path(folder).absolute(), pathlib.Path(tools).absolute()
        self.wasm_tools = self.tools / "bin" / "wasm-tools"

    def make(self, program):
        folder = self.folder / program.name
        folder.mkdir(parents=True, exist_ok=True)
        return getattr(self, program.name)(folder)

    # What the programs are made of

    @functools.cached_property
    def rust(self):
        """The folder of what is written in Rust."""
        library = pathlib.Path(run_command("rustc", "--print", "target-libdir", "--target", TARGET, error=Missing).strip())
        if not library.is_dir():
            raise Missing(f"Rust's target {TARGET} is not there (rustup target add {TARGET})")
        run_command("cargo", "fetch", "--quiet", "--locked", "--target", TARGET, error=Missing, cwd=HERE)
        target = self.folder / "rust"
        build = ["cargo", "build", "--quiet", "--locked", "--release", "--target", TARGET, "--target-dir", target]
        try:
            run_command(*build, cwd=HERE)
        except Broken as why:
            if ".llvmbc" in str(why):  # of some distributions
                raise Missing("the standard library of this Rust is without what LTO needs; that of rustup has it") from why
            raise
        return target / TARGET / "release"

    @functools.cached_property
    def wit_bindgen(self):
        ours = self.tools / "cargo" / "bin" / "wit-bindgen"
        return ours if ours.exists() else "wit-bindgen"

    @functools.cached_property
    def compiler(self):
        """A C compiler that has a libc for WebAssembly, and the words that come first."""
        probe = self.folder / "probe.c"
        probe.parent.mkdir(parents=True, exist_ok=True)
        probe.write_text("#include <stdlib.h>\nint probe(void) { free(malloc(1)); return 0; }\n", encoding="utf-8")
        compilers = (["clang-19", "--target=wasm32-wasi"],
                     [sys.executable, "-m", "ziglang", "cc", "--target=wasm32-wasi"])
        for words in compilers:
            try:
                self.compile(words, [probe], self.folder / "probe.wasm")
                return words
            except (Broken, Missing):
                continue
        raise Missing("neither clang-19 with wasi-libc nor the package ziglang is there")

    def compile(self, words, sources, target, *options):
        cache = {**os.environ, "ZIG_GLOBAL_CACHE_DIR": str(self.folder / "zig")}
        run_command(*words, "-mexec-model=reactor", "-O2", "-Wl,--strip-debug", *options, *sources, "-o", target, env=cache)
        return target

    def component(self, module, target):
        run_command(self.wasm_tools, "component", "new", module, "-o", target)
        return target

    def compose(self, root, part, target):
        run_command(self.wasm_tools, "compose", root, "-d", part, "-o", target)
        return target

    def crate(self, name, folder):
        """A crate as a component. Its name is the one that it has when composed."""
        return self.component(self.rust / f"{name.replace('-', '_')}.wasm", folder / f"{name}.wasm")

    # The programs

    def in_c(self, name, source, library, folder):
        rust, compiler = self.rust, self.compiler
        bindings = folder / "bindings"
        run_command(self.wit_bindgen, "c", HERE / name / "wit", "--world", "program", "--out-dir", bindings)
        sources = [HERE / name / source, bindings / "program.c", bindings / "program_component_type.o"]
        core = self.compile(compiler, sources, folder / "program.core.wasm", f"-I{bindings}")
        floor = self.compile(compiler, [*sources, rust / f"lib{name}_floor.a"], folder / "floor.wasm", f"-I{bindings}")
        program = self.component(core, folder / "program.wasm")
        return self.compose(program, self.crate(library, folder), folder / "unfused.wasm"), floor

    def json(self, folder):
        parser, caller = self.crate("json-parser", folder), self.crate("json-caller", folder)
        return self.compose(caller, parser, folder / "unfused.wasm"), self.rust / "json_floor.wasm"

    def regex(self, folder):
        return self.in_c("regex", "text.c", "regex-engine", folder)

    def image(self, folder):
        return self.in_c("image", "filters.c", "image-pixels", folder)

    def markdown(self, folder):
        highlighter, renderer, caller = (self.crate(f"markdown-{part}", folder) for part in ("highlighter", "renderer", "caller"))
        plugin = self.compose(renderer, highlighter, folder / "plugin.wasm")
        return self.compose(caller, plugin, folder / "unfused.wasm"), self.rust / "markdown_floor.wasm"

    def python(self, folder):
        program, library = folder / "program.wasm", self.crate("regex-engine", folder)
        work = folder / "work"
        shutil.copytree(HERE / "python", work, dirs_exist_ok=True)
        run_command(self.tools / "bin" / "componentize-py", "--wit-path", HERE / "regex" / "wit", "--world", "program",
                    "componentize", "--stub-wasi", "app", "-o", program, cwd=work)
        return self.compose(program, library, folder / "unfused.wasm"), None

    def javascript(self, folder):
        program, library = folder / "program.wasm", self.crate("json-parser", folder)
        if not (self.tools / "node_modules" / "@bytecodealliance" / "componentize-js").exists():
            raise Missing("componentize-js is not there")
        script = self.tools / "componentize.mjs"  # beside node_modules, where it is looked for
        script.write_text(COMPONENTIZE, encoding="utf-8")
        run_command(self.tools / "bin" / "node", script, HERE / "javascript" / "program.mjs", HERE / "json" / "wit", "program", program)
        return self.compose(program, library, folder / "unfused.wasm"), None
