//! The interfaces as plain Rust: a renderer over pulldown-cmark, and a highlighter of our own.
use pulldown_cmark::{CodeBlockKind, CowStr, Event, Options, Parser, Tag, TagEnd};

#[derive(Clone, Copy)]
pub enum Kind {
    Keyword,
    Number,
    Text,
    Comment,
}

pub struct Token {
    pub start: u32,
    pub end: u32,
    pub kind: Kind,
}

fn keywords(language: &str) -> &'static [&'static str] {
    match language {
        "rust" => &[
            "fn", "let", "mut", "for", "in", "if", "else", "return", "struct", "impl", "pub",
        ],
        "c" => &[
            "int", "char", "for", "if", "else", "return", "struct", "static", "const", "void",
        ],
        _ => &["def", "for", "in", "if", "else", "return", "class", "import", "from"],
    }
}

/// Where what begins at `start` ends, and what it is; `None` for what is not marked.
fn token_at(code: &[u8], start: usize, keywords: &[&str]) -> (usize, Option<Kind>) {
    let while_ = |from: usize, is: &dyn Fn(u8) -> bool| {
        code[from..]
            .iter()
            .position(|byte| !is(*byte))
            .map_or(code.len(), |length| from + length)
    };
    match code[start] {
        b'#' => (while_(start, &|byte| byte != b'\n'), Some(Kind::Comment)),
        b'/' if code.get(start + 1) == Some(&b'/') => (while_(start, &|byte| byte != b'\n'), Some(Kind::Comment)),
        b'"' => (
            (while_(start + 1, &|byte| byte != b'"') + 1).min(code.len()),
            Some(Kind::Text),
        ),
        b'0'..=b'9' => (
            while_(start, &|byte| byte.is_ascii_alphanumeric() || byte == b'.'),
            Some(Kind::Number),
        ),
        byte if byte.is_ascii_alphabetic() || byte == b'_' => {
            let end = while_(start, &|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            let is_keyword = keywords.iter().any(|word| word.as_bytes() == &code[start..end]);
            (end, is_keyword.then_some(Kind::Keyword))
        }
        _ => (start + 1, None),
    }
}

pub fn highlight(language: &str, code: &str) -> Vec<Token> {
    let (mut tokens, mut at) = (Vec::new(), 0);
    while at < code.len() {
        let (end, kind) = token_at(code.as_bytes(), at, keywords(language));
        if let Some(kind) = kind {
            tokens.push(Token {
                start: at as u32,
                end: end as u32,
                kind,
            });
        }
        at = end;
    }
    tokens
}

fn escape(html: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '&' => html.push_str("&amp;"),
            '"' => html.push_str("&quot;"),
            _ => html.push(character),
        }
    }
}

fn marked(language: &str, code: &str, tokens: Vec<Token>) -> String {
    let mut html = format!("<pre><code class=\"language-{language}\">");
    let mut at = 0;
    for token in tokens {
        escape(&mut html, &code[at..token.start as usize]);
        html.push_str(match token.kind {
            Kind::Keyword => "<b>",
            Kind::Number => "<i>",
            Kind::Text => "<u>",
            Kind::Comment => "<s>",
        });
        at = token.end as usize;
        escape(&mut html, &code[token.start as usize..at]);
        html.push_str(match token.kind {
            Kind::Keyword => "</b>",
            Kind::Number => "</i>",
            Kind::Text => "</u>",
            Kind::Comment => "</s>",
        });
    }
    escape(&mut html, &code[at..]);
    html.push_str("</code></pre>\n");
    html
}

/// Calls `highlight` for each block of code.
pub fn render(document: &str, mut highlight: impl FnMut(&str, &str) -> Vec<Token>) -> String {
    let mut block: Option<(CowStr, String)> = None;
    let events = Parser::new_ext(document, Options::ENABLE_TABLES).filter_map(|event| match (event, &mut block) {
        (Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))), _) => {
            block = Some((language, String::new()));
            None
        }
        (Event::Text(text), Some((_, code))) => {
            code.push_str(&text);
            None
        }
        (Event::End(TagEnd::CodeBlock), Some(_)) => {
            let (language, code) = block.take()?;
            let tokens = highlight(&language, &code);
            Some(Event::Html(marked(&language, &code, tokens).into()))
        }
        (event, _) => Some(event),
    });
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, events);
    html
}
