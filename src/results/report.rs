//! What was found in an answer: counts by finder, and why it is refused. Never a text of it.

use crate::policy::{BuiltIn, Finder};

/// How often each finder found something: the formats that are known, in their order, then all expressions of policies together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FinderCounts([u32; BuiltIn::ALL.len() + 1]);

/// A find that refuses an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultDenial {
    /// The entry of the policy: a JSON pointer into it.
    pub pointer: Box<str>,
    /// The finder's name in records and statistics.
    pub finder: &'static str,
    /// The policy author's reason.
    pub on_deny: Option<Box<str>>,
}

impl FinderCounts {
    /// Counts a find.
    pub(super) fn add(&mut self, finder: &Finder) {
        let index = match finder {
            Finder::BuiltIn(built_in) => *built_in as usize,
            Finder::Expression(_) => BuiltIn::ALL.len(),
        };
        if let Some(count) = self.0.get_mut(index) {
            *count = count.saturating_add(1);
        }
    }

    /// Adds other counts.
    pub fn merge(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(count, more)| *count = count.saturating_add(more));
    }

    /// The finders that found something, and how often.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u32)> {
        let names = BuiltIn::ALL.into_iter().map(|(name, _)| name).chain([Finder::EXPRESSION]);
        names.zip(self.0).filter(|(_, count)| *count > 0)
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0 == Self::default().0
    }
}
