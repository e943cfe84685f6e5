//! The decision: what was said, what is permitted and what was used, brought together in one fixed order.
//!
//! Bytes and a moment in, an answer out. Nothing here asks a clock, writes a log or knows Envoy; the filter, the
//! command and every test go through the same two doors:
//!
//! * [`check_headers`]: what the HTTP head alone decides
//! * [`authorize`]: what the whole request is answered
//!
//! Whatever fails on the way is a refusal. The order stands on one screen, in `decide`.

pub mod approval_service;
mod authorize;
pub mod callout;
pub mod lists;
pub mod metric;
mod record;
pub mod refund;
mod reply;
mod routing;
pub mod trace;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::{
    config::{Config, HeaderMode, PolicyMatch, Refund},
    http::{Header, Headers},
    identity::{Grant, IdentityError},
    mcp::{
        Body, Refusal,
        answer::{self, Reply},
        head::{self, Head},
        list::ListKind,
        revision::Lifecycle,
    },
    store::Store,
    time::Timestamp,
};

pub use record::{AuditRecord, Decision, LoggedArguments};

use self::{
    authorize::{Authorizer, Denial},
    callout::{Callout, CalloutResults},
    lists::ListFilter,
    refund::Receipt,
    routing::match_policy,
    trace::{NoTrace, Step, Tracer},
};

/// A request, but for its body.
#[derive(Clone, Debug)]
pub struct RequestInfo {
    /// Its headers.
    pub headers: Headers,
    /// Who sent it.
    pub grant: Result<Grant, IdentityError>,
    /// Envoy's `x-request-id`.
    pub request_id: Option<Arc<str>>,
    /// The name of Envoy's route, where a binding asks for it.
    pub route: Option<String>,
    /// Whether Envoy has chosen another route since: then no policy is bound to the request.
    pub is_rerouted: bool,
    /// What services have said of it.
    pub callouts: CalloutResults,
}

impl RequestInfo {
    /// A request of which Envoy tells no id and no route.
    #[must_use]
    pub fn new(headers: Headers, grant: Result<Grant, IdentityError>) -> Self {
        Self { headers, grant, request_id: None, route: None, is_rerouted: false, callouts: CalloutResults::default() }
    }
}

/// What becomes of a request.
#[derive(Clone, Debug)]
#[must_use]
pub struct AuthorizationResponse {
    /// What to do.
    pub answer: Disposition,
    /// What to note.
    pub record: AuditRecord,
    /// How the server's answer is trimmed, where it lists something.
    pub lists: Option<ListFilter>,
}

/// What to do with a request.
#[derive(Clone, Debug)]
pub enum Disposition {
    /// Let it go on, unchanged. The receipt says what that used up.
    Forward(Receipt),
    /// Ask a service, and judge it anew with what that says; nothing is noted or charged here yet.
    Callout(Callout),
    /// Answer it here; no server sees it.
    Reply(Reply),
}

/// What the head of a request decides.
#[derive(Clone, Debug)]
pub enum HeadersVerdict {
    /// Nobody looks at it.
    Bypass,
    /// It carries no message and may pass.
    Continue,
    /// The body decides.
    NeedBody,
    /// It may pass if its body is empty; a byte of one is answered by [`unexpected_body`].
    ExpectEmptyBody,
    /// It is answered at once.
    Reply(Box<AuthorizationResponse>),
}

/// Looks at the head of a request whose body, if `has_body`, is still to come.
pub fn check_headers(config: &Config, call: &RequestInfo, has_body: bool) -> HeadersVerdict {
    let bound = match_policy(config, call);
    if let PolicyMatch::Bypass = bound {
        return HeadersVerdict::Bypass;
    }
    // Removing a header makes Envoy choose the route again, and with it perhaps another server.
    if let (true, Some(name)) = (config.reads_route(), call.headers.present(&head::REPEATING).next()) {
        return HeadersVerdict::Reply(Box::new(refuse(config, call, &head::repeats(name))));
    }
    match head::inspect(&call.headers, has_body, config.protocol.max_body_bytes) {
        Ok(Head::Bodiless | Head::Empty) if matches!(bound, PolicyMatch::Unmatched) => {
            HeadersVerdict::Reply(Box::new(not_bound(config, call)))
        }
        Ok(Head::Bodiless) => HeadersVerdict::Continue,
        Ok(Head::Empty) => HeadersVerdict::ExpectEmptyBody,
        Ok(Head::Message) => HeadersVerdict::NeedBody,
        Err(refusal) => HeadersVerdict::Reply(Box::new(refuse(config, call, &refusal))),
    }
}

/// Judges a request by its whole body. `filter` is the filter's name in Envoy.
pub fn authorize<S: Store>(
    config: &Config,
    call: &RequestInfo,
    body: &[u8],
    filter: &str,
    now: Timestamp,
    store: &S,
) -> AuthorizationResponse {
    explain(config, call, body, filter, now, store, NoTrace)
}

/// As [`authorize`], while `witness` takes notes.
pub fn explain<S: Store, W: Tracer>(
    config: &Config,
    call: &RequestInfo,
    body: &[u8],
    filter: &str,
    now: Timestamp,
    store: &S,
    mut witness: W,
) -> AuthorizationResponse {
    let bound = match_policy(config, call);
    routing::trace_match(config, call, bound, &mut witness);
    if let PolicyMatch::Bypass = bound {
        let record = AuditRecord::bypassed(config, call);
        return AuthorizationResponse { answer: Disposition::Forward(Receipt::NOTHING), record, lists: None };
    }
    if body.len() > config.protocol.max_body_bytes {
        return too_large(config, call);
    }
    let protocol = &config.protocol;
    let read = Body::read(body, protocol.max_depth, protocol.batches);
    let read = read.and_then(|body| body.era(&call.headers).map(|era| (body, era)));
    let (body, era) = match read {
        Ok(read) => read,
        Err(refusal) => {
            witness.step(|| Step::new("", format!("refused before any rule is asked: {}", refusal.message)));
            return refuse(config, call, &refusal);
        }
    };
    let session = match (era, call.headers.get("mcp-session-id")) {
        (Lifecycle::Session, Header::Once(session)) => Some(session),
        _ => None,
    };
    let PolicyMatch::Policy(named) = bound else {
        let decision = authorize::not_bound(witness);
        let asked = reply::ReplyContext { config, named: None, call, era };
        return into_outcome(config, asked, &body, decision, now);
    };
    let decision = Authorizer { config, named, call, session, filter, now, store, witness }.authorize(body.messages());
    let lists = lists::filter_for(config, named, call, &body, era);
    let asked = reply::ReplyContext { config, named: Some(named), call, era };
    AuthorizationResponse { lists, ..into_outcome(config, asked, &body, decision, now) }
}

/// Puts a decision into an answer and a record.
fn into_outcome(
    config: &Config,
    asked: reply::ReplyContext<'_>,
    body: &Body<'_>,
    decision: authorize::Decision<'_>,
    now: Timestamp,
) -> AuthorizationResponse {
    let record = AuditRecord::of(config, asked.named, asked.call, body, &decision);
    let answer = match decision.verdict {
        Ok(passed) => Disposition::Forward(Receipt::of(passed, config.limits.refund, body)),
        Err(Denial::CalloutPending { ask, .. }) => Disposition::Callout(*ask),
        Err(denial) => Disposition::Reply(reply::denial_reply(asked, body, &denial, now)),
    };
    AuthorizationResponse { answer: by_status(config, asked.call, answer), record, lists: None }
}

/// The answer to a request without a message that nothing is bound to.
fn not_bound(config: &Config, call: &RequestInfo) -> AuthorizationResponse {
    AuthorizationResponse {
        answer: Disposition::Reply(answer::forbidden()),
        record: AuditRecord::not_bound(config, call),
        lists: None,
    }
}

/// The answer to a body where none belongs.
pub fn unexpected_body(config: &Config, call: &RequestInfo) -> AuthorizationResponse {
    refuse(config, call, &head::no_body_expected())
}

/// The answer to a body that grew too large.
pub fn too_large(config: &Config, call: &RequestInfo) -> AuthorizationResponse {
    refuse(config, call, &head::too_large(config.protocol.max_body_bytes))
}

/// Whether the first event of the answer to this request has to be looked at: one that opens the old transport, which
/// the configuration refuses, ends the stream.
#[must_use]
pub fn blocks_legacy_sse(config: &Config, call: &RequestInfo) -> bool {
    !config.protocol.legacy_sse && call.headers.get(":method") == Header::Once(b"GET")
}

/// Whether the answer to a request may have to be read, so that it must not be compressed. Which method it is of is not
/// known when its head goes on.
#[must_use]
pub fn inspects_response(config: &Config, call: &RequestInfo) -> bool {
    let reads_outcome = config.limits.refund == Refund::Failed && call.headers.get(":method") == Header::Once(b"POST");
    reads_outcome || lists::may_filter(config, call) || blocks_legacy_sse(config, call)
}

/// Whether `accept-encoding` is removed with the head of a request: its answer may have to be read. Where a binding names a
/// route, that is done for lists only, since it makes Envoy choose the route again; and if the head is held, when the body
/// has said that it is one.
#[must_use]
pub fn removes_accept_encoding(config: &Config, call: &RequestInfo) -> bool {
    let names_list = || call.headers.text("mcp-method").is_some_and(|method| ListKind::by_method(method).is_some());
    let is_list = || config.protocol.headers == HeaderMode::Release && names_list();
    inspects_response(config, call) && (!config.reads_route() || is_list())
}

/// In the old transport answers come on another stream: only the HTTP status tells a caller that its POST was refused.
fn by_status(config: &Config, call: &RequestInfo, answer: Disposition) -> Disposition {
    let Disposition::Reply(reply) = answer else { return answer };
    let names_session = || head::names_session(call.headers.text(":path").unwrap_or_default());
    let is_post = || call.headers.get(":method") == Header::Once(b"POST");
    let status = if config.protocol.legacy_sse && is_post() && names_session() { 403 } else { reply.status };
    Disposition::Reply(Reply { status, ..reply })
}

/// The answer to a request that is refused before it is judged: no server reads it, or not every server alike.
fn refuse(config: &Config, call: &RequestInfo, refusal: &Refusal) -> AuthorizationResponse {
    let answer = by_status(config, call, Disposition::Reply(reply::refusal_reply(call, refusal)));
    let named = match match_policy(config, call) {
        PolicyMatch::Policy(named) => Some(named),
        PolicyMatch::Bypass | PolicyMatch::Unmatched => None,
    };
    AuthorizationResponse { answer, record: AuditRecord::refused(config, named, call, refusal), lists: None }
}
