//! What the engine decided, as an [`AuditRecord`].

use std::{borrow::Cow, sync::Arc};

use crate::{
    approval::ApproverNote,
    audit::{
        AuditRecord, Decision, LoggedArguments,
        record::{self, TraceParents},
    },
    config::Config,
    http::Header,
    mcp::{Body, Message, Refusal, Request, Target},
    uri,
};

use super::{
    BoundRequest,
    authorize::{self, Denial},
    callout::Callout,
};

/// The record of an HTTP request without a message, with its HTTP method in parentheses.
pub(super) fn bodiless(config: &Config, request: &BoundRequest, decided: &authorize::Decision<'_>) -> AuditRecord {
    let method = match request.info.headers.get(":method") {
        Header::Once(b"GET") => "(GET)",
        Header::Once(b"HEAD") => "(HEAD)",
        Header::Once(b"OPTIONS") => "(OPTIONS)",
        Header::Once(b"DELETE") => "(DELETE)",
        _ => "",
    };
    AuditRecord { method: method.into(), ..verdict(config, request, decided) }
}

/// The record of messages that were decided on.
pub(super) fn messages(
    config: &Config,
    request: &BoundRequest,
    body: &Body<'_>,
    decided: &authorize::Decision<'_>,
) -> AuditRecord {
    let record = verdict(config, request, decided);
    match body {
        Body::Single(Message::Request(message)) => AuditRecord {
            method: method(message),
            target: record::truncate(&target(&message.target)).to_owned(),
            traces: traces(request, message.traceparent.as_deref()),
            arguments: message
                .arguments
                .and_then(|bytes| LoggedArguments::new(bytes, &message.argument_names, config.audit.arguments)),
            ..record
        },
        Body::Single(Message::Notification { method, .. }) => {
            AuditRecord { method: record::truncate(method).to_owned().into(), ..record }
        }
        Body::Single(Message::Response) => record,
        Body::Batch(_) => AuditRecord { method: "(batch)".into(), ..record },
    }
}

/// The record of a request that was refused before any rule was evaluated.
pub(super) fn refused(config: &Config, request: &BoundRequest, refusal: &Refusal) -> AuditRecord {
    AuditRecord {
        message: record::truncate(&refusal.message).to_owned(),
        reason_code: Some(refusal.reason),
        ..new(config, request, Decision::Refused)
    }
}

/// The record of an event stream that is refused after its request, whose record is `request`, passed.
#[must_use]
pub fn refused_stream(request: &AuditRecord, why: &str) -> AuditRecord {
    AuditRecord {
        decision: Decision::Refused,
        message: record::truncate(why).to_owned(),
        reason_code: Some("legacy_stream"),
        ..request.clone()
    }
}

/// The record of a request that passes uninspected.
pub(super) fn bypassed(config: &Config, request: &BoundRequest) -> AuditRecord {
    new(config, request, Decision::Allowed)
}

fn verdict(config: &Config, request: &BoundRequest, decided: &authorize::Decision<'_>) -> AuditRecord {
    let record = match &decided.verdict {
        Ok(passed) => AuditRecord {
            remaining: passed.remaining.iter().map(|(limit, left)| (limit.counter.to_string(), *left)).collect(),
            approval: passed.approval.as_ref().map(|approved| approved.by.clone()),
            ..new(config, request, Decision::Allowed)
        },
        Err(refused) => AuditRecord {
            rule: record::truncate(refused.denial.rule()).to_owned(),
            approval: pending(&refused.denial),
            ..new(config, request, decision(&refused.denial))
        },
    };
    let shadow = decided
        .shadow
        .as_ref()
        .map(|denial| record::Shadow { decision: decision(denial), rule: record::truncate(denial.rule()).to_owned() });
    AuditRecord { shadow, ..record }
}

fn new(config: &Config, request: &BoundRequest, decision: Decision) -> AuditRecord {
    AuditRecord {
        policy: request.policy().map(|policy| Arc::clone(&policy.name)),
        grant: request.info.grant.as_ref().ok().map(|grant| grant.display().to_owned()),
        request_id: request.info.request_id.clone(),
        traces: traces(request, None),
        ..AuditRecord::new(decision, Arc::clone(&config.digest))
    }
}

/// The traces of a request whose `_meta` names this one.
fn traces(request: &BoundRequest, meta: Option<&str>) -> TraceParents {
    TraceParents::new(request.info.headers.str_value("traceparent"), meta)
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
            Callout::Approval(_) => Decision::ApprovalRequired,
            Callout::Charge { .. } => Decision::Failed,
        },
        Denial::Internal => Decision::Failed,
    }
}

/// The approval request that waits for an answer.
fn pending(denial: &Denial<'_>) -> Option<ApproverNote> {
    match denial {
        Denial::ApprovalRequired { pending: Some(pending), .. } => {
            Some(ApproverNote { id: pending.id.clone(), ..ApproverNote::default() })
        }
        _ => None,
    }
}

fn method(message: &Request<'_>) -> Cow<'static, str> {
    match message.known {
        Some(known) => known.name.into(),
        None => record::truncate(&message.method).to_owned().into(),
    }
}

fn target<'m>(target: &'m Target<'_>) -> Cow<'m, str> {
    match target {
        Target::Tool(name) | Target::Prompt(name) => Cow::Borrowed(name),
        Target::Resource(uri) => uri::without_secrets(uri),
        Target::Nothing | Target::Resources(_) | Target::Task(_) => Cow::Borrowed(""),
    }
}
