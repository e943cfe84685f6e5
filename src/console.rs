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
//! * `fleet`: the same for approvals that etcd keeps
//! * `drifts`: the same for pinned definitions
//! * `approval_json`, `params`: an approval as JSON
//! * `pagination`: pages and versions

mod api;
mod approval_json;
mod assets;
mod auth;
mod drifts;
mod fleet;
mod pagination;
mod params;

#[cfg(test)]
mod tests;

pub use self::fleet::QueryResults;

use crate::{
    approval::etcd::Query,
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
    match auth::authorize(console, call, body) {
        Ok(route) => answer_route(route, now, store),
        Err(refused) => refused.into(),
    }
}

/// Answers a request by its whole body, where etcd keeps the approvals and has answered `results` so far.
///
/// # Errors
/// What to ask etcd first.
pub fn answer_with<S: Store>(
    console: &Console,
    call: &RequestInfo,
    body: &[u8],
    now: Timestamp,
    store: &S,
    results: &QueryResults,
) -> Result<ConsoleResponse, Query> {
    match auth::authorize(console, call, body) {
        Ok(auth::ConsoleRequest::Approvals(approver, query)) => {
            fleet::list_approvals(&approver, query, now, results).map(Into::into)
        }
        Ok(auth::ConsoleRequest::Decision { approver, id, decision }) => {
            fleet::decide(&approver, id, &decision, now, results)
        }
        Ok(route) => Ok(answer_route(route, now, store)),
        Err(refused) => Ok(refused.into()),
    }
}

fn answer_route<S: Store>(route: auth::ConsoleRequest<'_>, now: Timestamp, store: &S) -> ConsoleResponse {
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
