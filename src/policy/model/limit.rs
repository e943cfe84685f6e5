//! How much one counter lets through.

use crate::{
    amount::Amount,
    policy::path::Path,
    window::{Algorithm, Window},
};

/// How much one counter lets through.
#[derive(Clone, Debug)]
pub struct Limit {
    /// Its place: a JSON pointer into the policy.
    pub pointer: Box<str>,
    /// The counter's name; one name is one counter in the whole policy.
    pub counter: Box<str>,
    /// The length of the window.
    pub window: Window,
    /// What one window lets through; `None` if it only counts.
    pub max: Option<Amount>,
    /// Whose calls count together.
    pub scope: Scope,
    /// How the count is forgotten.
    pub algorithm: Algorithm,
    /// What a call costs.
    pub cost: Cost,
    /// The policy author's reason, which the agent gets beside the limit.
    pub reason: Option<Box<str>>,
}

/// What a call costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cost {
    /// Always the same, more than nothing.
    Fixed(Amount),
    /// What an argument says; the path leads to one place.
    Argument(Path),
}

/// Whose calls count together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those of one caller identity.
    Grant,
    /// Those of one caller identity in one MCP session. No security limit: callers open sessions as they like.
    Session,
    /// Those of all callers of the policy.
    Global,
}

impl Limit {
    /// Whether it lets less through than another limit on the same counter.
    #[must_use]
    pub fn is_stricter_than(&self, other: &Self) -> bool {
        self.max.is_some_and(|max| other.max.is_none_or(|other| max < other))
    }

    /// Whether every call costs more than one window lets through.
    #[must_use]
    pub fn never_has_room(&self) -> bool {
        matches!((&self.cost, self.max), (Cost::Fixed(amount), Some(max)) if *amount > max)
    }
}

impl Scope {
    /// The scopes as a policy names them.
    pub const NAMED: [(&'static str, Self); 3] =
        [("grant", Self::Grant), ("session", Self::Session), ("global", Self::Global)];

    /// Its name in a policy.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Session => "session",
            Self::Global => "global",
        }
    }
}
