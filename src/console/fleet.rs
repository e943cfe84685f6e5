//! The approvals of a fleet, which etcd keeps: the same list and the same decision, with what etcd has answered so far.
//!
//! A request is answered again with each answer of etcd, as if the answer had been there from the start.

use crate::{
    approval::{
        Approval, ApproverDecision, DecideError, Fingerprint, GrantDigest, ToolNote,
        etcd::{Details, MAX_DETAILS, Query, QueryResult, StoredApproval},
    },
    http::Response,
    time::Timestamp,
};

use super::{
    ConsoleResponse,
    api::{self, Sources},
    approval_json::ApprovalItem,
    assets,
    auth::{Approver, Decision},
    error,
    pagination::{Cursor, ListQuery, PAGE},
};

/// What etcd has answered about a request so far.
#[derive(Clone, Debug, Default)]
pub struct QueryResults {
    listed: Option<Vec<StoredApproval>>,
    details: Option<Vec<Details>>,
    decided: Option<Box<StoredApproval>>,
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
    approver: &Approver<'_>,
    query: ListQuery<'_>,
    now: Timestamp,
    results: &QueryResults,
) -> Result<Response, Query> {
    if results.has_failed {
        return Ok(unavailable());
    }
    let listed = results.listed.as_ref().ok_or(Query::List)?;
    let alive: Vec<Approval> = listed.iter().map(|entry| entry.approval).filter(|entry| entry.is_alive(now)).collect();
    let mut entries = alive.clone();
    entries.iter_mut().for_each(|entry| entry.slot = place(&alive, entry));
    let version = api::version_of(&entries, approver, query);
    if query.has(&version) {
        return Ok(version.not_modified());
    }
    let stored = |entry: &Approval| listed.iter().find(|stored| stored.fingerprint() == entry.fingerprint);
    let Some(details) = &results.details else {
        return Err(Query::Details(wanted_details(&entries, query.after, &stored)));
    };
    let find = |entry: &Approval| {
        let stored = stored(entry)?;
        // What is not among the details was not asked for.
        let own = details.iter().find(|details| details.is_of(stored))?;
        Some(own.read(stored).map(|details| details.to_bytes()))
    };
    // Other Envoys keep what their lists have said of a tool.
    let sources = Sources { fleet_store: Some("etcd"), find_details: &find, find_note: &|_| ToolNote::default() };
    Ok(api::page_of_approvals(&entries, version, approver, query, now, &sources))
}

/// The place of an approval among those of its second, by which a page finds where the one before ended: the slots that two
/// Envoys gave may be the same.
fn place(all: &[Approval], entry: &Approval) -> u8 {
    let precedes = |other: &&Approval| other.requested_at == entry.requested_at && other.id < entry.id;
    u8::try_from(all.iter().filter(precedes).count()).unwrap_or(u8::MAX)
}

/// The approvals whose details a page has room for, or a few more.
fn wanted_details<'e>(
    entries: &[Approval],
    mut after: Option<Cursor>,
    stored: &dyn Fn(&Approval) -> Option<&'e StoredApproval>,
) -> Vec<Fingerprint> {
    let (mut wanted, mut size) = (Vec::new(), 0_usize);
    while let Some((at, entry)) = api::first_behind(entries, after)
        && wanted.len() < MAX_DETAILS
        && size < PAGE
    {
        wanted.push(entry.fingerprint);
        let own = stored(entry).map_or(0, |stored| stored.details_size);
        size = size.saturating_add(usize::try_from(own).unwrap_or(usize::MAX));
        after = Some(at);
    }
    wanted
}

/// Decides on a pending approval, and returns it as it is then.
///
/// # Errors
/// What to ask etcd first.
pub(super) fn decide(
    approver: &Approver<'_>,
    id: [u8; 10],
    decision: &Decision,
    now: Timestamp,
    results: &QueryResults,
) -> Result<ConsoleResponse, Query> {
    if results.has_failed {
        return Ok(unavailable().into());
    }
    let Decision { approved, note } = decision;
    let answer = ApproverDecision {
        approved: *approved,
        grant: GrantDigest::of(approver.grant),
        approver: &approver.name,
        note,
    };
    // They are of the one approval.
    let details = |entry| results.details.as_ref()?.first()?.read(entry);
    if let Some(decided) = &results.decided {
        let details = details(decided).map(|details| details.to_bytes());
        let item = ApprovalItem::new(&decided.approval, details.as_deref());
        let record = item.record(&answer, Some("etcd"));
        return Ok(ConsoleResponse { response: assets::json(200, item.write(approver, &ToolNote::default())), record });
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
        return Err(Query::Details(vec![entry.fingerprint()]));
    }
    match details(entry) {
        None => fault(DecideError::DetailsLost),
        Some(details) if details.key.grant == answer.grant => fault(DecideError::SelfApproval),
        Some(_) => match entry.decide(&answer, now) {
            Ok(decided) => Err(Query::Decide(Box::new(decided))),
            Err(error) => fault(error),
        },
    }
}

fn unavailable() -> Response {
    error(503, "etcd, which keeps the approvals, gave no usable answer; try again later")
}
