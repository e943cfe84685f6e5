//! Log messages that the gateway writes into a server's event stream; MCP 2025-11-25, "Logging".

use crate::json::Writer;

/// A log message that says why a message that belongs to no request was dropped.
#[must_use]
pub(crate) fn dropped(reason: &str) -> String {
    let mut params = Writer::default();
    params.add_string("level", "error").add_string("logger", "mcp-policy");
    params.add_string("data", &["A message was dropped: ", reason].concat());
    let mut notice = Writer::default();
    notice.add_string("jsonrpc", "2.0").add_string("method", "notifications/message");
    notice.add_raw("params", &params.finish());
    notice.finish()
}
