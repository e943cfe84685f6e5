//! The parts of a text that need not be JSON yet: its author is typing.
//!
//! A strict reader stops at the first mistake. This one marks the part that has it and reads on, so that the form stays open for
//! all other parts. It decides nothing: the engine reads the text again, strictly.

#[cfg(test)]
mod tests;

use std::ops::Range;

use mcp_policy::config::Config;
use serde_json::{Map, Value};

/// A value of the text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    /// Where it is, in bytes.
    pub(super) span: Range<usize>,
    pub(super) kind: Kind,
}

/// What a part is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// `is_whole`: whether its own signs are in order. Each member has its own mistakes.
    Object {
        members: Vec<Member>,
        is_whole: bool,
    },
    Array {
        items: Vec<Part>,
        is_whole: bool,
    },
    /// A text, a number, a boolean or `null`.
    Scalar(Value),
    /// It is not a value.
    Broken,
}

/// A member of an object.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Member {
    pub(super) name: String,
    /// Where its name starts.
    pub(super) start: usize,
    pub(super) value: Part,
}

impl Part {
    /// Reads the first value of a text. Takes time linear in the text.
    pub(super) fn read(text: &str) -> Self {
        let mut scanner = Scanner { text, at: 0, open: Vec::new() };
        scanner.value()
    }

    /// The part at a pointer, whose tokens are not escaped.
    pub(super) fn find(&self, pointer: &[String]) -> Option<&Self> {
        pointer.iter().try_fold(self, |part, token| part.child(token))
    }

    /// A member or an item.
    pub(super) fn child(&self, token: &str) -> Option<&Self> {
        match &self.kind {
            // The first of a name that is repeated.
            Kind::Object { members, .. } => {
                members.iter().find(|member| member.name == token).map(|member| &member.value)
            }
            Kind::Array { items, .. } => items.get(token.parse::<usize>().ok()?),
            Kind::Scalar(_) | Kind::Broken => None,
        }
    }

    /// The value, with `null` for each part that is not one. Adds the pointers of those, and of what is not whole, to `broken`.
    pub(super) fn value(&self, pointer: &mut Vec<String>, broken: &mut Vec<Vec<String>>) -> Value {
        let is_whole = match &self.kind {
            Kind::Object { is_whole, .. } | Kind::Array { is_whole, .. } => *is_whole,
            Kind::Scalar(_) => true,
            Kind::Broken => false,
        };
        if !is_whole {
            broken.push(pointer.clone());
        }
        let mut inner = |token: String, part: &Self| {
            pointer.push(token);
            let value = part.value(pointer, broken);
            pointer.pop();
            value
        };
        match &self.kind {
            Kind::Object { members, .. } => {
                let mut object = Map::new();
                for Member { name, value, .. } in members {
                    let value = inner(name.clone(), value);
                    object.entry(name.as_str()).or_insert(value);
                }
                Value::Object(object)
            }
            Kind::Array { items, .. } => {
                Value::Array(items.iter().enumerate().map(|(index, item)| inner(index.to_string(), item)).collect())
            }
            Kind::Scalar(value) => value.clone(),
            Kind::Broken => Value::Null,
        }
    }
}

/// Reads a text from left to right.
struct Scanner<'t> {
    text: &'t str,
    at: usize,
    /// The signs that end what is open.
    open: Vec<u8>,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at = self.at.saturating_add(1);
        }
    }

    fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn value(&mut self) -> Part {
        self.skip_space();
        let start = self.at;
        let kind = match self.peek() {
            Some(b'{') if !self.is_too_deep() => self.object(),
            Some(b'[') if !self.is_too_deep() => self.array(),
            Some(b'{' | b'[') => self.skip_deep(),
            _ => self.scalar(),
        };
        Part { span: start..self.at, kind }
    }

    fn is_too_deep(&self) -> bool {
        self.open.len() >= Config::MAX_DEPTH as usize
    }

    /// Passes over what no configuration holds, without recursion.
    fn skip_deep(&mut self) -> Kind {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.string();
                    continue;
                }
                b'{' | b'[' => depth = depth.saturating_add(1),
                b'}' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.step();
            if depth == 0 {
                break;
            }
        }
        Kind::Broken
    }

    /// A text up to its end, or up to the end of the line if it has none.
    fn string(&mut self) -> Range<usize> {
        let start = self.at;
        self.step();
        while let Some(byte) = self.peek() {
            match byte {
                b'\n' => break,
                b'\\' if self.text.as_bytes().get(self.at.saturating_add(1)).is_some_and(|next| *next != b'\n') => {
                    self.step();
                }
                b'"' => {
                    self.step();
                    break;
                }
                _ => {}
            }
            self.step();
        }
        start..self.at
    }

    fn scalar(&mut self) -> Kind {
        let span = if self.peek() == Some(b'"') {
            self.string()
        } else {
            let start = self.at;
            let is_sign = |byte: u8| byte.is_ascii_whitespace() || b",:{}[]\"".contains(&byte);
            while self.peek().is_some_and(|byte| !is_sign(byte)) {
                self.step();
            }
            start..self.at
        };
        // The end of a line may be within a character that `\` escapes.
        let text = self.text.get(span).unwrap_or_default();
        serde_json::from_str(text).map_or(Kind::Broken, Kind::Scalar)
    }

    fn object(&mut self) -> Kind {
        let mut members = Vec::new();
        let is_whole = self.entries(b'}', |scanner| {
            let start = scanner.at;
            if scanner.peek() != Some(b'"') {
                return false;
            }
            let span = scanner.string();
            let name: Option<String> = serde_json::from_str(scanner.text.get(span).unwrap_or_default()).ok();
            scanner.skip_space();
            let has_colon = scanner.peek() == Some(b':');
            if has_colon {
                scanner.step();
            }
            let is_member = has_colon && name.is_some();
            if has_colon {
                let value = scanner.value();
                members.extend(name.map(|name| Member { name, start, value }));
            }
            is_member
        });
        Kind::Object { members, is_whole }
    }

    fn array(&mut self) -> Kind {
        let mut items = Vec::new();
        let is_whole = self.entries(b']', |scanner| {
            items.push(scanner.value());
            true
        });
        Kind::Array { items, is_whole }
    }

    /// Reads the entries of an object or an array up to `end`. Returns whether all signs are in order.
    fn entries(&mut self, end: u8, mut entry: impl FnMut(&mut Self) -> bool) -> bool {
        self.step();
        self.open.push(end);
        let mut is_whole = true;
        // Whether an entry may come, and whether the last sign was a comma.
        let (mut is_due, mut is_after_comma) = (true, false);
        loop {
            self.skip_space();
            let before = self.at;
            match self.peek() {
                None => is_whole = false,
                Some(byte) if byte == end => {
                    is_whole &= !is_after_comma;
                    self.step();
                }
                // It ends something further out: this one has no end.
                Some(byte @ (b'}' | b']')) if self.open.contains(&byte) => is_whole = false,
                Some(b',') => {
                    is_whole &= !is_due;
                    (is_due, is_after_comma) = (true, true);
                    self.step();
                    continue;
                }
                Some(_) => {
                    let is_entry = entry(self);
                    is_whole &= is_due && is_entry;
                    (is_due, is_after_comma) = (false, false);
                    if self.at == before {
                        // What it cannot read it passes over, a character at a time.
                        let length =
                            self.text.get(before..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
                        self.at = self.at.saturating_add(length);
                        is_whole = false;
                    }
                    continue;
                }
            }
            break;
        }
        self.open.pop();
        is_whole
    }
}
