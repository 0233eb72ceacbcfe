//! Makes a document of orders, has it parsed and adds them up. The parser is the component's or, in the floor, the
//! library itself: both have the same names.
use crate::parser::{Cursor, Document, Value};
use std::cell::Cell;
use std::fmt::Write;

const ORDERS: u32 = 400;
const CITIES: [&str; 4] = ["Zürich", "Lyon", "Kraków", "Porto"];

thread_local!(static CALLS: Cell<u32> = const { Cell::new(0) });

/// A call to the parser, or the end of one of its resources.
fn count<T>(value: T) -> T {
    CALLS.with(|calls| calls.set(calls.get().wrapping_add(1)));
    value
}

pub fn calls() -> u32 {
    CALLS.with(Cell::get)
}

fn random(state: &mut u32) -> u32 {
    *state = state.wrapping_mul(1664525).wrapping_add(1013904223);
    *state >> 8
}

fn make_document(seed: u32) -> String {
    let (mut state, mut text) = (seed, String::from("{\"version\": 2, \"orders\": ["));
    for i in 0..ORDERS {
        let city = CITIES[random(&mut state) as usize % CITIES.len()];
        let separator = if i == 0 { "" } else { "," };
        write!(text, "{separator}\n  {{\"id\": {i}, \"customer\": {{\"name\": \"Customer {}\", \"city\": \"{city}\"}}, \"paid\": {}, \"lines\": [",
            random(&mut state) % 5000, random(&mut state) % 3 != 0).unwrap();
        for line in 0..1 + random(&mut state) % 5 {
            let separator = if line == 0 { "" } else { ", " };
            write!(
                text,
                "{separator}{{\"article\": \"A-{:05}\", \"count\": {}, \"price\": {}.{:02}}}",
                random(&mut state) % 100_000,
                1 + random(&mut state) % 9,
                random(&mut state) % 200,
                random(&mut state) % 100
            )
            .unwrap();
        }
        text.push_str("]}");
    }
    text.push_str("\n]}\n");
    text
}

struct Sum(u32);

impl Sum {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ *byte as u32).wrapping_mul(16777619);
        }
    }
    fn add_value(&mut self, value: &Value) {
        match value {
            Value::Null => self.add(b"null"),
            Value::Boolean(it) => self.add(&[*it as u8]),
            Value::Number(it) => self.add(&it.to_le_bytes()),
            Value::Text(it) => self.add(it.as_bytes()),
            Value::Array(it) | Value::Object(it) => self.add(&it.to_le_bytes()),
        }
    }
}

fn number(document: &Document, pointer: &str) -> f64 {
    match count(document.get(pointer)) {
        Some(Value::Number(it)) => it,
        _ => panic!("no number at {pointer}"),
    }
}

/// The key and value of every item, and of what is in them.
fn add_items(document: &Document, pointer: &mut String, sum: &mut Sum) {
    let cursor: Cursor = count(document.items(pointer));
    while let Some((key, value)) = count(cursor.next()) {
        sum.add(key.as_bytes());
        sum.add_value(&value);
        if matches!(value, Value::Array(_) | Value::Object(_)) {
            let length = pointer.len();
            pointer.push('/');
            pointer.push_str(&key);
            add_items(document, pointer, sum);
            pointer.truncate(length);
        }
    }
    count(());
}

fn total(document: &Document) -> f64 {
    let Some(Value::Array(orders)) = count(document.get("/orders")) else {
        panic!("no orders")
    };
    let (mut total, mut pointer) = (0.0, String::new());
    for order in 0..orders {
        pointer.clear();
        write!(pointer, "/orders/{order}/paid").unwrap();
        if !matches!(count(document.get(&pointer)), Some(Value::Boolean(true))) {
            continue;
        }
        pointer.clear();
        write!(pointer, "/orders/{order}/lines").unwrap();
        let Some(Value::Array(lines)) = count(document.get(&pointer)) else {
            panic!("no lines")
        };
        for line in 0..lines {
            pointer.clear();
            write!(pointer, "/orders/{order}/lines/{line}/price").unwrap();
            let price = number(document, &pointer);
            pointer.truncate(pointer.len() - "price".len());
            pointer.push_str("count");
            total += price * number(document, &pointer);
        }
    }
    total
}

pub fn run(n: u32) -> u32 {
    let mut sum = Sum(2166136261);
    for seed in 0..n {
        let text = make_document(seed);
        let document = count(Document::parse(&text)).unwrap();
        sum.add(&total(&document).to_le_bytes());
        add_items(&document, &mut String::new(), &mut sum);
        let broken = count(Document::parse(&text[..text.len() / 2]));
        sum.add(broken.err().expect("half a document is none").as_bytes());
        count(());
    }
    sum.0
}
