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
        let choices = [("permitted", Show::Permitted), ("hidden_only", Show::HiddenOnly), ("full", Show::Full)];
        if let Some(show) = fields.read("show", |at| at.choice(&choices)) {
            lists.show = show;
        }
        if let Some(bytes) = fields.read("max_bytes", |at| at.integer(1, 64 << 20)) {
            lists.max_bytes = usize::try_from(bytes).ok()?;
        }
        Some(lists)
    }
}
