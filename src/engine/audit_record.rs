//! What the engine decided, as an [`AuditRecord`].

use std::{borrow::Cow, mem, sync::Arc};

use crate::{
    approval::ApproverNote,
    audit::{
        AuditRecord, Decision, LoggedArguments,
        record::{self, TraceParents},
    },
    config::{Arguments, Config},
    http::Header,
    mcp::{Body, Message, Refusal, Request, Target},
    text::front,
    uri,
};

use super::{
    BoundRequest,
    authorize::{self, Denial},
    callout::Callout,
};

/// The record of an HTTP request without a message, with its HTTP method in parentheses.
pub(super) fn bodiless(
    config: &Config,
    request: &BoundRequest,
    decided: &mut authorize::Decision<'_>,
) -> Box<AuditRecord> {
    let mut record = verdict(config, request, decided);
    record.method = match request.info.headers.get(":method") {
        Header::Once(b"GET") => "(GET)",
        Header::Once(b"HEAD") => "(HEAD)",
        Header::Once(b"OPTIONS") => "(OPTIONS)",
        Header::Once(b"DELETE") => "(DELETE)",
        _ => "",
    }
    .into();
    record
}

/// The record of messages that were decided on. It takes over the names of the arguments, and what is left in counters.
pub(super) fn messages(
    config: &Config,
    request: &BoundRequest,
    body: &mut Body<'_>,
    decided: &mut authorize::Decision<'_>,
) -> Box<AuditRecord> {
    let mut record = verdict(config, request, decided);
    match body {
        Body::Single(Message::Request(message)) => {
            record.method = method(message);
            record.target = front(&target(&message.target)).to_owned();
            record.traces.add_meta(message.traceparent.as_deref());
            record.arguments = message.arguments.and_then(|bytes| {
                LoggedArguments::new(bytes, mem::take(&mut message.argument_names), config.audit.arguments)
            });
        }
        Body::Single(Message::Notification { method, .. }) => {
            record.method = front(method).to_owned().into();
        }
        Body::Single(Message::Response) => {}
        Body::Batch(_) => record.method = "(batch)".into(),
    }
    record
}

/// The record of a request that was refused before any rule was evaluated.
pub(super) fn refused(config: &Config, request: &BoundRequest, refusal: &Refusal) -> Box<AuditRecord> {
    let mut record = new(config, request, Decision::Refused);
    record.message = front(&refusal.message).to_owned();
    record.reason_code = Some(refusal.reason);
    record
}

/// The record of an event stream that is refused after its request, whose record is `request`, passed.
#[must_use]
pub fn refused_stream(request: &AuditRecord, why: &str) -> AuditRecord {
    AuditRecord {
        decision: Decision::Refused,
        message: front(why).to_owned(),
        reason_code: Some("legacy_stream"),
        ..request.clone()
    }
}

/// Notes in the record of a request that a list in its response is refused.
pub fn refuse_list(request: &mut AuditRecord, why: &str) {
    request.decision = Decision::Refused;
    why.clone_into(&mut request.message);
    request.reason_code = Some("list");
}

/// The record of a request that passes uninspected.
pub(super) fn bypassed(config: &Config, request: &BoundRequest) -> Box<AuditRecord> {
    new(config, request, Decision::Allowed)
}

fn verdict(config: &Config, request: &BoundRequest, decided: &mut authorize::Decision<'_>) -> Box<AuditRecord> {
    let mut record = match &mut decided.verdict {
        Ok(passed) => {
            let mut record = new(config, request, Decision::Allowed);
            record.remaining = mem::take(&mut passed.remaining);
            record.approval = passed.approval.as_ref().map(|approved| approved.by.clone());
            record
        }
        Err(refused) => {
            let mut record = new(config, request, decision(&refused.denial));
            record.rule = front(refused.denial.rule()).to_owned();
            record.approval = pending(&refused.denial);
            record.violates_schema = matches!(refused.denial, Denial::InvalidArguments { .. });
            record.unfit_argument = unfit_argument(config, &refused.denial);
            record
        }
    };
    if let Some(denial) = &decided.shadow {
        let rule = front(denial.rule()).to_owned();
        record.shadow = Some(record::Shadow { decision: decision(denial), rule });
    }
    record
}

/// On the heap from the start: a record is too large to be moved from step to step.
fn new(config: &Config, request: &BoundRequest, decision: Decision) -> Box<AuditRecord> {
    let mut record = Box::new(AuditRecord::new(decision, Arc::clone(&config.digest)));
    record.policy = request.policy().map(|policy| Arc::clone(&policy.name));
    record.grant = request.info.grant.as_ref().ok().map(|grant| grant.display().to_owned());
    record.request_id.clone_from(&request.info.request_id);
    record.traces = TraceParents::from_header(request.info.headers.str_value("traceparent"));
    record.is_linked = config.audit.chain;
    record.approval_store = config.approvals.store.as_ref().map(|_| "etcd");
    record
}

fn decision(denial: &Denial<'_>) -> Decision {
    match denial {
        Denial::Denied { .. }
        | Denial::InvalidArguments { .. }
        | Denial::UnknownMethod { .. }
        | Denial::UnknownTask { .. } => Decision::Denied,
        Denial::RateLimited { .. } => Decision::RateLimited,
        Denial::ApprovalRequired { .. } => Decision::ApprovalRequired,
        Denial::CalloutPending { ask, .. } => match **ask {
            Callout::Approval(_) | Callout::Store { .. } => Decision::ApprovalRequired,
            Callout::Charge { .. } => Decision::Failed,
        },
        Denial::Internal => Decision::Failed,
    }
}

/// The approval request that waits for an answer.
fn pending(denial: &Denial<'_>) -> Option<ApproverNote> {
    match denial {
        Denial::ApprovalRequired { filing, .. } => {
            filing.pending().map(|pending| ApproverNote { id: pending.id.clone(), ..ApproverNote::default() })
        }
        _ => None,
    }
}

/// The argument that does not fit the pinned schema, if records may name arguments.
fn unfit_argument(config: &Config, denial: &Denial<'_>) -> String {
    match denial {
        Denial::InvalidArguments { violation, .. } if config.audit.arguments != Arguments::None => violation.argument(),
        _ => String::new(),
    }
}

fn method(message: &Request<'_>) -> Cow<'static, str> {
    match message.known {
        Some(known) => known.name.into(),
        None => front(&message.method).to_owned().into(),
    }
}

fn target<'m>(target: &'m Target<'_>) -> Cow<'m, str> {
    match target {
        Target::Tool(name) | Target::Prompt(name) => Cow::Borrowed(name),
        Target::Resource(uri) => uri::without_secrets(uri),
        Target::Nothing | Target::Subscriptions { .. } | Target::Task(_) => Cow::Borrowed(""),
    }
}
