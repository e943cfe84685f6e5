//! The approvals of a fleet, which etcd keeps: the same list and the same decision, with what etcd has answered so far.
//!
//! A request is answered again with each answer of etcd, as if the answer had been there from the start.

use crate::{
    approval::{
        Approval, ApproverDecision, DecideError, State, digest,
        etcd::{Details, Query, QueryResult, StoredApproval},
    },
    http::Response,
    time::Timestamp,
};

use super::{
    ConsoleResponse, api,
    approval_json::ApprovalItem,
    assets,
    auth::{Approver, Decision},
    error,
    pagination::{Cursor, ListQuery, PAGE, Page},
};

/// What etcd has answered about a request so far.
#[derive(Clone, Debug, Default)]
pub struct QueryResults {
    listed: Option<Vec<StoredApproval>>,
    details: Option<Vec<Details>>,
    decided: Option<StoredApproval>,
    has_changed: bool,
    has_failed: bool,
}

impl QueryResults {
    /// Adds an answer; `None` if there was no usable one.
    pub fn record(&mut self, result: Option<QueryResult>) {
        match result {
            Some(QueryResult::Listed(listed)) => self.listed = Some(listed),
            Some(QueryResult::Details(details)) => self.details = Some(details),
            Some(QueryResult::Decided(decided)) => self.decided = Some(decided),
            Some(QueryResult::Changed) => self.has_changed = true,
            None => self.has_failed = true,
        }
    }
}

/// The approvals that have not expired, in the order in which they were requested.
///
/// # Errors
/// What to ask etcd first.
pub(super) fn list_approvals(
    approver: Approver<'_>,
    query: ListQuery<'_>,
    now: Timestamp,
    results: &QueryResults,
) -> Result<Response, Query> {
    if results.has_failed {
        return Ok(unavailable());
    }
    let listed = results.listed.as_ref().ok_or(Query::List)?;
    let alive = || listed.iter().filter(|entry| entry.approval.is_alive(now));
    let approvals: Vec<Approval> = alive().map(|entry| entry.approval).collect();
    let version = api::version_of(&approvals, approver, query);
    if query.has(&version) {
        return Ok(version.not_modified());
    }
    let cursor = |entry: &StoredApproval| Cursor { time: entry.approval.requested_at, slot: entry.place };
    let behind = || alive().filter(|entry| query.after.is_none_or(|after| cursor(entry) > after));
    let details = results.details.as_ref().ok_or_else(|| Query::details(behind(), PAGE))?;
    let (mut page, mut is_complete) = (Page::default(), true);
    for entry in behind() {
        // What is not among the details was not asked for.
        if !page.has_room() || !details.iter().any(|details| details.is_of(entry)) {
            page.end();
            break;
        }
        let item = ApprovalItem::with_details(&entry.approval, Details::find(details, entry));
        is_complete &= item.is_complete();
        page.add(cursor(entry), &item.write(approver));
    }
    let pending = approvals.iter().filter(|approval| approval.state == State::Pending).count();
    Ok(page.response("approvals", now, is_complete.then_some(version), |body| {
        body.add_string("you", approver.0.display()).add_json("pending", pending).add_string("store", "etcd");
    }))
}

/// Decides on a pending approval, and returns it as it is then.
///
/// # Errors
/// What to ask etcd first.
pub(super) fn decide(
    approver: Approver<'_>,
    id: [u8; 10],
    decision: &Decision,
    now: Timestamp,
    results: &QueryResults,
) -> Result<ConsoleResponse, Query> {
    if results.has_failed {
        return Ok(unavailable().into());
    }
    let Decision { approved, note } = decision;
    let answer =
        ApproverDecision { approved: *approved, grant: digest(approver.0.id()), approver: approver.0.display(), note };
    let details = results.details.as_deref().unwrap_or_default();
    if let Some(decided) = &results.decided {
        let item = ApprovalItem::with_details(&decided.approval, Details::find(details, decided));
        let record = item.record(&answer, Some("etcd"));
        return Ok(ConsoleResponse { response: assets::json(200, item.write(approver)), record });
    }
    let fault = |fault| Ok(api::decide_error(fault).into());
    if results.has_changed {
        return fault(DecideError::AlreadyDecided);
    }
    let listed = results.listed.as_ref().ok_or(Query::List)?;
    let Some(entry) = listed.iter().find(|entry| entry.approval.id == id && entry.approval.is_alive(now)) else {
        return fault(DecideError::Unknown);
    };
    if results.details.is_none() {
        return Err(Query::details(std::iter::once(entry), PAGE));
    }
    match Details::find(details, entry) {
        None => fault(DecideError::DetailsLost),
        Some(details) if details.key.grant == answer.grant => fault(DecideError::SelfApproval),
        Some(_) => match entry.decide(&answer, now) {
            Ok(decided) => Err(Query::Decide(decided)),
            Err(error) => fault(error),
        },
    }
}

fn unavailable() -> Response {
    error(503, "etcd, which keeps the approvals, gave no usable answer; try again later")
}
