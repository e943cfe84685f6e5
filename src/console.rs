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
mod assets;
mod auth;
mod counters;
mod decisions;
mod pretty;

#[cfg(test)]
mod tests;

use crate::{
    config::Console,
    engine::RequestInfo,
    http::Response,
    json::Writer,
    store::Store,
    time::{Timestamp, rfc_3339},
};

/// What is answered, and what of it goes into the audit record.
#[derive(Clone, Debug)]
#[must_use]
pub struct ConsoleResponse {
    /// The answer.
    pub response: Response,
    /// The record of somebody's decision, JSON.
    pub record: Option<String>,
}

/// The longest body that is read, in bytes: a decision with a note.
pub const MAX_BODY: usize = 8 << 10;

/// Answers a request by its whole body.
pub fn answer<S: Store>(
    console: &Console,
    call: &RequestInfo,
    body: &[u8],
    now: Timestamp,
    store: &S,
) -> ConsoleResponse {
    let visit = match auth::authorize(console, call, body) {
        Ok(visit) => visit,
        Err(refused) => return refused.into(),
    };
    match visit {
        auth::Route::Page(file) => file.response().into(),
        auth::Route::Approvals(approver) => approvals::list(approver, now, store).into(),
        auth::Route::Decision { approver, id, decision } => approvals::decide(approver, id, &decision, now, store),
        auth::Route::Counters => counters::list(now, store).into(),
        auth::Route::Decisions => decisions::list(now, store).into(),
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

impl From<Response> for ConsoleResponse {
    fn from(response: Response) -> Self {
        Self { response, record: None }
    }
}

/// An answer that says what is wrong.
fn error(status: u16, why: &str) -> Response {
    let mut body = Writer::default();
    body.text("error", why);
    assets::json(status, body.finish())
}

/// A list under its name, as of now.
fn listed(name: &'static str, items: &[String], now: Timestamp, you: Option<&str>) -> Response {
    let mut body = Writer::default();
    body.text("now", &timestamp(now)).optional("you", you).json(name, format_args!("[{}]", items.join(",")));
    assets::json(200, body.finish())
}

fn timestamp(moment: Timestamp) -> String {
    rfc_3339(moment).unwrap_or_default()
}
