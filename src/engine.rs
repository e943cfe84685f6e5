//! The decision: one MCP request, one policy, one order.
//!
//! Bytes and time in, a decision out. Nothing here reads a clock, writes a log or calls Envoy; the filter, the command and
//! every test use the same doors:
//!
//! * [`BoundRequest::new`]: which policy applies, found once a request
//! * [`check_headers`]: what the HTTP head alone decides
//! * [`authorize`]: what becomes of the whole request
//!
//! Every failure is a refusal. The order of the decision is on one screen, in `authorize`.

pub mod approval_service;
mod audit_record;
mod authorize;
pub mod callout;
pub mod definitions;
pub mod elicitation;
mod facts;
pub mod lists;
pub mod notice;
mod owner;
pub mod refund;
mod refuse;
mod reply;
mod request;
mod response;
mod response_body;
pub mod results;
pub mod tasks;
pub mod trace;

#[cfg(test)]
mod tests;

use crate::{
    audit::AuditRecord,
    budget::MAX_DISCARDED,
    config::{Config, PolicyMatch},
    http::Header,
    mcp::{
        Body, Message, Refusal,
        answer::{self, Reply},
        head::{self, RequestKind},
        revision::{self, Lifecycle},
    },
    store::Store,
    time::Timestamp,
};

pub use self::{
    audit_record::{refuse_list, refused_stream},
    refuse::{no_room, too_large, unexpected_body},
    request::{BoundRequest, RequestInfo},
    response_body::{blocks_legacy_sse, inspects_response, removes_accept_encoding},
};

use self::{
    authorize::Authorizer,
    callout::Callout,
    elicitation::SessionWatch,
    lists::ListFilter,
    refund::Receipt,
    refuse::{refuse, refuse_body},
    results::ResultFilter,
    trace::{NoTrace, Tracer},
};

/// What becomes of a request.
#[derive(Clone, Debug)]
#[must_use]
pub struct AuthorizationResponse {
    /// What to do.
    pub answer: Disposition,
    /// What to write down.
    pub record: Box<AuditRecord>,
    /// How to filter the server's response, if it lists something.
    pub lists: Option<Box<ListFilter>>,
    /// How to judge the server's response, if a rule has `results`.
    pub results: Option<Box<ResultFilter>>,
    /// Whose session the server's response opens, if its client shows pages to its user.
    pub session: Option<Box<SessionWatch>>,
    /// What approvers are to hear of, if the request has filed a request for approval: JSON.
    pub notice: Option<String>,
}

/// What to do with a request.
#[derive(Clone, Debug)]
pub enum Disposition {
    /// Forward it unchanged. The receipt says what it was charged.
    Forward(Receipt),
    /// Call an external service, and authorize the request again with its answer. Nothing is recorded or charged yet.
    Callout(Callout),
    /// Reply in the server's place.
    Reply(Reply),
}

/// What the HTTP head of a request decides.
#[derive(Clone, Debug)]
pub enum HeadersVerdict {
    /// The request passes uninspected.
    Bypass,
    /// The request has no message and passes. The record is to be written when it is complete.
    Continue(Box<AuditRecord>),
    /// The body decides.
    NeedBody,
    /// The request passes, as with `Continue`, if its body is empty; else reply with [`unexpected_body`].
    ExpectEmptyBody(Box<AuditRecord>),
    /// Reply at once.
    Reply(Box<AuthorizationResponse>),
    /// Throw the body away, which is too large, and reply at its end or when [`crate::budget::Discarded`] allows no more.
    Discard(Box<AuthorizationResponse>),
}

impl AuthorizationResponse {
    /// A response after which nothing of the server's is looked at.
    pub(crate) fn new(answer: Disposition, record: Box<AuditRecord>) -> Self {
        Self { answer, record, lists: None, results: None, session: None, notice: None }
    }
}

/// Checks the HTTP head of a request whose body, if `has_body`, is still to come.
pub fn check_headers(config: &Config, request: &BoundRequest, has_body: bool) -> HeadersVerdict {
    if let Err(refusal) = check_origin(config, request) {
        return HeadersVerdict::Reply(Box::new(refuse(config, request, &refusal)));
    }
    if let PolicyMatch::Bypass { .. } = request.policy {
        return HeadersVerdict::Bypass;
    }
    // Removing a header makes Envoy choose the route again, and with it perhaps another server.
    if let (true, Some(name)) = (config.reads_route(), request.info.headers.present(&head::RETRY_HEADERS).next()) {
        return HeadersVerdict::Reply(Box::new(refuse(config, request, &head::retry_header_refusal(name))));
    }
    let head = match head::check_head(&request.info.headers, has_body, config.protocol.largest_body()) {
        Ok(RequestKind::Message) => return HeadersVerdict::NeedBody,
        Ok(head) => check_revision(config, request, &[]).map(|()| head),
        Err(refusal) => Err(refusal),
    };
    let head = match head {
        Ok(head) => head,
        Err(refusal) => {
            let is_discarded = refusal.status == 413 && head::announces_at_most(&request.info.headers, MAX_DISCARDED);
            let refused = Box::new(refuse(config, request, &refusal));
            return if is_discarded { HeadersVerdict::Discard(refused) } else { HeadersVerdict::Reply(refused) };
        }
    };
    let mut decision = authorize::authorize_bodiless(config, request);
    let record = audit_record::bodiless(config, request, &mut decision);
    match (decision.verdict, head) {
        (Err(_), _) => {
            let answer = Disposition::Reply(answer::forbidden());
            HeadersVerdict::Reply(Box::new(AuthorizationResponse::new(answer, record)))
        }
        (Ok(_), RequestKind::ExpectEmptyBody) => HeadersVerdict::ExpectEmptyBody(record),
        (Ok(_), RequestKind::WithoutBody | RequestKind::Message) => HeadersVerdict::Continue(record),
    }
}

/// # Errors
/// The request comes from a page whose origin `protocol.origins` does not list.
fn check_origin(config: &Config, request: &BoundRequest) -> Result<(), Refusal> {
    match &config.protocol.origins {
        Some(origins) if !origins.accepts(request.info.headers.get("origin")) => Err(head::origin_not_accepted()),
        _ => Ok(()),
    }
}

/// # Errors
/// A revision that `protocol.revisions` does not list.
fn check_revision(config: &Config, request: &BoundRequest, messages: &[Message<'_>]) -> Result<(), Refusal> {
    match &config.protocol.revisions {
        Some(revisions) => revision::check_accepted(&request.info.headers, messages, revisions.listed()),
        None => Ok(()),
    }
}

/// Decides on a request by its whole body. `filter` is the filter's name in Envoy.
pub fn authorize<S: Store>(
    config: &Config,
    request: &BoundRequest,
    body: &[u8],
    filter: &str,
    now: Timestamp,
    store: &S,
) -> AuthorizationResponse {
    explain(config, request, body, filter, now, store, NoTrace)
}

/// As [`authorize`], while `tracer` receives the steps.
pub fn explain<S: Store, W: Tracer>(
    config: &Config,
    request: &BoundRequest,
    bytes: &[u8],
    filter: &str,
    now: Timestamp,
    store: &S,
    mut tracer: W,
) -> AuthorizationResponse {
    request.trace_binding(config, &mut tracer);
    if let PolicyMatch::Bypass { .. } = request.policy {
        let answer = Disposition::Forward(Receipt::EMPTY);
        return AuthorizationResponse::new(answer, audit_record::bypassed(config, request));
    }
    if bytes.len() > config.protocol.largest_body() {
        return too_large(config, request);
    }
    // Not moved out of its result: it is large.
    let mut read = Body::read(bytes, config.protocol.max_depth, config.protocol.batches);
    let body = match &mut read {
        Ok(body) => body,
        Err(refusal) => return refuse_body(config, request, bytes, refusal.clone(), tracer),
    };
    let lifecycle = match lifecycle(config, request, body) {
        Ok(lifecycle) => lifecycle,
        Err(refusal) => return refuse_body(config, request, bytes, refusal, tracer),
    };
    let session = session_id(request, lifecycle);
    let mut authorizer = Authorizer { config, request, session, filter, now, store, tracer };
    let decision = match check_routing_headers(request, lifecycle, body) {
        Ok(()) => authorizer.authorize(body.messages()),
        // What the policy denies by its name is denied as such: only a call that might have passed is refused for its headers.
        Err(refusal) => match authorizer.denied_by_name(body.messages()) {
            Some(denied) => denied,
            None => return refuse_body(config, request, bytes, refusal, authorizer.tracer),
        },
    };
    response::respond(&authorizer, lifecycle, body, decision)
}

/// The id of the MCP session that a request belongs to.
fn session_id(request: &BoundRequest, lifecycle: Lifecycle) -> Option<&[u8]> {
    match (lifecycle, request.info.headers.get("mcp-session-id")) {
        (Lifecycle::Session, Header::Once(id)) => Some(id),
        _ => None,
    }
}

/// The lifecycle of the body's protocol revision, if the configuration accepts that.
fn lifecycle(config: &Config, request: &BoundRequest, body: &Body<'_>) -> Result<Lifecycle, Refusal> {
    let lifecycle = body.lifecycle(&request.info.headers)?;
    check_revision(config, request, body.messages())?;
    Ok(lifecycle)
}

/// # Errors
/// `Mcp-Method` or `Mcp-Name` of a session revision differs from the body. In a stateless one they have been read with it.
fn check_routing_headers(request: &BoundRequest, lifecycle: Lifecycle, body: &Body<'_>) -> Result<(), Refusal> {
    match lifecycle {
        Lifecycle::Session => revision::check_routing_headers(&request.info.headers, body.messages()),
        Lifecycle::Stateless => Ok(()),
    }
}
