// Runs variants of one case in V8: `node v8.mjs NAME=FILE...`. A FILE.wasm is a core module, a FILE.js what jco made of a
// component. For each line `NAME N` of standard input, calls its run(N) and answers with nanoseconds and the result, or
// with `error` and the reason. Long runs are taken by the thread's processor time, which other programs don't add to, short
// ones by the clock, which is finer.
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const functions = new Map();
const failures = new Map();
for (const argument of process.argv.slice(2)) {
  const [name, path] = argument.split("=");
  try {
    if (path.endsWith(".js")) {
      functions.set(name, { run: (await import(pathToFileURL(path))).run, end() {} });
    } else {
      const { instance } = await WebAssembly.instantiate(await readFile(path), {});
      functions.set(name, { run: instance.exports.run, end: instance.exports.cabi_post_run ?? (() => {}) });
    }
  } catch (error) {
    failures.set(name, error);
  }
}

const LONG = 20_000_000n; // nanoseconds

function processorTime() {
  const { user, system } = process.threadCpuUsage();
  return BigInt(user + system) * 1000n;
}

function answer(line) {
  const [name, count] = line.split(" ");
  try {
    if (failures.has(name)) throw failures.get(name);
    const { run, end } = functions.get(name);
    const before = processorTime();
    const start = process.hrtime.bigint();
    const sum = run(Number(count));
    const time = process.hrtime.bigint() - start;
    const processor = processorTime() - before;
    end(sum);
    return `${time < LONG ? time : processor} ${sum >>> 0}`;
  } catch (error) {
    return `error ${String(error).replaceAll("\n", " ")}`;
  }
}

for await (const line of createInterface({ input: process.stdin })) process.stdout.write(answer(line) + "\n");
