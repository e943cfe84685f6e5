//! JSON-RPC replies, in the one shape that no current client hangs on: HTTP 200, the id as sent, the whole reason in
//! `message`. MCP 2025-11-25, `basic`; JSON-RPC 2.0, section 5.

mod data;

use super::{Code, refusal_text};
use crate::json::{Writer, text_name};

pub use self::data::{ApprovalData, ArgumentData, DenialData, DenialKind, Elicitation, LimitData};

/// An HTTP response in place of the server's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// `Retry-After`, in whole seconds.
    pub retry_after: Option<u64>,
    /// JSON; empty for a response without a message.
    pub body: String,
}

/// Room for most replies, in bytes.
const USUAL_BYTES: usize = 1024;

/// A JSON-RPC error. `id` is the token as it was sent; `null` if there is none.
#[must_use]
pub fn error_reply(status: u16, id: Option<&str>, code: Code, message: &str, data: &DenialData<'_>) -> Reply {
    let mut answer = start_reply(id.unwrap_or("null"));
    answer.add_object("error", |error| {
        error
            .add_json("code", code.number())
            .add_string(text_name!("message"), message)
            .add_object("data", |out| data.write(out));
    });
    Reply { status, retry_after: None, body: answer.finish() }
}

/// A result that tells a model that its call failed; `data` is in its `_meta`. With `is_complete` it has a `resultType`, which
/// results must have since revision 2026-07-28. It has no structured content, as an error has none: clients of tools that
/// declare some accept both alike.
#[must_use]
pub fn tool_error(id: &str, message: &str, is_complete: bool, data: &DenialData<'_>) -> Reply {
    let mut content = Writer::default();
    content.add_string("type", "text").add_string("text", message);
    let mut answer = start_reply(id);
    answer.add_object("result", |result| {
        result.add_json("content", format_args!("[{}]", content.finish())).add_json("isError", true);
        if is_complete {
            result.add_string("resultType", "complete");
        }
        add_denial(result, data);
    });
    Reply { status: 200, retry_after: None, body: answer.finish() }
}

fn add_denial(result: &mut Writer, data: &DenialData<'_>) {
    result.add_object("_meta", |meta| {
        meta.add_object("mcp-policy/denial", |out| data.write(out));
    });
}

/// The result that asks a client to show a page to its user under `key`, and to repeat the call then; `data` is in its `_meta`. It
/// holds no state, so that a client has nothing to forge. MCP 2026-07-28, multi round-trip requests.
#[must_use]
pub fn input_required(id: &str, key: &'static str, page: Elicitation<'_>, data: &DenialData<'_>) -> Reply {
    let mut answer = start_reply(id);
    answer.add_object("result", |result| {
        result.add_string("resultType", "input_required").add_object("inputRequests", |requests| {
            requests.add_object(key, |request| {
                request.add_string("method", "elicitation/create").add_object("params", |params| page.write(params));
            });
        });
        add_denial(result, data);
    });
    Reply { status: 200, retry_after: None, body: answer.finish() }
}

/// The reply of a server that does not have this tool: callers must not learn that it exists.
#[must_use]
pub fn unknown_tool_reply(id: &str, tool: &str) -> Reply {
    bare_error(id, Code::InvalidParams, &format!("Unknown tool: {tool}"))
}

/// An error without data, as a server sends it.
#[must_use]
pub fn bare_error(id: &str, code: Code, message: &str) -> Reply {
    let mut answer = start_reply(id);
    answer.add_object("error", |error| {
        error.add_json("code", code.number()).add_string("message", message);
    });
    Reply { status: 200, retry_after: None, body: answer.finish() }
}

fn start_reply(id: &str) -> Writer {
    let mut answer = Writer::with_capacity(USUAL_BYTES);
    answer.add_word(text_name!("jsonrpc"), "2.0").add_raw("id", id);
    answer
}

impl Reply {
    /// The bodies of two replies to one batch, separated by a comma; the caller waits as the first that says how long.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.body.push(',');
        self.body.push_str(&other.body);
        Self { retry_after: self.retry_after.or(other.retry_after), ..self }
    }

    /// The reply to a batch, from the replies to its requests.
    #[must_use]
    pub fn into_batch(self) -> Self {
        Self { status: 200, body: format!("[{}]", self.body), ..self }
    }
}

/// The reply to a notification or a response that is dropped: some clients end the session at any other.
#[must_use]
pub fn accepted_empty() -> Reply {
    Reply { status: 202, retry_after: None, body: String::new() }
}

/// The reply to a refused request without a message.
#[must_use]
pub fn forbidden() -> Reply {
    Reply { status: 403, retry_after: None, body: String::new() }
}

/// The reply when the gateway fails and the request's id is not known.
#[must_use]
pub fn failed() -> Reply {
    let reason = refusal_text::GATEWAY_FAILED;
    error_reply(503, None, Code::Internal, reason, &DenialData::refused(reason))
}
