//! JSON-RPC answers, in the one shape that no current client hangs or dies on: HTTP 200, the id as sent, the whole
//! reason in `message`. MCP 2025-11-25, `basic`; JSON-RPC 2.0, section 5.

use super::Code;
use crate::{amount::Amount, json::Writer};

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
#[derive(Clone, Debug, Default)]
pub struct Data<'a> {
    /// `denied`, `rate_limited`, `approval_required` or `refused`.
    pub kind: &'static str,
    /// The rule that decided, a JSON pointer into the policy or a name in parentheses.
    pub rule: Option<&'a str>,
    /// Name of the policy.
    pub policy: Option<&'a str>,
    /// The tool, prompt or resource that was named.
    pub tool: Option<&'a str>,
    /// Why, for a person.
    pub reason: &'a str,
    /// Envoy's `x-request-id`.
    pub request_id: Option<&'a str>,
    /// The limit that has no room.
    pub limit: Option<LimitData<'a>>,
    /// Milliseconds until the same call has room again.
    pub retry_after_ms: Option<u64>,
    /// The same as a moment, RFC 3339.
    pub reset_at: Option<String>,
    /// The question that waits for an answer.
    pub approval: Option<ApprovalData<'a>>,
}

/// A question that waits for an answer.
#[derive(Clone, Debug)]
pub struct ApprovalData<'a> {
    /// Its name.
    pub id: &'a str,
    /// Where it is answered.
    pub url: Option<&'a str>,
    /// When it is over, RFC 3339.
    pub expires_at: Option<String>,
}

/// A limit as the policy writes it.
#[derive(Clone, Debug)]
pub struct LimitData<'a> {
    /// Name of the counter.
    pub counter: &'a str,
    /// `second`, `minute`, `hour`, `day` or whole seconds.
    pub window: WindowData<'a>,
    /// What one window lets through.
    pub max: Amount,
    /// Whose calls count together.
    pub scope: &'a str,
}

/// A window by name or in seconds.
#[derive(Clone, Copy, Debug)]
pub enum WindowData<'a> {
    /// By name.
    Named(&'a str),
    /// In seconds.
    Seconds(u32),
}

/// What most answers have room in, in bytes.
const USUAL_BYTES: usize = 1024;

/// A JSON-RPC error. `id` is the token as it was sent; without one the answer says `null`.
#[must_use]
pub fn error(status: u16, id: Option<&str>, code: Code, message: &str, data: &Data<'_>) -> Reply {
    let mut answer = begun(id.unwrap_or("null"));
    answer.object("error", |error| {
        error.json("code", code.number()).text("message", message).object("data", |out| data.write(out));
    });
    Reply { status, retry_after: None, body: answer.finish() }
}

/// A result that tells a model that its call failed. `is_complete` names it so, as since revision 2026-07-28 results have
/// to. Without structured content it breaks clients of tools that promise some no more than an error would.
#[must_use]
pub fn tool_error(id: &str, message: &str, is_complete: bool) -> Reply {
    let mut content = Writer::default();
    content.text("type", "text").text("text", message);
    let mut answer = begun(id);
    answer.object("result", |result| {
        result.json("content", format_args!("[{}]", content.finish())).json("isError", true);
        if is_complete {
            result.text("resultType", "complete");
        }
    });
    Reply { status: 200, retry_after: None, body: answer.finish() }
}

/// The answer to a call of a tool that the caller is not to know of: as servers answer that have no such tool.
#[must_use]
pub fn unknown_tool(id: &str, tool: &str) -> Reply {
    let mut answer = begun(id);
    answer.object("error", |error| {
        error.json("code", Code::InvalidParams.number()).text("message", &format!("Unknown tool: {tool}"));
    });
    Reply { status: 200, retry_after: None, body: answer.finish() }
}

fn begun(id: &str) -> Writer {
    let mut answer = Writer::with_capacity(USUAL_BYTES);
    answer.text("jsonrpc", "2.0").raw("id", id);
    answer
}

impl Data<'_> {
    fn write(&self, data: &mut Writer) {
        data.text("kind", self.kind)
            .optional("rule", self.rule)
            .optional("policy", self.policy)
            .optional("tool", self.tool)
            .text("reason", self.reason)
            .optional("requestId", self.request_id);
        if let Some(limit) = &self.limit {
            data.object("limit", |out| limit.write(out));
        }
        if let Some(wait) = self.retry_after_ms {
            data.json("retryAfterMs", wait);
        }
        data.optional("resetAt", self.reset_at.as_deref());
        if let Some(approval) = &self.approval {
            data.object("approval", |out| approval.write(out));
        }
    }
}

impl ApprovalData<'_> {
    fn write(&self, approval: &mut Writer) {
        approval.text("id", self.id).optional("url", self.url).optional("expiresAt", self.expires_at.as_deref());
    }
}

impl LimitData<'_> {
    fn write(&self, limit: &mut Writer) {
        limit.text("counter", self.counter);
        match self.window {
            WindowData::Named(name) => limit.text("window", name),
            WindowData::Seconds(seconds) => limit.json("window", seconds),
        };
        limit.json("max", self.max).text("scope", self.scope);
    }
}

/// The answer to a notification or a response that is dropped: some clients die on anything else.
#[must_use]
pub fn accepted_empty() -> Reply {
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
