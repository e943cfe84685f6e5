//! Reads a JSON document as its author wrote it, and reports every mistake at once.
//!
//! Each problem says where it is (a JSON pointer, RFC 6901), what was found, what is allowed, and which known word is
//! near. A reader asks a [`Cursor`] for the expected value; the cursor reports anything else, and the reader goes on.

#[cfg(test)]
mod tests;

use std::collections::HashSet;

pub use crate::json::diagnostic::{Problem, Problems};
use crate::json::{
    Decimal, Member, Node, Value,
    diagnostic::{describe, join_words, suggest_nearest},
    pointer::{self, Pointer, PointerToken},
};
use crate::text::excerpt;

/// A value in a document, and its place there. Copying it is free: places are kept in one list, and spelled out as
/// pointers only for those who ask.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'w, 'a> {
    node: &'w Node<'a>,
    place: Pointer,
    problems: &'w Problems<'w>,
}

/// The keys that an object may have.
#[derive(Clone, Copy, Debug)]
pub struct Keys {
    /// Those that are read.
    pub known: &'static [&'static str],
}

/// The members of an object whose keys are known.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'w, 'a> {
    object: Cursor<'w, 'a>,
    members: &'w [Member<'a>],
}

impl<'w, 'a> Cursor<'w, 'a> {
    /// The top of a document.
    #[must_use]
    pub fn top(node: &'w Node<'a>, problems: &'w Problems<'w>) -> Self {
        Self { node, place: Pointer::TOP, problems }
    }

    /// The JSON pointer of this value.
    #[must_use]
    pub fn pointer(&self) -> String {
        self.problems.pointer(self.place)
    }

    /// The value itself.
    #[must_use]
    pub fn node(self) -> &'w Node<'a> {
        self.node
    }

    /// Reports a problem with this value.
    #[inline(never)]
    pub fn report(&self, message: impl Into<String>) {
        let message = message.into();
        self.report_with(&|| message.clone());
    }

    /// Reports a problem with this value. Its message is built only if the problem is listed.
    pub fn report_with(&self, message: &dyn Fn() -> String) {
        self.problems.add(self.place, self.node.at, message);
    }

    /// Counts something that was compiled from the document. Returns the sum of all so far, without it and with it.
    #[must_use]
    pub fn add_compiled(&self, size: usize) -> [usize; 2] {
        self.problems.add_compiled(size)
    }

    /// An object with known keys. Reports unknown and repeated keys.
    pub fn fields(&self, keys: Keys) -> Option<Fields<'w, 'a>> {
        let members = self.members()?;
        for member in members {
            let name = &*member.name;
            if name == "$schema" && !matches!(member.node.value, Value::String(_)) {
                // As a string it was taken out where it may be.
                self.member(member).report_mismatch("a string");
            } else if !keys.known.contains(&name) {
                self.report_key(member, &|| {
                    let allowed = join_words(keys.known.iter().copied());
                    let near = suggest_nearest(name, keys.known);
                    format!("unknown key `{}`{near}; allowed: {allowed}", excerpt(name))
                });
            }
        }
        Some(Fields { object: *self, members })
    }

    /// An object whose keys the author chooses. Reports repeated keys.
    pub fn entries(&self) -> Option<Vec<(&'w str, Self)>> {
        let members = self.members()?;
        Some(members.iter().map(|member| (&*member.name, self.member(member))).collect())
    }

    /// The names of an object's members, in order; none if this is not an object.
    pub fn names(&self) -> Vec<&'w str> {
        match &self.node.value {
            Value::Object(members) => members.iter().map(|member| &*member.name).collect(),
            _ => Vec::new(),
        }
    }

    /// A list.
    pub fn items(&self) -> Option<Vec<Self>> {
        match &self.node.value {
            Value::Array(nodes) => Some(nodes.iter().enumerate().map(|(index, node)| self.item(index, node)).collect()),
            _ => self.report_expected("a list"),
        }
    }

    /// A string.
    pub fn string(&self) -> Option<&'w str> {
        match &self.node.value {
            Value::String(text) => Some(text),
            _ => self.report_expected("a string"),
        }
    }

    /// The string, and an empty one for what is no string: for formats that no empty string has, which report both alike.
    #[must_use]
    pub fn text_or_empty(&self) -> &'w str {
        match &self.node.value {
            Value::String(text) => text,
            _ => "",
        }
    }

    /// `true` or `false`.
    pub fn boolean(&self) -> Option<bool> {
        match self.node.value {
            Value::Bool(flag) => Some(flag),
            _ => self.report_expected("`true` or `false`"),
        }
    }

    /// One of a few words.
    pub fn choice<T: Copy>(&self, choices: &[(&'static str, T)]) -> Option<T> {
        self.choice_or(choices, "")
    }

    /// One of a few words; `besides` names what else is allowed, for the message.
    pub fn choice_or<T: Copy>(&self, choices: &[(&'static str, T)], besides: &str) -> Option<T> {
        let words: Vec<&'static str> = choices.iter().map(|(word, _)| *word).collect();
        choices.get(self.find_word(&words, besides)?).map(|(_, value)| *value)
    }

    /// Reads one of some words, and returns its index.
    pub fn index_of(&self, words: &[&str]) -> Option<usize> {
        self.find_word(words, "")
    }

    /// Reports a text that is not one of some words. Its time does not depend on how many there are, unless it is listed.
    pub fn report_unlisted(&self, words: &[&str]) {
        self.report_with(&|| {
            let found = if let Value::String(text) = &self.node.value { excerpt(text) } else { String::new() };
            format!("found `{found}`, expected {}{}", join_words(words.iter().copied()), suggest_nearest(&found, words))
        });
    }

    fn find_word(&self, words: &[&str], besides: &str) -> Option<usize> {
        let listed = || join_words(words.iter().copied());
        let Value::String(text) = &self.node.value else {
            self.report_with(&|| {
                let quoted =
                    words.iter().find(|word| matches!(&self.node.value, Value::Number(number) if number == *word));
                let words = quoted.map_or_else(listed, |word| format!("write `\"{word}\"`"));
                format!("found {}, expected a string: {words}{besides}", describe(self.node))
            });
            return None;
        };
        let chosen = words.iter().position(|word| word == text);
        if chosen.is_none() {
            self.report_with(&|| {
                format!("found `{}`, expected {}{besides}{}", excerpt(text), listed(), suggest_nearest(text, words))
            });
        }
        chosen
    }

    /// A whole number within bounds, however it is spelled.
    pub fn integer(&self, least: u64, most: u64) -> Option<u64> {
        let number = match &self.node.value {
            Value::Number(text) => Decimal::new(text).and_then(|number| number.scaled(0)),
            _ => None,
        };
        match number.filter(|number| (least..=most).contains(number)) {
            Some(number) => Some(number),
            None => self.report_expected(&format!("a whole number from {least} to {most}")),
        }
    }

    /// Reports that something else was expected here.
    pub fn report_expected<T>(&self, what: &str) -> Option<T> {
        self.report_mismatch(what);
        None
    }

    #[inline(never)]
    fn report_mismatch(&self, what: &str) {
        self.report_with(&|| format!("found {}, expected {what}", describe(self.node)));
    }

    /// Whether this is an object with one of these keys.
    #[must_use]
    pub fn has_any_key(&self, keys: &[&str]) -> bool {
        match &self.node.value {
            Value::Object(members) => members.iter().any(|member| keys.contains(&&*member.name)),
            _ => false,
        }
    }

    /// The member of this name, if this is an object that has one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Self> {
        let Value::Object(members) = &self.node.value else { return None };
        members.iter().find(|member| member.name == name).map(|member| self.member(member))
    }

    /// Finds the value at a JSON pointer from here.
    #[must_use]
    pub fn at_pointer(&self, pointer: &str) -> Option<Self> {
        pointer.split('/').skip(1).try_fold(*self, |at, step| match &at.node.value {
            Value::Array(nodes) => {
                let index = step.parse().ok()?;
                nodes.get(index).map(|node| at.item(index, node))
            }
            _ => at.get(&pointer::unescape(step)),
        })
    }

    fn members(&self) -> Option<&'w [Member<'a>]> {
        let Value::Object(members) = &self.node.value else { return self.report_expected("an object") };
        let mut seen = HashSet::with_capacity(members.len());
        for member in members.iter().filter(|member| !seen.insert(&*member.name)) {
            self.report_key(member, &|| String::from("the key is repeated; keep one"));
        }
        Some(members)
    }

    fn member(&self, member: &'w Member<'a>) -> Self {
        Self { node: &member.node, place: self.problems.place(self.place, PointerToken::Key(&member.name)), ..*self }
    }

    /// Reports a problem at the key of a member.
    fn report_key(&self, member: &'w Member<'a>, message: &dyn Fn() -> String) {
        let key = self.member(member);
        key.problems.add(key.place, member.at, message);
    }

    fn item(&self, index: usize, node: &'w Node<'a>) -> Self {
        Self { node, place: self.problems.place(self.place, PointerToken::Index(index)), ..*self }
    }
}

impl<'w, 'a> Fields<'w, 'a> {
    /// The object whose members these are.
    #[must_use]
    pub fn object(&self) -> &Cursor<'w, 'a> {
        &self.object
    }

    /// The value of a key, if the object has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Cursor<'w, 'a>> {
        let member = self.members.iter().find(|member| member.name == key)?;
        Some(self.object.member(member))
    }

    /// Reads the value of a key, if the object has it. A wrong value, which `read` reports, is as good as none: the document is
    /// refused, and its other mistakes are found first.
    pub fn read<T>(&self, key: &str, read: impl FnOnce(&Cursor<'w, 'a>) -> Option<T>) -> Option<T> {
        self.get(key).and_then(|at| read(&at))
    }

    /// The value of a key that has to be there.
    #[must_use]
    pub fn required(&self, key: &str) -> Option<Cursor<'w, 'a>> {
        let value = self.get(key);
        if value.is_none() {
            self.object.report(format!("the key `{key}` is missing"));
        }
        value
    }
}
