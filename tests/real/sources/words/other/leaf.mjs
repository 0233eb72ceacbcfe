// The world `leaf` in JavaScript.

class Dictionary {
  constructor(name) {
    this.name = name;
    this.counts = new Map();
  }
  add(word) {
    if (word === '') throw `${this.name} takes no empty words`;
    const count = (this.counts.get(word) ?? 0) + 1;
    this.counts.set(word, count);
    return count;
  }
  words() {
    return [...this.counts].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  }
  static merge(a, b) {
    const merged = new Dictionary(`${a.name}+${b.name}`);
    for (const { counts } of [a, b])
      for (const [word, count] of counts) merged.counts.set(word, (merged.counts.get(word) ?? 0) + count);
    return merged;
  }
}

export const store = { Dictionary };
