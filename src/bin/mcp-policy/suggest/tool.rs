//! A tool as a server lists it, and what the tool may do.

/// A tool of a `tools/list` answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tool {
    /// `name`
    pub(super) name: String,
    /// `title` and `annotations.title`
    pub(super) titles: Vec<String>,
    /// `description`
    pub(super) description: String,
    /// `annotations.readOnlyHint`
    pub(super) read_only: Option<bool>,
    /// `annotations.destructiveHint`
    pub(super) destructive: Option<bool>,
}

/// The tools of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Listing {
    /// In the server's order.
    pub(super) tools: Vec<Tool>,
    /// Remarks for the user.
    pub(super) remarks: Vec<String>,
}

/// What a tool may do, from least to most strict. A tool that both destroys and moves money is hidden, since a hidden
/// tool cannot be called at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Class {
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
pub(super) struct Finding {
    pub(super) class: Class,
    pub(super) reason: String,
}

impl Class {
    /// Its name in tables.
    pub(super) fn name(self) -> &'static str {
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
