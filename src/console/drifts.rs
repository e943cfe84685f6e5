//! Drifts of pinned definitions: their list, and an approver's acceptance. Product contract, section 12.

use crate::{
    drift::{AcceptError, Drift, DriftDetails, DriftState, DriftStore},
    http::Response,
    json::{self, Writer},
    store::Store,
    time::Timestamp,
};

use super::{
    ConsoleResponse, assets,
    auth::Approver,
    error, failed,
    pagination::{Cursor, ListQuery, Page},
    timestamp,
};

/// All drifts, in the order in which they were first seen.
pub(super) fn list<S: Store>(query: ListQuery<'_>, now: Timestamp, store: &S) -> Response {
    let store = DriftStore(store);
    let Ok(drifts) = store.read() else { return failed() };
    let mut page = Page::default();
    let mut after = query.after;
    let place = |drift: &Drift| Cursor { time: drift.first_seen, slot: drift.slot };
    // A search for each item: there are 256 at most, and sorting would be more code.
    while let Some(drift) = drifts
        .iter()
        .filter(|drift| !drift.is_overflow() && after.is_none_or(|after| place(drift) > after))
        .min_by_key(|drift| place(drift))
        && page.has_room()
    {
        let details = store.details(drift);
        page.add(place(drift), &item(drift, details.as_deref(), now));
        after = Some(place(drift));
    }
    let full = drifts.iter().filter(|drift| drift.is_overflow()).count();
    let version = page.version();
    if full == 0 && query.has(&version) {
        return version.not_modified();
    }
    // Policies without a place for their drifts: every pinned tool of them is denied.
    page.response("drifts", now, (full == 0).then_some(version), |body| {
        body.add_json("full", full);
    })
}

/// Accepts the definition that was seen, and returns the drift as it is then.
pub(super) fn accept<S: Store>(
    approver: &Approver<'_>,
    id: [u8; 10],
    note: &str,
    now: Timestamp,
    store: &S,
) -> ConsoleResponse {
    let store = DriftStore(store);
    let drift = match store.accept(id) {
        Ok(drift) => drift,
        Err(AcceptError::Unknown) => {
            return error(404, "no such definition is denied; the server has shown another one since, or it is mended")
                .into();
        }
        Err(AcceptError::DetailsLost) => {
            return error(409, "the definition is lost, or too long to be read here; pin it with `mcp-policy pin`")
                .into();
        }
        Err(AcceptError::Unavailable) => return failed().into(),
    };
    let details = store.details(&drift);
    let response = assets::json(200, item(&drift, details.as_deref(), now));
    let record = details.as_deref().and_then(|bytes| DriftDetails::read(bytes, id)).map(|details| {
        let mut record = Writer::default();
        record.add_string("decision", "accepted");
        write_place(&mut record, &details).add_string("sha256", &drift.seen.to_string()).add_object(
            "approval",
            |approval| {
                approval
                    .add_string("id", &drift.id_text())
                    .add_string("approver", &approver.name)
                    .add_nonempty_string("note", note);
            },
        );
        json::visible(record.finish())
    });
    ConsoleResponse { response, record }
}

fn item(drift: &Drift, details: Option<&[u8]>, now: Timestamp) -> String {
    let state = match drift.state(drift.configuration, now) {
        DriftState::Drifted => "drifted",
        DriftState::Accepted => "accepted",
        DriftState::Mended => "mended",
    };
    let at = |seconds: u64| timestamp(Timestamp::from_seconds(seconds));
    let mut item = Writer::default();
    item.add_string("id", &drift.id_text()).add_string("state", state);
    if let Some(details) = details.and_then(|bytes| DriftDetails::read(bytes, drift.id())) {
        write_place(&mut item, &details)
            .add_string("filter", details.filter)
            .add_nonempty_string("seen", details.seen)
            .add_nonempty_string("before", details.before);
    }
    item.add_string("sha256", &drift.seen.to_string())
        .add_string("firstSeenAt", &at(drift.first_seen))
        .add_string("lastSeenAt", &at(drift.last_seen));
    if let Some(mended) = drift.mended_at() {
        item.add_string("pinnedSince", &at(mended));
    }
    item.finish()
}

/// The tool, and whose list showed it.
fn write_place<'w>(out: &'w mut Writer, details: &DriftDetails<'_>) -> &'w mut Writer {
    out.add_string("policy", details.policy)
        .add_string("config", details.configuration)
        .add_nonempty_string("route", details.route)
        .add_string("grant", details.grant)
        .add_string("tool", details.tool)
}
