//! The component that has something parsed.
wit_bindgen::generate!({ world: "program", path: "../wit" });

use bench::json::parser;
mod program;

struct Program;

impl Guest for Program {
    fn run(n: u32) -> u32 {
        program::run(n)
    }
    fn calls() -> u32 {
        program::calls()
    }
}

export!(Program);
