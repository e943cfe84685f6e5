//! A tool as a server lists it, as far as it matters here.

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

/// What a server lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Listing {
    /// Its tools, in its order.
    pub(super) tools: Vec<Tool>,
    /// What else is to be said of it.
    pub(super) remarks: Vec<String>,
}
