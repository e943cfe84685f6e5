//! How arguments violate a schema, in words and for programs.

use crate::{
    json::{Value, pointer},
    policy::path::Segment,
    text::{MAX_CHARS, long_excerpt},
};

/// The argument that does not fit, and why. It holds names and types, never the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where the argument is, innermost step first.
    steps: Vec<Segment>,
    /// The JSON pointer from the schema to the keyword.
    keyword: String,
    /// What was sent there.
    pub sent: Sent,
    /// What the schema says, such as `type integer`.
    pub expected: String,
}

/// What a call has at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// A value of this JSON type, by its name in schemas.
    Type(&'static str),
    /// Nothing, though the schema requires it.
    Missing,
    /// An argument that the schema does not name.
    Unnamed,
}

impl Violation {
    pub(super) fn new(keyword: &str, sent: Sent, expected: String) -> Self {
        let keyword = if keyword.is_empty() { String::new() } else { pointer::member("", keyword) };
        Self { steps: Vec::new(), keyword, sent, expected }
    }

    /// A member that is missing, or that no schema names; `names` are those that the schema has.
    pub(super) fn of_member<'n>(keyword: &str, member: &str, sent: Sent, names: impl Iterator<Item = &'n str>) -> Self {
        let mut expected = String::new();
        for name in names {
            if expected.len() > MAX_CHARS {
                break;
            }
            expected.push_str(if expected.is_empty() { "`" } else { ", `" });
            expected.push_str(name);
            expected.push('`');
        }
        let mut violation = Self::new(keyword, sent, expected);
        violation.steps.push(Segment::Key(member.to_owned()));
        violation
    }

    /// The violation as one in a part of a value: `step` leads there.
    pub(super) fn add_step(&mut self, step: Segment) {
        self.steps.push(step);
    }

    /// The violation as one of a part of a schema: `tokens` lead there.
    pub(super) fn add_keyword(&mut self, tokens: &[&str]) {
        let front = tokens.iter().fold(String::new(), |front, token| pointer::member(&front, token));
        self.keyword.insert_str(0, &front);
    }

    /// How near the value is to what the schema says: the deeper in the value, the nearer. A member that tells alternatives apart
    /// is farther than any other.
    pub(super) fn rank(&self) -> (usize, bool) {
        (self.steps.len(), !self.keyword.ends_with("/const") && !self.keyword.ends_with("/enum"))
    }

    /// Adds what another alternative says of the same value.
    pub(super) fn add_alternative(&mut self, other: &Self) {
        if self.expected != other.expected && self.expected.len() < MAX_CHARS {
            self.expected.push_str(" or ");
            self.expected.push_str(&other.expected);
        }
    }

    /// The JSON pointer of the argument, into `arguments`: at most 256 characters.
    #[must_use]
    pub fn argument(&self) -> String {
        let steps = self.steps.iter().rev();
        let whole = steps.fold(String::new(), |pointer, step| match step {
            Segment::Key(name) => pointer::member(&pointer, name),
            Segment::Index(index) => pointer::member(&pointer, &index.to_string()),
            Segment::Every => pointer,
        });
        long_excerpt(&whole)
    }

    /// The argument as conditions name it, such as `args.items[0].price`: at most 256 characters.
    #[must_use]
    pub fn path(&self) -> String {
        let whole = self.steps.iter().rev().fold("args".to_owned(), |path, step| path + &step.to_string());
        long_excerpt(&whole)
    }

    /// The JSON pointer from the schema to the keyword that the argument violates.
    #[must_use]
    pub fn keyword(&self) -> &str {
        &self.keyword
    }

    /// What the schema says: at most 256 characters.
    #[must_use]
    pub fn expected(&self) -> String {
        long_excerpt(&self.expected)
    }
}

impl Sent {
    /// A value, by its type.
    pub(super) fn of(value: &Value<'_>) -> Self {
        Self::Type(match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        })
    }

    /// One word, for programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Type(name) => name,
            Self::Missing => "missing",
            Self::Unnamed => "unnamed",
        }
    }
}
