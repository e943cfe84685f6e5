//! `tasks`: who may ask for the tasks of a server.

use crate::json::cursor::{Cursor, Keys};

/// Who may ask for the tasks of a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tasks {
    /// Whether only the caller whose call was answered with a task may ask for it.
    pub owner: bool,
}

/// The keys of `tasks`.
pub const TASKS_KEYS: Keys = Keys { known: &["owner"] };

impl Tasks {
    pub(super) fn read(at: &Cursor<'_, '_>) -> Option<Self> {
        let fields = at.fields(TASKS_KEYS)?;
        Some(Self { owner: fields.get("owner").map_or(Some(false), |owner| owner.boolean())? })
    }
}
