//! What is wrong with a condition as written.

use std::{borrow::Cow, fmt};

use crate::{json::Node, text::excerpt};

use super::{display, operator};

/// One thing that is wrong with a condition's `op` or `value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionError {
    /// Which member of the condition.
    pub part: Part,
    /// What was found there, user text in back-ticks.
    pub found: String,
    /// What is allowed there.
    pub allowed: Cow<'static, str>,
    /// Whether it is about an operator that does not exist.
    pub is_unknown: bool,
}

/// A member of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `op`
    Op,
    /// `value`
    Value,
    /// The element of `value` at this index.
    Item(usize),
    /// The element of `folders` in `value` at this index.
    Folder(usize),
    /// `base` in `value`.
    Base,
}

impl ConditionError {
    /// About a value that is there, or missing.
    pub(super) fn new(part: Part, found: Option<&Node<'_>>, allowed: &'static str) -> Self {
        let found =
            found.map_or_else(|| "nothing".to_owned(), |node| format!("`{}`", display::display_value(&node.value)));
        Self { part, found, allowed: Cow::Borrowed(allowed), is_unknown: false }
    }

    /// About an operator that does not exist.
    pub(super) fn unknown(op: &str, known: &[&str]) -> Self {
        let allowed = Cow::Owned(format!("one of `{}`", known.join("`, `")));
        Self { part: Part::Op, found: format!("`{}`", excerpt(op)), allowed, is_unknown: true }
    }

    /// The known operator that is called so in other languages, or whose name is near. It takes time, so it is not looked for in an
    /// error that is not listed.
    #[must_use]
    pub fn meant(&self) -> Option<&'static str> {
        if self.is_unknown { operator::translate_operator(self.found.trim_matches('`')) } else { None }
    }

    /// Adds why what was found is not allowed.
    pub(super) fn because(mut self, reason: impl fmt::Display) -> Self {
        self.found = format!("{} ({reason})", self.found);
        self
    }
}

impl Part {
    /// The JSON pointer from the condition to this member.
    #[must_use]
    pub fn pointer(self) -> Cow<'static, str> {
        match self {
            Self::Op => Cow::Borrowed("/op"),
            Self::Value => Cow::Borrowed("/value"),
            Self::Item(index) => Cow::Owned(format!("/value/{index}")),
            Self::Folder(index) => Cow::Owned(format!("/value/folders/{index}")),
            Self::Base => Cow::Borrowed("/value/base"),
        }
    }
}

impl fmt::Display for ConditionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: found {}, allowed is {}", self.part.pointer(), self.found, self.allowed)?;
        self.meant().map_or(Ok(()), |meant| write!(f, "; did you mean `{meant}`?"))
    }
}
