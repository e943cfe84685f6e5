//! How much one counter lets through.

use std::{fmt, sync::Arc};

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
    pub counter: Arc<str>,
    /// Whether its counter is one of `all_tools`, which all tools use up together, whichever rule has the limit.
    pub is_of_all_tools: bool,
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
    /// Which values are counted apart; `None` if all calls count together.
    pub key: Option<LimitKey>,
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

/// Which values of calls are counted apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LimitKey {
    /// The whole call.
    Call,
    /// Arguments: one to four paths, each to one place.
    Arguments(Vec<Path>),
}

impl LimitKey {
    /// The arguments that it reads.
    #[must_use]
    pub fn paths(&self) -> &[Path] {
        match self {
            Self::Call => &[],
            Self::Arguments(paths) => paths,
        }
    }
}

/// As messages name it: `` `args.repo` and `args.branch` ``.
impl fmt::Display for LimitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call => f.write_str("arguments"),
            Self::Arguments(paths) => {
                let mut separator = "";
                paths.iter().try_for_each(|path| write!(f, "{}`{path}`", std::mem::replace(&mut separator, " and ")))
            }
        }
    }
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

    /// Whether no call has room: `max` is 0, or each costs more than one window lets through.
    #[must_use]
    pub fn never_has_room(&self) -> bool {
        self.max.is_some_and(|max| max == Amount::ZERO || matches!(&self.cost, Cost::Fixed(amount) if *amount > max))
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
