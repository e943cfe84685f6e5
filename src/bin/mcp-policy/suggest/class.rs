//! What a tool may do, from its wording and its annotations.
//!
//! 1. The words of its name, its titles and its description each say a class; the strictest stands.
//! 2. Annotations make it stricter: `destructiveHint: true` is destructive, `readOnlyHint: false` at least writes.
//! 3. Only where no word says anything does `readOnlyHint: true` make it read. Annotations are the server's own claims,
//!    so they never loosen what its words say.
//! 4. A tool of which nothing is known may do anything: it executes.

use super::{tool::Tool, wording};

/// What a tool may do, from least to most strict. Hidden beats approved: what is hidden cannot be called at all, so a
/// tool that both destroys and moves money is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Class {
    /// It changes nothing.
    Read,
    /// It changes something that can be changed back.
    Write,
    /// It runs something.
    Execute,
    /// It moves money.
    Financial,
    /// It takes something away.
    Destructive,
}

/// A class, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) class: Class,
    pub(super) why: String,
}

impl Class {
    /// As it is written in tables.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Execute => "execute",
            Self::Financial => "financial",
            Self::Destructive => "destructive",
        }
    }

    /// What the policy does with it.
    pub(super) fn treatment(self) -> &'static str {
        match self {
            Self::Read => "open",
            Self::Write => "30 a minute",
            Self::Execute => "10 a minute",
            Self::Financial => "needs approval",
            Self::Destructive => "hidden",
        }
    }
}

impl Finding {
    pub(super) fn new(class: Class, why: impl Into<String>) -> Self {
        Self { class, why: why.into() }
    }

    /// The stricter of two; the first of equals.
    pub(super) fn or_stricter(self, other: Self) -> Self {
        if other.class > self.class { other } else { self }
    }
}

/// Classes a tool.
pub(super) fn classify(tool: &Tool) -> Finding {
    let said = wording::of(tool);
    let found = match (said, tool.read_only) {
        (Some(said), _) => said,
        (None, Some(true)) => Finding::new(Class::Read, "`readOnlyHint: true`, and no word against it"),
        (None, _) => Finding::new(Class::Execute, "no word says what it does, so it may do anything"),
    };
    let hinted = match (tool.destructive, tool.read_only) {
        (Some(true), _) => Finding::new(Class::Destructive, "`destructiveHint: true`"),
        (_, Some(false)) => Finding::new(Class::Write, "`readOnlyHint: false`"),
        _ => return found,
    };
    found.or_stricter(hinted)
}
