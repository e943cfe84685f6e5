//! What an answer must look like (the contract of refusals), asserted as a whole.

use crate::client::Response;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

/// Denied by the policy.
pub(crate) const DENIED: i64 = -31403;
/// A person must approve the call.
pub(crate) const APPROVAL_REQUIRED: i64 = -31428;
/// A limit has no room.
pub(crate) const RATE_LIMITED: i64 = -31429;

/// A JSON-RPC error as it was written: the id as its token, which `Value` would normalise.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reply<'a> {
    jsonrpc: &'a str,
    #[serde(borrow)]
    id: &'a RawValue,
    error: Value,
}

/// Asserts that the upstream has answered.
#[track_caller]
pub(crate) fn assert_allowed(answer: &Response) {
    assert!(answer.is_upstreams() && answer.status < 300, "should have been allowed: {answer}");
}

/// Asserts a JSON-RPC error from the gateway itself, with `id` written exactly as in the request, and returns the
/// member `error`.
#[track_caller]
pub(crate) fn assert_error(answer: &Response, status: u16, code: i64, id: &str) -> Value {
    assert!(!answer.is_upstreams(), "should have been refused: {answer}");
    assert_eq!(answer.status, status, "{answer}");
    assert_eq!(answer.header("content-type"), Some("application/json"), "{answer}");
    let reply: Reply<'_> = serde_json::from_slice(&answer.body).unwrap_or_else(|error| panic!("{error} in {answer}"));
    assert_eq!(reply.jsonrpc, "2.0", "{answer}");
    assert_eq!(reply.id.get(), id, "the id as it was sent, in {answer}");
    assert_eq!(reply.error["code"], code, "{answer}");
    assert!(reply.error["message"].is_string(), "{answer}");
    reply.error
}

/// Asserts a JSON-RPC error that says that the request itself cannot be judged, without an id, which is not known then.
#[track_caller]
pub(crate) fn assert_unreadable(answer: &Response, status: u16) {
    let code = answer.json()["error"]["code"].as_i64().unwrap_or_default();
    assert!([-32700, -32600].contains(&code), "{answer}");
    let error = assert_error(answer, status, code, "null");
    assert_eq!(error["data"]["kind"], "refused", "{answer}");
}

/// Asserts a policy violation whose reason is `rule`, and returns its `data`.
#[track_caller]
pub(crate) fn assert_denied(answer: &Response, id: &str, tool: &str, rule: &str) -> Value {
    assert_denied_by("default", answer, id, tool, rule)
}

/// Like [`assert_denied`], by the policy of this name.
#[track_caller]
pub(crate) fn assert_denied_by(policy: &str, answer: &Response, id: &str, tool: &str, rule: &str) -> Value {
    let error = assert_error(answer, 200, DENIED, id);
    assert_violation(&error, "denied", policy, tool, rule);
    assert_eq!(answer.header("retry-after"), None, "waiting does not help: {answer}");
    error["data"].clone()
}

/// Asserts that a limit refused, and returns the answer's `data`.
#[track_caller]
pub(crate) fn assert_limited(answer: &Response, id: &str, tool: &str, rule: &str) -> Value {
    assert_limited_by("default", answer, id, tool, rule)
}

/// Like [`assert_limited`], by the policy of this name.
#[track_caller]
pub(crate) fn assert_limited_by(policy: &str, answer: &Response, id: &str, tool: &str, rule: &str) -> Value {
    let error = assert_error(answer, 200, RATE_LIMITED, id);
    assert_violation(&error, "rate_limited", policy, tool, rule);
    assert!(answer.header("retry-after").is_some(), "{answer}");
    error["data"].clone()
}

/// What every policy violation says.
#[track_caller]
fn assert_violation(error: &Value, kind: &str, policy: &str, tool: &str, rule: &str) {
    let message = error["message"].as_str().unwrap_or_default();
    assert!(message.starts_with("Policy violation: "), "{error}");
    let data = &error["data"];
    assert_eq!(data["kind"], kind, "{error}");
    assert_eq!(data["policy"], policy, "{error}");
    assert_eq!(data["tool"], tool, "{error}");
    assert_eq!(data["rule"], rule, "{error}");
}

/// Why an answer is no refusal that the contract knows; nothing if it is one.
pub(crate) fn not_a_refusal(answer: &Response, method: &str) -> Option<String> {
    if answer.is_upstreams() {
        return Some("the upstream answered".into());
    }
    let code = serde_json::from_slice::<Value>(&answer.body).ok().and_then(|body| body["error"]["code"].as_i64());
    let fits = match (answer.status, code) {
        (202 | 403, None) => answer.body.is_empty(),
        (400 | 405 | 413 | 415, Some(-32700 | -32600)) | (400, Some(-32602 | -32020)) | (404, Some(-32601)) => true,
        // In revisions with sessions, with the id.
        (200, Some(-31403 | -32600)) => !answer.json()["id"].is_null(),
        _ => false,
    };
    // An empty answer ends no call: it is for notifications, or for methods that carry no JSON-RPC.
    let empty_fits = !answer.body.is_empty() || method != "POST" || answer.status == 202;
    (!fits || !empty_fits).then(|| format!("no refusal that the contract knows: {answer}"))
}
