//! Writes documents and has them rendered. The renderer is a component or, in the floor, the library itself.
use crate::renderer;
use std::cell::Cell;

const DOCUMENTS: u32 = 200;
const WORDS: [&str; 12] = [
    "component",
    "*boundary*",
    "`memory`",
    "über",
    "**call**",
    "list",
    "[link](https://example.org)",
    "string",
    "of",
    "the",
    "and",
    "—",
];
const BLOCKS: [&str; 3] = [
    "```rust\nfn sum(values: &[u32]) -> u32 {\n    let mut total = 0; // of all\n    for value in values {\n        total += value * 31;\n    }\n    return total;\n}\n```\n",
    "```c\nstatic int find(const char *text, char wanted) {\n  for (int i = 0; text[i]; i++)\n    if (text[i] == wanted) return i;\n  return -1; // \"nowhere\"\n}\n```\n",
    "```python\nfrom math import sqrt\n\ndef mean(values):\n    # the quadratic one\n    return sqrt(sum(x * x for x in values) / len(values))\n```\n",
];

thread_local!(static CALLS: Cell<u32> = const { Cell::new(0) });

pub fn calls() -> u32 {
    CALLS.with(Cell::get) + renderer::calls()
}

fn random(state: &mut u32) -> usize {
    *state = state.wrapping_mul(1664525).wrapping_add(1013904223);
    (*state >> 8) as usize
}

fn add_words(text: &mut String, state: &mut u32, count: usize) {
    for _ in 0..count {
        text.push_str(WORDS[random(state) % WORDS.len()]);
        text.push(' ');
    }
}

fn write_document(seed: u32) -> String {
    let (mut state, mut text) = (seed, String::from("# About components\n\n"));
    for _ in 0..6 {
        text.push_str("## ");
        add_words(&mut text, &mut state, 4);
        text.push_str("\n\n");
        let count = 10 + random(&mut state) % 30;
        add_words(&mut text, &mut state, count);
        text.push_str("\n\n");
        for _ in 0..random(&mut state) % 5 {
            text.push_str("- ");
            add_words(&mut text, &mut state, 5);
            text.push('\n');
        }
        text.push('\n');
        text.push_str(BLOCKS[random(&mut state) % BLOCKS.len()]);
        text.push('\n');
    }
    text.push_str("| name | value |\n|---|--:|\n| a | 1 |\n| b | 2 |\n");
    text
}

pub fn run(n: u32) -> u32 {
    let mut sum = 2166136261u32;
    for seed in 0..n * DOCUMENTS {
        let document = write_document(seed);
        CALLS.with(|calls| calls.set(calls.get() + 1));
        for byte in renderer::render(&document).bytes() {
            sum = (sum ^ byte as u32).wrapping_mul(16777619);
        }
    }
    sum
}
