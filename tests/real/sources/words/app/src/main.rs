wit_bindgen::generate!({ world: "app", path: "../wit" });

use example::words::{report, store::Dictionary};

fn main() {
    let (first, second) = (Dictionary::new("first"), Dictionary::new("second"));
    for word in "the cat sat on the mat".split(' ') {
        first.add(word).unwrap();
    }
    for word in "the dog überall".split(' ') {
        second.add(word).unwrap();
    }
    println!("{:?}", second.add(""));
    let both = Dictionary::merge(first, second);
    for line in report::table(&both) {
        println!("{:>8} {} {:.3}", line.word, line.count, line.share);
    }
}
