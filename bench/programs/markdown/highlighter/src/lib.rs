//! The component that marks code.
wit_bindgen::generate!({ world: "highlighting", path: "../wit" });

use exports::bench::markdown::highlighter::{Guest, Kind, Token};

struct Highlighter;

fn token(it: markdown_library::Token) -> Token {
    let kind = match it.kind {
        markdown_library::Kind::Keyword => Kind::Keyword,
        markdown_library::Kind::Number => Kind::Number,
        markdown_library::Kind::Text => Kind::Text,
        markdown_library::Kind::Comment => Kind::Comment,
    };
    Token {
        start: it.start,
        end: it.end,
        kind,
    }
}

impl Guest for Highlighter {
    fn highlight(language: String, code: String) -> Vec<Token> {
        markdown_library::highlight(&language, &code).into_iter().map(token).collect()
    }
}

export!(Highlighter);
