wit_bindgen::generate!({ world: "middle", path: "../wit" });

use example::words::store::Dictionary;
use exports::example::words::report::{Guest, Line};

struct Middle;

impl Guest for Middle {
    fn table(of: &Dictionary) -> Vec<Line> {
        let words = of.words();
        let total: u32 = words.iter().map(|(_, count)| count).sum();
        let line = |(word, count): (String, u32)| Line { word, count, share: count as f32 / total as f32 };
        words.into_iter().map(line).collect()
    }
}

export!(Middle);
