//! The plugin: renders, and asks for every block of code how to mark it.
wit_bindgen::generate!({ world: "rendering", path: "../wit" });

use bench::markdown::highlighter::{self, Kind};
use exports::bench::markdown::renderer::Guest;
use std::cell::Cell;

struct Renderer;

thread_local!(static CALLS: Cell<u32> = const { Cell::new(0) });

fn token(it: highlighter::Token) -> markdown_library::Token {
    let kind = match it.kind {
        Kind::Keyword => markdown_library::Kind::Keyword,
        Kind::Number => markdown_library::Kind::Number,
        Kind::Text => markdown_library::Kind::Text,
        Kind::Comment => markdown_library::Kind::Comment,
    };
    markdown_library::Token {
        start: it.start,
        end: it.end,
        kind,
    }
}

impl Guest for Renderer {
    fn render(document: String) -> String {
        markdown_library::render(&document, |language, code| {
            CALLS.with(|calls| calls.set(calls.get() + 1));
            highlighter::highlight(language, code).into_iter().map(token).collect()
        })
    }
    fn calls() -> u32 {
        CALLS.with(Cell::get)
    }
}

export!(Renderer);
