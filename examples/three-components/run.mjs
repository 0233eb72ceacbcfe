// Calls the fused example in Node: an ordinary core module without imports, called by the canonical ABI.
//
//     node run.mjs app.core.wasm Ada Grace
//
// Strings are an address and a size in the module's memory. It has a memory for each of its parts, which Node can run from
// version 22 on, and Node 18 and 20 with --experimental-wasm-multi-memory.
import { readFile } from "node:fs/promises";

const [path, ...names] = process.argv.slice(2);
if (names.length === 0) {
  console.error("usage: node run.mjs app.core.wasm NAME...");
  process.exit(2);
}
const { instance } = await WebAssembly.instantiate(await readFile(path));
const { memory, cabi_realloc, greet, cabi_post_greet } = instance.exports;

for (const name of names) {
  const text = new TextEncoder().encode(name);
  const argument = cabi_realloc(0, 0, 1, text.length);
  new Uint8Array(memory.buffer).set(text, argument);
  const result = greet(argument, text.length);
  // Memory may have grown meanwhile, which makes a new buffer.
  const [at, size] = new Uint32Array(memory.buffer, result, 2);
  console.log(new TextDecoder().decode(new Uint8Array(memory.buffer, at, size)));
  cabi_post_greet?.(result);
}
