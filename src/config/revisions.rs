//! `protocol.revisions`: the MCP revisions that are accepted, against downgrades. Product contract, section 1.5.

use crate::json::cursor::Cursor;

/// The revisions that may be listed.
pub const REVISIONS: [&str; 5] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"];

/// A list of revisions, in order of their dates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revisions(Vec<&'static str>);

impl Revisions {
    pub(super) fn read(at: &Cursor<'_, '_>) -> Option<Self> {
        let items = at.items()?;
        if items.is_empty() {
            at.report("the list is empty, so no message could pass; add a revision such as `2026-07-28`");
        }
        let read: Vec<Option<usize>> = items.iter().map(|item| item.index_of(&REVISIONS)).collect();
        let listed: Vec<usize> = read.into_iter().collect::<Option<_>>()?;
        let is_listed = |(index, _): &(usize, &&str)| listed.contains(index);
        Some(Self(REVISIONS.iter().enumerate().filter(is_listed).map(|(_, revision)| *revision).collect()))
    }

    /// The list.
    #[must_use]
    pub fn listed(&self) -> &[&'static str] {
        &self.0
    }
}
