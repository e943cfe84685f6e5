//! JSON as we write it: objects, member by member.

use std::fmt::{Display, Write as _};

/// An object under construction.
#[derive(Clone, Debug)]
pub struct Writer(String);

impl Default for Writer {
    fn default() -> Self {
        Self("{".to_owned())
    }
}

impl Writer {
    /// An object that takes about so many bytes.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        let mut text = String::with_capacity(bytes);
        text.push('{');
        Self(text)
    }

    /// Adds a string.
    pub fn text(&mut self, name: &'static str, value: &str) -> &mut Self {
        self.name(name);
        quote(value, &mut self.0);
        self
    }

    /// Adds a string, where there is one.
    pub fn optional(&mut self, name: &'static str, value: Option<&str>) -> &mut Self {
        if let Some(value) = value {
            self.text(name, value);
        }
        self
    }

    /// Adds a list of strings.
    pub fn texts<'t>(&mut self, name: &'static str, texts: impl Iterator<Item = &'t str>) -> &mut Self {
        self.name(name);
        self.0.push('[');
        for (index, text) in texts.enumerate() {
            if index > 0 {
                self.0.push(',');
            }
            quote(text, &mut self.0);
        }
        self.0.push(']');
        self
    }

    /// Adds a string, unless it is empty.
    pub fn nonempty(&mut self, name: &'static str, value: &str) -> &mut Self {
        self.optional(name, Some(value).filter(|value| !value.is_empty()))
    }

    /// Adds what shows itself as JSON: a number, or JSON written before.
    pub fn json(&mut self, name: &'static str, value: impl Display) -> &mut Self {
        self.name(name);
        // Writing to a string does not fail.
        let _ = write!(self.0, "{value}");
        self
    }

    /// The object as text.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }

    /// Adds a member whose name is somebody's choice.
    pub fn named(&mut self, name: &str, value: impl Display) -> &mut Self {
        self.comma();
        quote(name, &mut self.0);
        let _ = write!(self.0, ":{value}");
        self
    }

    /// A name of ours needs no escapes.
    fn name(&mut self, name: &'static str) {
        self.comma();
        self.0.push('"');
        self.0.push_str(name);
        self.0.push_str("\":");
    }

    fn comma(&mut self) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
    }
}

/// A text as a JSON string.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut out = String::new();
    quote(text, &mut out);
    out
}

/// Appends a string with its quotes; RFC 8259, section 7.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    while let Some(index) = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1F)) {
        // What needs an escape is ASCII, so the text can be cut before and behind it.
        let (plain, behind) = rest.split_at_checked(index).unwrap_or_default();
        let (special, behind) = behind.split_at_checked(1).unwrap_or_default();
        out.push_str(plain);
        let _ = match special {
            "\"" | "\\" => write!(out, "\\{special}"),
            "\n" => write!(out, "\\n"),
            "\t" => write!(out, "\\t"),
            control => write!(out, "\\u{:04x}", control.bytes().next().unwrap_or_default()),
        };
        rest = behind;
    }
    out.push_str(rest);
    out.push('"');
}
