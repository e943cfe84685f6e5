//! What a policy means. Every value here is one that can be enforced.

use super::pattern::Table;

/// A compiled policy.
#[derive(Clone, Debug)]
pub struct Policy {
    pub(super) default: Stance,
    pub(super) hidden: Table<()>,
    pub(super) all_tools: Rule,
    pub(super) tools: Table<Rule>,
}

/// What happens to what no entry names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stance {
    /// It passes.
    Allow,
    /// It is denied.
    Deny,
}

/// What a policy says of a tool's name.
#[derive(Clone, Copy, Debug)]
pub enum Entry<'p> {
    /// It is hidden, which beats everything.
    Hidden,
    /// A rule decides.
    Rule(&'p Rule),
    /// No entry names it: the default decides.
    Unnamed(Stance),
}

/// What one entry of a policy asks of a call.
#[derive(Clone, Debug, Default)]
pub struct Rule {
    /// The first denial that holds decides.
    pub denials: Vec<Denial>,
    /// All must have room.
    pub limits: Vec<Limit>,
}

/// Denies every call.
#[derive(Clone, Debug)]
pub struct Denial {
    /// Where it stands: a JSON pointer into the policy.
    pub pointer: Box<str>,
    /// What the agent is told.
    pub text: Option<Box<str>>,
}

/// How much one counter lets through.
#[derive(Clone, Debug)]
pub struct Limit {
    /// Where it stands: a JSON pointer into the policy.
    pub pointer: Box<str>,
    /// The counter's name; one name is one counter in the whole policy.
    pub counter: Box<str>,
    /// Length of the window.
    pub period: Period,
    /// Calls that one window lets through.
    pub max: u64,
    /// Whose calls count together.
    pub scope: Scope,
    /// Whether the window slides.
    pub sliding: bool,
    /// What the agent is told besides.
    pub text: Option<Box<str>>,
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
    /// Those of all callers of the policy.
    Global,
}

impl Policy {
    /// What the policy says of a tool.
    #[must_use]
    pub fn tool(&self, name: &str) -> Entry<'_> {
        if self.hidden.get(name).is_some() {
            return Entry::Hidden;
        }
        self.tools.get(name).map_or(Entry::Unnamed(self.default), Entry::Rule)
    }

    /// The rule that every tool call has to pass besides its own.
    #[must_use]
    pub fn all_tools(&self) -> &Rule {
        &self.all_tools
    }

    /// What happens to what no entry names.
    #[must_use]
    pub fn default(&self) -> Stance {
        self.default
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

impl Rule {
    /// Whether no call whatever passes.
    #[must_use]
    pub fn denies_unconditionally(&self) -> bool {
        !self.denials.is_empty()
    }
}

impl Scope {
    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Global => "global",
        }
    }
}
