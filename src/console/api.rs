//! The lists of the API, and decisions on approvals.

use crate::{
    approval::{Approval, ApprovalStore, ApproverDecision, DecideError, GrantDigest, State, ToolNote},
    audit::decision_log::DecisionLog,
    http::Response,
    json::Writer,
    limit::{CounterInfo, CounterInfos, CounterUse},
    store::Store,
    time::Timestamp,
    window::Algorithm,
};

use super::{
    ConsoleResponse,
    approval_json::{self, ApprovalItem},
    assets,
    auth::{Approver, Decision},
    error, failed,
    pagination::{Cursor, ListQuery, Page, Version},
    timestamp,
};

/// The approvals that have not expired, in the order in which they were requested.
pub(super) fn list_approvals<S: Store>(
    approver: &Approver<'_>,
    query: ListQuery<'_>,
    now: Timestamp,
    store: &S,
) -> Response {
    let approvals = ApprovalStore(store);
    let Ok(entries) = approvals.entries(now) else { return failed() };
    // What an entry says is fixed by its id; so no text is read for a client that has this state of the entries.
    let version = version_of(&entries, approver, query);
    if query.has(&version) {
        return version.not_modified();
    }
    let details = |entry: &Approval| Some(approvals.details(entry));
    let sources = Sources { fleet_store: None, find_details: &details, find_note: &|item| item.note(store) };
    page_of_approvals(&entries, version, approver, query, now, &sources)
}

/// The details of an approval, if they can be read; `None` if the page ends before it.
pub(super) type FindDetails<'f> = &'f dyn Fn(&Approval) -> Option<Option<Vec<u8>>>;

/// Where a page finds what it says of its approvals.
pub(super) struct Sources<'f> {
    /// Where a fleet keeps them.
    pub(super) fleet_store: Option<&'f str>,
    pub(super) find_details: FindDetails<'f>,
    /// What lists have said of a tool.
    pub(super) find_note: &'f dyn Fn(&ApprovalItem<'_>) -> ToolNote,
}

/// A page of these approvals.
pub(super) fn page_of_approvals(
    entries: &[Approval],
    version: Version,
    approver: &Approver<'_>,
    query: ListQuery<'_>,
    now: Timestamp,
    sources: &Sources<'_>,
) -> Response {
    let Sources { fleet_store, find_details, find_note } = sources;
    let mut page = Page::default();
    let (mut after, mut is_complete) = (query.after, true);
    // A search for each item: there are 256 at most, and sorting would be more code.
    while let Some((at, entry)) = first_behind(entries, after)
        && page.has_room()
    {
        let Some(details) = find_details(entry) else {
            page.end();
            break;
        };
        let item = ApprovalItem::new(entry, details.as_deref());
        is_complete &= item.is_complete();
        page.add(at, &item.write(approver, &find_note(&item)));
        after = Some(at);
    }
    let pending = entries.iter().filter(|entry| entry.state == State::Pending).count();
    // A decision is stored before its signature: what lacks one is asked for again.
    page.response("approvals", now, is_complete.then_some(version), |body| {
        body.add_string("you", &approver.name).add_json("pending", pending).add_optional_string("store", *fleet_store);
    })
}

/// Decides on a pending approval, and returns it as it is then.
pub(super) fn decide<S: Store>(
    approver: &Approver<'_>,
    id: [u8; 10],
    decision: &Decision,
    now: Timestamp,
    store: &S,
) -> ConsoleResponse {
    let approvals = ApprovalStore(store);
    let Decision { approved, note } = decision;
    let answer = ApproverDecision {
        approved: *approved,
        grant: GrantDigest::of(approver.grant),
        approver: &approver.name,
        note,
    };
    match approvals.decide(id, &answer, now) {
        Ok(entry) => {
            let details = approvals.details(&entry);
            let item = ApprovalItem::new(&entry, details.as_deref());
            ConsoleResponse {
                response: assets::json(200, item.write(approver, &item.note(store))),
                record: item.record(&answer, None),
            }
        }
        Err(fault) => decide_error(fault).into(),
    }
}

/// The counters whose window has not ended, with their fill.
pub(super) fn list_counters<S: Store>(query: ListQuery<'_>, now: Timestamp, store: &S) -> Response {
    let counters = CounterInfos(store);
    let mut page = Page::default();
    let start = query.after.map_or(0, |after| u16::from(after.slot).saturating_add(1));
    for slot in start..=u8::MAX.into() {
        let Some((slot, counter)) = u8::try_from(slot).ok().and_then(|slot| Some((slot, counters.get(slot, now)?)))
        else {
            continue;
        };
        if !page.has_room() {
            break;
        }
        let CounterUse { info, used, resets_at } = counter;
        let CounterInfo { filter, policy, counter, scope, grant, quota, .. } = info;
        let mut item = Writer::default();
        item.add_string("filter", &filter)
            .add_string("policy", &policy)
            .add_string("counter", &counter)
            .add_string("scope", &scope)
            .add_nonempty_string("grant", &grant)
            .add_json("window", quota.window.seconds())
            .add_optional_string("algorithm", (quota.algorithm == Algorithm::Sliding).then_some("sliding"));
        // Without a maximum it only counts.
        if let Some(max) = quota.max {
            item.add_json("max", max);
        }
        item.add_json("used", used).add_string("resetAt", &timestamp(resets_at));
        page.add(Cursor { time: 0, slot }, &item.finish());
    }
    with_version("counters", page, query, now)
}

/// The newest decisions, the newest first.
pub(super) fn list_decisions<S: Store>(query: ListQuery<'_>, now: Timestamp, store: &S) -> Response {
    let log = DecisionLog(store);
    let mut page = Page::default();
    for (at, slot) in log.newest() {
        let cursor = Cursor { time: at.0, slot };
        if query.after.is_some_and(|after| cursor >= after) {
            continue;
        }
        // Another record may have taken the place meanwhile: that one is newer than this page.
        let Some((_, record)) = log.record(slot).filter(|(stored, _)| *stored == at) else { continue };
        if !page.has_room() {
            break;
        }
        let mut item = Writer::default();
        item.add_string("at", &timestamp(at)).add_raw("record", &record);
        page.add(cursor, &item.finish());
    }
    with_version("decisions", page, query, now)
}

/// The answer of a list whose version is what it shows.
fn with_version(name: &'static str, page: Page, query: ListQuery<'_>, now: Timestamp) -> Response {
    let version = page.version();
    if query.has(&version) { version.not_modified() } else { page.response(name, now, Some(version), |_| ()) }
}

/// The version of a page of approvals: all entries, since the page says how many are pending, and who reads it.
pub(super) fn version_of(entries: &[Approval], approver: &Approver<'_>, query: ListQuery<'_>) -> Version {
    let mut bytes = GrantDigest::of(approver.grant).as_bytes().to_vec();
    if let Some(Cursor { time, slot }) = query.after {
        bytes.extend_from_slice(&time.to_le_bytes());
        bytes.push(slot);
    }
    for entry in entries {
        bytes.extend_from_slice(&entry.id);
        bytes.extend_from_slice(&entry.expires_at.to_le_bytes());
        bytes.extend_from_slice(approval_json::state(entry.state).as_bytes());
    }
    Version::new(&bytes)
}

/// The first entry behind a cursor.
pub(super) fn first_behind(entries: &[Approval], after: Option<Cursor>) -> Option<(Cursor, &Approval)> {
    let placed = entries.iter().map(|entry| (Cursor { time: entry.requested_at, slot: entry.slot }, entry));
    placed.filter(|(at, _)| after.is_none_or(|after| *at > after)).min_by_key(|(at, _)| *at)
}

pub(super) fn decide_error(fault: DecideError) -> Response {
    match fault {
        DecideError::Unknown => error(404, "no such approval is pending; it has expired, or its call was made"),
        DecideError::AlreadyDecided => error(409, "an approver has already decided on this call; the list says who"),
        DecideError::DetailsLost => error(409, "the details of this call are lost; ask the agent to repeat it"),
        DecideError::SelfApproval => error(403, "you cannot approve your own call; ask another approver"),
        DecideError::Unavailable => failed(),
    }
}
