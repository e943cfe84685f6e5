//! Mistakes in a document, and the words for them.

use std::{cell::RefCell, fmt};

use crate::json::{
    Node, Value,
    pointer::{Pointer, PointerToken, Pointers},
};

/// A mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: a JSON pointer; empty for the document itself.
    pub pointer: String,
    /// Where in the text, in bytes; 0 where there is no text.
    pub at: usize,
    /// What was found, and what is allowed.
    pub message: String,
}

/// The mistakes found so far, in the order of the text.
#[derive(Debug, Default)]
pub struct Problems<'w> {
    places: Pointers<'w>,
    found: RefCell<Vec<Problem>>,
}

impl<'w> Problems<'w> {
    /// Takes out all of them, in the order of the text.
    #[must_use]
    pub fn take(&self) -> Vec<Problem> {
        self.found.take()
    }

    pub(super) fn add(&self, place: Pointer, at: usize, message: String) {
        let problem = Problem { pointer: self.pointer(place), at, message };
        let mut found = self.found.borrow_mut();
        let index = found.partition_point(|other| other.at <= at);
        found.insert(index, problem);
    }

    pub(super) fn place(&self, above: Pointer, segment: PointerToken<'w>) -> Pointer {
        self.places.add(above, segment)
    }

    pub(super) fn pointer(&self, place: Pointer) -> String {
        self.places.pointer(place)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pointer = if self.pointer.is_empty() { "(top level)" } else { &self.pointer };
        write!(f, "{pointer}: {}", self.message)
    }
}

/// What stands there, in words.
pub(super) fn describe(node: &Node<'_>) -> String {
    match &node.value {
        Value::Null => "`null`".to_owned(),
        Value::Bool(flag) => format!("`{flag}`"),
        Value::Number(number) => format!("the number `{number}`"),
        Value::String(text) => format!("the string `{}`", shortened(text)),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// Words as a list: `` `a`, `b` or `c` ``.
pub(super) fn listed<'n>(words: impl Iterator<Item = &'n str>) -> String {
    let mut words: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    match words.pop() {
        None => "nothing".to_owned(),
        Some(last) if words.is_empty() => last,
        Some(last) => format!("{} or {last}", words.join(", ")),
    }
}

/// ` (did you mean …?)` where a known word is near.
pub(super) fn nearest(word: &str, known: &[&str]) -> String {
    let lower = shortened(word).to_ascii_lowercase();
    let distance = |known: &str| strsim::osa_distance(&lower, &known.to_ascii_lowercase());
    let near = known.iter().map(|known| (distance(known), *known)).min();
    match near {
        Some((distance, known)) if distance <= 2 && distance < known.len().min(lower.len().max(1)) => {
            format!(" (did you mean `{known}`?)")
        }
        _ => String::new(),
    }
}

/// A text of the author's, short enough for a message, and without what could forge a line of a log.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(64).map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}
