//! The decision: what was said, what is permitted and what was used, brought together in one fixed order.
//!
//! Bytes and a moment in, an answer out. Nothing here asks a clock, writes a log or knows Envoy; the filter, the
//! command and every test go through the same two doors:
//!
//! * [`open`]: what the HTTP head alone decides
//! * [`judge`]: what the whole request is answered
//!
//! Whatever fails on the way is a refusal. The order stands on one screen, in `decide`.

mod bound;
mod decide;
pub mod heard;
pub mod lists;
pub mod metric;
mod record;
pub mod refund;
mod reply;
pub mod ruling;
pub mod trace;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::{
    config::{Bound, Config, Refund},
    http::{Header, Headers},
    identity::{Grant, Unknown},
    mcp::{
        Body, Refusal,
        answer::{self, Reply},
        era::Era,
        head::{self, Head},
    },
    store::Store,
    time::Moment,
};

pub use record::{Decision, Noted, Record};

use self::{
    bound::bound,
    decide::{Denial, Judge},
    heard::{Ask, Heard},
    lists::Trim,
    refund::Receipt,
    trace::{Nobody, Step, Witness},
};

/// A request, but for its body.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its headers.
    pub headers: Headers,
    /// Who sent it.
    pub grant: Result<Grant, Unknown>,
    /// Envoy's `x-request-id`.
    pub request_id: Option<Arc<str>>,
    /// The name of Envoy's route, where a binding asks for it.
    pub route: Option<String>,
    /// What services have said of it.
    pub heard: Heard,
}

impl Call {
    /// A request of which Envoy tells no id and no route.
    #[must_use]
    pub fn new(headers: Headers, grant: Result<Grant, Unknown>) -> Self {
        Self { headers, grant, request_id: None, route: None, heard: Heard::default() }
    }
}

/// What becomes of a request.
#[derive(Clone, Debug)]
#[must_use]
pub struct Judgement {
    /// What to do.
    pub answer: Answer,
    /// What to note.
    pub record: Record,
    /// How the server's answer is trimmed, where it lists something.
    pub lists: Option<Trim>,
}

/// What to do with a request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Let it go on, unchanged. The receipt says what that used up.
    Forward(Receipt),
    /// Ask a service, and judge it anew with what that says; nothing is noted or charged here yet.
    Ask(Ask),
    /// Answer it here; no server sees it.
    Reply(Reply),
}

/// What the head of a request decides.
#[derive(Clone, Debug)]
pub enum Opening {
    /// Nobody looks at it.
    Bypass,
    /// It carries no message and may pass.
    Pass,
    /// The body decides.
    Await,
    /// It may pass if its body is empty; a byte of one is answered by [`unexpected_body`].
    AwaitNothing,
    /// It is answered at once.
    Closed(Box<Judgement>),
}

/// Looks at the head of a request whose body, if `has_body`, is still to come.
pub fn open(config: &Config, call: &Call, has_body: bool) -> Opening {
    let bound = bound(config, call);
    if let Bound::Bypass = bound {
        return Opening::Bypass;
    }
    match head::inspect(&call.headers, has_body, config.protocol.max_body_bytes) {
        Ok(Head::Bodiless | Head::Empty) if matches!(bound, Bound::Nothing) => {
            Opening::Closed(Box::new(not_bound(config, call)))
        }
        Ok(Head::Bodiless) => Opening::Pass,
        Ok(Head::Empty) => Opening::AwaitNothing,
        Ok(Head::Message) => Opening::Await,
        Err(refusal) => Opening::Closed(Box::new(refuse(config, call, &refusal))),
    }
}

/// Judges a request by its whole body. `filter` is the filter's name in Envoy.
pub fn judge<S: Store>(config: &Config, call: &Call, body: &[u8], filter: &str, now: Moment, store: &S) -> Judgement {
    explain(config, call, body, filter, now, store, Nobody)
}

/// As [`judge`], while `witness` takes notes.
pub fn explain<S: Store, W: Witness>(
    config: &Config,
    call: &Call,
    body: &[u8],
    filter: &str,
    now: Moment,
    store: &S,
    mut witness: W,
) -> Judgement {
    let bound = bound(config, call);
    bound::note(config, call, bound, &mut witness);
    if let Bound::Bypass = bound {
        let record = Record::bypassed(config, call);
        return Judgement { answer: Answer::Forward(Receipt::NOTHING), record, lists: None };
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
            witness.note(|| Step::new("", format!("refused before any rule is asked: {}", refusal.why)));
            return refuse(config, call, &refusal);
        }
    };
    let session = match (era, call.headers.get("mcp-session-id")) {
        (Era::Handshake, Header::Once(session)) => Some(session),
        _ => None,
    };
    let Bound::To(named) = bound else {
        let decision = decide::not_bound(witness);
        let asked = reply::Asked { config, named: None, call, era };
        return carry_out(config, asked, &body, decision, now);
    };
    let decision = Judge { config, named, call, session, filter, now, store, witness }.decide(body.messages());
    let lists = lists::asked(config, named, &body, era);
    let asked = reply::Asked { config, named: Some(named), call, era };
    Judgement { lists, ..carry_out(config, asked, &body, decision, now) }
}

/// Puts a decision into an answer and a record.
fn carry_out(
    config: &Config,
    asked: reply::Asked<'_>,
    body: &Body<'_>,
    decision: decide::Decision<'_>,
    now: Moment,
) -> Judgement {
    let record = Record::of(config, asked.named, asked.call, body, &decision);
    let answer = match decision.verdict {
        Ok(passed) => Answer::Forward(Receipt::of(passed)),
        Err(Denial::Unasked { ask, .. }) => Answer::Ask(*ask),
        Err(denial) => Answer::Reply(reply::denied(asked, body, &denial, now)),
    };
    Judgement { answer: by_status(config, asked.call, answer), record, lists: None }
}

/// The answer to a request without a message that nothing is bound to.
fn not_bound(config: &Config, call: &Call) -> Judgement {
    Judgement { answer: Answer::Reply(answer::forbidden()), record: Record::not_bound(config, call), lists: None }
}

/// The answer to a body where none belongs.
pub fn unexpected_body(config: &Config, call: &Call) -> Judgement {
    refuse(config, call, &head::no_body_expected())
}

/// The answer to a body that grew too large.
pub fn too_large(config: &Config, call: &Call) -> Judgement {
    refuse(config, call, &head::too_large(config.protocol.max_body_bytes))
}

/// Whether the first event of the answer to this request has to be looked at: one that opens the old transport, which
/// the configuration refuses, ends the stream.
#[must_use]
pub fn listens_for_endpoint(config: &Config, call: &Call) -> bool {
    !config.protocol.legacy_sse && call.headers.get(":method") == Header::Once(b"GET")
}

/// Whether the answer to a request may have to be read, so that it must not be compressed. Which method it is of is not
/// known when its head goes on.
#[must_use]
pub fn reads_answers(config: &Config, call: &Call) -> bool {
    let reads_outcome = config.limits.refund == Refund::Failed && call.headers.get(":method") == Header::Once(b"POST");
    reads_outcome || lists::may_be_trimmed(config, call) || listens_for_endpoint(config, call)
}

/// In the old transport answers come on another stream: only the HTTP status tells a caller that its POST was refused.
fn by_status(config: &Config, call: &Call, answer: Answer) -> Answer {
    let Answer::Reply(reply) = answer else { return answer };
    let names_session = || head::names_session(call.headers.text(":path").unwrap_or_default());
    let is_post = || call.headers.get(":method") == Header::Once(b"POST");
    let status = if config.protocol.legacy_sse && is_post() && names_session() { 403 } else { reply.status };
    Answer::Reply(Reply { status, ..reply })
}

/// The answer to a request that is refused before it is judged: no server reads it, or not every server alike.
fn refuse(config: &Config, call: &Call, refusal: &Refusal) -> Judgement {
    let answer = by_status(config, call, Answer::Reply(reply::refused(call, refusal)));
    let named = match bound(config, call) {
        Bound::To(named) => Some(named),
        Bound::Bypass | Bound::Nothing => None,
    };
    Judgement { answer, record: Record::refused(config, named, call, refusal), lists: None }
}
