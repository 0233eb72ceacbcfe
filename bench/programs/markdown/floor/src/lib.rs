//! Program, renderer and highlighter as one: no component.
#[path = "../../caller/src/program.rs"]
mod program;

mod renderer {
    use std::cell::Cell;

    thread_local!(static CALLS: Cell<u32> = const { Cell::new(0) });

    pub fn render(document: &str) -> String {
        markdown_library::render(document, |language, code| {
            CALLS.with(|calls| calls.set(calls.get() + 1));
            markdown_library::highlight(language, code)
        })
    }
    pub fn calls() -> u32 {
        CALLS.with(Cell::get)
    }
}

#[no_mangle]
pub extern "C" fn run(n: u32) -> u32 {
    program::run(n)
}

#[no_mangle]
pub extern "C" fn calls() -> u32 {
    program::calls()
}
