//! The component that finds.
wit_bindgen::generate!({ world: "library", path: "../wit" });

use exports::bench::regex::patterns::{Guest, GuestPattern, Pattern, Span};

struct Library;

impl Guest for Library {
    type Pattern = regex_library::Pattern;
}

impl GuestPattern for regex_library::Pattern {
    fn compile(expression: String) -> Result<Pattern, String> {
        regex_library::Pattern::compile(&expression).map(Pattern::new)
    }
    fn matches(&self, line: String) -> bool {
        self.matches(&line)
    }
    fn find_all(&self, line: String) -> Vec<Span> {
        self.find_all(&line, |start, end| Span { start, end })
    }
    fn replace_all(&self, line: String, replacement: String) -> String {
        self.replace_all(&line, &replacement)
    }
}

export!(Library);
