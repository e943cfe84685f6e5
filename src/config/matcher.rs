//! Matches texts exactly, or by a pattern with `*`.

use crate::policy::pattern::Pattern;

/// A text, or a pattern for texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Matcher {
    Exact(Box<str>),
    Pattern(Pattern),
}

impl Matcher {
    pub(super) fn new(text: &str) -> Self {
        Pattern::new(text).map_or_else(|| Self::Exact(text.into()), Self::Pattern)
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => **exact == *text,
            Self::Pattern(pattern) => pattern.matches(text),
        }
    }
}
