//! The decision: what was said, what is permitted and what was used, brought together in one fixed order.
//!
//! Bytes and a moment in, an answer out. Nothing here asks a clock, writes a log or knows Envoy; the filter, the
//! command and every test go through the same two doors:
//!
//! * [`open`]: what the HTTP head alone decides
//! * [`judge`]: what the whole request is answered
//!
//! Whatever fails on the way is a refusal. See [`decide`](decide::decide) for the order, on one screen.

mod charges;
mod decide;
mod record;
mod reply;

#[cfg(test)]
mod tests;

use crate::{
    caller::{Grant, Unknown},
    config::Config,
    http::Headers,
    limit::{Moment, Receipt, store::Store},
    mcp::{
        Message, Refusal,
        answer::{self, Reply},
        era,
        head::{self, Head},
    },
};

pub use record::{Decision, Record};

/// A request, but for its body.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its headers.
    pub headers: Headers,
    /// Who sent it.
    pub grant: Result<Grant, Unknown>,
    /// Envoy's `x-request-id`.
    pub request_id: Option<String>,
}

/// What becomes of a request.
#[derive(Clone, Debug)]
#[must_use]
pub struct Judgement {
    /// What to do.
    pub answer: Answer,
    /// What to note.
    pub record: Record,
}

/// What to do with a request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Let it go on, unchanged. The receipt says what it was charged.
    Forward(Receipt),
    /// Answer it here; no server sees it.
    Reply(Reply),
}

/// What the head of a request decides.
#[derive(Clone, Debug)]
pub enum Opening {
    /// It carries no message and may pass.
    Pass,
    /// The body decides.
    Await,
    /// It is answered at once.
    Closed(Box<Judgement>),
}

/// Looks at the head of a request whose body, if `has_body`, is still to come.
pub fn open(config: &Config, call: &Call, has_body: bool) -> Opening {
    match head::inspect(&call.headers, has_body, config.protocol.max_body_bytes) {
        Ok(Head::Bodiless) => Opening::Pass,
        Ok(Head::Message) => Opening::Await,
        Err(refusal) => Opening::Closed(Box::new(refuse(config, call, &refusal))),
    }
}

/// Judges a request by its whole body. `filter` is the filter's name in Envoy.
pub fn judge<S: Store>(config: &Config, call: &Call, body: &[u8], filter: &str, now: Moment, store: &S) -> Judgement {
    if body.len() > config.protocol.max_body_bytes {
        return refuse(config, call, &head::too_large(config.protocol.max_body_bytes));
    }
    let read = Message::read(body, config.protocol.max_depth);
    let message = match read.and_then(|message| era::agree(&call.headers, &message).map(|()| message)) {
        Ok(message) => message,
        Err(refusal) => return refuse(config, call, &refusal),
    };
    let verdict = decide::decide(config, call, &message, filter, now, store);
    let record = Record::of(config, call, &message, &verdict);
    let answer = match (&message, verdict) {
        (_, Ok(receipt)) => Answer::Forward(receipt),
        (Message::Request(request), Err(denial)) => Answer::Reply(reply::denied(config, call, request, &denial, now)),
        (Message::Notification { .. } | Message::Response, Err(_)) => Answer::Reply(answer::dropped()),
    };
    Judgement { answer, record }
}

/// The answer to a request that is refused before it is judged: no server reads it, or not every server alike.
pub fn refuse(config: &Config, call: &Call, refusal: &Refusal) -> Judgement {
    let answer = Answer::Reply(reply::refused(call, refusal));
    Judgement { answer, record: Record::refused(config, call, &refusal.why) }
}
