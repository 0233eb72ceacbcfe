use std::cell::RefCell;
use std::collections::BTreeMap;

wit_bindgen::generate!({ world: "leaf", path: "../wit" });

use exports::example::words::store::{Dictionary, Guest, GuestDictionary};

struct Leaf;

struct Words {
    name: String,
    counts: RefCell<BTreeMap<String, u32>>,
}

impl Guest for Leaf {
    type Dictionary = Words;
}

impl GuestDictionary for Words {
    fn new(name: String) -> Self {
        Words { name, counts: Default::default() }
    }
    fn add(&self, word: String) -> Result<u32, String> {
        if word.is_empty() {
            return Err(format!("{} takes no empty words", self.name));
        }
        let mut counts = self.counts.borrow_mut();
        let count = counts.entry(word).or_default();
        *count += 1;
        Ok(*count)
    }
    fn words(&self) -> Vec<(String, u32)> {
        self.counts.borrow().iter().map(|(word, count)| (word.clone(), *count)).collect()
    }
    fn merge(a: Dictionary, b: Dictionary) -> Dictionary {
        let (a, b): (Words, Words) = (a.into_inner(), b.into_inner());
        let merged = Words { name: format!("{}+{}", a.name, b.name), counts: Default::default() };
        for counts in [a.counts, b.counts] {
            for (word, count) in counts.into_inner() {
                *merged.counts.borrow_mut().entry(word).or_default() += count;
            }
        }
        Dictionary::new(merged)
    }
}


export!(Leaf);
