//! The interface `parser` as plain Rust, over serde_json.
use std::cell::Cell;
use std::rc::Rc;

pub enum Value {
    Null,
    Boolean(bool),
    Number(f64),
    Text(String),
    Array(u32),
    Object(u32),
}

fn describe(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(it) => Value::Boolean(*it),
        serde_json::Value::Number(it) => Value::Number(it.as_f64().unwrap_or(f64::NAN)),
        serde_json::Value::String(it) => Value::Text(it.clone()),
        serde_json::Value::Array(it) => Value::Array(it.len() as u32),
        serde_json::Value::Object(it) => Value::Object(it.len() as u32),
    }
}

pub struct Document(Rc<serde_json::Value>);

impl Document {
    pub fn parse(text: &str) -> Result<Document, String> {
        serde_json::from_str(text)
            .map(|value| Document(Rc::new(value)))
            .map_err(|error| error.to_string())
    }
    pub fn get(&self, pointer: &str) -> Option<Value> {
        self.0.pointer(pointer).map(describe)
    }
    pub fn items(&self, pointer: &str) -> Cursor {
        let keys = match self.0.pointer(pointer) {
            Some(serde_json::Value::Object(it)) => it.keys().cloned().collect(),
            _ => Vec::new(),
        };
        Cursor {
            document: self.0.clone(),
            pointer: pointer.to_string(),
            keys,
            at: Cell::new(0),
        }
    }
}

pub struct Cursor {
    document: Rc<serde_json::Value>,
    pointer: String,
    keys: Vec<String>,
    at: Cell<usize>,
}

impl Cursor {
    pub fn next(&self) -> Option<(String, Value)> {
        let at = self.at.replace(self.at.get() + 1);
        match self.document.pointer(&self.pointer)? {
            serde_json::Value::Array(items) => Some((at.to_string(), describe(items.get(at)?))),
            serde_json::Value::Object(items) => {
                let key = self.keys.get(at)?;
                Some((key.clone(), describe(&items[key])))
            }
            _ => None,
        }
    }
}
