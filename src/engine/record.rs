//! The audit record: one JSON object for each request that was judged, of at most 4 KiB; product contract, section 8.

mod arguments;

use std::{borrow::Cow, sync::Arc};

use crate::{
    amount::Amount,
    config::{Config, NamedPolicy},
    json::Writer,
    mcp::{Body, Message, Refusal, Target},
};

use super::{
    RequestInfo,
    approval_service::ApproverNote,
    authorize::{self, Denial},
    callout::Callout,
};

pub use self::arguments::LoggedArguments;

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It passed.
    Allowed,
    /// The policy denies it.
    Denied,
    /// A limit had no room.
    RateLimited,
    /// Somebody has to approve it.
    ApprovalRequired,
    /// It could not be read, or not by every server alike.
    Refused,
    /// We failed, so it did not pass.
    Failed,
}

/// What is noted of a request: who, what, and by which rule. No secret, and of arguments what the configuration says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// What was decided.
    pub decision: Decision,
    /// The rule that decided; empty when allowed.
    pub rule: String,
    /// Why it was refused, where no rule did it.
    pub why: String,
    /// The same as one word of a few.
    pub reason: Option<&'static str>,
    /// Name of the policy that judged it.
    pub policy: Option<Arc<str>>,
    /// Digest of the configuration.
    pub config: Arc<str>,
    /// Who called, as people may see it.
    pub grant: Option<String>,
    /// The method.
    pub method: Cow<'static, str>,
    /// The tool, prompt or resource.
    pub tool: String,
    /// Envoy's `x-request-id`.
    pub request_id: Option<Arc<str>>,
    /// What is noted of the arguments.
    pub arguments: Option<LoggedArguments>,
    /// Who approved it, or what waits for approval.
    pub approval: Option<ApproverNote>,
    /// What is left in each counter that was charged, by the counter's name.
    pub remaining: Vec<(String, Amount)>,
    /// What would have been decided by what is in shadow.
    pub shadow: Option<Shadow>,
}

/// A decision that was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shadow {
    /// What would have been decided.
    pub decision: Decision,
    /// By which rule.
    pub rule: String,
}

impl Decision {
    /// As records name it.
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

    fn of(denial: &Denial<'_>) -> Self {
        match denial {
            Denial::Denied { .. } => Self::Denied,
            Denial::RateLimited { .. } => Self::RateLimited,
            Denial::ApprovalRequired { .. } => Self::ApprovalRequired,
            Denial::CalloutPending { ask, .. } => match **ask {
                Callout::Approval(_) => Self::ApprovalRequired,
                Callout::Charge { .. } => Self::Failed,
            },
            Denial::Internal => Self::Failed,
        }
    }
}

/// Longest text that is noted, in characters.
const MAX_TEXT: usize = 256;
/// Longest record, in bytes.
const MAX_BYTES: usize = 4096;
/// What most records have room in, in bytes.
const USUAL_BYTES: usize = 512;

impl AuditRecord {
    /// The record of a message that was judged.
    pub(super) fn of(
        config: &Config,
        named: Option<&NamedPolicy>,
        call: &RequestInfo,
        body: &Body<'_>,
        made: &authorize::Decision<'_>,
    ) -> Self {
        let (decision, rule) = match &made.verdict {
            Ok(_) => (Decision::Allowed, ""),
            Err(denial) => (Decision::of(denial), denial.rule()),
        };
        let shadow = made
            .shadow
            .as_ref()
            .map(|denial| Shadow { decision: Decision::of(denial), rule: short(denial.rule()).to_owned() });
        let left = made.verdict.iter().flat_map(|passed| &passed.remaining);
        let remaining = left.map(|(limit, left)| (limit.counter.to_string(), *left)).collect();
        let approval = match &made.verdict {
            Ok(passed) => passed.approval.as_ref().map(|yes| yes.by.clone()),
            Err(Denial::ApprovalRequired { pending: Some(pending), .. }) => {
                Some(ApproverNote { id: pending.id.clone(), ..ApproverNote::default() })
            }
            Err(_) => None,
        };
        let sent = |method: &str| Cow::Owned(short(method).to_owned());
        let (method, tool) = match body {
            Body::Single(Message::Request(request)) => {
                let tool = match &request.target {
                    Target::Tool(name) | Target::Prompt(name) | Target::Resource(name) => &**name,
                    Target::Nothing | Target::Resources(_) | Target::Task(_) => "",
                };
                (request.known.map_or_else(|| sent(&request.method), |known| known.name.into()), tool)
            }
            Body::Single(Message::Notification { method, .. }) => (sent(method), ""),
            Body::Single(Message::Response) => ("".into(), ""),
            Body::Batch(_) => ("(batch)".into(), ""),
        };
        let arguments = match body {
            Body::Single(Message::Request(request)) => LoggedArguments::of(request, config.audit.arguments),
            Body::Single(Message::Notification { .. } | Message::Response) | Body::Batch(_) => None,
        };
        Self {
            rule: short(rule).to_owned(),
            method,
            tool: short(tool).to_owned(),
            arguments,
            shadow,
            remaining,
            approval,
            ..Self::new(config, named, call, decision)
        }
    }

    /// The record of a request that was not judged.
    pub(super) fn refused(config: &Config, named: Option<&NamedPolicy>, call: &RequestInfo, refusal: &Refusal) -> Self {
        Self {
            why: short(&refusal.message).to_owned(),
            reason: Some(refusal.reason()),
            ..Self::new(config, named, call, Decision::Refused)
        }
    }

    /// The record of a request without a message that nothing is bound to.
    pub(super) fn not_bound(config: &Config, call: &RequestInfo) -> Self {
        Self { rule: "(no policy)".to_owned(), ..Self::new(config, None, call, Decision::Denied) }
    }

    /// The record of a request that passes without a look.
    pub(super) fn bypassed(config: &Config, call: &RequestInfo) -> Self {
        Self::new(config, None, call, Decision::Allowed)
    }

    /// The record as one line of JSON. What would make it too long is left out: the values of arguments first.
    #[must_use]
    pub fn to_json(&self) -> String {
        let fits = |json: &String| json.len() <= MAX_BYTES;
        let whole = Some(self.written(Detail::All)).filter(fits);
        let less = || Some(self.written(Detail::NoValues)).filter(fits);
        whole.or_else(less).unwrap_or_else(|| self.written(Detail::Verdict))
    }

    fn written(&self, detail: Detail) -> String {
        let mut record = Writer::with_capacity(USUAL_BYTES);
        record
            .text("decision", self.decision.name())
            .nonempty("rule", &self.rule)
            .optional("reason", self.reason)
            .nonempty("why", &self.why)
            .optional("policy", self.policy.as_deref())
            .text("config", &self.config)
            .optional("grant", self.grant.as_deref())
            .nonempty("method", &self.method)
            .nonempty("tool", &self.tool)
            .optional("requestId", self.request_id.as_deref());
        if let Some(ApproverNote { id, approver, note }) = &self.approval {
            record.object("approval", |approval| {
                approval.text("id", short(id)).nonempty("approver", short(approver)).nonempty("note", short(note));
            });
        }
        if detail == Detail::Verdict {
            return record.finish();
        }
        if let Some(arguments) = &self.arguments {
            arguments.write(&mut record, detail == Detail::All);
        }
        if !self.remaining.is_empty() {
            record.object("remaining", |remaining| {
                for (counter, left) in &self.remaining {
                    remaining.named(counter, left);
                }
            });
        }
        if let Some(shadow) = &self.shadow {
            record.object("shadow", |would| {
                would.text("decision", shadow.decision.name()).text("rule", &shadow.rule);
            });
        }
        record.finish()
    }

    fn new(config: &Config, named: Option<&NamedPolicy>, call: &RequestInfo, decision: Decision) -> Self {
        Self {
            decision,
            rule: String::new(),
            why: String::new(),
            reason: None,
            policy: named.map(|named| Arc::clone(&named.name)),
            config: Arc::clone(&config.digest),
            grant: call.grant.as_ref().ok().map(|grant| grant.display().to_owned()),
            method: Cow::Borrowed(""),
            tool: String::new(),
            request_id: call.request_id.clone(),
            arguments: None,
            remaining: Vec::new(),
            approval: None,
            shadow: None,
        }
    }
}

/// How much of a record is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Detail {
    All,
    NoValues,
    Verdict,
}

/// So much of a text as is noted. Nearly all are shorter, even counted in bytes.
fn short(text: &str) -> &str {
    if text.len() <= MAX_TEXT {
        return text;
    }
    let end = text.char_indices().nth(MAX_TEXT).map_or(text.len(), |(index, _)| index);
    text.get(..end).unwrap_or_default()
}
