#!/usr/bin/env python3
"""exchange.wat: blocks are aligned, apart from one another, keep their content, and go with `top`."""

import random

import wasmtime

from harness import Tally, load_modules, new_engine, run_wasm, signed, unsigned

OUT_OF_MEMORY = "trap: out of memory for values exchanged with the host"


class Exchange:
    def __init__(self, engine, module, maximum=None):
        self.store = wasmtime.Store(engine)
        self.memory = wasmtime.Memory(self.store, wasmtime.MemoryType(wasmtime.Limits(1, maximum)))
        exports = wasmtime.Instance(self.store, module, [self.memory]).exports(self.store)
        self.top, self.function = exports["top"], exports["cabi_realloc"]

    def realloc(self, *arguments):
        result, trap = run_wasm(self.store, self.function, *(signed(a, 32) for a in arguments))
        return trap if trap else unsigned(result, 32)


def golden(tally, engine, module):
    x = Exchange(engine, module)
    tally.check("first block", x.realloc(0, 0, 1, 3), 16)
    tally.check("aligned", x.realloc(0, 0, 8, 8), 24)
    tally.check("empty", x.realloc(0, 0, 4, 0), 32)
    tally.check("top", x.top.value(x.store), 32)
    x.memory.write(x.store, b"abc", 16)
    tally.check("moved", x.realloc(16, 3, 4, 6), 32)
    tally.check("content", bytes(x.memory.read(x.store, 32, 35)), b"abc")
    tally.check("grown in place", x.realloc(32, 6, 4, 100_000), 32)
    tally.check("memory grew", x.memory.size(x.store), 2)
    tally.check("shrunk in place", x.realloc(32, 100_000, 4, 8), 32)
    tally.check("top", x.top.value(x.store), 40)
    tally.check("last, but badly aligned", x.realloc(24, 16, 16, 16), 48)
    x.top.set_value(x.store, 16)
    tally.check("after reset", x.realloc(0, 0, 1, 1), 16)
    for size in (0xffff_ffff, 0xffff_ffe0, 0x8000_0000):
        tally.check("too much", Exchange(engine, module, 4).realloc(0, 0, 1, size), OUT_OF_MEMORY)
    x = Exchange(engine, module, 4)
    tally.check("all there is", x.realloc(0, 0, 1, 4 * 65536 - 16), 16)
    tally.check("nothing left", x.realloc(0, 0, 1, 1), OUT_OF_MEMORY)


def random_blocks(tally, engine, module):
    rng = random.Random(1)
    x = Exchange(engine, module)
    blocks = {}  # pointer: content
    for _ in range(2000):
        old, content = rng.choice(list(blocks.items())) if blocks and rng.random() < 0.5 else (0, b"")
        size, alignment = rng.choice((0, 1, 7, 100, 3000)), 1 << rng.randrange(5)
        pointer = x.realloc(old, len(content), alignment, size)
        blocks.pop(old, None)
        tally.check("alignment", pointer % alignment, 0)
        kept = min(size, len(content))
        tally.check("content", bytes(x.memory.read(x.store, pointer, pointer + kept)), content[:kept])
        if size:
            content = rng.randbytes(size)
            x.memory.write(x.store, content, pointer)
            blocks[pointer] = content
    intact = all(bytes(x.memory.read(x.store, p, p + len(c))) == c for p, c in blocks.items())
    tally.check("blocks are apart", intact, True)


def main():
    tally = Tally()
    engine = new_engine()
    module = load_modules(engine)["exchange"]
    golden(tally, engine, module)
    random_blocks(tally, engine, module)
    tally.finish()


if __name__ == "__main__":
    main()
