//! `lists`: which entries of a server's lists callers see.

use crate::json::cursor::{Cursor, Keys};

/// Which entries of lists callers see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lists {
    /// Which entries are visible.
    pub show: Show,
    /// A longer response with a list is replaced by an error, in bytes.
    pub max_bytes: usize,
}

/// Which entries are visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// Those that the policy could allow a call of.
    Permitted,
    /// All but the tools in `hide`.
    HiddenOnly,
    /// All.
    Full,
}

/// The keys of `lists`.
pub const LISTS_KEYS: Keys = Keys { known: &["show", "max_bytes"] };

impl Default for Lists {
    fn default() -> Self {
        Self { show: Show::Permitted, max_bytes: 8_388_608 }
    }
}

impl Lists {
    pub(super) fn read(at: &Cursor<'_, '_>) -> Option<Self> {
        let fields = at.fields(LISTS_KEYS)?;
        let mut lists = Self::default();
        if let Some(show) = fields.get("show") {
            let choices = [("permitted", Show::Permitted), ("hidden_only", Show::HiddenOnly), ("full", Show::Full)];
            lists.show = show.choice(&choices)?;
        }
        if let Some(bytes) = fields.get("max_bytes") {
            lists.max_bytes = usize::try_from(bytes.integer(1, 64 << 20)?).ok()?;
        }
        Some(lists)
    }
}
