//! Verdicts as JSON-RPC answers; product contract, section 4.
//!
//! Clients show a model nothing but `message`, so it says what was refused, why, and what to do.

use crate::{
    config::Named,
    limit::{Full, Moment},
    mcp::{
        Body, Code, Refusal, Request, Target,
        answer::{self, Data, LimitData, Reply, WindowData},
        requests,
    },
    policy::Limit,
};

use super::{Call, date::rfc_3339, decide::Denial};

/// The answer to a request that was not judged.
pub(super) fn refused(call: &Call, refusal: &Refusal) -> Reply {
    let data =
        Data { kind: "refused", reason: &refusal.why, request_id: call.request_id.as_deref(), ..Data::default() };
    let message = format!("Request refused: {}", refusal.why);
    answer::error(refusal.status, refusal.id.as_deref(), refusal.code, &message, &data)
}

/// The answer to messages that were judged and do not pass: one for each request, since its sender waits for it.
pub(super) fn denied(named: Option<&Named>, call: &Call, body: &Body<'_>, denial: &Denial<'_>, now: Moment) -> Reply {
    let mut replies = requests(body.messages()).map(|request| one(named, call, request, denial, now));
    let Some(first) = replies.next() else { return answer::dropped() };
    match body {
        Body::Single(_) => first,
        Body::Batch(_) => {
            let bodies: Vec<String> = replies.map(|reply| reply.body).collect();
            let body = bodies.iter().fold(format!("[{}", first.body), |all, one| all + "," + one) + "]";
            Reply { body, ..first }
        }
    }
}

fn one(named: Option<&Named>, call: &Call, request: &Request<'_>, denial: &Denial<'_>, now: Moment) -> Reply {
    let id = Some(request.id.token());
    let data = Data {
        policy: named.map(|named| &*named.name),
        tool: match &request.target {
            Target::Tool(name) | Target::Prompt(name) | Target::Resource(name) => Some(name),
            Target::Nothing | Target::Resources(_) | Target::Task(_) => None,
        },
        request_id: call.request_id.as_deref(),
        ..Data::default()
    };
    let why = denial.why();
    let data = Data { reason: &why, rule: Some(denial.rule()).filter(|rule| !rule.is_empty()), ..data };
    match denial {
        Denial::Denied { .. } => {
            let data = Data { kind: "denied", ..data };
            answer::error(200, id, Code::Denied, &format!("Policy violation: {why}"), &data)
        }
        Denial::ApprovalNeeded { .. } => {
            let data = Data { kind: "approval_required", ..data };
            answer::error(200, id, Code::ApprovalNeeded, &format!("Approval required: {why}"), &data)
        }
        Denial::Limited { limit, full } => limited(id, data, limit, *full, now),
        Denial::Failed => {
            let data = Data { kind: "refused", ..data };
            answer::error(200, id, Code::Internal, &why, &data)
        }
    }
}

fn limited(id: Option<&str>, data: Data<'_>, limit: &Limit, full: Full, now: Moment) -> Reply {
    let wait = full.back_at.map(|back_at| back_at.0.saturating_sub(now.0));
    let seconds = wait.map(|wait| wait.div_ceil(1000));
    let window = match limit.period.name() {
        Some(name) => WindowData::Named(name),
        None => WindowData::Seconds(limit.period.seconds()),
    };
    let todo = match seconds {
        Some(seconds) => format!("retry in {seconds} s"),
        None => "do not retry, it never passes".to_owned(),
    };
    let message = format!("Policy violation: {}; {todo}", data.reason);
    let data = Data {
        kind: "rate_limited",
        limit: Some(LimitData { counter: &limit.counter, window, max: limit.max, scope: limit.scope.name() }),
        retry_after_ms: wait,
        reset_at: full.back_at.and_then(rfc_3339),
        ..data
    };
    let reply = answer::error(200, id, Code::RateLimited, &message, &data);
    Reply { retry_after: seconds, ..reply }
}
