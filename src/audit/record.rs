//! The audit record: one JSON object for each request, of at most 4 KiB; product contract, section 8.
//!
//! The engine fills in the fields; this module bounds and writes them.

mod arguments;

use std::{borrow::Cow, sync::Arc};

use crate::{
    amount::Amount,
    approval::ApproverNote,
    json::{self, Writer},
};

pub use self::arguments::LoggedArguments;

/// What was decided about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It passed.
    Allowed,
    /// The policy denies it.
    Denied,
    /// A limit has no room for it.
    RateLimited,
    /// A person has to approve it.
    ApprovalRequired,
    /// It is unreadable, or servers would read it differently.
    Refused,
    /// The gateway failed, so it did not pass.
    Failed,
}

/// Who called, what was called, and which rule decided. It holds no secret, and of the arguments what `audit.arguments` permits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// What was decided.
    pub decision: Decision,
    /// The rule that decided; empty if the request was allowed.
    pub rule: String,
    /// Why the request was refused, if no rule did it.
    pub message: String,
    /// The same as one word of a closed set, for statistics.
    pub reason_code: Option<&'static str>,
    /// The policy's name.
    pub policy: Option<Arc<str>>,
    /// Digest of the configuration.
    pub config: Arc<str>,
    /// The caller's identity, without secrets.
    pub grant: Option<String>,
    /// The JSON-RPC method; `(batch)` for a batch, the HTTP method in parentheses for a request without a message.
    pub method: Cow<'static, str>,
    /// The tool, prompt or resource.
    pub target: String,
    /// Envoy's `x-request-id`.
    pub request_id: Option<Arc<str>>,
    /// What is logged of the arguments.
    pub arguments: Option<LoggedArguments>,
    /// Who approved the call, or which request waits for approval.
    pub approval: Option<ApproverNote>,
    /// What is left in each counter that was charged, by the counter's name.
    pub remaining: Vec<(String, Amount)>,
    /// How many entries were taken out of the lists in the response.
    pub hidden_entries: usize,
    /// Pinned tools whose definition in the response's lists differs from the pin, or that have a look-alike there.
    pub drifts: Vec<Box<str>>,
    /// What a rule, a policy or a configuration in shadow would have decided.
    pub shadow: Option<Shadow>,
}

/// A decision that was reported and not enforced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shadow {
    /// What would have been decided.
    pub decision: Decision,
    /// The rule that would have decided.
    pub rule: String,
}

impl Decision {
    /// The decision as records spell it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::RateLimited => "rate_limited",
            Self::ApprovalRequired => "approval_required",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// Longest text of a record, in characters.
const MAX_TEXT: usize = 256;
/// Tools of `drifts` that are written.
const MAX_DRIFTS: usize = 8;
/// Longest record, in bytes.
const MAX_BYTES: usize = 4096;
/// Room for most records, in bytes.
const USUAL_BYTES: usize = 512;

impl AuditRecord {
    /// A record of `decision` under the configuration with this digest; the other fields are empty.
    #[must_use]
    pub fn new(decision: Decision, config: Arc<str>) -> Self {
        Self {
            decision,
            rule: String::new(),
            message: String::new(),
            reason_code: None,
            policy: None,
            config,
            grant: None,
            method: Cow::Borrowed(""),
            target: String::new(),
            request_id: None,
            arguments: None,
            approval: None,
            remaining: Vec::new(),
            hidden_entries: 0,
            drifts: Vec::new(),
            shadow: None,
        }
    }

    /// The record as one line of JSON, with characters that cannot be seen as escapes: terminals and log viewers act on them. If
    /// it is longer than 4 KiB, the values of the arguments are left out, then everything but the decision, then what the
    /// caller wrote.
    #[must_use]
    pub fn to_json(&self) -> String {
        let write = |detail| Some(json::visible(self.write(detail))).filter(|json| json.len() <= MAX_BYTES);
        let details = [Detail::Full, Detail::NoValues, Detail::Minimal];
        details.into_iter().find_map(write).unwrap_or_else(|| self.write_decision_only())
    }

    /// Writes only fields that callers cannot influence.
    fn write_decision_only(&self) -> String {
        let mut record = Writer::with_capacity(USUAL_BYTES);
        record
            .add_string("decision", self.decision.name())
            .add_optional_string("reason", self.reason_code)
            .add_string("config", &self.config);
        record.finish()
    }

    fn write(&self, detail: Detail) -> String {
        let mut record = Writer::with_capacity(USUAL_BYTES);
        record
            .add_string("decision", self.decision.name())
            .add_nonempty_string("rule", truncate(&self.rule))
            .add_optional_string("reason", self.reason_code)
            .add_nonempty_string("why", truncate(&self.message))
            .add_optional_string("policy", self.policy.as_deref())
            .add_string("config", &self.config)
            .add_optional_string("grant", self.grant.as_deref())
            .add_nonempty_string("method", truncate(&self.method))
            .add_nonempty_string("tool", truncate(&self.target))
            .add_optional_string("requestId", self.request_id.as_deref());
        if let Some(ApproverNote { id, approver, note }) = &self.approval {
            record.add_object("approval", |approval| {
                approval
                    .add_string("id", truncate(id))
                    .add_nonempty_string("approver", truncate(approver))
                    .add_nonempty_string("note", truncate(note));
            });
        }
        if detail == Detail::Minimal {
            return record.finish();
        }
        if self.hidden_entries > 0 {
            record.add_json("hidden", self.hidden_entries);
        }
        if !self.drifts.is_empty() {
            let drifts = self.drifts.iter().take(MAX_DRIFTS).map(|tool| truncate(tool));
            record.add_raw("drifts", &json::list(drifts));
        }
        if let Some(arguments) = &self.arguments {
            arguments.write(&mut record, detail == Detail::Full);
        }
        if !self.remaining.is_empty() {
            record.add_object("remaining", |remaining| {
                for (counter, left) in &self.remaining {
                    remaining.add_member(counter, left);
                }
            });
        }
        if let Some(shadow) = &self.shadow {
            record.add_object("shadow", |would| {
                would.add_string("decision", shadow.decision.name()).add_string("rule", truncate(&shadow.rule));
            });
        }
        record.finish()
    }
}

/// How much of a record is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Detail {
    Full,
    NoValues,
    Minimal,
}

/// The first 256 characters of a text. Nearly all texts are shorter, even counted in bytes.
#[must_use]
pub fn truncate(text: &str) -> &str {
    if text.len() <= MAX_TEXT {
        return text;
    }
    let end = text.char_indices().nth(MAX_TEXT).map_or(text.len(), |(index, _)| index);
    text.get(..end).unwrap_or_default()
}
