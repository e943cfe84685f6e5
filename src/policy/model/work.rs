//! The work that searches for names take, in units of [`crate::budget::Work`].

use super::{Policy, Section};
use crate::policy::{pattern::Precision, uri};

/// What the checks of a URI take for each byte, in units of [`crate::budget::Work`].
const URI_BYTE: usize = 20;

impl Policy {
    /// The work that a search for a name takes at most: for a tool in `hide`, too, for a URI three times if a server may read
    /// a part of it alone.
    #[must_use]
    pub fn search_work(&self, section: Section, name: &str, precision: Precision) -> usize {
        let hidden = || self.hidden.search_work(name, precision);
        match section {
            Section::Hide => hidden(),
            Section::Tools => hidden().saturating_add(self.tools.search_work(name, precision)),
            Section::Prompts => self.prompts.search_work(name, precision),
            Section::Resources => {
                let normalized = uri::normalize(name);
                let read = name.len().saturating_mul(URI_BYTE);
                let searches = if uri::part_read_alone(&normalized).is_some() { 3 } else { 1 };
                self.resources.search_work(&normalized, precision).saturating_mul(searches).saturating_add(read)
            }
        }
    }

    /// The work that [`Self::permits_prefix`] takes at most.
    #[must_use]
    pub fn prefix_work(&self, front: &str) -> usize {
        self.resources.prefix_work(front).saturating_add(front.len().saturating_mul(URI_BYTE))
    }
}
