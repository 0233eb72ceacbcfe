// Runs variants of one case in V8: `node v8.mjs NAME=FILE...`. A FILE.wasm is a core module, a FILE.js what jco made of a
// component. For each line `NAME N` of standard input, calls its run(N) and answers with nanoseconds and the result, or
// with `error` and the reason.
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const functions = new Map();
const failures = new Map();
for (const argument of process.argv.slice(2)) {
  const [name, path] = argument.split("=");
  try {
    if (path.endsWith(".js")) {
      functions.set(name, (await import(pathToFileURL(path))).run);
    } else {
      const { instance } = await WebAssembly.instantiate(await readFile(path), {});
      functions.set(name, instance.exports.run);
    }
  } catch (error) {
    failures.set(name, error);
  }
}

function answer(line) {
  const [name, count] = line.split(" ");
  try {
    if (failures.has(name)) throw failures.get(name);
    const run = functions.get(name);
    const start = process.hrtime.bigint();
    const sum = run(Number(count));
    const end = process.hrtime.bigint();
    return `${end - start} ${sum >>> 0}`;
  } catch (error) {
    return `error ${String(error).replaceAll("\n", " ")}`;
  }
}

for await (const line of createInterface({ input: process.stdin })) process.stdout.write(answer(line) + "\n");
