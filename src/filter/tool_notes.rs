//! What lists say of tools whose calls need approval, for approvers to read.

use crate::{
    approval::{NotedTool, ToolNote, ToolNotes},
    mcp::list::definition::{self, ToolEffect},
};

use super::{host, shared_data::SharedData};

/// Keeps what a list says of a tool whose calls need approval.
#[cold]
pub(super) fn note_tool(policy: &str, route: &str, tool: &str, entry: &[u8]) {
    let Ok(Some(filter)) = host::plugin_name() else { return };
    let (description, effect) = definition::summary(entry);
    let class = match effect {
        Some(ToolEffect::Reads) => "read-only",
        Some(ToolEffect::Destroys) => "destructive",
        None => "",
    };
    let tool = NotedTool { filter: &filter, policy, route, tool };
    ToolNotes(&SharedData).set(tool, &ToolNote { description, class });
}
