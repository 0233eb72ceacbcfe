// Words of standard input with their counts, and the arguments.
const buffer = new ArrayBuffer(4096);
const text = String.UTF8.decode(buffer.slice(0, process.stdin.read(buffer)));
const words = text.replaceAll("\n", " ").split(" ");
const counts = new Map<string, i32>();
for (let i = 0; i < words.length; i++)
  if (words[i] != "") counts.set(words[i], counts.has(words[i]) ? counts.get(words[i]) + 1 : 1);
const keys = counts.keys().sort();
for (let i = 0; i < keys.length; i++) console.log(keys[i] + " " + counts.get(keys[i]).toString());
for (let i = 1; i < process.argv.length; i++) console.log(process.argv[i]);
