use std::collections::BTreeMap;
use std::io::BufRead;

fn main() {
    let mut words: BTreeMap<String, usize> = BTreeMap::new();
    for line in std::io::stdin().lock().lines() {
        for word in line.expect("a line").split_whitespace() {
            *words.entry(word.to_lowercase()).or_default() += 1;
        }
    }
    println!("{:?} {:?}", std::env::args().skip(1).collect::<Vec<_>>(), words);
}
