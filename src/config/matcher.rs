//! Matches texts exactly, or by a pattern with `*`.

use crate::{identity::Source, json::cursor::Cursor, policy::pattern::Pattern, text::excerpt};

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

    /// Reads a grant, or a pattern for grants. Reports one that no source yields.
    pub(super) fn read_grant(at: &Cursor<'_, '_>, sources: &[Source]) -> Option<Self> {
        let text = at.string()?;
        let matcher = Self::new(text);
        if !sources.iter().any(|source| source.may_yield(matcher.front(), &|grant| matcher.matches(grant))) {
            let grant = excerpt(text);
            at.report(format!("no source in `identity` yields `{grant}`; add one, or correct the grant"));
        }
        Some(matcher)
    }

    /// What every text begins with that it matches.
    pub(super) fn front(&self) -> &str {
        match self {
            Self::Exact(exact) => exact,
            Self::Pattern(pattern) => pattern.as_str().split('*').next().unwrap_or_default(),
        }
    }

    /// As it is written. A pattern matches another one's text only if it matches all that the other one matches: only a `*`
    /// matches a `*`.
    #[cfg(not(target_os = "wasi"))]
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Exact(exact) => exact,
            Self::Pattern(pattern) => pattern.as_str(),
        }
    }

    /// Whether some text matches both.
    #[cfg(not(target_os = "wasi"))]
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Pattern(pattern), Self::Pattern(other)) => pattern.overlaps(other),
            (Self::Pattern(_), Self::Exact(text)) => self.matches(text),
            (Self::Exact(text), other) => other.matches(text),
        }
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => **exact == *text,
            Self::Pattern(pattern) => pattern.matches(text),
        }
    }
}
