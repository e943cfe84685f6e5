//! Verdicts as JSON-RPC answers; product contract, section 4.
//!
//! Clients show a model nothing but `message`, so it says what was refused, why, and what to do.

use super::{
    RequestInfo,
    approval_service::Pending,
    authorize::{self, Denial},
};
use crate::{
    config::{Config, NamedPolicy},
    limit::LimitExceeded,
    mcp::{
        Body, Code, Refusal, Request, Target,
        answer::{self, ApprovalData, Data, LimitData, Reply, WindowData},
        list::ListKind,
        requests,
        revision::Lifecycle,
    },
    policy::Limit,
    time::{Timestamp, rfc_3339},
};

/// The answer to a request that was not judged.
pub(super) fn refusal_reply(call: &RequestInfo, refusal: &Refusal) -> Reply {
    let data =
        Data { kind: "refused", reason: &refusal.message, request_id: call.request_id.as_deref(), ..Data::default() };
    let message = format!("Request refused: {}", refusal.message);
    answer::error(refusal.status, refusal.id.as_deref(), refusal.code, &message, &data)
}

/// Who asked, and how refusals are told.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReplyContext<'a> {
    pub(super) config: &'a Config,
    /// The policy that judged.
    pub(super) named: Option<&'a NamedPolicy>,
    pub(super) call: &'a RequestInfo,
    pub(super) era: Lifecycle,
}

/// The answer to messages that were judged and do not pass: one for each request, since its sender waits for it.
pub(super) fn denial_reply(asked: ReplyContext<'_>, body: &Body<'_>, denial: &Denial<'_>, now: Timestamp) -> Reply {
    let mut replies = requests(body.messages()).map(|request| reply_to(asked, request, denial, now));
    let Some(first) = replies.next() else { return answer::accepted_empty() };
    match body {
        Body::Single(_) => first,
        Body::Batch(_) => {
            let bodies: Vec<String> = replies.map(|reply| reply.body).collect();
            let body = bodies.iter().fold(format!("[{}", first.body), |all, one| all + "," + one) + "]";
            Reply { body, ..first }
        }
    }
}

fn reply_to(asked: ReplyContext<'_>, request: &Request<'_>, denial: &Denial<'_>, now: Timestamp) -> Reply {
    if let Some(tool) = asked.unknown_tool(request, denial) {
        return answer::unknown_tool(request.id.token(), tool);
    }
    let why = denial.reason();
    let data = Data {
        policy: asked.named.map(|named| &*named.name),
        tool: match &request.target {
            Target::Tool(name) | Target::Prompt(name) | Target::Resource(name) => Some(name),
            Target::Nothing | Target::Resources(_) | Target::Task(_) => None,
        },
        request_id: asked.call.request_id.as_deref(),
        reason: &why,
        rule: Some(denial.rule()).filter(|rule| !rule.is_empty()),
        ..Data::default()
    };
    match denial {
        Denial::Denied { .. } => {
            let data = Data { kind: "denied", ..data };
            asked.told(request, Code::Denied, &["Policy violation: ", &why].concat(), &data)
        }
        Denial::ApprovalRequired { pending, .. } => approval_needed(asked, request, data, pending.as_ref()),
        Denial::RateLimited { limit, full } => limited(asked, request, data, limit, *full, now),
        // Nobody is told before a service was asked.
        Denial::CalloutPending { .. } | Denial::Internal => {
            let data = Data { kind: "refused", ..data };
            answer::error(200, Some(request.id.token()), Code::Internal, &why, &data)
        }
    }
}

impl ReplyContext<'_> {
    /// An error, or a result that says the same, where tool calls are answered so.
    fn told(self, request: &Request<'_>, code: Code, message: &str, data: &Data<'_>) -> Reply {
        match &request.target {
            Target::Tool(_) if self.config.answers.as_results => {
                answer::tool_error(request.id.token(), message, self.era == Lifecycle::Stateless)
            }
            _ => answer::error(200, Some(request.id.token()), code, message, data),
        }
    }

    /// The tool that the caller is not to know of: one that no call gets through to, and that lists do not show.
    fn unknown_tool<'m>(self, request: &'m Request<'_>, denial: &Denial<'_>) -> Option<&'m str> {
        let (Target::Tool(name), Denial::Denied { .. }, Some(named)) = (&request.target, denial, self.named) else {
            return None;
        };
        let is_unknown =
            self.config.answers.unknown_tool && !authorize::is_permitted(&named.policy, ListKind::Tools, name);
        is_unknown.then_some(&**name)
    }
}

fn approval_needed(asked: ReplyContext<'_>, request: &Request<'_>, data: Data<'_>, pending: Option<&Pending>) -> Reply {
    let own = |pending: &Pending| asked.config.approvals.url.as_ref().map(|base| format!("{base}#{}", pending.id));
    let url = pending.and_then(|pending| pending.url.clone().or_else(|| own(pending)));
    let todo = match (pending, &url) {
        (Some(_), Some(url)) => format!("have it approved at {url}, then repeat the very same call"),
        (Some(pending), None) => format!("have `{}` approved, then repeat the very same call", pending.id),
        (None, _) => "send the call by itself, not in a batch".to_owned(),
    };
    let message = format!("Approval required: {}; {todo}", data.reason);
    let approval = pending.map(|pending| ApprovalData {
        id: &pending.id,
        url: url.as_deref(),
        expires_at: pending.until.and_then(|until| rfc_3339(Timestamp(until.saturating_mul(1000)))),
    });
    let data = Data { kind: "approval_required", approval, ..data };
    asked.told(request, Code::ApprovalNeeded, &message, &data)
}

fn limited(
    asked: ReplyContext<'_>,
    request: &Request<'_>,
    data: Data<'_>,
    limit: &Limit,
    full: LimitExceeded,
    now: Timestamp,
) -> Reply {
    let wait = full.retry_at.map(|back_at| back_at.0.saturating_sub(now.0));
    let seconds = wait.map(|wait| wait.div_ceil(1000));
    let window = match limit.window.name() {
        Some(name) => WindowData::Named(name),
        None => WindowData::Seconds(limit.window.seconds()),
    };
    let message = match seconds {
        Some(seconds) => format!("Policy violation: {}; retry in {seconds} s", data.reason),
        None => format!("Policy violation: {}; do not retry, it never passes", data.reason),
    };
    let data = Data {
        kind: "rate_limited",
        limit: Some(LimitData { counter: &limit.counter, window, max: limit.max, scope: limit.scope.name() }),
        retry_after_ms: wait,
        reset_at: full.retry_at.and_then(rfc_3339),
        ..data
    };
    Reply { retry_after: seconds, ..asked.told(request, Code::RateLimited, &message, &data) }
}
