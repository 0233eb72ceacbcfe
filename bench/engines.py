"""Runs the variants of a case. Each engine gives, for run(n), the seconds that it took and the number that came out.

wasmtime is in this process, V8 in one process for all variants of a case, native code in one for each; the clock is
read beside the call in any case, so that no process is waited for within what is timed. It is the clock of the thread's
processor time, which stands still while other programs have the processor; but for short runs in V8, where that one is
too coarse.

Provides  Runners: a context of runners, by variant; count_instructions(path)
Requires  the Python package wasmtime; v8.mjs and native.c at the other end
"""

import pathlib
import subprocess
import time

import wasmtime
import wasmtime.component

HERE = pathlib.Path(__file__).resolve().parent
ENGINE = wasmtime.Engine()


class CannotRun(Exception):
    """An engine refuses a variant, or it traps."""


class WasmtimeCore:
    def __init__(self, path):
        try:
            module = wasmtime.Module.from_file(ENGINE, str(path))
            self.store = wasmtime.Store(ENGINE)
            if module.imports:
                raise CannotRun(f"imports left over: {len(module.imports)}")
            exports = wasmtime.Instance(self.store, module, []).exports(self.store)
            self.function, self.post_return = exports["run"], exports.get("cabi_post_run")
        except wasmtime.WasmtimeError as error:
            raise CannotRun(str(error).splitlines()[0]) from error

    def run(self, n):
        function, store = self.function, self.store
        try:
            start = time.thread_time_ns()
            result = function(store, n)
            end = time.thread_time_ns()
            if self.post_return:
                self.post_return(store, result)
        except (wasmtime.WasmtimeError, wasmtime.Trap) as error:
            raise CannotRun(str(error).splitlines()[0]) from error
        return (end - start) * 1e-9, result & 0xFFFFFFFF


def count_instructions(path):
    """WebAssembly instructions that one call of a case takes, with its part of the loop, as wasmtime counts fuel: it takes
    one for each but the likes of block and nop, memory.copy among them."""
    config = wasmtime.Config()
    config.consume_fuel = True
    engine = wasmtime.Engine(config)
    store = wasmtime.Store(engine)
    store.set_fuel(1 << 60)
    run = wasmtime.Instance(store, wasmtime.Module.from_file(engine, str(path)), []).exports(store)["run"]

    def taken(n):
        before = store.get_fuel()
        run(store, n)
        return before - store.get_fuel()

    taken(100)  # tables have grown
    return (taken(1100) - taken(100)) / 1000


class WasmtimeComponent:
    def __init__(self, path):
        component = wasmtime.component.Component.from_file(ENGINE, str(path))
        self.store = wasmtime.Store(ENGINE)
        self.instance = wasmtime.component.Linker(ENGINE).instantiate(self.store, component)
        self.function = self.instance.get_func(self.store, "run")

    def run(self, n):
        function, store = self.function, self.store
        start = time.thread_time_ns()
        result = function(store, n)
        end = time.thread_time_ns()
        function.post_return(store)
        return (end - start) * 1e-9, result

    def counted(self, n):
        """How many calls between components run(n) makes, by the program's own count."""
        calls = self.instance.get_func(self.store, "calls")
        found = []
        for work in (None, n):
            if work is not None:
                self.run(work)
            found.append(calls(self.store))
            calls.post_return(self.store)
        return found[1] - found[0] & 0xFFFFFFFF


class Server:
    """A process that answers requests."""

    def __init__(self, command):
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, bufsize=1)

    def run(self, name, n):
        self.process.stdin.write(f"{name} {n}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split(" ", 1)
        if len(answer) != 2:
            raise CannotRun(f"the process ended with status {self.process.wait()}")
        if answer[0] == "error":
            raise CannotRun(answer[1].strip()[:160])
        return int(answer[0]) * 1e-9, int(answer[1])

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Remote:
    def __init__(self, server, name):
        self.server, self.name = server, name

    def run(self, n):
        return self.server.run(self.name, n)


class Runners:
    """Runners of the variants that there are, and for the others the reason in `refused`."""

    def __init__(self, tools, variants):
        self.tools, self.variants = tools, variants
        self.servers, self.runners, self.refused = [], {}, {}

    def __enter__(self):
        there = [variant for variant in self.variants if variant.path]
        in_v8 = [f"{variant.form}={variant.path}" for variant in there if variant.engine == "V8"]
        v8 = self.serve([self.tools.node, HERE / "v8.mjs", *in_v8]) if in_v8 else None
        for variant in self.variants:
            try:
                self.runners[variant] = self.start(variant, v8)
            except CannotRun as why:
                self.refused[variant] = str(why)
        return self

    def start(self, variant, v8):
        if not variant.path:
            raise CannotRun(variant.reason)
        if variant.engine == "native":
            return Remote(self.serve([variant.path]), variant.form)
        if variant.engine == "V8":
            return Remote(v8, variant.form)
        return (WasmtimeComponent if variant.form in ("unfused", "component") else WasmtimeCore)(variant.path)

    def serve(self, command):
        server = Server(command)
        self.servers.append(server)
        return server

    def __exit__(self, *_):
        for server in self.servers:
            server.close()
