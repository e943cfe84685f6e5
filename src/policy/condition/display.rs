//! Values and texts for people: short, and without characters that could forge a log line.

use crate::{
    json::Value,
    text::{EXCERPT_CHARS, is_invisible},
};

/// A value as JSON.
pub(in crate::policy) fn display_value(value: &Value<'_>) -> String {
    let mut out = ShortText::default();
    out.value(value);
    out.finish()
}

/// Takes no more than [`EXCERPT_CHARS`] characters, so that a large argument costs no time.
#[derive(Default)]
struct ShortText {
    out: String,
    count: usize,
    cut: bool,
}

impl ShortText {
    fn value(&mut self, value: &Value<'_>) {
        match value {
            Value::Null => self.push("null"),
            Value::Bool(true) => self.push("true"),
            Value::Bool(false) => self.push("false"),
            Value::Number(number) => self.push(number),
            Value::String(text) => self.quoted(text),
            Value::Array(elements) => {
                self.push("[");
                let mut separator = "";
                for element in elements {
                    if self.cut {
                        return;
                    }
                    self.push(separator);
                    self.value(&element.value);
                    separator = ", ";
                }
                self.push("]");
            }
            Value::Object(members) => {
                self.push("{");
                let mut separator = "";
                for member in members {
                    if self.cut {
                        return;
                    }
                    self.push(separator);
                    self.quoted(&member.name);
                    self.push(": ");
                    self.value(&member.node.value);
                    separator = ", ";
                }
                self.push("}");
            }
        }
    }

    fn quoted(&mut self, text: &str) {
        self.push("\"");
        self.escaped(text);
        self.push("\"");
    }

    fn escaped(&mut self, text: &str) {
        for c in text.chars() {
            if self.cut {
                return;
            }
            match c {
                '"' => self.push("\\\""),
                '\\' => self.push("\\\\"),
                c if is_invisible(c) => c.escape_unicode().for_each(|c| self.push(c.encode_utf8(&mut [0; 4]))),
                c => self.push(c.encode_utf8(&mut [0; 4])),
            }
        }
    }

    fn push(&mut self, text: &str) {
        for c in text.chars() {
            if self.count == EXCERPT_CHARS {
                self.cut = true;
                return;
            }
            self.count = self.count.saturating_add(1);
            self.out.push(c);
        }
    }

    fn finish(mut self) -> String {
        if self.cut {
            self.out.push('…');
        }
        self.out
    }
}
