//! The component that has documents.
wit_bindgen::generate!({ world: "program", path: "../wit" });

use bench::markdown::renderer;
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
