//! The audit record: one JSON object for each request, of at most 4 KiB; product contract, section 8.
//!
//! The engine fills in the fields; this module bounds and writes them.

mod arguments;
mod trace;

use std::{borrow::Cow, sync::Arc};

use crate::{
    amount::Amount,
    approval::ApproverNote,
    audit::chain::MAX_LINK,
    json::{self, Writer, text_name},
    results::FinderCounts,
    text::{escape_invisible, front},
};

pub use self::{arguments::LoggedArguments, trace::TraceParents};

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
    /// The traces that the request belongs to.
    pub traces: TraceParents,
    /// What is logged of the arguments.
    pub arguments: Option<LoggedArguments>,
    /// Whether the request was denied since an argument does not fit the pinned schema. It is counted, not written.
    pub violates_schema: bool,
    /// The JSON pointer of the argument that does not fit the pinned schema; empty if there is none, or `audit.arguments` is `none`.
    pub unfit_argument: String,
    /// Who approved the call, or which request waits for approval.
    pub approval: Option<ApproverNote>,
    /// Where a fleet keeps its approvals; `None` if this Envoy keeps its own.
    pub approval_store: Option<&'static str>,
    /// What is left in each counter that was charged, by the counter's name.
    pub remaining: Vec<(Arc<str>, Amount)>,
    /// How many entries were taken out of the lists in the response.
    pub hidden_entries: usize,
    /// Pinned tools whose definition in the response's lists differs from the pin, or that have a look-alike there.
    pub drifts: Vec<Box<str>>,
    /// What was found in the answer, and replaced or refused.
    pub redacted: FinderCounts,
    /// What rules in shadow would have replaced or refused.
    pub shadow_redacted: FinderCounts,
    /// What a rule, a policy or a configuration in shadow would have decided.
    pub shadow: Option<Shadow>,
    /// Whether its text gets a link of [`super::chain`], for which it leaves room.
    pub is_linked: bool,
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

/// Tools of `drifts` that are written.
const MAX_DRIFTS: usize = 8;
/// Longest record, in bytes.
pub const MAX_BYTES: usize = 4096;
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
            traces: TraceParents::default(),
            arguments: None,
            violates_schema: false,
            unfit_argument: String::new(),
            approval: None,
            approval_store: None,
            remaining: Vec::new(),
            hidden_entries: 0,
            drifts: Vec::new(),
            redacted: FinderCounts::default(),
            shadow_redacted: FinderCounts::default(),
            shadow: None,
            is_linked: false,
        }
    }

    /// The bytes of the arguments' values that it holds.
    #[must_use]
    pub fn argument_bytes(&self) -> usize {
        self.arguments.as_ref().and_then(|arguments| arguments.values.as_ref()).map_or(0, String::len)
    }

    /// The record as one line of JSON, with characters that cannot be seen as escapes: terminals and log viewers act on them. If
    /// it is longer than 4 KiB, with its link if it gets one, the values of the arguments are left out, then everything but the
    /// decision, then what the caller wrote.
    #[must_use]
    pub fn to_json(&self) -> String {
        let max = if self.is_linked { MAX_BYTES.saturating_sub(MAX_LINK) } else { MAX_BYTES };
        let write = |detail| Some(json::visible(self.write(detail))).filter(|json| json.len() <= max);
        let details = [Detail::Full, Detail::NoValues, Detail::Minimal];
        details.into_iter().find_map(write).unwrap_or_else(|| self.write_decision_only())
    }

    /// The main fields with their names, each for a filter state of its own: those that are not empty, with invisible characters as
    /// `\u{…}`, and at most as long as in the record.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, String)> {
        let fields = [
            ("decision", self.decision.name()),
            ("rule", &self.rule),
            ("policy", self.policy.as_deref().unwrap_or_default()),
            ("method", &self.method),
            ("tool", &self.target),
            ("grant", self.grant.as_deref().unwrap_or_default()),
            ("request_id", self.request_id.as_deref().unwrap_or_default()),
            (self.target_kind(), &self.target),
            ("traceparent", self.traces.meta().unwrap_or_default()),
        ];
        let shown = fields.into_iter().filter(|(_, value)| !value.is_empty());
        shown.map(|(name, value)| (name, escape_invisible(front(value))))
    }

    /// What the target is, for names of fields that mean one kind only.
    fn target_kind(&self) -> &'static str {
        match &*self.method {
            "prompts/get" => "prompt_name",
            method if method.starts_with("resources/") => "resource_uri",
            _ => "tool_name",
        }
    }

    /// Writes only fields that callers cannot influence.
    fn write_decision_only(&self) -> String {
        let mut record = Writer::with_capacity(USUAL_BYTES);
        record
            .add_word(text_name!("decision"), self.decision.name())
            .add_optional_string(text_name!("reason"), self.reason_code)
            .add_word(text_name!("config"), &self.config);
        record.finish()
    }

    fn write(&self, detail: Detail) -> String {
        let mut record = Writer::with_capacity(USUAL_BYTES);
        record
            .add_word(text_name!("decision"), self.decision.name())
            .add_nonempty_string(text_name!("rule"), front(&self.rule))
            .add_optional_string(text_name!("reason"), self.reason_code)
            .add_nonempty_string(text_name!("why"), front(&self.message))
            .add_optional_string(text_name!("policy"), self.policy.as_deref())
            .add_word(text_name!("config"), &self.config)
            .add_optional_string(text_name!("grant"), self.grant.as_deref())
            .add_nonempty_string(text_name!("method"), front(&self.method))
            .add_nonempty_string(text_name!("tool"), front(&self.target))
            .add_optional_string(text_name!("requestId"), self.request_id.as_deref());
        self.traces.write(&mut record);
        if let Some(ApproverNote { id, approver, note }) = &self.approval {
            record.add_object("approval", |approval| {
                approval
                    .add_string("id", front(id))
                    .add_nonempty_string("approver", front(approver))
                    .add_nonempty_string("note", front(note))
                    .add_optional_string("store", self.approval_store);
            });
        }
        if detail == Detail::Minimal {
            return record.finish();
        }
        if self.hidden_entries > 0 {
            record.add_json("hidden", self.hidden_entries);
        }
        if !self.drifts.is_empty() {
            let drifts = self.drifts.iter().take(MAX_DRIFTS).map(|tool| front(tool));
            record.add_raw("drifts", &json::list(drifts));
        }
        write_counts(&mut record, "redacted", &self.redacted);
        write_counts(&mut record, "shadowRedacted", &self.shadow_redacted);
        if let Some(arguments) = &self.arguments {
            arguments.write(&mut record, detail == Detail::Full);
        }
        record.add_nonempty_string("argument", front(&self.unfit_argument));
        if !self.remaining.is_empty() {
            record.add_object("remaining", |remaining| {
                for (counter, left) in &self.remaining {
                    left.add_to(remaining, counter);
                }
            });
        }
        if let Some(shadow) = &self.shadow {
            record.add_object("shadow", |would| {
                would.add_string("decision", shadow.decision.name()).add_string("rule", front(&shadow.rule));
            });
        }
        record.finish()
    }
}

/// How many of each kind were found in an answer.
fn write_counts(record: &mut Writer, name: &'static str, counts: &FinderCounts) {
    if !counts.is_empty() {
        record.add_object(name, |found| {
            for (finder, count) in counts.iter() {
                found.add_json(finder, count);
            }
        });
    }
}

/// How much of a record is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Detail {
    Full,
    NoValues,
    Minimal,
}
