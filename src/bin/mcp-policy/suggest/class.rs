//! What a tool may do, and why one thinks so.

/// What a tool may do, from least to most strict. A tool that both destroys and moves money is hidden, since a hidden
/// tool cannot be called at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Class {
    /// It changes nothing.
    Read,
    /// It makes changes that can be reverted.
    Write,
    /// It runs something.
    Execute,
    /// It moves money.
    Financial,
    /// It deletes something.
    Destructive,
}

/// A class, and the reason for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) class: Class,
    pub(crate) reason: String,
}

impl Class {
    /// Its name in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Execute => "execute",
            Self::Financial => "financial",
            Self::Destructive => "destructive",
        }
    }

    /// What the policy does with the tool.
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
    pub(super) fn new(class: Class, reason: impl Into<String>) -> Self {
        Self { class, reason: reason.into() }
    }

    /// The stricter of two; the first of equals.
    pub(super) fn or_stricter(self, other: Self) -> Self {
        if other.class > self.class { other } else { self }
    }
}
