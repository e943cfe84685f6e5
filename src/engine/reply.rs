//! Decisions as JSON-RPC replies; product contract, section 4.
//!
//! Clients show a model nothing but `message`, so it says what was denied, why, and what to do.

use super::{
    BoundRequest,
    approval_service::Pending,
    authorize::{Denial, MessageDenial, denial_text, target::TargetName},
    elicitation::Dialogue,
    lists,
};
use crate::{
    amount::Amount,
    approval,
    config::Config,
    limit::LimitExceeded,
    mcp::{
        Body, Code, Message, Refusal, Request, Target,
        answer::{self, ApprovalData, ArgumentData, DenialData, DenialKind, Elicitation, LimitData, Reply},
        head,
        list::ListKind,
        revision::{self, Lifecycle},
    },
    policy::{Limit, schema::Violation},
    text::front,
    time::{Timestamp, rfc_3339},
};

/// Sets the status of a reply in the transport of revision 2024-11-05. There responses come on another stream, so only the
/// HTTP status tells a client that its POST was refused.
pub(super) fn set_legacy_status(config: &Config, request: &BoundRequest, reply: Reply) -> Reply {
    let has_session_in_query =
        || head::has_session_in_query(request.info.headers.str_value(":path").unwrap_or_default());
    if config.protocol.legacy_sse && request.info.is_method("POST") && has_session_in_query() {
        return Reply { status: 403, ..reply };
    }
    reply
}

/// The reply to a request that was refused before any rule was evaluated.
pub(super) fn refusal_reply(config: &Config, request: &BoundRequest, refusal: &Refusal) -> Reply {
    let request_id = request.info.request_id.as_deref();
    let supported = config.protocol.revisions.as_ref().filter(|_| refusal.reason == revision::NOT_ACCEPTED);
    let data = DenialData {
        request_id,
        supported: supported.map(|revisions| revisions.listed()),
        ..DenialData::refused(&refusal.message)
    };
    let message = format!("Request refused: {}", refusal.message);
    answer::error_reply(refusal.status, refusal.id.as_deref(), refusal.code, &message, &data)
}

/// What a reply depends on in addition to the denial.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReplyContext<'a> {
    pub(super) config: &'a Config,
    pub(super) request: &'a BoundRequest,
    pub(super) lifecycle: Lifecycle,
    /// How the client of a call that waits for approval is sent to the page.
    pub(super) dialogue: Option<Dialogue>,
    pub(super) now: Timestamp,
}

/// The reply to messages that do not pass: one for each request, since its sender waits for it.
pub(super) fn denial_reply(context: ReplyContext<'_>, body: &Body<'_>, denied: &MessageDenial<'_>) -> Reply {
    let requests = body.messages().iter().enumerate().filter_map(|(index, message)| match message {
        Message::Request(request) => Some((index, request)),
        Message::Notification { .. } | Message::Response => None,
    });
    let mut replies = requests.map(|(index, request)| {
        if denied.message.is_none_or(|message| message == index) {
            context.reply_to(request, &denied.denial)
        } else {
            context.batch_refused(request)
        }
    });
    let Some(first) = replies.next() else { return context.without_request(&denied.denial) };
    match body {
        Body::Single(_) => first,
        Body::Batch(_) => replies.fold(first, Reply::merge).into_batch(),
    }
}

impl ReplyContext<'_> {
    fn reply_to(self, request: &Request<'_>, denial: &Denial<'_>) -> Reply {
        if let Some(tool) = self.unknown_tool(request, denial) {
            return answer::unknown_tool_reply(request.id.token(), tool);
        }
        let mut names = TargetName::all(&request.target);
        let target = names.next().filter(|_| names.next().is_none());
        let data = DenialData {
            target: target.map(|target| (target.kind.word(), front(target.name))),
            ..self.data(denial.rule())
        };
        match denial {
            Denial::Denied { reason, .. } => self.denied(request, Code::Denied, reason, data),
            Denial::InvalidArguments { reason, violation, .. } => {
                let argument = Some(argument_data(violation));
                self.denied(request, Code::Denied, reason, DenialData { argument, ..data })
            }
            Denial::UnknownMethod { reason } => {
                let status = if self.lifecycle == Lifecycle::Stateless { 404 } else { 200 };
                Reply { status, ..self.denied(request, Code::MethodNotFound, reason, data) }
            }
            // As a server says it: callers must not learn that the task exists.
            Denial::UnknownTask { reason } => answer::bare_error(request.id.token(), Code::InvalidParams, reason),
            Denial::ApprovalRequired { reason, filing, .. } => {
                self.approval_required(request, data, reason, filing.pending())
            }
            Denial::RateLimited { limit, cost, full } => {
                let reason = denial_text::rate_limited(limit, target.as_ref(), *cost, full.remaining);
                self.rate_limited(
                    request,
                    DenialData { limit: Some(limit_data(limit, *cost, *full)), ..data },
                    &reason,
                    *full,
                )
            }
            // A callout is dispatched instead of a reply.
            Denial::CalloutPending { .. } | Denial::Internal => {
                let reason = denial_text::INTERNAL;
                let data = DenialData { kind: DenialKind::Refused, reason, ..data };
                answer::error_reply(200, Some(request.id.token()), Code::Internal, reason, &data)
            }
        }
    }

    fn denied(self, request: &Request<'_>, code: Code, reason: &str, data: DenialData<'_>) -> Reply {
        let message = ["Policy violation: ", reason].concat();
        self.reply(request, code, &message, &DenialData { kind: DenialKind::Denied, reason, ..data })
    }

    fn approval_required(
        self,
        request: &Request<'_>,
        data: DenialData<'_>,
        reason: &str,
        pending: Option<&Pending>,
    ) -> Reply {
        let console = |pending: &Pending| {
            let base = self.config.approvals.url.as_ref()?;
            Some(format!("{base}#{}", pending.id))
        };
        let url = pending.and_then(|pending| pending.url.clone().or_else(|| console(pending)));
        let next = denial_text::how_to_get_approval(pending, url.as_deref());
        let message = format!("Approval required: {reason}; {next}");
        let approval = pending.map(|pending| ApprovalData {
            id: &pending.id,
            url: url.as_deref(),
            expires_at: pending.expires_at.and_then(|seconds| rfc_3339(Timestamp::from_seconds(seconds))),
        });
        let data = DenialData { kind: DenialKind::ApprovalRequired, reason, approval, ..data };
        let page = url.as_deref().filter(|url| is_page(url));
        match (self.dialogue, pending, page) {
            (Some(dialogue), Some(pending), Some(url)) => {
                let text = format!("Approval required: {reason}; an approver can decide on this page");
                let id = request.id.token();
                match dialogue {
                    Dialogue::InputRequired => {
                        let page = Elicitation { id: None, url, message: &text };
                        answer::input_required(id, approval::INPUT_REQUEST, page, &data)
                    }
                    Dialogue::UrlElicitationRequired => {
                        let page = Elicitation { id: Some(&pending.id), url, message: &text };
                        let data = DenialData { elicitation: Some(page), ..data };
                        answer::error_reply(200, Some(id), Code::UrlElicitationRequired, &message, &data)
                    }
                }
            }
            _ => self.reply(request, Code::ApprovalNeeded, &message, &data),
        }
    }

    fn rate_limited(self, request: &Request<'_>, data: DenialData<'_>, reason: &str, full: LimitExceeded) -> Reply {
        let wait = full.retry_at.map(|retry_at| retry_at.0.saturating_sub(self.now.0));
        let seconds = wait.map(|wait| wait.div_ceil(1000));
        let message = ["Policy violation: ", reason, "; ", &denial_text::when_to_retry(seconds)].concat();
        let data = DenialData {
            kind: DenialKind::RateLimited,
            reason,
            retry_after_ms: wait,
            reset_at: full.retry_at.and_then(rfc_3339),
            ..data
        };
        Reply { retry_after: seconds, ..self.reply(request, Code::RateLimited, &message, &data) }
    }

    /// The reply to a request of a batch in which another message was denied: no more than that, since the other message may
    /// name what this one must not reveal.
    fn batch_refused(self, request: &Request<'_>) -> Reply {
        let reason = denial_text::BATCH;
        let data = DenialData { kind: DenialKind::Refused, reason, ..self.data("") };
        let message = ["Request refused: ", reason].concat();
        answer::error_reply(200, Some(request.id.token()), Code::Invalid, &message, &data)
    }

    /// The reply to notifications and responses. Clients of the session revisions end the whole session at a 4xx.
    fn without_request(self, denial: &Denial<'_>) -> Reply {
        match (self.lifecycle, denial) {
            (Lifecycle::Stateless, Denial::Denied { reason, .. } | Denial::UnknownMethod { reason }) => {
                let data = DenialData { kind: DenialKind::Denied, reason, ..self.data(denial.rule()) };
                answer::error_reply(400, None, Code::Denied, &["Policy violation: ", reason].concat(), &data)
            }
            _ => answer::accepted_empty(),
        }
    }

    fn data<'d>(&'d self, rule: &'d str) -> DenialData<'d> {
        DenialData {
            rule: Some(rule).filter(|rule| !rule.is_empty()),
            policy: self.request.policy().map(|policy| &*policy.name),
            request_id: self.request.info.request_id.as_deref(),
            ..DenialData::default()
        }
    }

    /// An error, or a tool result that says the same if `answers.deny_as` says so.
    fn reply(self, request: &Request<'_>, code: Code, message: &str, data: &DenialData<'_>) -> Reply {
        match &request.target {
            Target::Tool(_) if self.config.answers.as_results => {
                answer::tool_error(request.id.token(), message, self.lifecycle == Lifecycle::Stateless, data)
            }
            _ => answer::error_reply(200, Some(request.id.token()), code, message, data),
        }
    }

    /// The tool, if callers must not learn that it exists: no call of it can pass, and lists do not show it.
    fn unknown_tool<'m>(self, request: &'m Request<'_>, denial: &Denial<'_>) -> Option<&'m str> {
        let (Target::Tool(name), Denial::Denied { .. }) = (&request.target, denial) else { return None };
        if !self.config.answers.unknown_tool {
            return None;
        }
        // A caller that no one knows learns only that.
        self.request.info.grant.as_ref().ok()?;
        let policy = &self.request.policy()?.policy;
        let caller = lists::caller_denials(self.config, self.request);
        (!lists::is_permitted(policy, &caller, ListKind::Tools, name)).then_some(&**name)
    }
}

/// The argument that does not fit, for programs.
fn argument_data(violation: &Violation) -> ArgumentData {
    let Violation { sent, .. } = violation;
    ArgumentData { pointer: violation.argument(), sent: sent.name(), expected: violation.expected() }
}

/// Whether clients can show this address to their user: an approval service may return any text.
fn is_page(url: &str) -> bool {
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    is_web && url.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A limit without room, for programs.
fn limit_data(limit: &Limit, cost: Amount, full: LimitExceeded) -> LimitData<'_> {
    let Limit { counter, window, max, scope, .. } = limit;
    LimitData {
        counter,
        window: *window,
        max: max.unwrap_or_default(),
        scope: scope.name(),
        cost,
        remaining: full.remaining,
    }
}
