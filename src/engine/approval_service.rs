//! The question to an approval service, and its answer; product contract, section 7.
//!
//! The question is one JSON object, sent by POST. The answer has status 200 and another object: `decision` is `approve`,
//! `reject` or `pending`; `id`, `url`, `approver` and `note` are optional strings. Anything else is a failure, which denies.

use crate::{
    approval::{Approval, ApprovalKey, ApproverNote, Fingerprint},
    json::{self, NameComparison, Reader, Writer},
};

/// A request that waits for approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its id.
    pub id: String,
    /// The page on which it is decided, if the service says so.
    pub url: Option<String>,
    /// When it expires, in seconds since the epoch, if known.
    pub expires_at: Option<u64>,
}

/// A service's decision on a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApprovalResponse {
    /// The call may pass once.
    Approved(ApproverNote),
    /// The call must not pass.
    Rejected(ApproverNote),
    /// There is no decision yet.
    Pending(Pending),
    /// The service could not be called, or its answer is malformed.
    Failed,
}

/// The question to a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalRequest {
    /// JSON.
    pub body: String,
    id: String,
}

/// Longest answer, in bytes.
pub const MAX_RESPONSE_BYTES: usize = 16 << 10;
/// Longest text in an answer that is kept, in characters; the rest is cut off.
const MAX_TEXT: usize = 1024;

impl ApprovalRequest {
    pub(super) fn new(fingerprint: Fingerprint, key: &ApprovalKey<'_>, grant: &str, reason: &str, ttl: u32) -> Self {
        let ApprovalKey { filter, policy, config, rule, route, cluster, method, name, params, .. } = key;
        let id = fingerprint.id();
        let mut body = Writer::default();
        body.add_string("id", &id)
            .add_string("filter", filter)
            .add_string("policy", policy)
            .add_string("config", config)
            .add_string("rule", rule)
            .add_nonempty_string("route", route)
            .add_nonempty_string("cluster", cluster)
            .add_string("grant", grant)
            .add_string("method", method)
            .add_string("tool", name)
            // The strict reader has accepted them, so they are UTF-8.
            .add_json("params", std::str::from_utf8(params).unwrap_or("null"))
            .add_string("reason", reason)
            .add_json("expiresIn", ttl);
        Self { body: body.finish(), id }
    }

    /// The call and the rule that it is about, as one id.
    pub(super) fn into_id(self) -> String {
        self.id
    }

    /// Reads the service's answer.
    #[must_use]
    pub fn read_response(&self, status: &[u8], body: &[u8]) -> ApprovalResponse {
        if status != b"200" || body.len() > MAX_RESPONSE_BYTES {
            return ApprovalResponse::Failed;
        }
        ResponseMembers::read(body)
            .and_then(|answer| answer.into_response(&self.id))
            .unwrap_or(ApprovalResponse::Failed)
    }
}

/// The members of an answer.
#[derive(Default)]
struct ResponseMembers {
    decision: Option<String>,
    id: Option<String>,
    url: Option<String>,
    approver: Option<String>,
    note: Option<String>,
}

impl ResponseMembers {
    fn read(body: &[u8]) -> Option<Self> {
        let mut answer = Self::default();
        let mut reader = Reader::new(body, 8).ok()?;
        let read = reader.members(NameComparison::Distinct, |reader, name| {
            let slot = match &*name {
                "decision" => &mut answer.decision,
                "id" => &mut answer.id,
                "url" => &mut answer.url,
                "approver" => &mut answer.approver,
                "note" => &mut answer.note,
                _ => return reader.skip().map(drop),
            };
            *slot = match reader.value_type()? {
                json::ValueType::Null => reader.skip().map(|_| None)?,
                _ => Some(reader.string()?.chars().take(MAX_TEXT).collect()),
            };
            Ok(())
        });
        (read.and_then(|()| reader.finish()).is_ok() && reader.name_fault().is_none()).then_some(answer)
    }

    fn into_response(self, id: &str) -> Option<ApprovalResponse> {
        let id = self.id.unwrap_or_else(|| id.to_owned());
        let said =
            |id| ApproverNote { id, approver: self.approver.unwrap_or_default(), note: self.note.unwrap_or_default() };
        match self.decision.as_deref()? {
            "approve" => Some(ApprovalResponse::Approved(said(id))),
            "reject" => Some(ApprovalResponse::Rejected(said(id))),
            "pending" => Some(ApprovalResponse::Pending(Pending { id, url: self.url, expires_at: None })),
            _ => None,
        }
    }
}

impl From<Approval> for Pending {
    fn from(entry: Approval) -> Self {
        Self { id: entry.id_text(), url: None, expires_at: Some(entry.expires_at) }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{ApprovalRequest, ApprovalResponse, ApproverNote, Pending};

    fn read(status: &str, body: &str) -> ApprovalResponse {
        ApprovalRequest { body: String::new(), id: "1f".to_owned() }.read_response(status.as_bytes(), body.as_bytes())
    }

    #[test]
    fn an_answer_approves_rejects_or_waits() {
        let said =
            |approver: &str, note: &str| ApproverNote { id: "1f".into(), approver: approver.into(), note: note.into() };
        let approve = r#"{"decision":"approve","approver":"bob","note":"fine","more":[1]}"#;
        assert_eq!(read("200", approve), ApprovalResponse::Approved(said("bob", "fine")));
        assert_eq!(read("200", r#"{"decision":"reject","note":null}"#), ApprovalResponse::Rejected(said("", "")));
        let pending = Pending { id: "7".into(), url: Some("https://x/7".into()), expires_at: None };
        assert_eq!(
            read("200", r#"{"decision":"pending","id":"7","url":"https://x/7"}"#),
            ApprovalResponse::Pending(pending)
        );
    }

    #[test]
    fn any_other_answer_is_a_failure() {
        for (status, body) in [
            ("204", r#"{"decision":"approve"}"#),
            ("503", r#"{"decision":"approve"}"#),
            ("200", ""),
            ("200", "approve"),
            ("200", "{}"),
            ("200", r#"{"decision":"Approve"}"#),
            ("200", r#"{"decision":true}"#),
            ("200", r#"{"decision":null}"#),
            ("200", r#"{"decision":"approve"} {}"#),
            ("200", r#"[{"decision":"approve"}]"#),
            ("200", r#"{"decision":"reject","decision":"approve"}"#),
            ("200", r#"{"decision":"approve","note":1}"#),
        ] {
            assert_eq!(read(status, body), ApprovalResponse::Failed, "{status} {body}");
        }
        let of_size = |bytes: usize| format!(r#"{{"decision":"reject","x":"{}"}}"#, "x".repeat(bytes - 28));
        assert_eq!(of_size(super::MAX_RESPONSE_BYTES).len(), 16_384);
        assert!(matches!(read("200", &of_size(16_384)), ApprovalResponse::Rejected(_)));
        assert_eq!(read("200", &of_size(16_385)), ApprovalResponse::Failed);
    }
}
