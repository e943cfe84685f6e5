//! The console: a page on which people approve calls, and the JSON API behind it; product contract, section 7.
//!
//! It has a listener of its own in the same Envoy, with the same module and `vm_id`, and reads what the gateway keeps in
//! shared data.
//!
//! | request | answer |
//! |---|---|
//! | `GET /`, `/console.js`, `/console.css` | the page, which holds no data, for every visitor |
//! | `GET /api/approvals` | pending approvals, and those that were decided |
//! | `POST /api/approvals/<id>` | decides on one: `{"decision": "approve" or "reject", "note": "…"}` |
//! | `GET /api/counters` | counters, with their fill |
//! | `GET /api/drifts` | pinned tools whose lists showed another definition |
//! | `POST /api/drifts/<id>` | accepts the definition that was seen: `{"decision": "accept", "note": "…"}` |
//! | `GET /api/decisions` | the newest refusals, approved calls and decisions of approvers |
//!
//! A list comes in pages: `next` of one page is `after` of the next one. Each page has an `ETag`, and a request whose
//! `If-None-Match` names it is answered with 304.
//!
//! * `auth`: who may send what
//! * `assets`: the page, and the headers of all answers
//! * `api`: the lists and the decision
//! * `drifts`: the same for pinned definitions
//! * `approval_json`, `params`: an approval as JSON
//! * `pagination`: pages and versions

mod api;
mod approval_json;
mod assets;
mod auth;
mod drifts;
mod pagination;
mod params;

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

/// The answer to a request, and its audit record.
#[derive(Clone, Debug)]
#[must_use]
pub struct ConsoleResponse {
    /// The answer.
    pub response: Response,
    /// The record of an approver's decision, JSON.
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
    let route = match auth::authorize(console, call, body) {
        Ok(route) => route,
        Err(refused) => return refused.into(),
    };
    match route {
        auth::ConsoleRequest::Page(file) => file.response().into(),
        auth::ConsoleRequest::Approvals(approver, query) => api::list_approvals(&approver, query, now, store).into(),
        auth::ConsoleRequest::Decision { approver, id, decision } => api::decide(&approver, id, &decision, now, store),
        auth::ConsoleRequest::Drifts(query) => drifts::list(query, now, store).into(),
        auth::ConsoleRequest::Acceptance { approver, id, note } => drifts::accept(&approver, id, &note, now, store),
        auth::ConsoleRequest::Counters(query) => api::list_counters(query, now, store).into(),
        auth::ConsoleRequest::Decisions(query) => api::list_decisions(query, now, store).into(),
    }
}

/// The answer to a body that grew too large.
#[must_use]
pub fn too_large() -> Response {
    error(413, &format!("the body is larger than {MAX_BODY} bytes; send a shorter note"))
}

/// The answer if the console itself fails.
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
    body.add_string("error", why);
    assets::json(status, body.finish())
}

fn timestamp(moment: Timestamp) -> String {
    rfc_3339(moment).unwrap_or_default()
}
