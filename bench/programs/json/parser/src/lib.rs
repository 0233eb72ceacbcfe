//! The component that parses.
wit_bindgen::generate!({ world: "library", path: "../wit" });

use exports::bench::json::parser::{Cursor, Document, Guest, GuestCursor, GuestDocument, Value};

struct Library;

fn value(it: json_library::Value) -> Value {
    match it {
        json_library::Value::Null => Value::Null,
        json_library::Value::Boolean(it) => Value::Boolean(it),
        json_library::Value::Number(it) => Value::Number(it),
        json_library::Value::Text(it) => Value::Text(it),
        json_library::Value::Array(it) => Value::Array(it),
        json_library::Value::Object(it) => Value::Object(it),
    }
}

impl Guest for Library {
    type Document = json_library::Document;
    type Cursor = json_library::Cursor;
}

impl GuestDocument for json_library::Document {
    fn parse(text: String) -> Result<Document, String> {
        json_library::Document::parse(&text).map(Document::new)
    }
    fn get(&self, pointer: String) -> Option<Value> {
        self.get(&pointer).map(value)
    }
    fn items(&self, pointer: String) -> Cursor {
        Cursor::new(self.items(&pointer))
    }
}

impl GuestCursor for json_library::Cursor {
    fn next(&self) -> Option<(String, Value)> {
        self.next().map(|(key, it)| (key, value(it)))
    }
}

export!(Library);
