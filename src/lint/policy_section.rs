//! The maps of a policy whose keys name targets.

use crate::policy::{Policy, Rule, pattern::Table};

/// A map of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PolicySection {
    Tools,
    Resources,
    Prompts,
}

impl PolicySection {
    pub(super) const ALL: [Self; 3] = [Self::Tools, Self::Resources, Self::Prompts];

    /// Its key in the policy.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Resources => "resources",
            Self::Prompts => "prompts",
        }
    }

    /// The word for one of its targets.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Tools => "tool",
            Self::Resources => "resource",
            Self::Prompts => "prompt",
        }
    }

    /// The entries in a policy.
    pub(super) fn entries(self, policy: &Policy) -> &Table<Rule> {
        match self {
            Self::Tools => policy.tools(),
            Self::Resources => policy.resources(),
            Self::Prompts => policy.prompts(),
        }
    }
}
