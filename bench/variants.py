"""Makes the files of a case: every form of it, for every engine.

    form        wasmtime            V8              native
    unfused     the component       jco transpile   (nothing runs components natively)
    component   meld --component
    core        meld                the same        wasm2c, cc -O2
    simd        meld with vectors   the same        the same         (of cases with strings)
    optimised   core, wasm-opt -O3  the same        the same
    peer        meld-cli            the same        the same
    hand        frames/module.wat   the same        the same
    floor       frames/module.wat   the same        the same

A form that can't be made has a reason in place of a file. What meld makes has to be there. Without --features=+simd it
uses vectors where its inputs do, which those of the cases don't; by hand does, wherever that helps.

Provides  Tools, make_variants()
"""

import dataclasses
import pathlib
import shutil
import subprocess

import wasmtime

HERE = pathlib.Path(__file__).resolve().parent
OPTIMISE_LIMIT = 300  # seconds, of wasm-opt on one file
FEATURES = ("multimemory", "bulk-memory", "bulk-memory-opt", "simd", "sign-ext", "mutable-globals", "multivalue",
            "nontrapping-float-to-int", "reference-types")


class Failed(Exception):
    """A command did not do what it was asked for."""


def run_command(*words, **options):
    words = [str(word) for word in words]
    program = pathlib.Path(next(word for word in words if not word.endswith("/node"))).stem
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, **options)
    except subprocess.TimeoutExpired as why:
        raise Failed(f"{program}: more than {why.timeout:.0f} s") from why
    if done.returncode:
        message = (done.stderr or done.stdout).strip()
        lines = [line.strip() for line in message.splitlines() if line.strip()] or [f"exit {done.returncode}"]
        said = next((line for line in lines if line.lower().startswith("error")), lines[0])
        raise Failed(f"{program}: {said[:200]}")
    return done.stdout


@dataclasses.dataclass
class Tools:
    """What there is; None for what there isn't."""

    meld: pathlib.Path
    wasm_tools: pathlib.Path
    meld_cli: pathlib.Path = None
    node: pathlib.Path = None
    jco: pathlib.Path = None
    wasm_opt: pathlib.Path = None
    wasm2c: pathlib.Path = None
    wabt: pathlib.Path = None
    cc: str = None
    valgrind: str = None

    @staticmethod
    def find(meld, folder):
        def there(*parts):
            path = folder.joinpath(*parts)
            return path if path.exists() else None

        modules = folder / "node_modules"
        tools = Tools(meld, folder / "bin" / "wasm-tools", there("bin", "meld-cli"), there("bin", "node"),
                      wasm2c=there("bin", "wasm2c"), wabt=there("wabt"), cc=shutil.which("cc"),
                      valgrind=shutil.which("valgrind"))
        if tools.node:
            tools.jco = there(modules, "@bytecodealliance", "jco", "dist", "jco.js")
            tools.wasm_opt = there(modules, "binaryen", "bin", "wasm-opt")
        return tools

    def missing(self):
        """Sentences about what is left out."""
        absent = {
            "meld-cli": self.meld_cli, "V8 (no Node package)": self.node, "unfused in V8 (no jco)": self.jco,
            "wasm-opt": self.wasm_opt, "native code (no wasm2c or no C compiler)": self.wasm2c and self.cc,
            "counts of instructions (no valgrind)": self.valgrind,
        }
        return [what for what, there in absent.items() if not there]


@dataclasses.dataclass(frozen=True)
class Variant:
    engine: str
    form: str
    path: pathlib.Path = None
    reason: str = ""  # why there is no path


class Maker:
    def __init__(self, tools, case, folder):
        self.tools, self.case, self.folder = tools, case, folder
        folder.mkdir(parents=True, exist_ok=True)

    def assemble(self, form, text):
        source, path = self.folder / f"{form}.wat", self.folder / f"{form}.wasm"
        source.write_text(text, encoding="utf-8")
        run_command(self.tools.wasm_tools, "parse", source, "-o", path)
        return path

    def validate(self, path):
        run_command(self.tools.wasm_tools, "validate", "--features", "all", path)

    def fuse(self, form, component, *options):
        path = self.folder / f"{form}.wasm"
        run_command(self.tools.meld, "fuse", *options, component, "-o", path)
        self.validate(path)
        return path

    def peer(self, component):
        path = self.folder / "peer.wasm"
        run_command(self.tools.meld_cli, "fuse", component, "-o", path)
        self.validate(path)
        left = len(wasmtime.Module.from_file(wasmtime.Engine(), str(path)).imports)
        if left:
            raise Failed(f"it leaves {left} imports where there should be none")
        return path

    def optimise(self, core):
        path = self.folder / "optimised.wasm"
        features = [f"--enable-{feature}" for feature in FEATURES]
        run_command(self.tools.node, self.tools.wasm_opt, "-O3", *features, core, "-o", path, timeout=OPTIMISE_LIMIT)
        self.validate(path)
        return path

    def transpile(self, component):
        folder = self.folder / "jco"
        run_command(self.tools.node, self.tools.jco, "transpile", component, "--name", "unfused", "-q", "-o", folder)
        (folder / "package.json").write_text('{"type": "module"}\n', encoding="utf-8")
        return folder / "unfused.js"

    def compile(self, module):
        """A program that answers as v8.mjs does."""
        source = module.with_suffix(".c")
        program = module.with_suffix(".native")
        run_command(self.tools.wasm2c, module, "-n", "timed", "-o", source)
        runtime = self.tools.wabt / "wasm2c"
        include = [f"-I{self.folder}", f"-I{runtime}", f"-I{self.tools.wabt / 'include'}"]
        sources = [HERE / "native.c", source, runtime / "wasm-rt-impl.c", runtime / "wasm-rt-mem-impl.c"]
        header = f'-DHEADER="{source.with_suffix(".h").name}"'
        run_command(self.tools.cc, "-O2", "-w", header, *include, *sources, "-o", program, "-lm")
        return program

    def core_forms(self, component, all_forms):
        """The core modules, by form; a reason in place of a file that can't be made."""
        forms = {"core": self.fuse("core", component)}
        if self.case.has_strings:
            forms["simd"] = self.fuse("simd", component, "--features=+simd")
        if self.tools.wasm_opt and all_forms:
            forms["optimised"] = self.optimise(forms["core"])
        if self.tools.meld_cli and all_forms:
            try:
                forms["peer"] = self.peer(component)
            except Failed as why:
                forms["peer"] = str(why)
        hand = self.case.hand_module()
        if hand:
            forms["hand"] = self.assemble("hand", hand)
        forms["floor"] = self.assemble("floor", self.case.floor_module())
        return forms


def make_variants(tools, case, folder, all_engines=True):
    """All variants of a case, in the order of the tables."""
    maker = Maker(tools, case, folder)
    component = maker.assemble("unfused", case.component())
    cores = maker.core_forms(component, all_engines)
    variants = [Variant("wasmtime", "unfused", component),
                Variant("wasmtime", "component", maker.fuse("component", component, "--component"))]
    engines = ["wasmtime"]
    if all_engines and tools.node:
        engines.append("V8")
        if tools.jco:
            variants.append(attempt("V8", "unfused", maker.transpile, component))
    if all_engines and tools.wasm2c and tools.cc:
        engines.append("native")
    for engine in engines:
        for form, made in cores.items():
            if isinstance(made, str):
                variants.append(Variant(engine, form, reason=made))
            elif engine != "native":
                variants.append(Variant(engine, form, made))
            elif form != "optimised":
                variants.append(attempt("native", form, maker.compile, made))
    return variants


def attempt(engine, form, make, source):
    """A variant that another tool makes, or the reason why it doesn't."""
    try:
        return Variant(engine, form, make(source))
    except Failed as why:
        return Variant(engine, form, reason=str(why))
