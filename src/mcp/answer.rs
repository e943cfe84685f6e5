//! JSON-RPC answers, in the one shape that no current client hangs or dies on: HTTP 200, the id as sent, the whole
//! reason in `message`. MCP 2025-11-25, `basic`; JSON-RPC 2.0, section 5.

use serde::Serialize;

use super::Code;

/// An HTTP reply to be sent instead of the server's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// `Retry-After`, in whole seconds.
    pub retry_after: Option<u64>,
    /// JSON, or nothing.
    pub body: String,
}

/// What a machine can read of a refusal: `error.data`.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Data<'a> {
    /// `denied`, `rate_limited`, `approval_required` or `refused`.
    pub kind: &'static str,
    /// The rule that decided, a JSON pointer into the policy or a name in parentheses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<&'a str>,
    /// Name of the policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<&'a str>,
    /// The tool, prompt or resource that was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<&'a str>,
    /// Why, for a person.
    pub reason: &'a str,
    /// Envoy's `x-request-id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<&'a str>,
    /// The limit that has no room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<LimitData<'a>>,
    /// Milliseconds until the same call has room again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// The same as a moment, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reset_at: Option<String>,
}

/// A limit as the policy writes it.
#[derive(Clone, Debug, Serialize)]
pub struct LimitData<'a> {
    /// Name of the counter.
    pub counter: &'a str,
    /// `second`, `minute`, `hour`, `day` or whole seconds.
    pub window: WindowData<'a>,
    /// What one window lets through.
    pub max: u64,
    /// Whose calls count together.
    pub scope: &'a str,
}

/// A window by name or in seconds.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(untagged)]
pub enum WindowData<'a> {
    /// By name.
    Named(&'a str),
    /// In seconds.
    Seconds(u32),
}

#[derive(Serialize)]
struct Error<'a> {
    code: i32,
    message: &'a str,
    data: &'a Data<'a>,
}

/// A JSON-RPC error. `id` is the token as it was sent; without one the answer says `null`.
#[must_use]
pub fn error(status: u16, id: Option<&str>, code: Code, message: &str, data: &Data<'_>) -> Reply {
    let error = Error { code: code.number(), message, data };
    // Strings and numbers always serialise; were it not so, the agent would still learn the code.
    let error = serde_json::to_string(&error)
        .unwrap_or_else(|_| format!(r#"{{"code":{},"message":"refused"}}"#, code.number()));
    let body = format!(r#"{{"jsonrpc":"2.0","id":{},"error":{error}}}"#, id.unwrap_or("null"));
    Reply { status, retry_after: None, body }
}

/// The answer to a notification or a response that is dropped: some clients die on anything else.
#[must_use]
pub fn dropped() -> Reply {
    Reply { status: 202, retry_after: None, body: String::new() }
}

/// The answer to a refused request that carries no message.
#[must_use]
pub fn forbidden() -> Reply {
    Reply { status: 403, retry_after: None, body: String::new() }
}

/// The answer to a request of which nothing is known, when we fail: nothing passes.
#[must_use]
pub fn failed() -> Reply {
    let reason = "the gateway failed, so the request was not let through; try again later";
    let data = Data { kind: "refused", reason, ..Data::default() };
    error(503, None, Code::Internal, reason, &data)
}
