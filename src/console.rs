//! The page on which people approve calls, and the JSON under it; product contract, section 7.
//!
//! A listener of its own in the same Envoy, with the same module and `vm_id`: what the gateway keeps in shared data is read
//! and answered here.
//!
//! | request | answer |
//! |---|---|
//! | `GET /`, `/console.js`, `/console.css` | the page, which holds no data, to anybody |
//! | `GET /api/approvals` | the questions that wait, and those that were answered |
//! | `POST /api/approvals/<id>` | answers one: `{"decision": "approve" or "reject", "note": "…"}` |
//! | `GET /api/counters` | counters, with their fill |
//! | `GET /api/decisions` | the newest refusals, approved calls and answers |
//!
//! * `door` lets in who may come in
//! * `page` is what stands there for everybody
//! * `approvals`, `counters` and `decisions` are what an approver sees

mod approvals;
mod counters;
mod decisions;
mod door;
mod page;
mod pretty;

#[cfg(test)]
mod tests;

use crate::{
    config::Console,
    engine::Call,
    http::Response,
    json::Writer,
    store::Store,
    time::{Moment, rfc_3339},
};

/// What is answered, and what of it goes into the audit record.
#[derive(Clone, Debug)]
#[must_use]
pub struct Answered {
    /// The answer.
    pub response: Response,
    /// The record of somebody's decision, JSON.
    pub record: Option<String>,
}

/// The longest body that is read, in bytes: a decision with a note.
pub const MAX_BODY: usize = 8 << 10;

/// Answers a request by its whole body.
pub fn answer<S: Store>(console: &Console, call: &Call, body: &[u8], now: Moment, store: &S) -> Answered {
    let visit = match door::enter(console, call, body) {
        Ok(visit) => visit,
        Err(refused) => return refused.into(),
    };
    match visit {
        door::Visit::Page(file) => file.response().into(),
        door::Visit::Approvals(approver) => approvals::list(approver, now, store).into(),
        door::Visit::Decision { approver, id, decision } => approvals::decide(approver, id, &decision, now, store),
        door::Visit::Counters => counters::list(now, store).into(),
        door::Visit::Decisions => decisions::list(now, store).into(),
    }
}

/// The answer to a body that grew too large.
#[must_use]
pub fn too_large() -> Response {
    error(413, &format!("the body is larger than {MAX_BODY} bytes; send a shorter note"))
}

/// The answer when we fail.
#[must_use]
pub fn failed() -> Response {
    error(503, "the gateway failed; try again later")
}

impl From<Response> for Answered {
    fn from(response: Response) -> Self {
        Self { response, record: None }
    }
}

/// An answer that says what is wrong.
fn error(status: u16, why: &str) -> Response {
    let mut body = Writer::default();
    body.text("error", why);
    page::json(status, body.finish())
}

/// A list under its name, as of now.
fn listed(name: &'static str, items: &[String], now: Moment, you: Option<&str>) -> Response {
    let mut body = Writer::default();
    body.text("now", &written(now)).optional("you", you).json(name, format_args!("[{}]", items.join(",")));
    page::json(200, body.finish())
}

fn written(moment: Moment) -> String {
    rfc_3339(moment).unwrap_or_default()
}
