//! Program and parser as one: no component.
use json_library as parser;
#[path = "../../caller/src/program.rs"]
mod program;

#[no_mangle]
pub extern "C" fn run(n: u32) -> u32 {
    program::run(n)
}

#[no_mangle]
pub extern "C" fn calls() -> u32 {
    program::calls()
}
