//! `answers`: the form of denials.

use crate::json::cursor::{Cursor, Keys};

/// The form of denials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DenialFormat {
    /// Whether a denied tool call gets a result with `isError`, which models read, or a JSON-RPC error.
    pub as_results: bool,
    /// Whether the response to a tool that is never allowed says that the tool does not exist.
    pub unknown_tool: bool,
}

/// The keys of `answers`.
pub const ANSWERS_KEYS: Keys = Keys { known: &["deny_as", "unknown_tool"] };

impl DenialFormat {
    pub(super) fn read(at: &Cursor<'_, '_>) -> Option<Self> {
        let fields = at.fields(ANSWERS_KEYS)?;
        let choices = [("error", false), ("tool_result", true)];
        let as_results = fields.get("deny_as").map_or(Some(false), |deny_as| deny_as.choice(&choices));
        let unknown_tool = fields.get("unknown_tool").map_or(Some(false), |unknown| unknown.boolean());
        Some(Self { as_results: as_results?, unknown_tool: unknown_tool? })
    }
}
