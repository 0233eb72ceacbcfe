//! The interface `patterns` as plain Rust, over the crate regex.
pub struct Pattern(regex::Regex);

impl Pattern {
    pub fn compile(expression: &str) -> Result<Pattern, String> {
        regex::Regex::new(expression).map(Pattern).map_err(|error| error.to_string())
    }
    pub fn matches(&self, line: &str) -> bool {
        self.0.is_match(line)
    }
    pub fn find_all<T>(&self, line: &str, span: impl Fn(u32, u32) -> T) -> Vec<T> {
        self.0
            .find_iter(line)
            .map(|found| span(found.start() as u32, found.end() as u32))
            .collect()
    }
    pub fn replace_all(&self, line: &str, replacement: &str) -> String {
        self.0.replace_all(line, replacement).into_owned()
    }
}
