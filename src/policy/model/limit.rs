//! How much one counter lets through.

use crate::{amount::Amount, policy::path::Path};

/// How much one counter lets through.
#[derive(Clone, Debug)]
pub struct Limit {
    /// Where it stands: a JSON pointer into the policy.
    pub pointer: Box<str>,
    /// The counter's name; one name is one counter in the whole policy.
    pub counter: Box<str>,
    /// Length of the window.
    pub period: Period,
    /// What one window lets through.
    pub max: Amount,
    /// Whose calls count together.
    pub scope: Scope,
    /// Whether the window slides.
    pub sliding: bool,
    /// What a call costs.
    pub cost: Cost,
    /// What the agent is told besides.
    pub text: Option<Box<str>>,
}

/// What a call costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cost {
    /// Always the same, more than nothing.
    Fixed(Amount),
    /// What an argument says; the path leads to one place.
    Argument(Path),
}

/// The length of a window, as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    name: Option<&'static str>,
    seconds: u32,
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
    /// Whether every call costs more than one window lets through.
    #[must_use]
    pub fn never_has_room(&self) -> bool {
        matches!(self.cost, Cost::Fixed(amount) if amount > self.max)
    }
}

impl Period {
    /// The windows that have a name.
    pub const NAMED: [(&'static str, Self); 4] = [
        ("second", Self { name: Some("second"), seconds: 1 }),
        ("minute", Self { name: Some("minute"), seconds: 60 }),
        ("hour", Self { name: Some("hour"), seconds: 3600 }),
        ("day", Self { name: Some("day"), seconds: 86_400 }),
    ];
    /// The longest window in seconds: 31 days.
    pub const MAX_SECONDS: u32 = 2_678_400;

    /// A window of that many seconds, from 1 to [`Self::MAX_SECONDS`].
    #[must_use]
    pub fn of_seconds(seconds: u32) -> Option<Self> {
        (1..=Self::MAX_SECONDS).contains(&seconds).then_some(Self { name: None, seconds })
    }

    /// Its name, if it was written with one.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        self.name
    }

    /// Its length in seconds.
    #[must_use]
    pub fn seconds(self) -> u32 {
        self.seconds
    }
}

impl Scope {
    /// The scopes as they are written.
    pub const NAMED: [(&'static str, Self); 3] =
        [("grant", Self::Grant), ("session", Self::Session), ("global", Self::Global)];

    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Session => "session",
            Self::Global => "global",
        }
    }
}
